//! The laws of the merge, put to the test on made-up histories.
//!
//! Each law speaks of settled times: that the time of an event is settled by its first arrival is a law of
//! its own. `PROPTEST_CASES` sets how many histories each law is tried on.

mod generate;
mod model;
mod view;

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::prelude::*;

use self::{
    generate::{Arrival, LINE, Receipts, Said, TENANT, arrivals, histories, history, shuffled, split, time},
    model::Model,
    view::View,
};
use super::{Chat, ChatState, Keys, Merged, Origin, join, merge};
use crate::domain::{
    change::Change,
    conversation_key::{Conversation, ConversationKey},
    event::{Says, Word},
    handle::Handle,
    ids::{ChatId, EventId},
    receipt::{FUTURE_TOLERANCE, effective_time},
    register::{Field, Took, absorb, offer},
    stamp::{Stamp, Strength},
    text::DisplayName,
    time::Time,
};

static UNHEARD_OF: LazyLock<Chat> = LazyLock::new(|| Chat {
    id: ChatId::mint(time(0), [7; 10]),
    tenant: TENANT.clone(),
    line: LINE.clone(),
    origin: Origin::Event,
    created_at: time(0),
    updated_at: time(0),
    version: 0,
    state: ChatState::new(&LINE),
});

fn keys_of(said: &Said) -> Keys<'_> {
    Keys { current: Some(&said.key), previous: said.previous.as_ref() }
}

fn take(chat: &mut Chat, said: &Said, at: Time) -> Merged {
    merge(chat, keys_of(said), &said.stamp, &said.says, at)
}

fn take_all<'a>(chat: &mut Chat, history: impl IntoIterator<Item = &'a Said>) {
    for said in history {
        take(chat, said, time(0));
    }
}

fn chat_of<'a>(history: impl IntoIterator<Item = &'a Said>) -> Chat {
    let mut chat = UNHEARD_OF.clone();
    take_all(&mut chat, history);
    chat
}

fn state_of<'a>(history: impl IntoIterator<Item = &'a Said>) -> ChatState {
    chat_of(history).state
}

/// All of a state that look-ups show, dates and the spelling of the key included.
fn shown(state: &ChatState) -> impl PartialEq + std::fmt::Debug {
    let dates = state.participants().map(|(handle, person, standing)| {
        let left = (standing.word != Word::Active).then_some(standing.since);
        (handle.to_string(), person.further.added_at, left)
    });
    let dates: Vec<_> = dates.collect();
    (View::of(state), state.key().map(|key| key.as_str().to_owned()), dates)
}

/// Delivers a sequence as a server does: each batch loads the chats that it speaks of, and stores them.
fn store_of(deliveries: &[Said], batch_size: usize) -> BTreeMap<Conversation, Chat> {
    let mut store: BTreeMap<Conversation, Chat> = BTreeMap::new();
    for batch in deliveries.chunks(batch_size) {
        let mut loaded: BTreeMap<Conversation, Chat> = BTreeMap::new();
        for said in batch {
            let name = said.key.conversation();
            let load = || store.get(&name).cloned().unwrap_or_else(|| UNHEARD_OF.clone());
            take(loaded.entry(name.clone()).or_insert_with(load), said, said.stamp.time);
        }
        store.extend(loaded);
    }
    store
}

/// One sequence out of several, each in its own order; `draws` say which goes on.
fn interleaved(chats: [Vec<Said>; 3], draws: [u8; 32]) -> Vec<Said> {
    let mut rest = chats.map(Vec::into_iter);
    let mut mixed: Vec<_> = draws.into_iter().filter_map(|draw| rest[usize::from(draw % 3)].next()).collect();
    mixed.extend(rest.into_iter().flatten());
    mixed
}

