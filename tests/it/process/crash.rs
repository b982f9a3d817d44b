//! `kill -9` under load, again and again, on one file.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{
    event::{group, message, rename},
    http::Client,
    program::spawn,
    service::Service,
    world::{LINE, World, outcomes, text},
};

const CLIENTS: usize = 4;

/// How soon a service must be back.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// An event with the chat that it was acknowledged for.
struct Acknowledged {
    event: Value,
    chat: String,
}

/// What the service has promised so far.
#[derive(Default)]
struct Promises {
    chats: HashMap<String, String>,
    /// The newest acknowledged rename of each chat.
    renames: BTreeMap<String, u32>,
    events: Vec<Acknowledged>,
}

/// What the clients have thought of so far. Numbers are given once.
struct Story {
    events: AtomicU32,
    groups: AtomicU32,
    over: AtomicBool,
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let rounds = std::env::var("CHERT_GROUPS_SOAK_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let world = World::new();
    let mut promises = Promises::default();
    let story = Story { events: AtomicU32::new(1), groups: AtomicU32::new(2), over: AtomicBool::new(false) };
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let service = back(&world, &mut slowest);
        let before = promises.events.len();
        for acknowledged in killed_under_load(&world, service, &story) {
            promises.keep(acknowledged);
        }
        if round % 4 == 3 {
            killed_while_it_starts(&world);
        }
        let service = back(&world, &mut slowest);
        promises.assert_kept(&world, &service, before);
        service.kill();
    }
    let service = world.serve();
    promises.assert_kept(&world, &service, 0);
    service.stop();
    assert!(promises.events.len() > 20 * rounds, "only {} events: no load", promises.events.len());
    let (events, chats) = (promises.events.len(), promises.chats.len());
    println!("{rounds} rounds, {events} events, {chats} chats, back after {slowest:?} at most");
}

/// The service after a crash.
fn back(world: &World, slowest: &mut Duration) -> Service {
    let service = world.serve();
    assert!(service.ready_after < BACK_WITHIN, "back after {:?} only", service.ready_after);
    *slowest = service.ready_after.max(*slowest);
    service
}

fn killed_under_load(world: &World, service: Service, story: &Story) -> Vec<Acknowledged> {
    story.over.store(false, SeqCst);
    let address = service.address;
    thread::scope(|scope| {
        let post = || {
            let mut acknowledged = Vec::new();
            // One that comes too late for this round has been promised nothing.
            let Ok(mut client) = Client::connect(address) else { return acknowledged };
            while !story.over.load(SeqCst) {
                let events = story.go_on();
                // The first request that is not answered is the end of this service.
                let Ok(answer) = world.post(&mut client, &events) else { break };
                assert_eq!(answer.status, 200, "{answer:?}");
                let results = outcomes(&answer).into_iter().zip(events);
                acknowledged.extend(results.map(|((_, chat), event)| Acknowledged { event, chat }));
            }
            acknowledged
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(post)).collect();
        thread::sleep(Duration::from_millis(rand::random_range(0..500)));
        service.kill();
        story.over.store(true, SeqCst);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn killed_while_it_starts(world: &World) {
    let starting = spawn(&mut world.program(&["serve", "--listen", "127.0.0.1:0"]));
    thread::sleep(Duration::from_millis(rand::random_range(0..60)));
    drop(starting);
}

impl Story {
    /// The events of a request: mostly one, sometimes many.
    fn go_on(&self) -> Vec<Value> {
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
    fn keep(&mut self, Acknowledged { event, chat }: Acknowledged) {
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
    fn assert_kept(&self, world: &World, service: &Service, first: usize) {
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
