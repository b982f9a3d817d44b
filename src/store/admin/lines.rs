//! Lines: whose they are, and who serves them.

use super::{Admin, AdminError, Owner, change::one};
use crate::domain::{ids::Slug, phone::PhoneNumber};

impl Admin {
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
            if change.find("SELECT number FROM lines WHERE number = $1", number.as_str())?.is_some() {
                return Err(AdminError::Exists("line", number.to_string()));
            }
            change.execute(
                "INSERT INTO lines (number, tenant, relay, created_at) VALUES ($1, $2, $3, $4)",
                &[number.as_str().into(), tenant.as_str().into(), relay.as_str().into(), now.nanos().into()],
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
                "UPDATE lines SET active = $1 WHERE number = $2",
                &[active.into(), number.as_str().into()],
            )?;
            one(found, "line", number.as_str())
        })
    }

    /// Gives a line to another tenant, to another relay, or both. Its chats stay with the tenant that has them, and
    /// what is parked with the relay that has parked it.
    ///
    /// # Errors
    ///
    /// When there is no such line, tenant or relay.
    pub fn move_line(
        &mut self,
        number: &PhoneNumber,
        tenant: Option<&Slug>,
        relay: Option<&Slug>,
    ) -> Result<(), AdminError> {
        self.change(|change| {
            tenant.map(|tenant| change.must_exist(Owner::Tenant, tenant)).transpose()?;
            relay.map(|relay| change.must_exist(Owner::Relay, relay)).transpose()?;
            let [tenant, relay] = [tenant, relay].map(|slug| slug.map(Slug::as_str));
            change.execute(
                "UPDATE relays SET lost_line = TRUE
                 WHERE slug = (SELECT relay FROM lines WHERE number = $1) AND slug <> $2",
                &[number.as_str().into(), relay.into()],
            )?;
            let found = change.execute(
                "UPDATE lines SET tenant = coalesce($1, tenant), relay = coalesce($2, relay),
                     once_anothers = once_anothers OR tenant <> coalesce($1, tenant)
                 WHERE number = $3",
                &[tenant.into(), relay.into(), number.as_str().into()],
            )?;
            one(found, "line", number.as_str())
        })
    }
}
