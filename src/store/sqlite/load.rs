//! Load: what a batch must see.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    cache::ChatCache,
    rows::{self, CHAT_COLUMNS},
};
use crate::{
    domain::{
        chat::Chat,
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
        if let Some(chat) = cache.take(conversation) {
            hits += 1;
            working.add_loaded(conversation.clone(), chat);
        } else if let Some(chat) = chat_of(connection, conversation)? {
            working.add_loaded(conversation.clone(), chat);
        }
    }
    metrics::counter!("chert_groups_cache_hits_total").increment(hits);
    metrics::counter!("chert_groups_cache_misses_total").increment(seen.len() as u64 - hits);
    for key in &needs.receipts {
        if let Some(receipt) = receipt_of(connection, key)? {
            working.add_receipt(*key, receipt);
        }
    }
    Ok(working)
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
