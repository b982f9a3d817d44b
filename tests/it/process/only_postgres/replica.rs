//! An instance on a replica, which can only be read.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    process::{
        event,
        http::Client,
        service::Service,
        world::{LINE, World},
    },
    support::{postgres::server::Server, store::TestStore},
};

const SOON: Duration = Duration::from_secs(20);

fn wait_until(instance: &Service, what: impl Fn(&Service) -> bool) {
    let started = Instant::now();
    while !what(instance) {
        assert!(started.elapsed() < SOON, "it does not come to that: {}", instance.log());
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_ready(instance: &Service) -> bool {
    instance.get("/readyz", &[]).status == 200
}

#[test]
fn it_answers_look_ups_and_says_once_that_it_takes_no_writes() {
    let primary = Arc::new(Server::start(&[]));
    let mut world = World::on(TestStore::empty_on(&primary));
    // The tables of days are made by who can make them.
    world.serve().stop();
    let replica = Arc::new(primary.new_replica());
    world.store = world.store.replicated_on(&replica);
    let instance = world.serve();
    wait_until(&instance, |instance| !is_ready(instance));
    // It has found out the same once more.
    wait_until(&instance, |instance| instance.log().contains("the store still takes no writes"));
    assert_eq!(world.get(&instance, "/api/v1/chats?updated_since=2020-01-01T00:00:00Z").status, 200);
    let said = |what: &str| instance.log().matches(what).count();
    assert_eq!((said("the store takes no writes for now"), said("the store takes writes again")), (1, 0));
    primary.kill();
    replica.promote();
    wait_until(&instance, is_ready);
    let taken = world.post_one(
        &mut Client::connect(instance.address).expect("a connection"),
        &event::message(LINE, &event::group(1), 1),
    );
    assert_eq!(taken.expect("an answer").status, 200);
    assert_eq!((said("the store takes no writes for now"), said("the store takes writes again")), (1, 1));
    instance.stop();
}
