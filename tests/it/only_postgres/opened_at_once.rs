//! Servers that start at once on a database with nothing in it.

use std::{sync::Arc, thread};

use chert_groups::{clock::Clock, stores};

use crate::support::{
    postgres::server::{FORGETFUL, Server},
    store::TestStore,
};

#[test]
fn many_that_migrate_at_once_make_one_registry() {
    let server = Arc::new(Server::start(&FORGETFUL));
    for _ in 0..3 {
        let store = TestStore::empty_on(&server);
        let url = store.url();
        let migrate = || stores::migrate(&url.parse().expect("a URL"), Clock::system().now());
        thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
            for one in all {
                one.join().expect("no panic").expect("the schema is there");
            }
        });
        assert_eq!(store.count("SELECT value FROM meta WHERE name = 'directory_revision'"), 0);
        assert!(stores::check(&url.parse().expect("a URL")).expect("it can be read").is_empty());
    }
}
