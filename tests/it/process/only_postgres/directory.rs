//! What an operator changes, all instances know soon.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::process::{
    event::{group, message},
    service::Service,
    world::{LINE, RELAY, TENANT, World, text},
};

/// How soon each instance must know of a change.
const SOON: Duration = Duration::from_secs(2);

/// Asks each instance until its answer is this one.
fn until_all(instances: &[Service], bearer: &str, status: u16) {
    let started = Instant::now();
    for instance in instances {
        while instance.get("/api/v1/chats", &[("authorization", bearer)]).status != status {
            assert!(started.elapsed() < SOON, "not {status} yet");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn every_instance_knows_a_change_within_two_seconds() {
    let world = World::in_a_database();
    let instances: Vec<Service> = (0..4).map(|_| world.serve()).collect();
    let old = world.bearer();
    until_all(&instances, &old, 200);
    world.run(&["tenant", "suspend", TENANT]).text();
    until_all(&instances, &old, 403);
    world.run(&["tenant", "resume", TENANT]).text();
    until_all(&instances, &old, 200);
    let rotated = world.run(&["tenant", "rotate-secret", TENANT, "--json"]).json();
    let new = format!("Bearer {}", text(&rotated["signing_secret"]));
    for instance in &instances {
        let answer = instance.get("/api/v1/chats", &[("authorization", &new)]);
        assert_eq!(answer.status, 200, "a secret that nobody knows yet is looked for");
    }
    until_all(&instances, &old, 401);
    world.run(&["tenant", "add", "another"]).text();
    world.run(&["line", "move", LINE, "--tenant", "another"]).text();
    thread::sleep(SOON);
    let told: Vec<_> = instances.iter().map(|it| world.tell(it, &[message(LINE, &group(1), 1)])).collect();
    assert!(told[1..].iter().all(|results| *results == [("duplicate".to_owned(), told[0][0].1.clone())]));
    let chat = world.run(&["chat", "list", "--tenant", "another", "--json"]).json();
    assert_eq!(chat["chats"].as_array().unwrap().len(), 1, "all four took it for the new tenant's");
}

#[test]
fn a_new_line_is_known_to_whoever_hears_of_it_first() {
    let world = World::in_a_database();
    let instances: Vec<Service> = (0..4).map(|_| world.serve()).collect();
    for (number, instance) in instances.iter().enumerate() {
        let line = format!("+1555555020{number}");
        world.run(&["line", "add", &line, "--tenant", TENANT, "--relay", RELAY]).text();
        assert_eq!(world.tell(instance, &[message(&line, &group(1), 1)])[0].0, "created");
    }
}
