//! Where a store is.

use std::{fmt, path::PathBuf, str::FromStr};

use super::postgres::url::{PostgresUrl, PostgresUrlError};

/// Where a store is: `sqlite:PATH`, or `postgres://` with what libpq has in such URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a server.
    Postgres(Box<PostgresUrl>),
}

/// The text is no store's URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// It begins as none does.
    #[error("must be sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Unknown,
    /// It begins as one of PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] PostgresUrlError),
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(text.parse()?)));
        }
        let path = text.strip_prefix("sqlite:").ok_or(StoreUrlError::Unknown)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        // SQLite keeps `:memory:` and nameless databases to one connection each; we need several.
        if path.is_empty() || path.starts_with(':') {
            Err(StoreUrlError::Unknown)
        } else {
            Ok(Self::Sqlite(path.into()))
        }
    }
}

/// As much as may be told: there is no password in it.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
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
            assert_eq!(bad.parse::<StoreUrl>(), Err(StoreUrlError::Unknown), "{bad}");
        }
    }
}
