//! Words that move stamps and nothing else are as durable as all others, though their chats' rows come later.

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::{
    event::{group, left, message},
    world::{LINE, World},
};

const CHATS: u32 = 300;

fn journal(world: &World) -> u64 {
    let store = Connection::open_with_flags(world.file(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    store.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap()
}

/// Messages of everybody's only member, each newer than the last by a minute for each round.
fn messages(round: u32) -> Vec<Value> {
    (0..CHATS).map(|number| message(LINE, &group(number), round * 60_000 + number)).collect()
}

/// What would put the members out, had they not written in the round that came later.
fn late_departures(round: u32) -> Vec<Value> {
    (0..CHATS).map(|number| left(LINE, &group(number), round * 60_000 + 30_000 + number)).collect()
}

#[test]
fn a_late_word_loses_to_a_newer_stamp_also_after_kill_9() {
    let world = World::new();
    let service = world.serve();
    world.tell(&service, &messages(0));
    let told = world.tell(&service, &messages(2));
    assert!(told.iter().all(|(outcome, _)| outcome == "unchanged"), "only stamps move");
    assert!(journal(&world) > 0, "their chats' rows are behind");
    service.kill();
    let service = world.serve();
    assert_eq!(journal(&world), 0, "a start brings them up to date");
    for (outcome, _) in world.tell(&service, &late_departures(1)) {
        assert_eq!(outcome, "unchanged", "who has written since is there");
    }
    for (outcome, _) in world.tell(&service, &messages(2)) {
        assert_eq!(outcome, "duplicate");
    }
    world.assert_sound();
    service.kill();
    world.assert_sound();
}

#[test]
fn rows_are_brought_up_to_date_at_rest_and_at_a_stop() {
    let world = World::new();
    let service = world.serve();
    world.tell(&service, &messages(0));
    world.tell(&service, &messages(1));
    let started = std::time::Instant::now();
    while journal(&world) > 0 {
        assert!(started.elapsed().as_secs() < 10, "a service at rest catches up");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    world.tell(&service, &messages(2));
    service.stop();
    assert_eq!(journal(&world), 0);
    let service = world.serve();
    for (outcome, _) in world.tell(&service, &late_departures(1)) {
        assert_eq!(outcome, "unchanged");
    }
    service.stop();
}

#[test]
fn a_cache_that_is_too_small_for_what_is_behind_loses_nothing() {
    let world = World::new();
    let mut program = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    program.env("CHERT_GROUPS__STORE__CACHED_HANDLES", "1000");
    let service = super::service::Service::start(&mut program);
    for round in [0, 2, 4] {
        for chunk in messages(round).chunks(50) {
            world.tell(&service, chunk);
        }
    }
    for (outcome, _) in
        world.tell(&service, &late_departures(1)).into_iter().chain(world.tell(&service, &late_departures(3)))
    {
        assert_eq!(outcome, "unchanged");
    }
    service.kill();
    let service = world.serve();
    for (outcome, _) in world.tell(&service, &late_departures(2)) {
        assert_eq!(outcome, "unchanged");
    }
    service.stop();
}
