//! A PostgreSQL that is not there, or lets nobody in.

use crate::{
    process::{
        program::{program, run},
        world::World,
    },
    support::{postgres::server::PASSWORD, relay::nobody},
};

#[test]
fn who_cannot_be_reached_is_said_in_one_line_without_the_password() {
    let world = World::in_a_database();
    let good = world.store.url();
    let away = format!("postgres://registry:{PASSWORD}@{}/registry", nobody());
    for (url, why) in [
        (away, "refused"),
        (good.replace("/test_", "/no_test_"), "does not exist"),
        (good.replace("registry:", "nobody:"), "nobody"),
    ] {
        for command in
            [&["serve", "--listen", "127.0.0.1:0"][..], &["tenant", "list"], &["migrate"], &["check"]]
        {
            let refused = run(program().args(command).args(["--store", &url]));
            let complaint = refused.complaint();
            assert!(complaint.contains(why), "{command:?}: {complaint}");
            assert!(!complaint.contains(PASSWORD), "{complaint}");
        }
    }
}

#[test]
fn a_database_without_a_registry_is_told_from_one_that_is_not_there() {
    let server = std::sync::Arc::new(crate::support::postgres::server::Server::start(&[]));
    let bare = crate::support::store::TestStore::empty_on(&server);
    let tell = |command: &[&str]| run(program().args(command).args(["--store", &bare.url()]));
    for command in [&["tenant", "list"][..], &["chat", "list"], &["check"]] {
        assert!(tell(command).complaint().contains("there is no registry"), "{command:?}");
    }
    assert!(tell(&["migrate"]).text().contains("has schema version"));
    assert!(tell(&["tenant", "list"]).text().contains("no tenants yet"));
}
