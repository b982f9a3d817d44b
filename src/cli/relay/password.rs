//! Passwords as they come to the command line: out of a file.

use std::path::Path;

use anyhow::Context as _;

use crate::domain::password::RelayPassword;

/// The password in a file, which may end in a line feed. Blanks belong to it.
pub(super) fn in_file(file: &Path) -> anyhow::Result<RelayPassword> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    RelayPassword::new(line.strip_suffix('\r').unwrap_or(line)).with_context(|| file.display().to_string())
}
