//! Reading the directory.

use rusqlite::{Connection, Row};

use crate::store::{
    StoreError,
    directory::Directory,
    directory_rows::{
        DirectoryRows, LINES, LineRow, RELAYS, RelayRow, SECRETS, SecretRow, TENANTS, TenantRow,
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
    let rows = DirectoryRows {
        revision: revision(&snapshot)?,
        tenants: all(&snapshot, TENANTS, tenant)?,
        relays: all(&snapshot, RELAYS, relay)?,
        lines: all(&snapshot, LINES, line)?,
        secrets: all(&snapshot, SECRETS, secret)?,
    };
    rows.read()
}

fn all<T>(
    connection: &Connection,
    statement: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let items = statement.query_map([], read)?;
    Ok(items.collect::<Result<_, _>>()?)
}

fn tenant(row: &Row<'_>) -> rusqlite::Result<TenantRow> {
    Ok(TenantRow {
        slug: row.get(0)?,
        multi_tenant: row.get(1)?,
        suspended: row.get(2)?,
        created_at: row.get(3)?,
    })
}

fn relay(row: &Row<'_>) -> rusqlite::Result<RelayRow> {
    Ok(RelayRow {
        slug: row.get(0)?,
        kind: row.get(1)?,
        url: row.get(2)?,
        password: row.get(3)?,
        lost_line: row.get(4)?,
        created_at: row.get(5)?,
    })
}

fn line(row: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        number: row.get(0)?,
        tenant: row.get(1)?,
        relay: row.get(2)?,
        active: row.get(3)?,
        once_anothers: row.get(4)?,
        created_at: row.get(5)?,
    })
}

fn secret(row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    Ok(SecretRow {
        owner_kind: row.get(0)?,
        owner: row.get(1)?,
        secret: row.get(2)?,
        expires_at: row.get(3)?,
    })
}
