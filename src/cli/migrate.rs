//! `migrate`: bring the schema up to date.

use super::{Context, output};
use crate::store::sqlite::{
    lock::ServerLock,
    open::{SCHEMA_VERSION, Upkeep, open},
};

pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    let path = context.settings.store.url.path();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A schema must not change under a server.
    let _lock = ServerLock::acquire(path, context.clock.now())?;
    open(path, Upkeep::CreateAndMigrate)?;
    output::line(format_args!("{} has schema version {SCHEMA_VERSION}", context.settings.store.url))
}
