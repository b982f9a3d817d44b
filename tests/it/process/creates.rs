//! `kill -9` while a group is made: the same request, sent again, finds it.

use std::{
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::{Value, json};

use super::{
    event::message,
    http::{Answer, Client},
    world::{LINE, RELAY, World, text},
};
use crate::support::relay::{FakeRelay, Gate, Say, Seen};

/// Longer than it takes until a relay hears of a create.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long an attempt of a create may take.
const LEASE: Duration = Duration::from_secs(20);

/// A world whose relay delivers to this one.
fn world_with(relay: &FakeRelay) -> World {
    let world = World::new();
    world.run(&["relay", "set-url", RELAY, &relay.url()]).text();
    world
}

/// Asks for the group of this name; an error is no answer.
fn create(world: &World, service: SocketAddr, name: &str) -> io::Result<Answer> {
    let message =
        json!({"subject": name, "parts": [{"type": "text", "value": "Shall we?"}], "idempotency_key": name});
    let body = json!({"from": LINE, "to": ["+14155550111", "+14155550112"], "message": message}).to_string();
    let headers = [("authorization", &*world.bearer()), ("content-type", "application/json")];
    Client::connect(service)?.exchange("POST", "/api/v1/chats", &headers, &body)
}

/// Repeats a create that is said to be running still. The one server of a file knows that the attempts of the one
/// before it are over; where there may be several, they are when their lease is.
fn create_again(world: &World, service: SocketAddr, name: &str) -> Answer {
    let started = Instant::now();
    loop {
        let answer = create(world, service, name).unwrap();
        if answer.status != 409 || world.store.is_a_file() {
            return answer;
        }
        assert_eq!(answer.json()["error"]["retryable"], true, "{answer:?}");
        assert!(started.elapsed() < LEASE + PATIENCE, "{answer:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The next request that the relay gets after it has had `before`.
fn wait_for(relay: &FakeRelay, before: usize) -> Seen {
    let started = Instant::now();
    loop {
        if let Some(seen) = relay.seen().get(before) {
            return seen.clone();
        }
        assert!(started.elapsed() < PATIENCE, "the relay hears of it");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The first event of the group that a relay made for this request.
fn echo(request: &Seen) -> Value {
    let mut event = message(LINE, &request.conversation_key(), 1);
    event["data"]["chat"]["client_ref"] = request.client_ref().into();
    event
}

/// When the group's own event comes.
#[derive(Clone, Copy, PartialEq)]
enum EventComes {
    BeforeTheKill,
    AfterTheRestart,
    Never,
}

#[rstest]
#[case(EventComes::BeforeTheKill)]
#[case(EventComes::AfterTheRestart)]
#[case(EventComes::Never)]
fn killed_between_the_group_and_the_relays_answer(#[case] event: EventComes) {
    let relay = FakeRelay::start();
    let world = world_with(&relay);
    let gate = Gate::new();
    // The group is made, and the answer is on its way for ever.
    relay.will([Say::Made.held(&gate)]);
    let service = world.serve();
    let address = service.address;
    let request = thread::scope(|scope| {
        let caller = scope.spawn(|| create(&world, address, "k1"));
        let request = wait_for(&relay, 0);
        if event == EventComes::BeforeTheKill {
            world.tell(&service, &[echo(&request)]);
        }
        service.kill();
        caller.join().unwrap().expect_err("nobody answers");
        request
    });
    gate.open();
    let service = world.serve();
    let address = service.address;
    if event == EventComes::AfterTheRestart {
        world.tell(&service, &[echo(&request)]);
    }
    let answer = create_again(&world, address, "k1");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("idempotent-replayed"), None);
    assert_eq!((relay.groups(), relay.seen().len()), (1, 2));
    let chat = text(&answer.json()["chat"]["id"]);
    let late = world.tell(&service, &[echo(&request)]);
    assert_eq!(late[0].1, chat, "the event is about the caller's chat");
    assert_eq!(world.resolve(service.address, &[request.conversation_key()]), [Some(chat)]);
    let chats = world.get(&service, "/api/v1/chats").json();
    assert_eq!(chats["count"], 1);
    assert_eq!(create(&world, address, "k1").unwrap().body, answer.body);
    world.assert_sound();
    service.stop();
}

#[test]
fn killed_about_when_the_relay_answers() {
    let relay = FakeRelay::start();
    let world = world_with(&relay);
    // Where a lease must be waited for, each round takes that long.
    for round in 0..if world.store.is_a_file() { 8 } else { 2 } {
        let name = format!("round {round}");
        let service = world.serve();
        let address = service.address;
        let before = relay.seen().len();
        let first = thread::scope(|scope| {
            let caller = scope.spawn(|| create(&world, address, &name));
            wait_for(&relay, before);
            thread::sleep(Duration::from_micros(rand::random_range(0..8000)));
            service.kill();
            caller.join().unwrap()
        });
        let service = world.serve();
        let address = service.address;
        let again = create_again(&world, address, &name);
        assert_eq!(again.status, 200, "{again:?}");
        if let Ok(first) = first {
            assert_eq!(first.body, again.body, "an answer that was given stays");
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }
        let key = relay.seen().last().unwrap().conversation_key();
        let chat = text(&again.json()["chat"]["id"]);
        assert_eq!(world.resolve(service.address, &[key]), [Some(chat)]);
        assert_eq!(relay.groups(), round + 1);
        world.assert_sound();
        service.kill();
    }
}
