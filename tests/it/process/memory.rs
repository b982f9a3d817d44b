//! How much memory a body may ask for.

use super::{foreign::Foreign, http::Client, service::Service, world::World};
use crate::support::Format;

/// The most memory that a process has had, in MiB.
fn peak(service: &Service) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

#[test]
fn a_body_takes_a_few_times_its_own_size_and_no_more() {
    let world = World::new();
    let foreign = Foreign::add_to(&world, "http://127.0.0.1:9", "password");
    let service = world.serve();
    let before = peak(&service);
    for (format, pointer, filling) in [
        (Format::Native, "/data/chat/handles", "{},"),
        (Format::Native, "/events", "0,"),
        (Format::Native, "/extra", "[{},"),
        (Format::BlueBubbles, "/data/chats/0/participants", "{},"),
        (Format::BlueBubbles, "/data/chats", "{},"),
        (Format::Linq, "/data/handles", "{},"),
        (Format::Linq, "/created_at", "[{},"),
    ] {
        let many = format!("[{}null]", filling.repeat(8_000_000 / filling.len()));
        let body = format.with_raw(pointer, &many);
        let mut client = Client::connect(service.address).unwrap();
        let answer = match format {
            Format::Native => world.post_body(&mut client, "application/json", &body),
            Format::BlueBubbles => foreign.mac_posts(&mut client, &body),
            Format::Linq => foreign.linq_posts(&mut client, &body),
        };
        assert_eq!(answer.unwrap().status, 400, "{filling} at {pointer} of {format:?}");
    }
    let taken = peak(&service) - before;
    assert!(taken < 200, "{taken} MiB");
    service.stop();
}
