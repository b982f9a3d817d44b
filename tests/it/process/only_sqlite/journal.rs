//! Rows that are behind are brought up to date at rest and at a stop, and what they lack outlives any number of crashes.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::super::{
    stamps::{late_departures, messages},
    world::World,
};

fn journal(world: &World) -> i64 {
    world.store.count("SELECT count(*) FROM journal")
}

#[test]
fn rows_are_brought_up_to_date_at_rest_and_at_a_stop() {
    let world = World::in_a_file();
    let service = world.serve();
    world.tell(&service, &messages(0));
    world.tell(&service, &messages(1));
    assert!(journal(&world) > 0, "the chats' rows are behind");
    service.kill();
    let service = world.serve();
    world.tell(&service, &messages(2));
    let started = Instant::now();
    while journal(&world) > 0 {
        assert!(started.elapsed().as_secs() < 10, "a service at rest catches up");
        sleep(Duration::from_millis(20));
    }
    world.tell(&service, &messages(3));
    service.stop();
    assert_eq!(journal(&world), 0);
    let service = world.serve();
    for (outcome, _) in world.tell(&service, &late_departures(2)) {
        assert_eq!(outcome, "unchanged");
    }
    service.stop();
}

#[test]
fn what_rows_lack_outlives_one_crash_after_the_other() {
    let world = World::in_a_file();
    let mut service = world.serve();
    world.tell(&service, &messages(0));
    for turn in 1..=3 {
        world.tell(&service, &messages(turn));
        assert!(journal(&world) > 0, "the chats' rows are behind");
        service.kill();
        service = world.serve();
    }
    for (outcome, _) in world.tell(&service, &late_departures(2)) {
        assert_eq!(outcome, "unchanged");
    }
    service.stop();
}
