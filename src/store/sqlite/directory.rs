//! Reading the directory.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{
    domain::{
        password::RelayPassword,
        relay_kind::{RelayKind, SecretForm},
        secret::SigningSecret,
        time::Time,
    },
    store::{
        StoreError,
        directory::{Directory, Line, Relay, Secrets, Tenant},
    },
};

/// The revision of the directory, which every administrative change raises.
pub(super) fn revision(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM meta WHERE name = 'directory_revision'")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The directory, all of it as of one revision.
pub(super) fn load(connection: &mut Connection) -> Result<Directory, StoreError> {
    let snapshot = connection.transaction()?;
    let revision = revision(&snapshot)?;
    let tenants = all(&snapshot, "SELECT slug, multi_tenant, suspended, created_at FROM tenants", |row| {
        tenant(&snapshot, row)
    })?;
    let relays =
        all(&snapshot, "SELECT slug, kind, url, password, created_at, lost_line FROM relays", |row| {
            relay(&snapshot, row)
        })?;
    let lines =
        all(&snapshot, "SELECT number, tenant, relay, active, created_at, once_anothers FROM lines", line)?;
    Ok(Directory::new(revision, tenants, relays, lines))
}

fn all<T>(
    connection: &Connection,
    statement: &str,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut found = statement.query([])?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        items.push(read(row)?);
    }
    Ok(items)
}

fn tenant(connection: &Connection, row: &Row<'_>) -> Result<Tenant, StoreError> {
    let slug = rows::slug("tenants", "slug", row.get_ref(0)?.as_str())?;
    Ok(Tenant {
        multi_tenant: row.get(1)?,
        suspended: row.get(2)?,
        secrets: secrets(connection, "tenant", slug.as_str(), SecretForm::Hex)?,
        created_at: Time::from_nanos(row.get(3)?),
        slug,
    })
}

fn relay(connection: &Connection, row: &Row<'_>) -> Result<Relay, StoreError> {
    let slug = rows::slug("relays", "slug", row.get_ref(0)?.as_str())?;
    let kind: String = row.get(1)?;
    let kind = RelayKind::from_name(&kind)
        .ok_or_else(|| StoreError::damaged("relays", "kind", "an unknown kind"))?;
    Ok(Relay {
        kind,
        url: row.get(2)?,
        password: password(row, 3)?,
        secrets: secrets(connection, "relay", slug.as_str(), kind.secret_form())?,
        created_at: Time::from_nanos(row.get(4)?),
        lost_line: row.get(5)?,
        slug,
    })
}

fn password(row: &Row<'_>, column: usize) -> Result<Option<RelayPassword>, StoreError> {
    let stored: Option<String> = row.get(column)?;
    let password = stored.as_deref().map(RelayPassword::new).transpose();
    password.map_err(|why| StoreError::damaged("relays", "password", why))
}

fn line(row: &Row<'_>) -> Result<Line, StoreError> {
    Ok(Line {
        number: rows::number("lines", "number", row.get_ref(0)?.as_str())?,
        tenant: rows::slug("lines", "tenant", row.get_ref(1)?.as_str())?,
        relay: rows::slug("lines", "relay", row.get_ref(2)?.as_str())?,
        active: row.get(3)?,
        once_anothers: row.get(5)?,
        created_at: Time::from_nanos(row.get(4)?),
    })
}

fn secrets(
    connection: &Connection,
    kind: &str,
    owner: &str,
    form: SecretForm,
) -> Result<Secrets, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT secret, expires_at FROM secrets WHERE owner_kind = ?1 AND owner = ?2")?;
    let mut found = statement.query(params![kind, owner])?;
    let mut secrets = Secrets::default();
    while let Some(row) = found.next()? {
        let secret: String = row.get(0)?;
        let secret = SigningSecret::read(form, &secret)
            .map_err(|why| StoreError::damaged("secrets", "secret", why))?;
        secrets.add(secret, row.get::<_, Option<i64>>(1)?.map(Time::from_nanos));
    }
    Ok(secrets)
}
