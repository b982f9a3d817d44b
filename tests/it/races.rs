//! Many at once, and the same thing again: one chat, and one effect.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::Barrier;

use crate::support::{
    Event, TestApp,
    directory::LINE,
    raw::{Raw, events_head},
    wait::until,
};

/// How many connections post a first event of each key.
const RIVALS: usize = 4;

/// How many race, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) connections: usize,
    pub(crate) keys: usize,
}

/// As many as one process may well have to do with.
pub(crate) const CROWD: Field = Field { connections: 256, keys: 2_000 };

impl Field {
    /// How many groups of rivals there are; each takes its share of the keys in the same order.
    const fn groups(self) -> usize {
        self.connections / RIVALS
    }
}

/// In each of its spellings, so that rivals do not even agree on the key.
fn key(number: usize, rival: usize) -> String {
    let service = ["iMessage", "SMS", "RCS", "any"][rival];
    format!("{service};+;chat{number}")
}

/// The first event of a key as one of the rivals has it.
fn first_event(number: usize, rival: usize) -> Event {
    let event = Event::message(&format!("e{number}-{rival}"), &key(number, rival));
    event.sender(&format!("+1415555{number:04}")).with("/data/chat/display_name", format!("Name {rival}"))
}

/// What each key's chat is, as one connection was told.
async fn race(
    app: &TestApp,
    field: Field,
    connection: usize,
    start: Arc<Barrier>,
) -> Vec<(usize, String, String)> {
    let mut raw = Raw::connect(app).await;
    let (group, rival) = (connection % field.groups(), connection / field.groups());
    start.wait().await;
    let mut told = Vec::new();
    for number in (group..field.keys).step_by(field.groups()) {
        let body = first_event(number, rival).to_string();
        let head = events_head(app, body.as_bytes());
        raw.send(format!("{head}content-length: {}\r\n\r\n{body}", body.len())).await;
        let answer = raw.answer().await.ok();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        told.push((number, text("chat_id"), text("outcome")));
    }
    told
}

#[tokio::test]
async fn connections_that_race_for_new_keys_make_one_chat_of_each_and_all_are_told_which() {
    assert_a_race_makes_one_chat_of_each_key(&[TestApp::start()], CROWD).await;
}

/// Connections are spread over the instances so that each group of rivals meets on all of them.
pub(crate) async fn assert_a_race_makes_one_chat_of_each_key(instances: &[TestApp], field: Field) {
    let app = &instances[0];
    let start = Arc::new(Barrier::new(field.connections));
    let racers = (0..field.connections).map(|connection| {
        let (group, rival) = (connection % field.groups(), connection / field.groups());
        race(&instances[(group + rival) % instances.len()], field, connection, Arc::clone(&start))
    });
    let mut chats: HashMap<usize, HashSet<String>> = HashMap::new();
    let mut creators: HashMap<usize, usize> = HashMap::new();
    for (number, chat, outcome) in futures_util::future::join_all(racers).await.into_iter().flatten() {
        chats.entry(number).or_default().insert(chat);
        *creators.entry(number).or_default() += usize::from(outcome == "created");
    }
    assert_eq!(chats.len(), field.keys);
    assert!(chats.values().all(|ids| ids.len() == 1), "two chats of one key");
    assert!(creators.values().all(|count| *count == 1), "a chat that two events created");
    let distinct: HashSet<&String> = chats.values().flatten().collect();
    assert_eq!((distinct.len(), app.rows("chats")), (field.keys, field.keys as u64));

    for numbers in (0..field.keys).collect::<Vec<_>>().chunks(1000) {
        let keys: Vec<String> = numbers.iter().map(|number| key(*number, 3)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let resolved = app.acme().resolve(LINE, &keys).await.ok();
        for (number, found) in numbers.iter().zip(resolved["chats"].as_array().unwrap()) {
            assert!(chats[number].contains(found["chat_id"].as_str().unwrap()), "{number}");
        }
    }
    // Of four events at one instant the greatest id has the last word, whoever came first.
    for id in distinct.into_iter().take(20) {
        assert_eq!(app.acme().get_chat(id).await.ok()["chat"]["display_name"], "Name 3");
    }
}

#[tokio::test]
async fn one_event_a_hundred_times_at_once_has_one_effect() {
    let app = TestApp::start();
    let post = |_| app.relay_1().outcome(Event::message("e1", "any;+;chat1"));
    let told = futures_util::future::join_all((0..100).map(post)).await;
    let count = |expected: &str| told.iter().filter(|(outcome, _)| outcome == expected).count();
    assert_eq!((count("created"), count("duplicate")), (1, 99));
    assert_eq!(told.iter().map(|(_, chat)| chat).collect::<HashSet<_>>().len(), 1);
    assert_eq!((app.rows("chats"), app.rows("receipts"), app.rows("changes")), (1, 1, 1));
}

#[tokio::test]
async fn one_event_a_hundred_times_in_one_batch_has_one_effect() {
    let app = TestApp::start();
    let results = app.relay_1().post_events(vec![Event::message("e1", "any;+;chat1"); 100]).await.ok();
    let outcomes: Vec<&Value> =
        results["results"].as_array().unwrap().iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes[0], "created");
    assert!(outcomes[1..].iter().all(|outcome| *outcome == "duplicate"), "{outcomes:?}");
    assert_eq!((app.rows("receipts"), app.rows("changes")), (1, 1));
}

