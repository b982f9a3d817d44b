//! Reading pages while others write.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use serde_json::Value;

use crate::support::{Event, TestApp};

const CHATS: usize = 120;

fn key(number: usize) -> String {
    format!("any;+;chat{number}")
}

async fn seed(app: &TestApp) -> HashSet<String> {
    // Several batches, so that the chats are of several moments.
    for numbers in (0..CHATS).collect::<Vec<_>>().chunks(20) {
        let events = numbers.iter().map(|number| Event::message(&format!("seed{number}"), &key(*number)));
        app.relay_1().post_events(events).await.ok();
    }
    let ids = app.acme().ids("limit=200").await;
    assert_eq!(ids.len(), CHATS);
    ids.into_iter().collect()
}

/// Changes old chats and mints new ones until it is told to stop.
async fn write(app: &TestApp, stop: &Cell<bool>) {
    let mut round = 0;
    while !stop.get() {
        round += 1;
        let rename = |step: usize| {
            let number = (round * 7 + step * 31) % CHATS;
            Event::renamed(&format!("r{round:06}-{step}"), &key(number), &format!("Round {round}"))
        };
        let mint = Event::message(&format!("m{round}"), &format!("any;+;new{round}"));
        app.relay_1().post_events((0..3).map(rename).chain([mint])).await.ok();
    }
}

async fn page(app: &TestApp, query: &str, cursor: Option<&str>) -> (Vec<Value>, Option<String>) {
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    let mut page = app.acme().list_chats(&format!("{query}{cursor}")).await.ok();
    let next = page["next_cursor"].as_str().map(str::to_owned);
    let Value::Array(chats) = page["chats"].take() else { panic!("no chats: {page}") };
    (chats, next)
}

#[tokio::test]
async fn newest_first_neither_skips_nor_repeats_while_others_write() {
    let app = TestApp::start_in_real_time();
    let seeded = seed(&app).await;
    let stop = Cell::new(false);
    let read = async {
        for _ in 0..4 {
            let mut seen = HashSet::new();
            let mut cursor = None;
            loop {
                let (chats, next) = page(&app, "limit=7", cursor.as_deref()).await;
                for chat in &chats {
                    assert!(seen.insert(chat["id"].as_str().unwrap().to_owned()), "{} twice", chat["id"]);
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            assert!(seeded.is_subset(&seen), "{} skipped", seeded.difference(&seen).count());
        }
        stop.set(true);
    };
    tokio::join!(read, write(&app, &stop));
    assert!(app.rows("chats") > CHATS as u64, "the writer wrote meanwhile");
}

#[tokio::test]
async fn by_update_never_skips_a_change_while_others_write() {
    let app = TestApp::start_in_real_time();
    seed(&app).await;
    let stop = Cell::new(false);
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut since = "2020-01-01T00:00:00Z".to_owned();
    let mut follow = async |least: usize| {
        let mut cursor = None;
        let mut pages = 0;
        loop {
            let query = format!("limit=9&updated_since={since}");
            let (chats, next) = page(&app, &query, cursor.as_deref()).await;
            for chat in chats {
                let version = chat["version"].as_u64().unwrap();
                let held = seen.insert(chat["id"].as_str().unwrap().to_owned(), version);
                assert!(held.is_none_or(|held| held <= version), "time runs forward");
                chat["updated_at"].as_str().unwrap().clone_into(&mut since);
            }
            pages += 1;
            // A page without a cursor is where a follower waits; it goes on from the last change it saw.
            cursor = next;
            if cursor.is_none() && pages >= least {
                return;
            }
        }
    };
    let read = async {
        follow(60).await;
        stop.set(true);
    };
    tokio::join!(read, write(&app, &stop));
    follow(1).await;
    assert!(seen.len() > CHATS, "the writer wrote meanwhile");
    assert_eq!(seen.len() as u64, app.rows("chats"));
    for (id, version) in seen {
        assert_eq!(app.acme().get_chat(&id).await.ok()["chat"]["version"], version, "{id}");
    }
}