/// An event at `at` that gives the conversation another name and puts everybody out.
fn last_word(at: Time) -> (Stamp, Says) {
    let name = DisplayName::new("The last word").unwrap();
    let says = Says { name: Some(name), roster_complete: true, ..Says::default() };
    (Stamp { time: at, event: EventId::new("later").unwrap() }, says)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn order_decides_nothing(history in history(), ranks: [u8; 32]) {
        let state = state_of(&history);
        prop_assert_eq!(state_of(&shuffled(history, ranks)), state);
    }

    #[test]
    fn repetition_decides_nothing(history in history(), again: [bool; 12], ranks: [u8; 32]) {
        let state = state_of(&history);
        let copies = history.clone().into_iter().zip(again).filter_map(|(said, again)| again.then_some(said));
        let deliveries = history.iter().cloned().chain(copies).collect();
        prop_assert_eq!(state_of(&shuffled(deliveries, ranks)), state);
    }

    #[test]
    fn splitting_decides_nothing(history in history(), dealings: [usize; 12], ranks: [u8; 32]) {
        let state = state_of(&history);
        let parts = history.into_iter().zip(dealings).flat_map(|(said, dealing)| {
            split(&said.says, dealing).map(|says| Said { says, ..said.clone() })
        });
        prop_assert_eq!(state_of(&shuffled(parts.collect(), ranks)), state);
    }

    #[test]
    fn batching_decides_nothing(chats in histories(), draws: [u8; 32], batch_size in 1..12_usize) {
        let apart = store_of(&chats.concat(), 1);
        let mixed = interleaved(chats, draws);
        prop_assert_eq!(store_of(&mixed, batch_size), apart);
    }

    #[test]
    fn the_winner_of_two_winners_has_won_all(history in history(), ranks: [u8; 32], cut in 0..12_usize) {
        let keys = |history: &[Said]| history.iter().fold(None, |mut field: Field<_>, said| {
            offer(&mut field, &said.stamp, Strength::Listed, said.key.clone());
            field
        });
        let whole = keys(&history);
        let shuffled = shuffled(history, ranks);
        let (some, others) = shuffled.split_at(cut.min(shuffled.len()));
        let mut both = keys(some);
        absorb(&mut both, keys(others));
        prop_assert_eq!(both, whole);
    }

    #[test]
    fn two_chats_joined_are_one(history in history(), ranks in any::<[u8; 32]>(), cut in 1_usize..8) {
        let whole = state_of(&history);
        let shuffled = shuffled(history, ranks);
        let (some, others) = shuffled.split_at(cut.min(shuffled.len()));
        let mut survivor = Chat { state: state_of(some), ..UNHEARD_OF.clone() };
        let mut loser = Chat { state: state_of(others), ..UNHEARD_OF.clone() };
        let before = View::of(&survivor.state);
        let joined = join(&mut survivor, &mut loser);
        prop_assert_eq!(&survivor.state, &whole);
        let told = joined.iter().fold(before, View::replay);
        prop_assert_eq!(told, View::of(&survivor.state));
    }

    #[test]
    fn the_same_event_again_changes_nothing(history in history()) {
        let mut chat = UNHEARD_OF.clone();
        for (taken, said) in history.iter().enumerate() {
            take(&mut chat, said, time(0));
            let once = chat.clone();
            for old in &history[..=taken] {
                let again = take(&mut chat, old, time(1));
                prop_assert_eq!(again, Merged::default());
            }
            prop_assert_eq!(&chat, &once);
        }
    }

    #[test]
    fn versions_count_what_can_be_seen(history in history()) {
        let mut chat = UNHEARD_OF.clone();
        for (said, at) in history.iter().zip((1..).map(time)) {
            let before = chat.clone();
            let merged = take(&mut chat, said, at);
            let minted = before.version == 0;
            let seen = minted || View::of(&chat.state) != View::of(&before.state);
            prop_assert_eq!(!merged.changes.is_empty(), seen);
            prop_assert_eq!(merged.changes.contains(&Change::Created), minted);
            prop_assert_eq!(merged.took != Took::Nothing, minted || chat.state != before.state);
            prop_assert_eq!(chat.version, before.version + u64::from(seen));
            prop_assert_eq!(chat.updated_at, if seen { at } else { before.updated_at });
        }
    }

    #[test]
    fn stamps_alone_show_nothing(history in history()) {
        let mut chat = UNHEARD_OF.clone();
        for said in &history {
            let before = chat.clone();
            let merged = take(&mut chat, said, time(0));
            if merged.took == Took::Stamp && merged.changes.is_empty() {
                prop_assert_eq!(shown(&chat.state), shown(&before.state));
            }
        }
    }

    #[test]
    fn changes_tell_all_that_can_be_seen(history in history()) {
        let mut chat = UNHEARD_OF.clone();
        let mut view = View::of_nothing(&history[0].key.conversation());
        for said in &history {
            let merged = take(&mut chat, said, time(0));
            view = merged.changes.iter().fold(view, View::replay);
            prop_assert_eq!(&view, &View::of(&chat.state));
        }
    }

    #[test]
    fn the_model_agrees(history in history()) {
        let state = state_of(&history);
        let model = Model { said: &history };
        prop_assert_eq!(View::of(&state), model.view());
        prop_assert_eq!(state.key().map(ConversationKey::as_str), model.key());
        prop_assert!(state.ours.iter().map(Handle::as_str).eq(model.ours()));
        let dates = state.participants().map(|(handle, person, standing)| {
            (handle.to_string(), (standing.since.nanos(), person.further.added_at.map(Time::nanos)))
        });
        prop_assert_eq!(dates.collect::<BTreeMap<_, _>>(), model.dates());
    }

    #[test]
    fn the_first_arrival_settles_the_time(arrivals in arrivals(), later in 0..10_000_i64, ranks: [u8; 32]) {
        let mut receipts = Receipts::new();
        let mut chat = UNHEARD_OF.clone();
        for (place, arrival) in arrivals.iter().enumerate() {
            let said = arrival.settle(&mut receipts);
            let copies = |other: &&Arrival| {
                (&other.event.id, other.event.claimed) == (&arrival.event.id, arrival.event.claimed)
            };
            let first = arrivals[..=place].iter().find(copies).unwrap();
            prop_assert_eq!(said.stamp.time, effective_time(first.event.claimed, first.at));
            take(&mut chat, &said, arrival.at);
        }
        // By then nothing lies in the future any more, and yet every copy keeps its time.
        for arrival in shuffled(arrivals, ranks) {
            let copy = Arrival { at: arrival.at.plus(jiff::SignedDuration::from_secs(later)), ..arrival };
            let again = take(&mut chat, &copy.settle(&mut receipts), copy.at);
            prop_assert_eq!(again, Merged::default());
        }
    }

    #[test]
    fn no_clock_freezes_a_field(arrivals in arrivals()) {
        let mut receipts = Receipts::new();
        let history: Vec<_> = arrivals.iter().map(|arrival| arrival.settle(&mut receipts)).collect();
        let mut chat = chat_of(&history);
        let now = arrivals.iter().map(|arrival| arrival.at).max().unwrap().plus(FUTURE_TOLERANCE);
        let (stamp, says) = last_word(now);
        merge(&mut chat, keys_of(&history[0]), &stamp, &says, now);
        prop_assert_eq!(chat.state.name().map(DisplayName::as_str), Some("The last word"));
        prop_assert!(chat.state.participants().all(|(_, _, standing)| standing.since == now));
    }
}
