//! What a run of the tests is on.

use std::{env, sync::LazyLock};

/// What the tests of both stores run on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Run {
    /// SQLite.
    Sqlite,
    /// PostgreSQL as it is.
    Postgres,
    /// PostgreSQL at SERIALIZABLE, where besides every so many transactions fail: see
    /// [`crate::support::postgres::hostility`].
    Hostile,
}

impl Run {
    /// What this run is on.
    pub(super) fn current() -> Self {
        static CURRENT: LazyLock<Run> = LazyLock::new(|| {
            let named = env::var("CHERT_GROUPS_TEST_STORE").unwrap_or_default();
            match named.as_str() {
                "" | "sqlite" => Run::Sqlite,
                "postgres" => Run::Postgres,
                "hostile-postgres" => Run::Hostile,
                _ => panic!("CHERT_GROUPS_TEST_STORE is sqlite, postgres or hostile-postgres, not {named}"),
            }
        });
        *CURRENT
    }
}
