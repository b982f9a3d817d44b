//! What a store holds, as far as a model can say it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ground::Row,
    model::{Model, Waiting},
    world::World,
};
use crate::{
    domain::{chat::ChatState, conversation_key::Conversation, event::Word, report::RowNumber, time::Time},
    store::{codec, parked::Awaits, working::LineRef},
};

#[derive(Debug, PartialEq)]
pub(super) struct Held {
    /// Of each line and each conversation of it, by all of its names.
    pub(super) chats: BTreeMap<(LineRef, BTreeSet<Conversation>), ChatState>,
    /// Who is found in which of them.
    people: BTreeMap<(LineRef, BTreeSet<Conversation>), BTreeSet<String>>,
    /// What each event counts for that a line has taken.
    receipts: BTreeMap<(Time, [u8; 16]), Time>,
    /// Each report that waits, as text: reports have no order.
    waiting: BTreeSet<String>,
}

const CHATS: &str = "SELECT tenant, line, hex(state),
        (SELECT json_group_array(conversation) FROM conversation_keys WHERE chat_id = chats.id),
        (SELECT json_group_array(address) FROM participants WHERE chat_id = chats.id)
    FROM chats WHERE merged_into IS NULL";

const RECEIPTS: &str = "SELECT claimed, hex(digest), coalesce(effective, claimed) FROM receipts";

const WAITING: &str = "SELECT relay, tenant, line, number, hex(report), arrived_at FROM parked";

impl Held {
    pub(super) fn by(world: &World) -> Self {
        let (mut chats, mut people) = (BTreeMap::new(), BTreeMap::new());
        for (line, state, keys, listed) in rows(world, CHATS, chat) {
            let names: BTreeSet<_> = keys.iter().map(|key| Conversation::from_canonical(key)).collect();
            assert!(
                chats.insert((line.clone(), names.clone()), state).is_none(),
                "one chat for a conversation"
            );
            people.insert((line, names), listed);
        }
        let waiting = rows(world, WAITING, waiting);
        let count = waiting.len();
        let waiting: BTreeSet<_> = waiting.iter().map(as_text).collect();
        assert_eq!(waiting.len(), count, "nothing is parked twice");
        Self { chats, people, receipts: rows(world, RECEIPTS, receipt).into_iter().collect(), waiting }
    }

    pub(super) fn said_by(model: &Model) -> Self {
        let chats = model.chats();
        let there = |state: &ChatState| {
            let all = state.participants().filter(|(.., standing)| standing.word == Word::Active);
            all.map(|(handle, ..)| handle.as_str().to_owned()).collect()
        };
        let people = chats.iter().map(|(names, state)| (names.clone(), there(state))).collect();
        let waiting = model.waiting.iter().map(as_text).collect();
        Self { chats, people, receipts: model.receipts.clone(), waiting }
    }
}

fn rows<T>(world: &World, query: &str, read: impl Fn(&Row) -> T) -> Vec<T> {
    world.rows(query).iter().map(read).collect()
}

fn chat(row: &Row) -> (LineRef, ChatState, BTreeSet<String>, BTreeSet<String>) {
    let line = (row.text(0).parse().unwrap(), row.text(1).parse().unwrap());
    let list = |column| serde_json::from_str(row.text(column)).unwrap();
    (line, codec::state::decode(&row.bytes(2)).unwrap(), list(3), list(4))
}

fn receipt(row: &Row) -> ((Time, [u8; 16]), Time) {
    let digest = row.bytes(1).try_into().unwrap();
    ((Time::from_nanos(row.number(0)), digest), Time::from_nanos(row.number(2)))
}

fn waiting(row: &Row) -> Waiting {
    let line = row.get(2).map(|line| line.parse().unwrap());
    let awaits = match (row.get(1), line, row.get(3)) {
        (None, None, None) => Awaits::Conversation,
        (None, Some(line), None) => Awaits::Line(line),
        (Some(tenant), Some(line), Some(number)) => Awaits::Owner {
            tenant: tenant.parse().unwrap(),
            line,
            number: RowNumber(number.parse().unwrap()),
        },
        other => panic!("a row that waits for nothing: {other:?}"),
    };
    Waiting {
        relay: row.text(0).parse().unwrap(),
        awaits,
        report: codec::report::decode(&row.bytes(4)).unwrap(),
        arrived: Time::from_nanos(row.number(5)),
    }
}

/// Keys and addresses hide themselves; the bytes show where reports differ, and this shows which they are.
fn as_text(one: &Waiting) -> String {
    let Waiting { relay, awaits, report, arrived } = one;
    let key = report.key.as_str();
    format!("{relay} {awaits:?} {key} {arrived:?} {report:?} {:?}", codec::report::encode(report))
}
