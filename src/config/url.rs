//! Where a store is.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a store is: `sqlite:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file.
    Sqlite(PathBuf),
}

/// The text is no store's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be sqlite:PATH")]
pub struct StoreUrlError;

impl StoreUrl {
    /// The file of an SQLite store.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Sqlite(path) => path,
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let path = text.strip_prefix("sqlite:").ok_or(StoreUrlError)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        // SQLite keeps `:memory:` and nameless databases to one connection each; we need several.
        if path.is_empty() || path.starts_with(':') {
            Err(StoreUrlError)
        } else {
            Ok(Self::Sqlite(path.into()))
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_relative_and_absolute() {
        for (text, path) in
            [("sqlite:data/a.db", "data/a.db"), ("sqlite:/a.db", "/a.db"), ("sqlite:///a.db", "/a.db")]
        {
            assert_eq!(text.parse(), Ok(StoreUrl::Sqlite(path.into())), "{text}");
        }
        for bad in ["", "sqlite:", "sqlite::memory:", "data/a.db", "mysql://x"] {
            assert_eq!(bad.parse::<StoreUrl>(), Err(StoreUrlError), "{bad}");
        }
    }
}
