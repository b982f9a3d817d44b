use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use super::*;
use crate::{
    domain::{
        chat::{Chat, ChatState, Keys, Origin},
        conversation_key::Conversation,
        event::Says,
        stamp::Stamp,
        time::Time,
    },
    store::working::{ConversationRef, Working},
};

const PLENTY: usize = 1 << 20;

fn acme() -> Slug {
    "acme".parse().unwrap()
}

fn line() -> PhoneNumber {
    "+15555550100".parse().unwrap()
}

fn id(number: u8) -> ChatId {
    ChatId::from_bytes([number; 16])
}

fn conversation(number: u8) -> Conversation {
    Conversation::from_canonical(&format!("any;+;chat{number}"))
}

fn shown(what: &str) -> Arc<Shown> {
    Arc::new(Shown { body: Bytes::copy_from_slice(what.as_bytes()), tag: String::new() })
}

fn chat(number: u8) -> Chat {
    Chat {
        id: id(number),
        tenant: acme(),
        line: line(),
        origin: Origin::Event,
        created_at: Time::from_seconds(number.into()),
        updated_at: Time::from_seconds(0),
        version: 0,
        state: ChatState::new(&line()),
    }
}

/// A batch that changes a chat.
fn change_of(number: u8) -> Working {
    let mut working = Working::default();
    working.mint(chat(number));
    working
}

fn commit(memory: &Memory, working: &Working) {
    drop(memory.changes().begin(working));
}

/// Remembers everything of a chat as of `mark`.
fn keep_all(memory: &Memory, mark: Mark, number: u8) {
    let meaning = conversation(number);
    memory.keep_chat(mark, &acme(), &line(), id(number), &shown("old"));
    memory.keep_resolved(mark, &acme(), &line(), (&meaning).into(), Some(id(number)));
    memory.keep_everywhere(mark, &acme(), (&meaning).into(), &[id(number)]);
}

/// Whether the chat, its conversation's chat, and its conversation's chats everywhere are remembered.
fn remembered(memory: &Memory, number: u8) -> [bool; 3] {
    let meaning = conversation(number);
    [
        memory.chat(&acme(), id(number)).is_some(),
        memory.resolve(&acme(), &line(), &[(&meaning).into()])[0].is_some(),
        memory.everywhere(&acme(), (&meaning).into()).is_some(),
    ]
}

#[test]
fn what_was_found_is_found_again_by_its_tenant_on_its_line() {
    let memory = Memory::new(PLENTY);
    let (other, elsewhere) = ("other".parse().unwrap(), "+15555550101".parse().unwrap());
    keep_all(&memory, memory.mark(), 1);
    assert_eq!(memory.chat(&acme(), id(1)), Some(shown("old")));
    assert_eq!(memory.chat(&other, id(1)), None);
    let spelled = Meaning::of("iMessage;+;chat1").unwrap();
    let unknown = Meaning::of("iMessage;+;chat2").unwrap();
    assert_eq!(memory.resolve(&acme(), &line(), &[unknown, spelled]), [None, Some(Some(id(1)))]);
    assert_eq!(memory.resolve(&acme(), &elsewhere, &[spelled]), [None]);
    assert_eq!(memory.resolve(&other, &line(), &[spelled]), [None]);
    assert_eq!(memory.everywhere(&acme(), spelled).as_deref(), Some([id(1)].as_slice()));
    assert_eq!(memory.everywhere(&other, spelled), None);
    memory.keep_resolved(memory.mark(), &acme(), &line(), unknown, None);
    assert_eq!(memory.resolve(&acme(), &line(), &[unknown]), [Some(None)]);
}

#[test]
fn nothing_is_remembered_without_room() {
    let memory = Memory::new(0);
    keep_all(&memory, memory.mark(), 1);
    assert_eq!(remembered(&memory, 1), [false; 3]);
}

#[test]
fn a_commit_between_reading_and_remembering_makes_what_was_read_old() {
    let memory = Memory::new(PLENTY);
    // A reader sees the chat as it was …
    let mark = memory.mark();
    // … a writer changes it and answers …
    commit(&memory, &change_of(1));
    // … and only then the reader comes to remember what it saw.
    keep_all(&memory, mark, 1);
    assert_eq!(memory.chat(&acme(), id(1)), None);
    // It is the mark that tells: with a later one the old chat would be shown.
    keep_all(&memory, memory.mark(), 1);
    assert_eq!(memory.chat(&acme(), id(1)), Some(shown("old")));
}

#[test]
fn what_is_changing_is_not_shown_and_what_was_read_meanwhile_is_not_remembered() {
    let memory = Memory::new(PLENTY);
    keep_all(&memory, memory.mark(), 1);
    let changing = memory.changes().begin(&change_of(1));
    assert_eq!(memory.chat(&acme(), id(1)), None);
    let meanwhile = memory.mark();
    keep_all(&memory, meanwhile, 1);
    assert_eq!(memory.chat(&acme(), id(1)), None);
    drop(changing);
    assert_eq!(memory.chat(&acme(), id(1)), None);
    memory.keep_chat(memory.mark(), &acme(), &line(), id(1), &shown("new"));
    // A reader that comes late does not put the new one out.
    keep_all(&memory, meanwhile, 1);
    assert_eq!(memory.chat(&acme(), id(1)), Some(shown("new")));
}

