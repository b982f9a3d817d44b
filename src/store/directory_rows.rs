//! The directory as its rows have it.

use std::collections::HashMap;

use super::{
    StoreError,
    directory::{Directory, Line, Relay, Secrets, Tenant},
    stored,
};
use crate::domain::{
    password::RelayPassword,
    relay_kind::{RelayKind, SecretForm},
    secret::SigningSecret,
    time::Time,
};

/// All rows of one revision.
#[derive(Default)]
pub(super) struct DirectoryRows {
    pub(super) revision: u64,
    pub(super) tenants: Vec<TenantRow>,
    pub(super) relays: Vec<RelayRow>,
    pub(super) lines: Vec<LineRow>,
    pub(super) secrets: Vec<SecretRow>,
}

pub(super) const TENANTS: &str = "SELECT slug, multi_tenant, suspended, created_at FROM tenants";

pub(super) struct TenantRow {
    pub(super) slug: String,
    pub(super) multi_tenant: bool,
    pub(super) suspended: bool,
    pub(super) created_at: i64,
}

pub(super) const RELAYS: &str = "SELECT slug, kind, url, password, lost_line, created_at FROM relays";

pub(super) struct RelayRow {
    pub(super) slug: String,
    pub(super) kind: String,
    pub(super) url: Option<String>,
    pub(super) password: Option<String>,
    pub(super) lost_line: bool,
    pub(super) created_at: i64,
}

pub(super) const LINES: &str = "SELECT number, tenant, relay, active, once_anothers, created_at FROM lines";

pub(super) struct LineRow {
    pub(super) number: String,
    pub(super) tenant: String,
    pub(super) relay: String,
    pub(super) active: bool,
    pub(super) once_anothers: bool,
    pub(super) created_at: i64,
}

pub(super) const SECRETS: &str = "SELECT owner_kind, owner, secret, expires_at FROM secrets";

pub(super) struct SecretRow {
    pub(super) owner_kind: String,
    pub(super) owner: String,
    pub(super) secret: String,
    pub(super) expires_at: Option<i64>,
}

/// The secrets of each owner, by kind and name.
type ByOwner = HashMap<(String, String), Vec<(String, Option<i64>)>>;

impl DirectoryRows {
    /// The directory that they are.
    pub(super) fn read(self) -> Result<Directory, StoreError> {
        let mut secrets = ByOwner::new();
        for SecretRow { owner_kind, owner, secret, expires_at } in self.secrets {
            secrets.entry((owner_kind, owner)).or_default().push((secret, expires_at));
        }
        let tenants = self.tenants.into_iter().map(|row| tenant(row, &mut secrets));
        let tenants = tenants.collect::<Result<_, _>>()?;
        let relays = self.relays.into_iter().map(|row| relay(row, &mut secrets));
        let relays = relays.collect::<Result<_, _>>()?;
        let lines = self.lines.iter().map(line).collect::<Result<_, _>>()?;
        Ok(Directory::new(self.revision, tenants, relays, lines))
    }
}

fn tenant(row: TenantRow, secrets: &mut ByOwner) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        slug: stored::slug("tenants", "slug", &row.slug)?,
        multi_tenant: row.multi_tenant,
        suspended: row.suspended,
        secrets: secrets_of(("tenant", row.slug), SecretForm::Hex, secrets)?,
        created_at: Time::from_nanos(row.created_at),
    })
}

fn relay(row: RelayRow, secrets: &mut ByOwner) -> Result<Relay, StoreError> {
    let kind = RelayKind::from_name(&row.kind)
        .ok_or_else(|| StoreError::damaged("relays", "kind", "an unknown kind"))?;
    let password = row.password.as_deref().map(RelayPassword::new).transpose();
    Ok(Relay {
        slug: stored::slug("relays", "slug", &row.slug)?,
        kind,
        url: row.url,
        password: password.map_err(|why| StoreError::damaged("relays", "password", why))?,
        secrets: secrets_of(("relay", row.slug), kind.secret_form(), secrets)?,
        lost_line: row.lost_line,
        created_at: Time::from_nanos(row.created_at),
    })
}

fn line(row: &LineRow) -> Result<Line, StoreError> {
    Ok(Line {
        number: stored::number("lines", "number", &row.number)?,
        tenant: stored::slug("lines", "tenant", &row.tenant)?,
        relay: stored::slug("lines", "relay", &row.relay)?,
        active: row.active,
        once_anothers: row.once_anothers,
        created_at: Time::from_nanos(row.created_at),
    })
}

fn secrets_of(
    (kind, owner): (&str, String),
    form: SecretForm,
    secrets: &mut ByOwner,
) -> Result<Secrets, StoreError> {
    let mut read = Secrets::default();
    for (secret, expires_at) in secrets.remove(&(kind.to_owned(), owner)).unwrap_or_default() {
        let secret = SigningSecret::read(form, &secret)
            .map_err(|why| StoreError::damaged("secrets", "secret", why))?;
        read.add(secret, expires_at.map(Time::from_nanos));
    }
    Ok(read)
}
