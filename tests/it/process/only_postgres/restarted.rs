//! A PostgreSQL that goes away and comes back.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::load::Load;
use crate::{
    process::{service::Service, world::World},
    support::{postgres::server::Server, store::TestStore},
};

/// How soon service must resume by itself.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn service_resumes_by_itself_and_nothing_acknowledged_is_lost() {
    let server = Arc::new(Server::start(&[]));
    let world = World::on(TestStore::empty_on(&server));
    let instances = [world.serve(), world.serve()];
    let promises = Load::during(&world, &instances, |load| {
        let ways_to_end: [(&str, &dyn Fn()); 3] = [
            ("a restart", &|| server.end("INT")),
            ("a crash", &|| server.end("QUIT")),
            ("a kill -9", &|| server.kill()),
        ];
        for (what, end) in ways_to_end {
            end();
            for instance in &instances {
                let chats = world.get(instance, "/api/v1/chats");
                assert_eq!((chats.status, chats.code()), (503, 3002), "{chats:?}");
                assert_eq!(instance.get("/healthz", &[]).status, 200);
            }
            let started = Instant::now();
            while instances.iter().any(|instance| instance.get("/readyz", &[]).status != 503) {
                assert!(started.elapsed() < SOON, "an instance that takes nothing says that it is ready");
                thread::sleep(Duration::from_millis(20));
            }
            server.resume();
            let back = [load.goes_on(0, SOON), load.goes_on(1, SOON)];
            println!("back after {what} in {back:?}");
        }
    });
    for instance in &instances {
        assert_eq!(instance.get("/readyz", &[]).status, 200);
        promises.assert_kept(&world, instance, 0);
    }
    instances.into_iter().for_each(Service::stop);
}
