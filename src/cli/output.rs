//! What commands print.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::domain::{ids::Slug, secret::SigningSecret};

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

/// Shows a secret the one time that it is shown: whose it is and the secret, each with its name.
pub(super) fn secret(
    owner: (&str, &Slug),
    secret: (&str, &SigningSecret),
    as_json: bool,
) -> anyhow::Result<()> {
    let rows = [(owner.0, owner.1.as_str()), (secret.0, secret.1.expose())];
    if as_json {
        return json(&BTreeMap::from(rows));
    }
    for (name, value) in rows {
        line(format_args!("{:<16}{value}", name.replace('_', " ")))?;
    }
    remark("The secret is not shown again.");
    Ok(())
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
