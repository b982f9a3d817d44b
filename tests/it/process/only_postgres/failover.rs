//! A primary that is lost, and a replica that takes its place.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::load::Load;
use crate::{
    process::{program::program, service::Service, world::World},
    support::{postgres::server::Server, store::TestStore},
};

/// How soon service must resume by itself after the promotion.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn service_resumes_on_the_replica_and_nothing_acknowledged_is_lost() {
    let primary = Arc::new(Server::start(&[]));
    let mut world = World::on(TestStore::empty_on(&primary));
    let replica = Arc::new(primary.new_replica());
    let url = primary.url_with(&replica, world.store.database());
    let serve = || {
        let mut serve = program();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--store", &url]);
        Service::start(&mut serve)
    };
    let instances = [serve(), serve()];
    let promises = Load::during(&world, &instances, |load| {
        primary.kill();
        let started = Instant::now();
        replica.promote();
        let promoted = started.elapsed();
        let back = [load.goes_on(0, SOON), load.goes_on(1, SOON)];
        println!("promoted in {promoted:?}, back after {back:?} more");
        assert!(started.elapsed() < promoted + SOON);
    });
    world.store = world.store.replicated_on(&replica);
    println!("{} events, {} chats", promises.events.len(), promises.chats.len());
    for instance in &instances {
        promises.assert_kept(&world, instance, 0);
    }
    instances.into_iter().for_each(Service::stop);
}
