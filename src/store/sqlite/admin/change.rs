//! What changes of the directory are made of.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{AdminError, Owner};
use crate::domain::{ids::Slug, relay_kind::RelayKind, secret::SigningSecret, time::Time};

/// A change of the directory that is being made.
pub(super) struct Change<'c>(pub(super) Transaction<'c>);

impl Change<'_> {
    pub(super) fn execute(
        &self,
        statement: &str,
        values: impl rusqlite::Params,
    ) -> Result<usize, AdminError> {
        Ok(self.0.execute(statement, values)?)
    }

    pub(super) fn has(&self, statement: &str, value: &str) -> Result<bool, AdminError> {
        Ok(self.0.query_row(statement, [value], |_| Ok(())).optional()?.is_some())
    }

    pub(super) fn must_exist(&self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        let found = self.has(owner.find(), slug.as_str())?;
        if found { Ok(()) } else { Err(AdminError::Absent(owner.name(), slug.to_string())) }
    }

    /// Refuses a relay of a kind that has not what is to be set.
    pub(super) fn must_be_of_a_kind(
        &self,
        relay: &Slug,
        what: &'static str,
        has_it: impl FnOnce(RelayKind) -> bool,
    ) -> Result<(), AdminError> {
        self.must_exist(Owner::Relay, relay)?;
        let find = "SELECT kind FROM relays WHERE slug = ?1";
        let kind: String = self.0.query_row(find, [relay.as_str()], |row| row.get(0))?;
        if RelayKind::from_name(&kind).is_some_and(has_it) {
            Ok(())
        } else {
            Err(AdminError::NotOfItsKind { relay: relay.clone(), kind, what })
        }
    }

    pub(super) fn must_be_absent(&self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        let found = self.has(owner.find(), slug.as_str())?;
        if found { Err(AdminError::Exists(owner.name(), slug.to_string())) } else { Ok(()) }
    }

    pub(super) fn add_secret(
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

pub(super) fn one(found: usize, what: &'static str, name: &str) -> Result<(), AdminError> {
    if found == 1 { Ok(()) } else { Err(AdminError::Absent(what, name.to_owned())) }
}
