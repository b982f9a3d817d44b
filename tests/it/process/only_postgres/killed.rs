//! Instances that are killed, or stand still with whatever they are about.

use std::{thread, time::Duration};

use super::load::Load;
use crate::process::{service::Service, world::World};

/// How soon the others must go on, whatever was locked by one that does not.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn others_go_on_and_nothing_acknowledged_is_lost() {
    let world = World::in_a_database();
    let instances: Vec<Service> = (0..4).map(|_| world.serve()).collect();
    let promises = Load::during(&world, &instances, |load| {
        for round in 0..6 {
            instances[1].signal("STOP");
            if round == 2 {
                instances[0].signal("KILL");
            }
            thread::sleep(Duration::from_millis(rand::random_range(200..1500)));
            let (one, other) = (load.goes_on(2, SOON), load.goes_on(3, SOON));
            println!("while one stands still, the others go on after {one:?} and {other:?}");
            instances[1].signal("CONT");
            let back = load.goes_on(1, SOON);
            println!("it goes on itself after {back:?}");
        }
    });
    println!("{} events, {} chats", promises.events.len(), promises.chats.len());
    for instance in &instances[1..] {
        promises.assert_kept(&world, instance, 0);
    }
    instances.into_iter().skip(1).for_each(Service::stop);
    promises.assert_kept(&world, &world.serve(), 0);
}
