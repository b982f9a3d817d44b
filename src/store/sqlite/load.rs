//! Load: what a batch must see.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    deliveries,
    journal::Journal,
    known, numbers, parked,
    rows::{self, CHAT_COLUMNS},
};
use crate::{
    domain::{
        chat::Chat,
        delivery::{Delivery, DeliveryId},
        ids::{ChatId, Slug},
        receipt::{Receipt, ReceiptKey},
        time::Time,
    },
    store::{
        StoreError,
        cache::ChatCache,
        parked::{ParkedId, ParkedQuery, SLICE},
        stored,
        working::{ConversationRef, IdempotencyRef, Needs, Working},
    },
};

/// Where chats are: in memory, or in a row and, what that lacks, in the journal.
pub(super) struct Chats<'a> {
    pub(super) connection: &'a Connection,
    pub(super) cache: &'a mut ChatCache,
    pub(super) journal: &'a mut Journal,
}

impl Chats<'_> {
    fn by_id(&mut self, id: ChatId) -> Result<Option<Box<Chat>>, StoreError> {
        let cached = self.cache.take_id(id);
        if cached.is_some() {
            return Ok(cached);
        }
        chat_by_id(self.connection, id)?.map(|row| self.latest(row)).transpose()
    }

    /// The chat that was just read from its row, unless it is in memory. It is taken out, so that there is one of it.
    fn latest(&mut self, mut row: Chat) -> Result<Box<Chat>, StoreError> {
        if let Some(chat) = self.cache.take_id(row.id) {
            return Ok(chat);
        }
        self.journal.tell(&mut row)?;
        Ok(Box::new(row))
    }
}

/// Loads what is needed. There are no receipts of events that claim a later time than `newest_receipt`.
pub(super) fn load(
    chats: &mut Chats<'_>,
    newest_receipt: Time,
    needs: Needs,
    working: &mut Working,
) -> Result<(), StoreError> {
    let connection = chats.connection;
    working.make_room_for(&needs);
    load_conversations(chats, needs.conversations, working)?;
    for everywhere in needs.everywhere {
        if !working.has_looked_everywhere(&everywhere) {
            load_conversations(chats, known::on_lines_of(connection, &everywhere)?, working)?;
            working.add_everywhere(&everywhere);
        }
    }
    for (_, key) in needs.receipts {
        let is_newer = key.claimed > newest_receipt;
        working.add_receipt(key, if is_newer { None } else { receipt_of(connection, &key)? });
    }
    load_deliveries(chats, needs.deliveries, needs.idempotency, working)?;
    for number in needs.numbers {
        let owner = numbers::owner_of(connection, &number)?;
        working.numbers.add(number, owner);
    }
    load_parking(connection, needs.parked, needs.parked_ids, needs.usage, working)
}

fn load_conversations(
    chats: &mut Chats<'_>,
    conversations: Vec<ConversationRef>,
    working: &mut Working,
) -> Result<(), StoreError> {
    let (mut hits, mut misses) = (0_u64, 0_u64);
    for conversation in conversations {
        if working.has_looked_for(&conversation) {
            continue;
        }
        let chat = if let Some(chat) = chats.cache.take(&conversation) {
            hits += 1;
            Some(chat)
        } else {
            misses += 1;
            // It may be in memory under another of its names.
            chat_of(chats.connection, &conversation)?.map(|row| chats.latest(row)).transpose()?
        };
        // Should it be in the set already, under another key, that one stays: it is the same.
        let slot = chat.map(|chat| working.add_chat(chat));
        working.add_conversation(conversation, slot);
    }
    metrics::counter!("chert_groups_cache_hits_total").increment(hits);
    metrics::counter!("chert_groups_cache_misses_total").increment(misses);
    Ok(())
}

fn load_parking(
    connection: &Connection,
    queries: Vec<ParkedQuery>,
    ids: Vec<ParkedId>,
    relays: Vec<Slug>,
    working: &mut Working,
) -> Result<(), StoreError> {
    for query in queries {
        if !working.parking.is_loaded(&query) {
            let found = parked::find(connection, &query, working.parking.passed(&query))?;
            let is_complete = found.len() < SLICE;
            working.parking.add_found(query, found, is_complete);
        }
    }
    for id in ids {
        let is_parked = parked::is_parked(connection, id)?;
        working.parking.add_looked_for(id, is_parked);
    }
    for relay in relays {
        let usage = parked::usage_of(connection, &relay)?;
        working.parking.add_usage(relay, usage);
    }
    Ok(())
}

/// Deliveries with what belongs to them: their chats and the health of their lines.
fn load_deliveries(
    chats: &mut Chats<'_>,
    ids: Vec<DeliveryId>,
    names: Vec<IdempotencyRef>,
    working: &mut Working,
) -> Result<(), StoreError> {
    for id in ids {
        match deliveries::by_id(chats.connection, id)? {
            Some(delivery) => load_delivery(chats, delivery, working)?,
            None => working.add_no_delivery(id),
        }
    }
    for name in names {
        match deliveries::by_name(chats.connection, &name)? {
            Some(delivery) => load_delivery(chats, delivery, working)?,
            None => working.add_no_delivery_named(name),
        }
    }
    Ok(())
}

fn load_delivery(chats: &mut Chats<'_>, delivery: Delivery, working: &mut Working) -> Result<(), StoreError> {
    if working.delivery(delivery.id).is_some() {
        return Ok(());
    }
    let line = (delivery.tenant.clone(), delivery.line.clone());
    if let Some(health) = deliveries::health_of(chats.connection, &line)? {
        working.add_health(line, health);
    }
    if let Some(id) = delivery.chat {
        load_chat(chats, id, working)?;
    }
    working.add_delivery(delivery);
    Ok(())
}

/// The chat that answers for an id.
fn load_chat(chats: &mut Chats<'_>, id: ChatId, working: &mut Working) -> Result<(), StoreError> {
    let Some(answering) = answering(chats.connection, id)? else { return Ok(()) };
    let slot = if let Some(slot) = working.find_id(answering) {
        slot
    } else {
        let Some(chat) = chats.by_id(answering)? else { return Ok(()) };
        working.add_chat(chat)
    };
    working.add_alias(id, slot);
    Ok(())
}

/// The chat that answers for an id, as its row has it.
pub(super) fn answering_chat(connection: &Connection, id: ChatId) -> Result<Option<Chat>, StoreError> {
    let Some(answering) = answering(connection, id)? else { return Ok(None) };
    chat_by_id(connection, answering)
}

fn answering(connection: &Connection, id: ChatId) -> Result<Option<ChatId>, StoreError> {
    let found: Option<[u8; 16]> = connection
        .prepare_cached("SELECT coalesce(merged_into, id) FROM chats WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found.map(ChatId::from_bytes))
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
         WHERE keys.conversation = ?1 AND keys.tenant = ?2 AND keys.line = ?3"
    ))?;
    let mut found = statement.query(params![
        conversation.conversation.as_str(),
        conversation.tenant.as_str(),
        conversation.line.as_str()
    ])?;
    found.next()?.map(rows::chat).transpose()
}

fn receipt_of(connection: &Connection, key: &ReceiptKey) -> Result<Option<Receipt>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT effective FROM receipts WHERE claimed = ?1 AND digest = ?2")?;
    let found: Option<Option<i64>> =
        statement.query_row(params![key.claimed.nanos(), key.digest], |row| row.get(0)).optional()?;
    Ok(found.map(|effective| stored::receipt(key, effective)))
}
