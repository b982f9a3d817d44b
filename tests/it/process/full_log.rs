//! A service whose log has no room left.

use std::fs::OpenOptions;

use super::{
    event::{group, message},
    service::Service,
    world::{LINE, World},
};

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let world = World::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut serve = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    let service = Service::start_logging_to("/dev/null".into(), full, &mut serve);
    let told = world.tell(&service, &[message(LINE, &group(1), 1)]);
    assert_eq!(told[0].0, "created");
    assert_eq!(service.get("/no/such/route", &[]).status, 404);
    world.run(&["tenant", "add", "another"]).text();
    assert_eq!(world.get(&service, "/api/v1/chats").status, 200);
    service.stop();
}
