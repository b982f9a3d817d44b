//! Save: the difference that a batch made.

use rusqlite::{Connection, params};

use super::{deliveries, numbers, parked};
use crate::{
    domain::{
        chat::Chat,
        conversation_key::Conversation,
        handle::Handle,
        ids::Slug,
        receipt::{Receipt, ReceiptKey},
    },
    store::{
        StoreError, codec, stored,
        working::{Absorbed, ChangeRecord, Slot, Touched, Working},
    },
};

/// Saves what a batch did. With `put_off`, rows of which only stamps have moved are left as they are.
pub(super) fn save(connection: &Connection, working: &Working, put_off: bool) -> Result<(), StoreError> {
    // Rows first, and then what refers to them.
    let changed = || working.changed().filter(|slot| !put_off || slot.touched == Touched::Row);
    for slot in changed() {
        save_row(connection, slot)?;
    }
    for slot in changed() {
        save_belongings(connection, slot)?;
    }
    for delivery in working.changed_deliveries() {
        deliveries::save(connection, delivery)?;
    }
    for (line, health) in working.changed_health() {
        deliveries::save_health(connection, line, health)?;
    }
    save_receipts(connection, working.new_receipts())?;
    for (number, owner) in working.numbers.learnt() {
        numbers::save(connection, number, owner)?;
    }
    for parked in working.parking.removed() {
        parked::delete(connection, parked)?;
    }
    for parked in working.parking.added() {
        parked::insert(connection, parked)?;
    }
    count(connection, "chats", working.chats_added())?;
    count(connection, "receipts", i64::try_from(working.new_receipts().len()).unwrap_or(i64::MAX))
}

fn save_row(connection: &Connection, slot: &Slot) -> Result<(), StoreError> {
    if slot.is_new {
        insert(connection, &slot.chat)
    } else if slot.records.is_empty() {
        update_state(connection, &slot.chat)
    } else {
        update(connection, &slot.chat)
    }
}

fn save_belongings(connection: &Connection, slot: &Slot) -> Result<(), StoreError> {
    for conversation in &slot.new_conversations {
        insert_key(connection, &slot.chat, conversation)?;
    }
    for record in &slot.records {
        insert_record(connection, &slot.chat, record)?;
    }
    for (handle, is_in) in slot.listings() {
        if is_in { list(connection, &slot.chat, handle)? } else { unlist(connection, &slot.chat, handle)? }
    }
    match &slot.absorbed {
        Some(absorbed) => hand_over(connection, &slot.chat, absorbed),
        None => Ok(()),
    }
}

/// Lets another chat answer for `chat`, and for all that `chat` has answered for.
fn hand_over(connection: &Connection, chat: &Chat, absorbed: &Absorbed) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE chats SET merged_into = ?2 WHERE id = ?1 OR merged_into = ?1")?
        .execute(params![chat.id.as_bytes(), absorbed.by.as_bytes()])?;
    for conversation in &absorbed.conversations {
        connection
            .prepare_cached(
                "UPDATE conversation_keys SET chat_id = ?4 WHERE tenant = ?1 AND conversation = ?2 AND line = ?3",
            )?
            .execute(params![
                chat.tenant.as_str(),
                conversation.as_str(),
                chat.line.as_str(),
                absorbed.by.as_bytes()
            ])?;
    }
    for handle in &absorbed.people {
        unlist(connection, chat, handle)?;
    }
    Ok(())
}

fn unlist(connection: &Connection, chat: &Chat, handle: &Handle) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM participants WHERE tenant = ?1 AND address = ?2 AND chat_id = ?3")?
        .execute(params![chat.tenant.as_str(), handle.as_str(), chat.id.as_bytes()])?;
    Ok(())
}

fn insert(connection: &Connection, chat: &Chat) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO chats (id, tenant, line, is_group, created_at, updated_at, version, state, origin)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            chat.id.as_bytes(),
            chat.tenant.as_str(),
            chat.line.as_str(),
            chat.state.is_group(),
            chat.created_at.nanos(),
            chat.updated_at.nanos(),
            chat.version,
            codec::state::encode(&chat.state)?,
            stored::origin_name(chat.origin),
        ])?;
    Ok(())
}

fn update(connection: &Connection, chat: &Chat) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE chats SET is_group = ?2, updated_at = ?3, version = ?4, state = ?5 WHERE id = ?1",
        )?
        .execute(params![
            chat.id.as_bytes(),
            chat.state.is_group(),
            chat.updated_at.nanos(),
            chat.version,
            codec::state::encode(&chat.state)?,
        ])?;
    Ok(())
}

/// Nothing visible changed: no index is touched.
pub(super) fn update_state(connection: &Connection, chat: &Chat) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE chats SET state = ?2 WHERE id = ?1")?
        .execute(params![chat.id.as_bytes(), codec::state::encode(&chat.state)?])?;
    Ok(())
}

fn insert_key(connection: &Connection, chat: &Chat, conversation: &Conversation) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO conversation_keys (tenant, conversation, line, chat_id) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            chat.tenant.as_str(),
            conversation.as_str(),
            chat.line.as_str(),
            chat.id.as_bytes()
        ])?;
    Ok(())
}

fn insert_record(connection: &Connection, chat: &Chat, record: &ChangeRecord) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO changes (tenant, chat_id, version, at, event_id, event_time, changes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            chat.tenant.as_str(),
            chat.id.as_bytes(),
            record.version,
            record.at.nanos(),
            record.stamp.event.as_str(),
            record.stamp.time.nanos(),
            codec::changes::encode(&record.changes),
        ])?;
    Ok(())
}

fn list(connection: &Connection, chat: &Chat, handle: &Handle) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO participants (tenant, address, chat_id) VALUES (?1, ?2, ?3)")?
        .execute(params![chat.tenant.as_str(), handle.as_str(), chat.id.as_bytes()])?;
    Ok(())
}

fn save_receipts(
    connection: &Connection,
    receipts: &[(Slug, ReceiptKey, Receipt)],
) -> Result<(), StoreError> {
    let mut insert =
        connection.prepare_cached("INSERT INTO receipts (claimed, digest, effective) VALUES (?1, ?2, ?3)")?;
    for (_, key, receipt) in receipts {
        insert.execute(params![key.claimed.nanos(), key.digest, stored::ahead(key, *receipt)])?;
    }
    Ok(())
}

/// Keeps a counter of rows in step; `meta` says why.
pub(super) fn count(connection: &Connection, name: &str, by: i64) -> Result<(), StoreError> {
    if by != 0 {
        connection
            .prepare_cached("UPDATE meta SET value = value + ?2 WHERE name = ?1")?
            .execute(params![name, by])?;
    }
    Ok(())
}
