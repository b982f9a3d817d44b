//! What commands print.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Prints a line on stdout.
pub(super) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Prints one JSON document on stdout.
pub(super) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(document)?)
}

/// Prints a table, or what to say when it has no rows.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, when_empty: &str) -> anyhow::Result<()> {
    if rows.is_empty() {
        return line(when_empty);
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header).add_rows(rows);
    line(table)
}

/// Prints on stderr what is for people and no part of an answer.
pub(super) fn remark(text: impl std::fmt::Display) {
    // With stderr closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints why a command failed: one line, with all causes.
pub(super) fn complain(why: &anyhow::Error) {
    remark(format_args!("chert-groups: {why:#}"));
}

/// Whether the reader of our output went away, as `head` does.
pub(super) fn is_closed_pipe(why: &anyhow::Error) -> bool {
    why.downcast_ref::<io::Error>().is_some_and(|why| why.kind() == io::ErrorKind::BrokenPipe)
}
