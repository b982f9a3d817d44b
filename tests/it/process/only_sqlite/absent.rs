//! A file that is not there.

use super::super::world::{RELAY, TENANT, World};

#[test]
fn a_store_that_is_not_there_is_made_by_what_adds_and_by_nothing_else() {
    let world = World::in_a_file();
    std::fs::remove_file(world.store.file()).unwrap();
    for command in [
        &["tenant", "list"][..],
        &["relay", "list"],
        &["line", "list"],
        &["chat", "list"],
        &["check"],
        &["tenant", "suspend", TENANT],
        &["verify-signature", "--relay", RELAY],
    ] {
        assert!(world.run(command).complaint().contains("there is no registry at"), "{command:?}");
        assert!(!world.store.file().exists(), "{command:?}");
    }
    assert!(world.run(&["migrate"]).text().contains("has schema version 3"));
    assert!(world.run(&["tenant", "list"]).text().contains("no tenants yet"));
    assert!(world.run(&["chat", "list"]).text().contains("no chats yet"));
}
