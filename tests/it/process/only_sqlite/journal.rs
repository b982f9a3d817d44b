//! Rows that are behind are brought up to date at a start, at rest and at a stop.

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
fn rows_are_brought_up_to_date_at_a_start_at_rest_and_at_a_stop() {
    let world = World::in_a_file();
    let service = world.serve();
    world.tell(&service, &messages(0));
    world.tell(&service, &messages(1));
    assert!(journal(&world) > 0, "the chats' rows are behind");
    service.kill();
    let service = world.serve();
    assert_eq!(journal(&world), 0, "a start brings them up to date");
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
