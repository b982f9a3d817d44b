//! Secrets on the command line: out of a file, or made.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::{
    clock,
    domain::{ids::Slug, relay_kind::RelayKind, relay_kind::SecretForm, secret::SigningSecret},
};

/// The secret in a file, which may end in a line feed.
pub(super) fn in_file(form: SecretForm, file: &Path) -> anyhow::Result<SigningSecret> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    match SigningSecret::read(form, text.trim()) {
        Ok(secret) => Ok(secret),
        Err(why) => bail!("{}: {why}", file.display()),
    }
}

/// The secret in a file, or a new one.
pub(super) fn given_or_made(form: SecretForm, file: Option<&Path>) -> anyhow::Result<SigningSecret> {
    file.map_or_else(|| Ok(SigningSecret::generate(form, clock::random())), |file| in_file(form, file))
}

/// Where a relay of this kind posts its events, for those that want to be told a URL. Of one whose secret is a
/// part of it, `secret` is that part.
pub(super) fn webhook_path(kind: RelayKind, slug: &Slug, secret: &str) -> Option<String> {
    let name = kind.name();
    match kind {
        RelayKind::Native | RelayKind::Loopback => None,
        RelayKind::BlueBubbles => Some(format!("/upstream/v1/{name}/{slug}?token={secret}")),
        RelayKind::Linq => Some(format!("/upstream/v1/{name}/{slug}")),
    }
}
