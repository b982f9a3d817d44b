//! `check`: read everything.

use anyhow::bail;

use super::{Context, chat, output};
use crate::stores;

pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    let problems = stores::check(&context.settings.store.url)?;
    if !problems.is_empty() {
        bail!("{} is damaged:\n  {}", context.settings.store.url, problems.join("\n  "));
    }
    // Every state is decoded on the way; one that cannot be is an error.
    let chats = chat::all(context.reader()?.as_ref(), None)?.len();
    output::line(format_args!("{} is sound; it has {chats} chats", context.settings.store.url))
}
