//! `migrate`: bring the schema up to date.

use super::{Context, output};
use crate::stores;

pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    let url = &context.settings.store.url;
    let version = stores::migrate(url, context.clock.now())?;
    output::line(format_args!("{url} has schema version {version}"))
}
