//! Chats, and what belongs to them.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::{
    domain::{
        chat::Chat,
        handle::Handle,
        ids::{ChatId, Slug},
    },
    store::{
        codec,
        postgres::{
            failure::Failure,
            request::{Request, values},
            text,
        },
        stored,
        working::{ChangeRecord, Slot, Working},
    },
};

const INSERT: &str = "INSERT INTO chats
         (tenant, id, line, origin, is_group, created_at, updated_at, version, revision, state)
     SELECT $1::text, w.id, w.line, w.origin, w.is_group, w.created_at, w.updated_at, w.version, 1, w.state
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bool[], $6::int8[], $7::int8[], $8::int8[], $9::bytea[])
         AS w (id, line, origin, is_group, created_at, updated_at, version, state)";

const UPDATE: &str = "UPDATE chats SET is_group = w.is_group, updated_at = w.updated_at, version = w.version,
         revision = chats.revision + 1, state = w.state
     FROM unnest($2::uuid[], $3::bool[], $4::int8[], $5::int8[], $6::bytea[])
         AS w (id, is_group, updated_at, version, state)
     WHERE chats.tenant = $1 AND chats.id = w.id";

/// Whoever of two servers inserts second meets the first one's row, and begins anew.
const KEYS: &str = "INSERT INTO conversation_keys (tenant, conversation, line, chat_id)
     SELECT $1::text, w.conversation, w.line, w.chat_id
     FROM unnest($2::text[], $3::text[], $4::uuid[]) AS w (conversation, line, chat_id)";

const CHANGES: &str = "INSERT INTO changes (tenant, chat_id, version, at, event_id, event_time, changes)
     SELECT $1::text, w.chat_id, w.version, w.at, w.event_id, w.event_time, w.changes
     FROM unnest($2::uuid[], $3::int8[], $4::int8[], $5::text[], $6::int8[], $7::text[])
         AS w (chat_id, version, at, event_id, event_time, changes)";

const LIST: &str = "INSERT INTO participants (tenant, address, chat_id)
     SELECT $1::text, w.address, w.chat_id FROM unnest($2::text[], $3::uuid[]) AS w (address, chat_id)
     ON CONFLICT (tenant, address, chat_id) DO NOTHING";

const UNLIST: &str = "DELETE FROM participants USING unnest($2::text[], $3::uuid[]) AS w (address, chat_id)
     WHERE participants.tenant = $1 AND participants.address = w.address AND participants.chat_id = w.chat_id";

/// Lets other chats answer for some, and for all that these have answered for.
const MERGE: &str = "UPDATE chats SET merged_into = w.survivor, revision = chats.revision + 1
     FROM unnest($2::uuid[], $3::uuid[]) AS w (id, survivor) WHERE chats.tenant = $1 AND chats.id = w.id";
const MERGE_FURTHER: &str = "UPDATE chats SET merged_into = w.survivor, revision = chats.revision + 1
     FROM unnest($2::uuid[], $3::uuid[]) AS w (id, survivor)
     WHERE chats.tenant = $1 AND chats.merged_into = w.id";
const REBIND: &str = "UPDATE conversation_keys SET chat_id = w.chat_id
     FROM unnest($2::text[], $3::text[], $4::uuid[]) AS w (conversation, line, chat_id)
     WHERE conversation_keys.tenant = $1 AND conversation_keys.conversation = w.conversation
         AND conversation_keys.line = w.line";

/// Saves the chats that a batch has changed.
pub(super) fn save<'w>(working: &'w Working, request: &mut Request<'w>) -> Result<(), Failure> {
    let mut by_tenant: BTreeMap<&Slug, Vec<&Slot>> = BTreeMap::new();
    for slot in working.changed() {
        by_tenant.entry(&slot.chat.tenant).or_default().push(slot);
    }
    for (tenant, slots) in by_tenant {
        let (new, old): (Vec<_>, Vec<_>) =
            slots.iter().map(|slot| (slot.is_new, &*slot.chat)).partition(|slot| slot.0);
        insert(tenant, &new, request)?;
        update(tenant, &old, request)?;
        save_keys(tenant, &slots, request);
        save_changes(tenant, &slots, request);
        save_listings(tenant, &slots, request);
        hand_over(tenant, &slots, request);
    }
    Ok(())
}

