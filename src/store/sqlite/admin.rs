//! Administration: each call is one transaction, which also raises the directory's revision.

use jiff::SignedDuration;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{directory, parked};
use crate::{
    domain::{
        ids::Slug, parking::Usage, password::RelayPassword, phone::PhoneNumber, relay_kind::RelayKind,
        secret::SigningSecret, time::Time,
    },
    store::{StoreError, directory::Directory},
};

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
    /// The relay asks for no password.
    #[error("relay '{relay}' is of the kind {kind}, and such relays have no password")]
    NoPassword {
        /// The relay.
        relay: Slug,
        /// Its kind.
        kind: String,
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

    /// Adds a relay with its first secret.
    ///
    /// # Errors
    ///
    /// When there is one of this name, or the secret is somebody else's.
    pub fn add_relay(
        &mut self,
        slug: &Slug,
        kind: RelayKind,
        url: Option<&str>,
        secret: &SigningSecret,
    ) -> Result<(), AdminError> {
        let now = self.now;
        self.change(|change| {
            change.must_be_absent(Owner::Relay, slug)?;
            change.execute(
                "INSERT INTO relays (slug, kind, url, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![slug.as_str(), kind.name(), url, now.nanos()],
            )?;
            change.add_secret(Owner::Relay, slug, secret, now)
        })
    }

    /// Changes where a relay is reached.
    ///
    /// # Errors
    ///
    /// When there is none of this name.
    pub fn set_relay_url(&mut self, slug: &Slug, url: &str) -> Result<(), AdminError> {
        self.change(|change| {
            let found =
                change.execute("UPDATE relays SET url = ?2 WHERE slug = ?1", params![slug.as_str(), url])?;
            one(found, "relay", slug.as_str())
        })
    }

    /// How much is parked of each relay of which anything is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn parking(&mut self) -> Result<Vec<(Slug, Usage)>, AdminError> {
        Ok(parked::usages(&self.connection)?)
    }

    /// Changes the password that a relay asks of us.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or relays of its kind ask for none.
    pub fn set_relay_password(&mut self, slug: &Slug, password: &RelayPassword) -> Result<(), AdminError> {
        self.change(|change| {
            change.must_exist(Owner::Relay, slug)?;
            let kind: String =
                change.0.query_row("SELECT kind FROM relays WHERE slug = ?1", [slug.as_str()], |row| {
                    row.get(0)
                })?;
            if !RelayKind::from_name(&kind).is_some_and(RelayKind::has_password) {
                return Err(AdminError::NoPassword { relay: slug.clone(), kind });
            }
            change.execute(
                "UPDATE relays SET password = ?2 WHERE slug = ?1",
                params![slug.as_str(), password.expose()],
            )?;
            Ok(())
        })
    }

    /// Removes a relay, its secrets and what waits for it.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or lines use it.
    pub fn remove_relay(&mut self, slug: &Slug) -> Result<(), AdminError> {
        self.change(|change| {
            change.must_exist(Owner::Relay, slug)?;
            let lines: u64 = change.0.query_row(
                "SELECT count(*) FROM lines WHERE relay = ?1",
                [slug.as_str()],
                |row| row.get(0),
            )?;
            if lines > 0 {
                return Err(AdminError::InUse { relay: slug.clone(), lines });
            }
            change
                .execute("DELETE FROM secrets WHERE owner_kind = 'relay' AND owner = ?1", [slug.as_str()])?;
            parked::forget_relay(&change.0, slug)?;
            change.execute("DELETE FROM relays WHERE slug = ?1", [slug.as_str()])?;
            Ok(())
        })
    }

    /// Adds a line.
    ///
    /// # Errors
    ///
    /// When it is there already, or tenant or relay are not.
    pub fn add_line(&mut self, number: &PhoneNumber, tenant: &Slug, relay: &Slug) -> Result<(), AdminError> {
        let now = self.now;
        self.change(|change| {
            change.must_exist(Owner::Tenant, tenant)?;
            change.must_exist(Owner::Relay, relay)?;
            if change.has("SELECT 1 FROM lines WHERE number = ?1", number.as_str())? {
                return Err(AdminError::Exists("line", number.to_string()));
            }
            change.execute(
                "INSERT INTO lines (number, tenant, relay, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![number.as_str(), tenant.as_str(), relay.as_str(), now.nanos()],
            )?;
            Ok(())
        })
    }

    /// Lets chats be created from a line, or no more.
    ///
    /// # Errors
    ///
    /// When there is no such line.
    pub fn set_line_active(&mut self, number: &PhoneNumber, active: bool) -> Result<(), AdminError> {
        self.change(|change| {
            let found = change.execute(
                "UPDATE lines SET active = ?2 WHERE number = ?1",
                params![number.as_str(), active],
            )?;
            one(found, "line", number.as_str())
        })
    }

    /// Gives a line to another tenant. Its chats stay with the old one.
    ///
    /// # Errors
    ///
    /// When there is no such line or tenant.
    pub fn move_line(&mut self, number: &PhoneNumber, tenant: &Slug) -> Result<(), AdminError> {
        self.change(|change| {
            change.must_exist(Owner::Tenant, tenant)?;
            let found = change.execute(
                "UPDATE lines SET tenant = ?2, once_anothers = max(once_anothers, tenant <> ?2)
                 WHERE number = ?1",
                params![number.as_str(), tenant.as_str()],
            )?;
            one(found, "line", number.as_str())
        })
    }

    fn change(&mut self, act: impl FnOnce(&Change<'_>) -> Result<(), AdminError>) -> Result<(), AdminError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let change = Change(transaction);
        act(&change)?;
        change.execute("UPDATE meta SET value = value + 1 WHERE name = 'directory_revision'", [])?;
        change.0.commit()?;
        Ok(())
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
            Self::Tenant => "SELECT 1 FROM tenants WHERE slug = ?1",
            Self::Relay => "SELECT 1 FROM relays WHERE slug = ?1",
        }
    }
}

struct Change<'c>(Transaction<'c>);

impl Change<'_> {
    fn execute(&self, statement: &str, values: impl rusqlite::Params) -> Result<usize, AdminError> {
        Ok(self.0.execute(statement, values)?)
    }

    fn has(&self, statement: &str, value: &str) -> Result<bool, AdminError> {
        Ok(self.0.query_row(statement, [value], |_| Ok(())).optional()?.is_some())
    }

    fn must_exist(&self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        let found = self.has(owner.find(), slug.as_str())?;
        if found { Ok(()) } else { Err(AdminError::Absent(owner.name(), slug.to_string())) }
    }

    fn must_be_absent(&self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        let found = self.has(owner.find(), slug.as_str())?;
        if found { Err(AdminError::Exists(owner.name(), slug.to_string())) } else { Ok(()) }
    }

    fn add_secret(
        &self,
        owner: Owner,
        slug: &Slug,
        secret: &SigningSecret,
        now: Time,
    ) -> Result<(), AdminError> {
        if self.has("SELECT 1 FROM secrets WHERE secret = ?1", secret.expose())? {
            return Err(AdminError::SecretTaken);
        }
        self.execute(
            "INSERT INTO secrets (owner_kind, owner, secret, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![owner.name(), slug.as_str(), secret.expose(), now.nanos()],
        )?;
        Ok(())
    }
}

fn one(found: usize, what: &'static str, name: &str) -> Result<(), AdminError> {
    if found == 1 { Ok(()) } else { Err(AdminError::Absent(what, name.to_owned())) }
}
