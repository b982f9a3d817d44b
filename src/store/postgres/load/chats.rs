//! The chats of conversations.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use tokio_postgres::Row;
use uuid::Uuid;

use super::{Loader, rows_of};
use crate::{
    domain::ids::{ChatId, Slug},
    store::{
        cache::ChatCache,
        postgres::{
            failure::Failure,
            request::{Request, values},
            rows::{self, chat_columns},
            text,
        },
        working::{ConversationRef, Needs, SlotId, Working},
    },
};

/// Each conversation with what is remembered of its chat. The state comes only where that is not true any more.
const KEYED: &str = concat!(
    "SELECT w.number, ",
    chat_columns!(),
    ", CASE WHEN chats.id = w.id AND chats.revision = w.revision THEN NULL ELSE chats.state END AS state
     FROM unnest($2::text[], $3::text[], $4::uuid[], $5::int8[]) WITH ORDINALITY
         AS w (conversation, line, id, revision, number)
     JOIN conversation_keys AS keys
         ON keys.tenant = $1 AND keys.conversation = w.conversation AND keys.line = w.line
     JOIN chats ON chats.tenant = $1 AND chats.id = keys.chat_id
     ORDER BY chats.id FOR UPDATE OF chats"
);

/// Conversations by tenant.
pub(super) struct Keyed(BTreeMap<Slug, Vec<ConversationRef>>);

/// The conversations of one tenant, and where the answer about them is.
pub(super) type Asked<'k> = Vec<(&'k [ConversationRef], usize)>;

impl Keyed {
    /// What was not looked for yet: conversations, and those on each line of a relay.
    pub(super) fn of(needs: &Needs, working: &Working) -> Self {
        let everywhere = needs.everywhere.iter().flat_map(|everywhere| {
            everywhere.places.all().iter().map(|place| ConversationRef {
                tenant: place.tenant.clone(),
                line: place.line.clone(),
                conversation: everywhere.conversation.clone(),
            })
        });
        let mut seen = HashSet::new();
        let mut by_tenant: BTreeMap<Slug, Vec<ConversationRef>> = BTreeMap::new();
        for wanted in needs.conversations.iter().cloned().chain(everywhere) {
            if !working.has_looked_for(&wanted) && seen.insert(wanted.clone()) {
                by_tenant.entry(wanted.tenant.clone()).or_default().push(wanted);
            }
        }
        Self(by_tenant)
    }

    pub(super) fn ask<'k>(&'k self, cache: &ChatCache<i64>, request: &mut Request<'k>) -> Asked<'k> {
        let asked = self.0.iter().map(|(tenant, wanted)| {
            let conversations: Vec<Cow<'_, str>> =
                wanted.iter().map(|wanted| text::stored(wanted.conversation.as_str())).collect();
            let lines: Vec<&str> = wanted.iter().map(|wanted| wanted.line.as_str()).collect();
            let marks = wanted.iter().map(|wanted| match cache.mark(wanted) {
                Some((id, revision)) => (Some(Uuid::from_bytes(*id.as_bytes())), Some(revision)),
                None => (None, None),
            });
            let (ids, revisions): (Vec<Option<Uuid>>, Vec<Option<i64>>) = marks.unzip();
            let values = values![tenant.as_str(), conversations, lines, ids, revisions];
            (wanted.as_slice(), request.add(KEYED, values))
        });
        asked.collect()
    }
}

impl Loader<'_> {
    pub(super) fn add_keyed(
        &mut self,
        wanted: &[ConversationRef],
        found: &[Row],
        working: &mut Working,
    ) -> Result<(), Failure> {
        let mut slots: Vec<Option<SlotId>> = vec![None; wanted.len()];
        let mut hits = 0;
        for row in found {
            let (slot, is_hit) = self.add_locked(row, working)?;
            hits += u64::from(is_hit);
            let place = rows::count(row, "number")?.checked_sub(1).and_then(|at| usize::try_from(at).ok());
            if let Some(place) = place.and_then(|at| slots.get_mut(at)) {
                *place = Some(slot);
            }
        }
        metrics::counter!("chert_groups_cache_hits_total").increment(hits);
        metrics::counter!("chert_groups_cache_misses_total").increment(wanted.len() as u64 - hits);
        for (conversation, slot) in wanted.iter().zip(slots) {
            working.add_conversation(conversation.clone(), slot);
        }
        Ok(())
    }

    /// Adds a chat whose row is locked; whether what is remembered of it is still true.
    fn add_locked(&mut self, row: &Row, working: &mut Working) -> Result<(SlotId, bool), Failure> {
        if rows::get::<Option<Uuid>>(row, "merged_into")?.is_some() {
            // It was, while we waited for the lock.
            return Err(Failure::Conflict("merged"));
        }
        let id = rows::chat_id(row, "id")?;
        if let Some(slot) = working.find_id(id) {
            return Ok((slot, true));
        }
        let revision = rows::get(row, "revision")?;
        self.loaded.revisions.insert(id, revision);
        // There must be one of it, so it is taken out in any case.
        let is_known = self.cache.mark_of(id) == Some(revision);
        let remembered = self.cache.take_id(id).filter(|_| is_known);
        let is_hit = remembered.is_some();
        let chat = match remembered {
            Some(chat) => chat,
            None if rows::get::<Option<&[u8]>>(row, "state")?.is_none() => {
                return Err(Failure::Conflict("forgotten"));
            }
            None => Box::new(rows::chat(row)?),
        };
        Ok((working.add_chat(chat), is_hit))
    }

    /// The chats that answer for ids of one tenant.
    pub(super) fn add_by_id(&mut self, found: &[Row], working: &mut Working) -> Result<(), Failure> {
        for row in found {
            let (slot, _) = self.add_locked(row, working)?;
            working.add_alias(rows::chat_id(row, "asked")?, slot);
        }
        Ok(())
    }
}

/// The chats that answer for ids.
const BY_ID: &str = concat!(
    "SELECT named.id AS asked, ",
    chat_columns!(),
    ", chats.state FROM chats AS named
     JOIN chats ON chats.tenant = $1 AND chats.id = coalesce(named.merged_into, named.id)
     WHERE named.tenant = $1 AND named.id = ANY($2::uuid[])
     ORDER BY chats.id FOR UPDATE OF chats"
);

pub(super) fn ask_by_id<'n>(tenant: &'n Slug, ids: &[ChatId], request: &mut Request<'n>) -> usize {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_bytes(*id.as_bytes())).collect();
    request.add(BY_ID, values![tenant.as_str(), ids])
}

/// The rows that answer one of several statements.
pub(super) fn answer_of(answers: &super::Answers, at: Option<usize>) -> &[Row] {
    at.map_or(&[], |at| rows_of(answers, at))
}
