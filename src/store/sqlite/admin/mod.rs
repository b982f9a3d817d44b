//! Administration: each call is one transaction, which also raises the directory's revision. Here are tenants and
//! secrets; `relays` and `lines` go on.

mod change;
mod lines;
mod relays;

use std::time::Duration;

use jiff::SignedDuration;
use rusqlite::{Connection, TransactionBehavior, params};

use super::directory;
use crate::{
    domain::{ids::Slug, secret::SigningSecret, time::Time},
    store::{StoreError, directory::Directory},
};
use change::{Change, one};

/// Why an administrative change was not made.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// There is one of this name already.
    #[error("there is a {0} '{1}' already")]
    Exists(&'static str, String),
    /// There is none of this name.
    #[error("there is no {0} '{1}'")]
    Absent(&'static str, String),
    /// Others need it.
    #[error("relay '{relay}' serves {lines} line(s): move or remove them first")]
    InUse {
        /// The relay.
        relay: Slug,
        /// How many lines it serves.
        lines: u64,
    },
    /// Relays of this kind have no such thing.
    #[error("relay '{relay}' is of the kind {kind}, and such relays have no {what}")]
    NotOfItsKind {
        /// The relay.
        relay: Slug,
        /// Its kind.
        kind: String,
        /// What they do not have.
        what: &'static str,
    },
    /// The secret belongs to somebody else.
    #[error("this secret is in use already: every tenant and relay has its own")]
    SecretTaken,
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for AdminError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Changes the directory in a file.
pub struct Admin {
    connection: Connection,
    now: Time,
}

impl Admin {
    /// Administration at the time `now`, on a connection that [`super::open::open`] made.
    #[must_use]
    pub const fn new(connection: Connection, now: Time) -> Self {
        Self { connection, now }
    }

    /// The directory as it is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn directory(&mut self) -> Result<Directory, AdminError> {
        Ok(directory::load(&mut self.connection)?)
    }

    /// Adds a tenant with its first secret.
    ///
    /// # Errors
    ///
    /// When there is one of this name.
    pub fn add_tenant(
        &mut self,
        slug: &Slug,
        multi_tenant: bool,
        secret: &SigningSecret,
    ) -> Result<(), AdminError> {
        let now = self.now;
        self.change(|change| {
            change.must_be_absent(Owner::Tenant, slug)?;
            change.execute(
                "INSERT INTO tenants (slug, multi_tenant, created_at) VALUES (?1, ?2, ?3)",
                params![slug.as_str(), multi_tenant, now.nanos()],
            )?;
            change.add_secret(Owner::Tenant, slug, secret, now)
        })
    }

    /// Suspends a tenant on the API, or lets it in again.
    ///
    /// # Errors
    ///
    /// When there is none of this name.
    pub fn set_suspended(&mut self, slug: &Slug, suspended: bool) -> Result<(), AdminError> {
        self.change(|change| {
            let found = change.execute(
                "UPDATE tenants SET suspended = ?2 WHERE slug = ?1",
                params![slug.as_str(), suspended],
            )?;
            one(found, "tenant", slug.as_str())
        })
    }

    /// Gives a tenant or a relay a new secret; the old ones go on being valid for `overlap`.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or the secret is somebody else's.
    pub fn rotate_secret(
        &mut self,
        owner: Owner,
        slug: &Slug,
        secret: &SigningSecret,
        overlap: SignedDuration,
    ) -> Result<(), AdminError> {
        let now = self.now;
        self.change(|change| {
            change.must_exist(owner, slug)?;
            change.execute(
                "DELETE FROM secrets WHERE owner_kind = ?1 AND owner = ?2 AND expires_at <= ?3",
                params![owner.name(), slug.as_str(), now.nanos()],
            )?;
            change.execute(
                "UPDATE secrets SET expires_at = min(coalesce(expires_at, ?3), ?3)
                 WHERE owner_kind = ?1 AND owner = ?2",
                params![owner.name(), slug.as_str(), now.plus(overlap).nanos()],
            )?;
            change.add_secret(owner, slug, secret, now)
        })
    }

    fn change(&mut self, act: impl FnOnce(&Change<'_>) -> Result<(), AdminError>) -> Result<(), AdminError> {
        self.connection.busy_handler(Some(waits_for_a_gap))?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let change = Change(transaction);
        act(&change)?;
        change.execute("UPDATE meta SET value = value + 1 WHERE name = 'directory_revision'", [])?;
        change.0.commit()?;
        Ok(())
    }
}

/// Whether to try again, after a moment, when another process writes. Between the transactions of a server at work
/// there are gaps of a few milliseconds; SQLite's own waiting, which grows to 100 of them, misses most.
fn waits_for_a_gap(tries: i32) -> bool {
    const MOMENT: Duration = Duration::from_millis(2);
    const TRIES: i32 = 5000;
    std::thread::sleep(MOMENT);
    tries < TRIES
}

/// Who has secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A tenant.
    Tenant,
    /// A relay.
    Relay,
}

impl Owner {
    const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Relay => "relay",
        }
    }

    const fn find(self) -> &'static str {
        match self {
            Self::Tenant => "SELECT 1 FROM tenants WHERE slug = ?1",
            Self::Relay => "SELECT 1 FROM relays WHERE slug = ?1",
        }
    }
}
