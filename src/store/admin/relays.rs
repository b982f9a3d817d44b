//! Relays: their URLs, their passwords, and what they have parked.

use super::{Admin, AdminError, Owner};
use crate::{
    domain::{
        ids::Slug, parking::Usage, password::RelayPassword, relay_kind::RelayKind, secret::SigningSecret,
    },
    store::parked::Backlog,
};

impl Admin {
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
                "INSERT INTO relays (slug, kind, url, created_at) VALUES ($1, $2, $3, $4)",
                &[slug.as_str().into(), kind.name().into(), url.into(), now.nanos().into()],
            )?;
            change.add_secret(Owner::Relay, slug, secret, now)
        })
    }

    /// Changes where a relay is reached.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or relays of its kind are not reached.
    pub fn set_relay_url(&mut self, slug: &Slug, url: &str) -> Result<(), AdminError> {
        self.change(|change| {
            change.must_be_of_a_kind(slug, "URL", RelayKind::has_url)?;
            change
                .execute("UPDATE relays SET url = $1 WHERE slug = $2", &[url.into(), slug.as_str().into()])?;
            Ok(())
        })
    }

    /// How much is parked of each relay of which anything is.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn parking(&mut self) -> Result<Vec<(Slug, Usage)>, AdminError> {
        Ok(self.store.parking()?)
    }

    /// What the parked reports of a relay wait for.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or the store cannot be read.
    pub fn backlog(&mut self, relay: &Slug) -> Result<Vec<Backlog>, AdminError> {
        if self.directory()?.relay(relay).is_none() {
            return Err(AdminError::Absent("relay", relay.to_string()));
        }
        Ok(self.store.backlog(relay)?)
    }

    /// Changes the password that a relay asks of us.
    ///
    /// # Errors
    ///
    /// When there is none of this name, or relays of its kind ask for none.
    pub fn set_relay_password(&mut self, slug: &Slug, password: &RelayPassword) -> Result<(), AdminError> {
        self.change(|change| {
            change.must_be_of_a_kind(slug, "password", RelayKind::has_password)?;
            change.execute(
                "UPDATE relays SET password = $1 WHERE slug = $2",
                &[password.expose().into(), slug.as_str().into()],
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
            let lines =
                change.find("SELECT CAST(count(*) AS TEXT) FROM lines WHERE relay = $1", slug.as_str())?;
            match lines.and_then(|lines| lines.parse().ok()) {
                Some(0) => {}
                lines => return Err(AdminError::InUse { relay: slug.clone(), lines: lines.unwrap_or(1) }),
            }
            for everything in [
                "DELETE FROM secrets WHERE owner_kind = 'relay' AND owner = $1",
                "DELETE FROM parked WHERE relay = $1",
                "DELETE FROM parking WHERE relay = $1",
                "DELETE FROM row_numbers WHERE relay = $1",
                "DELETE FROM relays WHERE slug = $1",
            ] {
                change.execute(everything, &[slug.as_str().into()])?;
            }
            Ok(())
        })
    }
}