fn id(id: ChatId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// One column of many rows.
fn each<T, V>(rows: &[T], column: impl FnMut(&T) -> V) -> Vec<V> {
    rows.iter().map(column).collect()
}

fn states(chats: &[(bool, &Chat)]) -> Result<Vec<Vec<u8>>, Failure> {
    let states = chats.iter().map(|(_, chat)| codec::state::encode(&chat.state));
    Ok(states.collect::<Result<_, _>>()?)
}

fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn insert<'w>(
    tenant: &'w Slug,
    chats: &[(bool, &'w Chat)],
    request: &mut Request<'w>,
) -> Result<(), Failure> {
    if !chats.is_empty() {
        let values = values![
            tenant.as_str(),
            each(chats, |(_, chat)| id(chat.id)),
            each(chats, |(_, chat)| chat.line.as_str()),
            each(chats, |(_, chat)| stored::origin_name(chat.origin)),
            each(chats, |(_, chat)| chat.state.is_group()),
            each(chats, |(_, chat)| chat.created_at.nanos()),
            each(chats, |(_, chat)| chat.updated_at.nanos()),
            each(chats, |(_, chat)| version(chat.version)),
            states(chats)?,
        ];
        request.add(INSERT, values);
    }
    Ok(())
}

fn update<'w>(
    tenant: &'w Slug,
    chats: &[(bool, &'w Chat)],
    request: &mut Request<'w>,
) -> Result<(), Failure> {
    if !chats.is_empty() {
        let values = values![
            tenant.as_str(),
            each(chats, |(_, chat)| id(chat.id)),
            each(chats, |(_, chat)| chat.state.is_group()),
            each(chats, |(_, chat)| chat.updated_at.nanos()),
            each(chats, |(_, chat)| version(chat.version)),
            states(chats)?,
        ];
        request.add(UPDATE, values);
    }
    Ok(())
}

fn save_keys<'w>(tenant: &'w Slug, slots: &[&'w Slot], request: &mut Request<'w>) {
    let keys = slots.iter().flat_map(|slot| slot.new_conversations.iter().map(|key| (key, &slot.chat)));
    let mut keys: Vec<_> = keys.collect();
    // Two servers that mint for the same conversations wait for each other in one order only.
    keys.sort_by(|(one, chat), (other, another)| {
        (one.as_str(), &chat.line).cmp(&(other.as_str(), &another.line))
    });
    if !keys.is_empty() {
        let values = values![
            tenant.as_str(),
            each(&keys, |(key, _)| text::stored(key.as_str())),
            each(&keys, |(_, chat)| chat.line.as_str()),
            each(&keys, |(_, chat)| id(chat.id)),
        ];
        request.add(KEYS, values);
    }
}

fn save_changes<'w>(tenant: &'w Slug, slots: &[&'w Slot], request: &mut Request<'w>) {
    let records = slots.iter().flat_map(|slot| slot.records.iter().map(|record| (slot.chat.id, record)));
    let records: Vec<(ChatId, &ChangeRecord)> = records.collect();
    if !records.is_empty() {
        let values = values![
            tenant.as_str(),
            each(&records, |(chat, _)| id(*chat)),
            each(&records, |(_, record)| version(record.version)),
            each(&records, |(_, record)| record.at.nanos()),
            each(&records, |(_, record)| text::stored(record.stamp.event.as_str())),
            each(&records, |(_, record)| record.stamp.time.nanos()),
            each(&records, |(_, record)| codec::changes::encode(&record.changes)),
        ];
        request.add(CHANGES, values);
    }
}

fn save_listings<'w>(tenant: &'w Slug, slots: &[&'w Slot], request: &mut Request<'w>) {
    let mut last_words: HashMap<(&Handle, ChatId), bool> = HashMap::new();
    for slot in slots {
        last_words.extend(slot.listings().map(|(handle, is_in)| ((handle, slot.chat.id), is_in)));
        if let Some(absorbed) = &slot.absorbed {
            // Whoever was in it is in the one that answers for it.
            last_words.retain(|(_, chat), is_in| *chat != slot.chat.id || !*is_in);
            last_words.extend(absorbed.people.iter().map(|handle| ((handle, slot.chat.id), false)));
        }
    }
    for (statement, is_in) in [(UNLIST, false), (LIST, true)] {
        let rows = last_words.iter().filter(|(_, word)| **word == is_in).map(|(row, _)| row);
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            let addresses = each(&rows, |(handle, _)| text::stored(handle.as_str()));
            request.add(statement, values![tenant.as_str(), addresses, each(&rows, |(_, chat)| id(*chat))]);
        }
    }
}

fn hand_over<'w>(tenant: &'w Slug, slots: &[&'w Slot], request: &mut Request<'w>) {
    let absorbed = slots.iter().filter_map(|slot| Some((&slot.chat, slot.absorbed.as_ref()?)));
    let absorbed: Vec<_> = absorbed.collect();
    if absorbed.is_empty() {
        return;
    }
    let ids = || each(&absorbed, |(chat, _)| id(chat.id));
    let survivors = || each(&absorbed, |(_, absorbed)| id(absorbed.by));
    request.add(MERGE, values![tenant.as_str(), ids(), survivors()]);
    request.add(MERGE_FURTHER, values![tenant.as_str(), ids(), survivors()]);
    let keys = absorbed.iter().flat_map(|(chat, absorbed)| {
        absorbed
            .conversations
            .iter()
            .map(|key| (text::stored(key.as_str()), chat.line.as_str(), id(absorbed.by)))
    });
    let keys: Vec<_> = keys.collect();
    let values = values![
        tenant.as_str(),
        each(&keys, |key| key.0.clone()),
        each(&keys, |key| key.1),
        each(&keys, |key| key.2),
    ];
    request.add(REBIND, values);
}
