//! `relay rotate-secret`.

use std::path::PathBuf;

use super::{
    super::{Context, secret},
    Overlap, show,
};
use crate::{
    domain::ids::Slug,
    store::{
        admin::{AdminError, Owner},
        upkeep::Upkeep,
    },
};

#[derive(clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Its name.
    slug: Slug,
    /// Take the new secret from this file instead of making one.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How long the old secret goes on being valid, such as 24h or 30m.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    overlap: Overlap,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { slug, secret_file, overlap, json } = arguments;
    let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
    let kind = admin.directory()?.relay(slug).map(|relay| relay.kind);
    let kind = kind.ok_or_else(|| AdminError::Absent("relay", slug.to_string()))?;
    let secret = secret::given_or_made(kind.secret_form(), secret_file.as_deref())?;
    admin.rotate_secret(Owner::Relay, slug, &secret, overlap.0)?;
    show::secret_of(slug, kind, &secret, *json)
}