/// Ten minutes, 76 hours, and 8 days.
const LATER: [i64; 3] = [600, 76 * 3600, 8 * 24 * 3600];

#[tokio::test]
async fn the_same_events_again_much_later_and_after_a_restart_change_nothing() {
    let mut app = TestApp::start();
    let events = [
        Event::new("chat.created", "e1", "any;+;chat1").handles(["+14155550111", "+14155550112"]),
        Event::renamed("e2", "any;+;chat1", "Lunch").at("2026-05-31T11:00:00Z"),
        Event::participant("left", "e3", "any;+;chat1", "+14155550112").at("2026-05-31T11:30:00Z"),
        Event::renamed("e4", "any;+;chat1", "From ahead").at("2026-06-01T12:00:00Z"),
    ];
    let mut chat = String::new();
    for event in events.clone() {
        chat = app.relay_1().chat_of(event).await;
    }
    let body = app.acme().get_chat(&chat).await.text();
    let rows = |app: &TestApp| (app.rows("changes"), app.rows("receipts"), app.rows("chats"));
    let before = rows(&app);
    assert_eq!(before, (4, 4, 1));
    for seconds in LATER {
        app.set_clock(seconds);
        for restart in [false, true] {
            if restart {
                app.restart();
            }
            for event in events.clone() {
                let expected = ("duplicate".to_owned(), chat.clone());
                assert_eq!(app.relay_1().outcome(event).await, expected, "{seconds} {restart}");
            }
            let reversed = events.clone().into_iter().rev();
            app.relay_1().post_events(reversed).await.ok();
            assert_eq!(rows(&app), before, "{seconds} {restart}");
            assert_eq!(app.acme().get_chat(&chat).await.text(), body);
        }
    }
}

#[tokio::test]
async fn an_event_older_than_its_receipt_may_be_changes_nothing_either() {
    let app = TestApp::start();
    let event = || Event::renamed("e1", "any;+;chat1", "Lunch");
    let chat = app.relay_1().chat_of(event()).await;
    app.set_clock(400 * 24 * 3600);
    // Nothing remembers the event any more, but the chat knows the word.
    let (outcome, again) = app.relay_1().outcome(event()).await;
    assert!(matches!(outcome.as_str(), "duplicate" | "unchanged"), "{outcome}");
    assert_eq!((again, app.rows("changes")), (chat, 1));
}

#[tokio::test]
async fn what_is_remembered_of_old_events_goes_and_only_that() {
    const DAY: i64 = 24 * 3600;
    let app = TestApp::start();
    app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    app.relay_1().chat_of(Event::message("e2", "any;+;chat1").at("2036-01-01T00:00:00Z")).await;
    app.set_clock(30 * DAY);
    app.relay_1().chat_of(Event::message("e3", "any;+;chat1").at("2026-06-30T00:00:00Z")).await;
    assert_eq!(app.rows("receipts"), 3);
    // The second one claims a time that is far ahead, and is old by the time that it counts for.
    app.set_clock(36 * DAY);
    until(Duration::from_secs(10), async || app.rows("receipts") == 1).await;
    let counted = app.request("GET", "/metrics").send().await.text();
    assert!(counted.contains("chert_groups_receipts 1"), "{counted}");
    assert_eq!(
        app.relay_1().outcome(Event::message("e3", "any;+;chat1").at("2026-06-30T00:00:00Z")).await.0,
        "duplicate"
    );
    assert_eq!((app.rows("chats"), app.rows("changes")), (1, 1));
}

#[tokio::test]
async fn the_same_message_on_two_lines_of_one_group_is_two_events() {
    let app = TestApp::start();
    let event = Event::message("e1", "any;+;chat1");
    let (first, one) = app.relay_1().outcome(event.clone()).await;
    let (second, two) = app.relay_1().outcome(event.line("+15555550101")).await;
    assert_eq!((first.as_str(), second.as_str()), ("created", "created"));
    assert_ne!(one, two);
    assert_eq!(app.rows("receipts"), 2);
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let mut app = TestApp::start();
    let event = || Event::message("e1", "any;+;chat1");
    let chat = app.relay_1().chat_of(event()).await;
    let body = app.acme().get_chat(&chat).await.text();
    app.restart();
    assert_eq!(app.acme().get_chat(&chat).await.text(), body);
    assert_eq!(app.relay_1().outcome(event()).await, ("duplicate".to_owned(), chat));
}
