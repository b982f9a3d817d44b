//! What changes of the directory are made of.

use super::{AdminError, Owner};
use crate::{
    domain::{ids::Slug, relay_kind::RelayKind, secret::SigningSecret, time::Time},
    store::{StoreError, sql::Value},
};

/// A transaction that changes the directory.
pub(crate) trait Transaction {
    /// Executes a statement; how many rows it touched.
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<usize, StoreError>;

    /// The text in the first column of the first row that a statement finds.
    fn find(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Option<String>, StoreError>;
}

/// A change of the directory that is being made.
pub(super) struct Change<'t>(pub(super) &'t mut dyn Transaction);

impl Change<'_> {
    pub(super) fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<usize, AdminError> {
        Ok(self.0.execute(statement, values)?)
    }

    pub(super) fn find(&mut self, statement: &str, value: &str) -> Result<Option<String>, AdminError> {
        Ok(self.0.find(statement, &[value.into()])?)
    }

    pub(super) fn must_exist(&mut self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        let found = self.find(owner.find(), slug.as_str())?;
        found.map(drop).ok_or_else(|| AdminError::Absent(owner.name(), slug.to_string()))
    }

    /// Refuses a relay of a kind that has not what is to be set.
    pub(super) fn must_be_of_a_kind(
        &mut self,
        relay: &Slug,
        what: &'static str,
        has_it: impl FnOnce(RelayKind) -> bool,
    ) -> Result<(), AdminError> {
        let kind = self.find("SELECT kind FROM relays WHERE slug = $1", relay.as_str())?;
        let kind = kind.ok_or_else(|| AdminError::Absent("relay", relay.to_string()))?;
        if RelayKind::from_name(&kind).is_some_and(has_it) {
            Ok(())
        } else {
            Err(AdminError::NotOfItsKind { relay: relay.clone(), kind, what })
        }
    }

    pub(super) fn must_be_absent(&mut self, owner: Owner, slug: &Slug) -> Result<(), AdminError> {
        match self.find(owner.find(), slug.as_str())? {
            Some(_) => Err(AdminError::Exists(owner.name(), slug.to_string())),
            None => Ok(()),
        }
    }

    pub(super) fn add_secret(
        &mut self,
        owner: Owner,
        slug: &Slug,
        secret: &SigningSecret,
        now: Time,
    ) -> Result<(), AdminError> {
        if self.find("SELECT owner FROM secrets WHERE secret = $1", secret.expose())?.is_some() {
            return Err(AdminError::SecretTaken);
        }
        self.execute(
            "INSERT INTO secrets (owner_kind, owner, secret, created_at) VALUES ($1, $2, $3, $4)",
            &[owner.name().into(), slug.as_str().into(), secret.expose().into(), now.nanos().into()],
        )?;
        Ok(())
    }
}

pub(super) fn one(found: usize, what: &'static str, name: &str) -> Result<(), AdminError> {
    if found == 1 { Ok(()) } else { Err(AdminError::Absent(what, name.to_owned())) }
}
