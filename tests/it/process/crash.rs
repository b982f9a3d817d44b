//! `kill -9` under load, again and again, on one store.

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

use super::{
    http::Client,
    program::spawn,
    promises::{Acknowledged, Promises, Story},
    service::Service,
    world::{World, outcomes},
};

const CLIENTS: usize = 4;

/// How soon a service must be back.
const BACK_WITHIN: Duration = Duration::from_secs(2);

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let rounds = std::env::var("CHERT_GROUPS_SOAK_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let world = World::new();
    let mut promises = Promises::default();
    let story = Story::new();
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
    let over = AtomicBool::new(false);
    let address = service.address;
    thread::scope(|scope| {
        let post = || {
            let mut acknowledged = Vec::new();
            // One that comes too late for this round has been promised nothing.
            let Ok(mut client) = Client::connect(address) else { return acknowledged };
            while !over.load(SeqCst) {
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
        over.store(true, SeqCst);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn killed_while_it_starts(world: &World) {
    let starting = spawn(&mut world.program(&["serve", "--listen", "127.0.0.1:0"]));
    thread::sleep(Duration::from_millis(rand::random_range(0..60)));
    drop(starting);
}
