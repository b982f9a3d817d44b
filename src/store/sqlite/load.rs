//! Load: what a batch must see.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    cache::ChatCache,
    deliveries,
    rows::{self, CHAT_COLUMNS},
};
use crate::{
    domain::{
        chat::Chat,
        ids::ChatId,
        receipt::{Receipt, ReceiptKey},
        time::Time,
    },
    store::{
        StoreError,
        working::{ConversationRef, Needs, Working},
    },
};

pub(super) fn load(
    connection: &Connection,
    cache: &mut ChatCache,
    needs: &Needs,
) -> Result<Working, StoreError> {
    let mut working = Working::default();
    let mut seen = HashSet::with_capacity(needs.conversations.len());
    let mut hits = 0_u64;
    for conversation in &needs.conversations {
        if !seen.insert(conversation) {
            continue;
        }
        let chat = match cache.take(conversation) {
            Some(chat) => {
                hits += 1;
                Some(chat)
            }
            None => chat_of(connection, conversation)?,
        };
        if let Some(chat) = chat {
            // Should it be in the set already, under another key, that one stays: it is the same.
            let slot = working.add_chat(chat);
            working.add_conversation(conversation.clone(), slot);
        }
    }
    metrics::counter!("chert_groups_cache_hits_total").increment(hits);
    metrics::counter!("chert_groups_cache_misses_total").increment(seen.len() as u64 - hits);
    for key in &needs.receipts {
        if let Some(receipt) = receipt_of(connection, key)? {
            working.add_receipt(*key, receipt);
        }
    }
    load_deliveries(connection, cache, needs, &mut working)?;
    Ok(working)
}

/// Deliveries with what belongs to them: their chats and the health of their lines.
fn load_deliveries(
    connection: &Connection,
    cache: &mut ChatCache,
    needs: &Needs,
    working: &mut Working,
) -> Result<(), StoreError> {
    let by_id = needs.deliveries.iter().map(|id| deliveries::by_id(connection, *id));
    let by_name = needs.idempotency.iter().map(|name| deliveries::by_name(connection, name));
    for delivery in by_id.chain(by_name) {
        let Some(delivery) = delivery? else { continue };
        if working.delivery(delivery.id).is_some() {
            continue;
        }
        let line = (delivery.tenant.clone(), delivery.line.clone());
        if let Some(health) = deliveries::health_of(connection, &line)? {
            working.add_health(line, health);
        }
        if let Some(id) = delivery.chat {
            load_chat(connection, cache, id, working)?;
        }
        working.add_delivery(delivery);
    }
    Ok(())
}

/// The chat that answers for an id.
fn load_chat(
    connection: &Connection,
    cache: &mut ChatCache,
    id: ChatId,
    working: &mut Working,
) -> Result<(), StoreError> {
    let answering: Option<[u8; 16]> = connection
        .prepare_cached("SELECT coalesce(merged_into, id) FROM chats WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(answering) = answering.map(ChatId::from_bytes) else { return Ok(()) };
    let slot = if let Some(slot) = working.find_id(answering) {
        slot
    } else {
        // What is in the cache is what is in the store. It is taken out, so that there is one of it.
        let cached = cache.take_id(answering);
        let chat = cached.map_or_else(|| chat_by_id(connection, answering), |chat| Ok(Some(chat)))?;
        let Some(chat) = chat else { return Ok(()) };
        working.add_chat(chat)
    };
    working.add_alias(id, slot);
    Ok(())
}

fn chat_by_id(connection: &Connection, id: ChatId) -> Result<Option<Chat>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {CHAT_COLUMNS} FROM chats WHERE id = ?1"))?;
    let mut found = statement.query([id.as_bytes()])?;
    found.next()?.map(rows::chat).transpose()
}

fn chat_of(connection: &Connection, conversation: &ConversationRef) -> Result<Option<Chat>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {CHAT_COLUMNS} FROM conversation_keys AS keys JOIN chats ON chats.id = keys.chat_id
         WHERE keys.tenant = ?1 AND keys.conversation = ?2 AND keys.line = ?3"
    ))?;
    let mut found = statement.query(params![
        conversation.tenant.as_str(),
        conversation.conversation.as_str(),
        conversation.line.as_str()
    ])?;
    found.next()?.map(rows::chat).transpose()
}

fn receipt_of(connection: &Connection, key: &ReceiptKey) -> Result<Option<Receipt>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT effective FROM receipts WHERE claimed = ?1 AND digest = ?2")?;
    let found: Option<Option<i64>> =
        statement.query_row(params![key.claimed.nanos(), key.digest], |row| row.get(0)).optional()?;
    Ok(found.map(|effective| Receipt { effective: effective.map_or(key.claimed, Time::from_nanos) }))
}
