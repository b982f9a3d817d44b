//! A service whose file or disk breaks while it runs.

use std::{fs::OpenOptions, os::unix::fs::FileExt, process::Command};

use rusqlite::Connection;
use serde_json::Value;

use super::super::{
    event::{group, message},
    http::Client,
    program::with_settings,
    service::Service,
    world::{LINE, World, outcomes},
};

const PAGE: usize = 4096;

/// Posts new groups, some at a time, until the service does not take them. What it took.
fn post_until_refused(world: &World, service: &Service) -> Vec<(Value, String)> {
    let mut client = Client::connect(service.address).unwrap();
    let mut taken = Vec::new();
    for first in (0..100_000).step_by(50) {
        let events: Vec<_> =
            (first..first + 50).map(|number| message(LINE, &group(number), number)).collect();
        let answer = world.post(&mut client, &events).expect("also a refusal is an answer");
        let refused = answer.status != 200 || answer.body.contains("rejected");
        if refused {
            let whole = answer.status == 503 || answer.body.matches("\"code\":3002").count() == 50;
            assert!(whole, "a batch is taken or not: {answer:?}");
            return taken;
        }
        taken.extend(events.into_iter().zip(outcomes(&answer).into_iter().map(|(_, chat)| chat)));
    }
    panic!("it takes everything");
}

fn assert_kept(world: &World, taken: Vec<(Value, String)>) {
    let service = world.serve();
    let (events, chats): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let expected = chats.into_iter().map(|chat| ("duplicate".to_owned(), chat));
    assert!(world.tell(&service, &events).into_iter().eq(expected), "what was acknowledged is there");
    world.assert_sound();
    service.stop();
}

/// The limit on the size of a file makes writes fail in a way that more room does not mend.
#[test]
fn after_a_failed_write_nothing_is_acknowledged_and_the_service_stops() {
    let world = World::in_a_file();
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"]);
    limited.args([env!("CARGO_BIN_EXE_chert-groups"), "serve", "--listen", "127.0.0.1:0"]);
    limited.args(["--store", &world.store.url()]);
    with_settings(&mut limited);
    let mut service = Service::start(&mut limited);
    let taken = post_until_refused(&world, &service);
    assert!(taken.len() > 100, "only {}", taken.len());
    assert_eq!(service.ended(), (vec![], Some(1)));
    assert!(service.log().contains("the store is broken; it takes no more writes"));
    assert_kept(&world, taken);
}

/// The pages that only looking for a conversation meets: nothing at the start does.
fn pages_of_keys(world: &World) -> Vec<u64> {
    let file = Connection::open(world.store.file()).unwrap();
    let leaves = "SELECT pageno FROM dbstat WHERE name = 'conversation_keys' AND pagetype = 'leaf'";
    let mut statement = file.prepare(leaves).unwrap();
    let pages: Vec<u64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(pages.len() > 1);
    pages
}

/// A store of a thousand groups, none of which can be looked for any more.
fn with_damaged_keys() -> World {
    let world = World::in_a_file();
    let service = world.serve();
    let events: Vec<_> = (0..1000).map(|number| message(LINE, &group(number), number)).collect();
    world.tell(&service, &events);
    service.stop();
    let pages = pages_of_keys(&world);
    let file = OpenOptions::new().write(true).open(world.store.file()).unwrap();
    for number in pages {
        file.write_all_at(&[0x5a; PAGE], (number - 1) * PAGE as u64).unwrap();
    }
    world
}

#[test]
fn a_corrupt_page_met_later_stops_the_service() {
    let world = with_damaged_keys();
    let mut service = world.serve();
    let taken = post_until_refused(&world, &service);
    assert_eq!(taken, []);
    assert_eq!(service.ended(), (vec![], Some(1)));
    assert!(service.log().contains("the store is broken; it takes no more writes"));
}

#[test]
fn a_corrupt_page_that_a_look_up_meets_stops_the_service() {
    let world = with_damaged_keys();
    let mut service = world.serve();
    let key = group(0).replace('+', "%2B").replace(';', "%3B");
    assert_eq!(world.get(&service, &format!("/api/v1/chats?conversation_key={key}")).status, 500);
    assert_eq!(service.ended(), (vec![], Some(1)));
    assert!(service.log().contains("the store is broken"));
}
