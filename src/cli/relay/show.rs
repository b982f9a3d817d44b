//! A relay's secret, shown the one time that it is shown.

use super::super::{output, secret};
use crate::domain::{ids::Slug, relay_kind::RelayKind, secret::SigningSecret};

/// Shows a relay's secret, and where its events go when it is to be told a URL.
pub(super) fn secret_of(
    slug: &Slug,
    kind: RelayKind,
    secret: &SigningSecret,
    json: bool,
) -> anyhow::Result<()> {
    output::secret(("relay", slug), ("secret", secret), json)?;
    // For people, the URL is whole. Beside JSON it goes to stderr, where a secret is not expected.
    let shown = if json { "SECRET" } else { secret.expose() };
    match secret::webhook_path(kind, slug, shown) {
        Some(path) if json => output::remark(format_args!("Its events go to {path}")),
        Some(path) => output::line(format_args!("{:<16}{path}", "webhook path"))?,
        None => {}
    }
    Ok(())
}
