//! Administration: each call is one transaction, which also raises the directory's revision. Here are tenants and
//! secrets; `relays` and `lines` go on. What a store does for it is `AdminStore`.

mod change;
mod lines;
mod relays;

use jiff::SignedDuration;

use super::{StoreError, directory::Directory, parked::Backlog};
use crate::domain::{ids::Slug, parking::Usage, secret::SigningSecret, time::Time};
use change::{Change, one};

pub(crate) use change::Transaction;

/// What is done in one transaction.
pub(crate) type Act<'a> = dyn FnMut(&mut dyn Transaction) -> Result<(), AdminError> + 'a;

/// A store, as administration sees it.
pub(crate) trait AdminStore: Send {
    /// Makes a change of the directory: all of it or, on an error, nothing. One comes after the other. It may be begun
    /// anew.
    fn change(&mut self, act: &mut Act<'_>) -> Result<(), AdminError>;

    /// The directory as it is.
    fn directory(&mut self) -> Result<Directory, StoreError>;

    /// How much is parked of each relay of which anything is.
    fn parking(&mut self) -> Result<Vec<(Slug, Usage)>, StoreError>;

    /// What the parked reports of a relay wait for.
    fn backlog(&mut self, relay: &Slug) -> Result<Vec<Backlog>, StoreError>;
}

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

/// Changes the directory of a store.
pub struct Admin {
    store: Box<dyn AdminStore>,
    now: Time,
}

impl Admin {
    /// Administration of `store` at the time `now`.
    #[must_use]
    pub(crate) fn of(store: impl AdminStore + 'static, now: Time) -> Self {
        Self { store: Box::new(store), now }
    }

    /// The directory as it is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn directory(&mut self) -> Result<Directory, AdminError> {
        Ok(self.store.directory()?)
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
                "INSERT INTO tenants (slug, multi_tenant, created_at) VALUES ($1, $2, $3)",
                &[slug.as_str().into(), multi_tenant.into(), now.nanos().into()],
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
                "UPDATE tenants SET suspended = $1 WHERE slug = $2",
                &[suspended.into(), slug.as_str().into()],
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
                "DELETE FROM secrets WHERE owner_kind = $1 AND owner = $2 AND expires_at <= $3",
                &[owner.name().into(), slug.as_str().into(), now.nanos().into()],
            )?;
            change.execute(
                "UPDATE secrets SET expires_at = CASE WHEN expires_at < $1 THEN expires_at ELSE $1 END
                 WHERE owner_kind = $2 AND owner = $3",
                &[now.plus(overlap).nanos().into(), owner.name().into(), slug.as_str().into()],
            )?;
            change.add_secret(owner, slug, secret, now)
        })
    }

    fn change(
        &mut self,
        mut act: impl FnMut(&mut Change<'_>) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        self.store.change(&mut |transaction| {
            let mut change = Change(transaction);
            // First, so that one change comes after the other.
            change.execute("UPDATE meta SET value = value + 1 WHERE name = 'directory_revision'", &[])?;
            act(&mut change)
        })
    }
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
            Self::Tenant => "SELECT slug FROM tenants WHERE slug = $1",
            Self::Relay => "SELECT slug FROM relays WHERE slug = $1",
        }
    }
}
