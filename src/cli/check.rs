//! `check`: read everything.

use anyhow::bail;

use super::{Context, chat, output};
use crate::store::sqlite::open::{check_all, open_read_only};

pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    let path = context.settings.store.url.path();
    let problems = check_all(&open_read_only(path)?)?;
    if !problems.is_empty() {
        bail!("{} is damaged:\n  {}", context.settings.store.url, problems.join("\n  "));
    }
    // Every state is decoded on the way; one that cannot be is an error.
    let chats = chat::all(&context.reader()?, None)?.len();
    output::line(format_args!("{} is sound; it has {chats} chats", context.settings.store.url))
}
