//! What clients say to a service that does not stay, and what it must have kept of that.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

use serde_json::Value;

use super::{
    event::{group, message, rename},
    service::Service,
    world::{LINE, World, text},
};

/// An event with the chat that it was acknowledged for.
pub(super) struct Acknowledged {
    pub(super) event: Value,
    pub(super) chat: String,
}

/// What the service has promised so far.
#[derive(Default)]
pub(super) struct Promises {
    pub(super) chats: HashMap<String, String>,
    /// The newest acknowledged rename of each chat.
    renames: BTreeMap<String, u32>,
    pub(super) events: Vec<Acknowledged>,
}

/// What the clients have thought of so far. Numbers are given once.
pub(super) struct Story {
    events: AtomicU32,
    groups: AtomicU32,
}

impl Story {
    pub(super) const fn new() -> Self {
        Self { events: AtomicU32::new(1), groups: AtomicU32::new(2) }
    }

    /// The events of a request: mostly one, sometimes many.
    pub(super) fn go_on(&self) -> Vec<Value> {
        let events = if rand::random_ratio(1, 4) { rand::random_range(2..30) } else { 1 };
        (0..events).map(|_| self.next()).collect()
    }

    fn next(&self) -> Value {
        let number = self.events.fetch_add(1, SeqCst);
        match rand::random_range(0..3) {
            // Every number is given twice, so that two clients race for a new group.
            0 => message(LINE, &group(self.groups.fetch_add(1, SeqCst) / 2), number),
            1 => message(LINE, &self.known_group(), number),
            _ => rename(LINE, &self.known_group(), number, &format!("Name {number}")),
        }
    }

    fn known_group(&self) -> String {
        group(rand::random_range(0..self.groups.load(SeqCst)) / 2)
    }
}

impl Promises {
    pub(super) fn keep(&mut self, Acknowledged { event, chat }: Acknowledged) {
        let key = text(&event["data"]["chat"]["conversation_key"]);
        let known = self.chats.entry(key).or_insert_with(|| chat.clone());
        assert_eq!(*known, chat, "one conversation, one chat");
        if let Some(name) = event["data"]["chat"]["display_name"].as_str() {
            let newest = self.renames.entry(chat.clone()).or_default();
            *newest = (*newest).max(number_in(name));
        }
        self.events.push(Acknowledged { event, chat });
    }

    /// Whether the service knows all chats, the newest names, and the events from the `first` on.
    pub(super) fn assert_kept(&self, world: &World, service: &Service, first: usize) {
        let (keys, chats): (Vec<_>, Vec<_>) = self.chats.clone().into_iter().unzip();
        let found = world.resolve(service.address, &keys);
        assert!(found.into_iter().eq(chats.into_iter().map(Some)), "every key finds its chat");
        let again: Vec<_> = self.events[first..].iter().map(|kept| kept.event.clone()).collect();
        let expected = self.events[first..].iter().map(|kept| ("duplicate".to_owned(), kept.chat.clone()));
        assert!(world.tell(service, &again).into_iter().eq(expected), "every event is known");
        self.assert_names(world, service);
        world.assert_sound();
    }

    fn assert_names(&self, world: &World, service: &Service) {
        let mut names = HashMap::new();
        let mut cursor = String::new();
        loop {
            let page = world.get(service, &format!("/api/v1/chats?limit=200{cursor}")).json();
            for chat in page["chats"].as_array().unwrap() {
                names.insert(text(&chat["id"]), chat["display_name"].as_str().map(number_in));
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        for (chat, number) in &self.renames {
            // A later rename may have been taken, and its answer lost.
            assert!(names[chat] >= Some(*number), "the name of {chat} is older than {number}");
        }
    }
}

fn number_in(name: &str) -> u32 {
    name.strip_prefix("Name ").and_then(|number| number.parse().ok()).expect("a name of ours")
}