#[test]
fn a_batch_makes_old_what_it_changes_and_nothing_else() {
    let bound = |number| ConversationRef { tenant: acme(), line: line(), conversation: conversation(number) };
    let mut minted = Working::default();
    let slot = minted.mint(chat(1));
    minted.bind(&bound(1), slot);
    let mut loaded = Working::default();
    loaded.add_chat(Box::new(chat(1)));
    let mut healthier = Working::default();
    healthier.change_health((acme(), line()), |health| health.note(true));
    let mut elsewhere = Working::default();
    elsewhere.change_health((acme(), "+15555550101".parse().unwrap()), |health| health.note(true));
    let [same, old] = [[true; 3], [false; 3]];
    for (what, working, expected) in [
        ("nothing", Working::default(), [same, same]),
        ("loaded", loaded, [same, same]),
        ("changed", change_of(1), [[false, true, true], same]),
        ("minted and bound", minted, [old, same]),
        ("health", healthier, [[false, true, true]; 2]),
        ("health of another line", elsewhere, [same, same]),
    ] {
        let memory = Memory::new(PLENTY);
        (1..=2).for_each(|number| keep_all(&memory, memory.mark(), number));
        commit(&memory, &working);
        assert_eq!([1, 2].map(|number| remembered(&memory, number)), expected, "{what}");
    }
}

#[test]
fn chats_that_become_one_are_both_old_with_their_conversations() {
    let memory = Memory::new(PLENTY);
    (1..=3).for_each(|number| keep_all(&memory, memory.mark(), number));
    let mut working = Working::default();
    let [one, other] = [1, 2].map(|number| {
        let mut chat = chat(number);
        chat.state.keys.insert(conversation(number), None);
        working.add_chat(Box::new(chat))
    });
    let stamp = Stamp { time: Time::from_seconds(1), event: crate::domain::ids::EventId::new("e1").unwrap() };
    let at = Time::from_seconds(1);
    let kept = working.join(one, other, &stamp, at);
    // The event that makes one of them is noted on it.
    working.merge(kept, Keys::default(), &stamp, &Says::default(), at);
    commit(&memory, &working);
    // The older one survives, and its own conversation has the chat that it had.
    assert_eq!(remembered(&memory, 1), [false, true, true]);
    assert_eq!(remembered(&memory, 2), [false; 3]);
    assert_eq!(remembered(&memory, 3), [true; 3]);
}

/// Chats whose only content is a number, and the number that was last answered for each.
struct Story {
    memory: Memory,
    store: [AtomicU64; 4],
    answered: [AtomicU64; 4],
    is_over: AtomicBool,
}

impl Story {
    fn write(&self, commits: u64) {
        for number in 1..=commits {
            let chat = number.to_le_bytes()[0] % 4;
            let changing = self.memory.changes().begin(&change_of(chat));
            let chat = usize::from(chat);
            self.store[chat].store(number, Ordering::Release);
            drop(changing);
            self.answered[chat].store(number, Ordering::Release);
        }
        self.is_over.store(true, Ordering::Release);
    }

    fn look_up(&self, chat: u8) -> u64 {
        if let Some(shown) = self.memory.chat(&acme(), id(chat)) {
            return String::from_utf8_lossy(&shown.body).parse().unwrap();
        }
        let mark = self.memory.mark();
        let found = self.store[usize::from(chat)].load(Ordering::Acquire);
        // The reader is slow: others write and read before it remembers.
        thread::yield_now();
        self.memory.keep_chat(mark, &acme(), &line(), id(chat), &shown(&found.to_string()));
        found
    }

    /// Looks up until the story is over; the last look-ups see the end of it.
    fn read(&self) {
        let mut last = [0; 4];
        let mut is_over = false;
        while !is_over {
            is_over = self.is_over.load(Ordering::Acquire);
            for (chat, last) in (0..4).zip(&mut last) {
                let answered = self.answered[usize::from(chat)].load(Ordering::Acquire);
                let seen = self.look_up(chat);
                assert!(seen >= answered, "{seen} was shown after {answered} was answered");
                assert!(seen >= *last, "{seen} was shown after {last} was shown");
                *last = seen;
            }
        }
    }
}

#[test]
fn no_look_up_is_older_than_an_answered_write_or_another_look_up() {
    let nothing = || std::array::from_fn(|_| AtomicU64::new(0));
    let story = Story {
        memory: Memory::new(PLENTY),
        store: nothing(),
        answered: nothing(),
        is_over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| story.read())));
        story.write(100_000);
    });
}
