//! Words that move stamps and nothing else are as durable as all others, however late their chats' rows come.

use serde_json::Value;

use super::{
    event::{group, left, message},
    world::{LINE, World},
};

const CHATS: u32 = 300;

/// Messages of everybody's only member, each newer than the last by a minute for each round.
pub(super) fn messages(round: u32) -> Vec<Value> {
    (0..CHATS).map(|number| message(LINE, &group(number), round * 60_000 + number)).collect()
}

/// What would put the members out, had they not written in the round that came later.
pub(super) fn late_departures(round: u32) -> Vec<Value> {
    (0..CHATS).map(|number| left(LINE, &group(number), round * 60_000 + 30_000 + number)).collect()
}

#[test]
fn a_late_word_loses_to_a_newer_stamp_also_after_kill_9() {
    let world = World::new();
    let service = world.serve();
    world.tell(&service, &messages(0));
    let told = world.tell(&service, &messages(2));
    assert!(told.iter().all(|(outcome, _)| outcome == "unchanged"), "only stamps move");
    service.kill();
    let service = world.serve();
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
