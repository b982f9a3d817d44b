//! `relay add`.

use std::path::PathBuf;

use anyhow::bail;

use super::{
    super::{Context, output, secret},
    password, show, url,
};
use crate::{
    domain::{ids::Slug, relay_kind::RelayKind},
    store::upkeep::Upkeep,
};

#[derive(clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Its name: a-z, 0-9, '-' and '_'.
    slug: Slug,
    /// What it speaks: native (docs/relay-protocol.md), loopback (the same, in the service's own process),
    /// bluebubbles or linq.
    #[arg(long, default_value = "native", value_parser = kind)]
    kind: RelayKind,
    /// Where it is reached, for delivering; only for native and bluebubbles.
    #[arg(long, value_parser = url)]
    url: Option<String>,
    /// Take the secret from this file instead of making one.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The password that a BlueBubbles server asks of us is in this file.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<RelayKind, String> {
    RelayKind::from_name(text).ok_or_else(|| {
        let known: Vec<_> = RelayKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {} is expected", known.join(", "))
    })
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { slug, kind, url, secret_file, json, .. } = arguments;
    arguments.must_suit_the_kind()?;
    let secret = secret::given_or_made(kind.secret_form(), secret_file.as_deref())?;
    let password = arguments.password_file.as_deref().map(password::in_file).transpose()?;
    let mut admin = context.admin(Upkeep::Create)?;
    admin.add_relay(slug, *kind, url.as_deref(), &secret)?;
    match &password {
        Some(password) => admin.set_relay_password(slug, password)?,
        None if kind.has_password() && url.is_some() => output::remark(format_args!(
            "Nothing is created through it without its password: chert-groups relay set-password {slug}"
        )),
        None => {}
    }
    show::secret_of(slug, *kind, &secret, *json)
}

impl Arguments {
    fn must_suit_the_kind(&self) -> anyhow::Result<()> {
        let kind = self.kind.name();
        if self.url.is_some() && !self.kind.has_url() {
            bail!("a {kind} relay has no URL: leave --url out");
        }
        if self.password_file.is_some() && !self.kind.has_password() {
            bail!("a {kind} relay has no password: leave --password-file out");
        }
        Ok(())
    }
}
