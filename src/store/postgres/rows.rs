//! Rows to values.

use std::borrow::Cow;

use tokio_postgres::{Row, types::FromSql};
use uuid::Uuid;

use super::{failure::Failure, text};
use crate::{
    domain::{
        chat::Chat,
        delivery::{Delivery, Health, Hex128, Idempotency, IdempotencyKey},
        ids::ChatId,
        time::Time,
    },
    store::{StoreError, codec, query::SeenChat, stored},
};

/// The value of a column.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: &str) -> Result<T, Failure> {
    row.try_get(column).map_err(|why| {
        // The name is the statement's own.
        Failure::Refused(StoreError::Broken(format!("{column} cannot be read: {why}")))
    })
}

/// The text in a column that may hold any.
pub(super) fn any_text<'r>(row: &'r Row, column: &str) -> Result<Cow<'r, str>, Failure> {
    Ok(text::read(get(row, column)?))
}

/// A number that is never negative.
pub(super) fn count(row: &Row, column: &str) -> Result<u64, Failure> {
    Ok(u64::try_from(get::<i64>(row, column)?).unwrap_or(0))
}

pub(super) fn chat_id(row: &Row, column: &str) -> Result<ChatId, Failure> {
    Ok(ChatId::from_bytes(get::<Uuid>(row, column)?.into_bytes()))
}

/// The columns of a chat but for its state.
macro_rules! chat_columns {
    () => {
        "chats.id, chats.tenant, chats.line, chats.origin, chats.created_at, chats.updated_at, chats.version, \
         chats.revision, chats.merged_into"
    };
}
pub(super) use chat_columns;

/// The columns that [`seen`] reads.
pub(super) const SEEN_COLUMNS: &str = concat!(
    chat_columns!(),
    ", chats.state, coalesce(health.successes, 0) AS successes, coalesce(health.deliveries, 0::int2) AS deliveries"
);

/// The chat in a row that has all of it.
pub(super) fn chat(row: &Row) -> Result<Chat, Failure> {
    Ok(Chat {
        id: chat_id(row, "id")?,
        tenant: stored::slug("chats", "tenant", get(row, "tenant")?)?,
        line: stored::number("chats", "line", get(row, "line")?)?,
        origin: stored::origin(get(row, "origin")?)?,
        created_at: Time::from_nanos(get(row, "created_at")?),
        updated_at: Time::from_nanos(get(row, "updated_at")?),
        version: count(row, "version")?,
        state: codec::state::decode(get(row, "state")?)?,
    })
}

/// The chat in a row of [`SEEN_COLUMNS`].
pub(super) fn seen(row: &Row) -> Result<SeenChat, Failure> {
    Ok(SeenChat { chat: chat(row)?, health: health(row)? })
}

pub(super) fn health(row: &Row) -> Result<Health, Failure> {
    let deliveries = u8::try_from(get::<i16>(row, "deliveries")?).unwrap_or(0);
    Ok(Health::from_parts(count(row, "successes")?, deliveries))
}

/// The columns that [`delivery`] reads.
macro_rules! delivery_columns {
    () => {
        "id, message_id, tenant, line, relay, idempotency_key, fingerprint, opened_at, chat_id, progress, token, \
         lease_until, answer, failure_told"
    };
}
pub(super) use delivery_columns;

pub(super) fn delivery(row: &Row) -> Result<Delivery, Failure> {
    let hex = |id: Uuid| Hex128::from_bytes(id.into_bytes());
    let progress = codec::progress::read(codec::progress::Columns {
        name: get(row, "progress")?,
        token: get::<Option<Uuid>>(row, "token")?.map(hex),
        lease_until: get::<Option<i64>>(row, "lease_until")?.map(Time::from_nanos),
        answer: get(row, "answer")?,
    })?;
    Ok(Delivery {
        id: hex(get(row, "id")?),
        message: hex(get(row, "message_id")?),
        tenant: stored::slug("deliveries", "tenant", get(row, "tenant")?)?,
        line: stored::number("deliveries", "line", get(row, "line")?)?,
        relay: stored::slug("deliveries", "relay", get(row, "relay")?)?,
        idempotency: idempotency(row)?,
        opened_at: Time::from_nanos(get(row, "opened_at")?),
        chat: get::<Option<Uuid>>(row, "chat_id")?.map(|id| ChatId::from_bytes(id.into_bytes())),
        failure_told: get(row, "failure_told")?,
        progress,
    })
}

fn idempotency(row: &Row) -> Result<Option<Idempotency>, Failure> {
    let key: Option<&str> = get(row, "idempotency_key")?;
    let fingerprint: Option<&[u8]> = get(row, "fingerprint")?;
    let (Some(key), Some(fingerprint)) = (key, fingerprint) else { return Ok(None) };
    let damaged = |column: &str, why: &dyn std::fmt::Display| StoreError::damaged("deliveries", column, why);
    let key = IdempotencyKey::new(&text::read(key)).map_err(|why| damaged("idempotency_key", &why))?;
    let fingerprint = fingerprint.try_into().map_err(|why| damaged("fingerprint", &why))?;
    Ok(Some(Idempotency { key, fingerprint }))
}
