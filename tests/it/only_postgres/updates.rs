//! Whoever follows the registry by `updated_since` is shown the last version of every chat, in whatever order several
//! instances commit, and asks from nothing but the latest change that was shown.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chert_groups::clock::Clock;
use futures_util::future::join_all;

use crate::support::{Event, TestApp, directory, postgres::server::Server, store::TestStore, wait};

const PATIENCE: Duration = Duration::from_secs(20);

/// Later than the events that found chats.
const LATER: &str = "2026-05-31T11:00:00Z";

/// Where it asks from.
#[derive(Clone, Copy)]
enum From {
    /// The time of the latest change that it was shown, in the seconds of answers.
    Time,
    /// The last cursor that it was given, which is exact.
    Cursor,
}

/// Somebody who keeps a copy of the registry up to date.
struct Follower<'a> {
    app: &'a TestApp,
    from: From,
    since: String,
    cursor: Option<String>,
    /// The version of each chat.
    seen: BTreeMap<String, u64>,
}

impl<'a> Follower<'a> {
    fn new(app: &'a TestApp, from: From) -> Self {
        let since = "2020-01-01T00:00:00Z".to_owned();
        Self { app, from, since, cursor: None, seen: BTreeMap::new() }
    }

    /// Reads to the end of what is shown.
    async fn go_on(&mut self) {
        let mut latest = self.since.clone();
        loop {
            let cursor = self.cursor.as_ref().map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
            let query = format!("limit=5&updated_since={}{cursor}", self.since);
            let page = self.app.acme().list_chats(&query).await.ok();
            for chat in page["chats"].as_array().unwrap() {
                let version = chat["version"].as_u64().unwrap();
                let held = self.seen.insert(chat["id"].as_str().unwrap().to_owned(), version);
                assert!(held.is_none_or(|held| held <= version), "time runs forward");
                chat["updated_at"].as_str().unwrap().clone_into(&mut latest);
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            self.cursor = Some(next.to_owned());
        }
        if let From::Time = self.from {
            (self.since, self.cursor) = (latest, None);
        }
    }

    /// The chats of which it has not seen the last version.
    fn lacks(&self) -> Vec<String> {
        let versions = self.app.store.query("SELECT id, version FROM chats");
        let version = |row: &Vec<Option<String>>| (row[0].clone().unwrap(), row[1].clone().unwrap());
        let lacking = versions
            .iter()
            .map(version)
            .filter(|(id, version)| self.seen.get(id).is_none_or(|seen| seen.to_string() != *version));
        lacking.map(|(id, _)| id).collect()
    }

    /// Goes on until it has seen everything, which must come.
    async fn see_everything(&mut self) {
        wait::until(PATIENCE, async || {
            self.go_on().await;
            self.lacks().is_empty()
        })
        .await;
    }
}

fn instances<const N: usize>(store: TestStore) -> [TestApp; N] {
    super::spread(TestApp::start_in_real_time_on(store, &[]))
}

fn renamed(key: &str, name: &str) -> Event {
    Event::renamed(&format!("{name}-{key}"), key, name).at(LATER)
}

/// Holds up the commit of whatever changes a chat, as long as somebody has the lock: its time stamp is drawn by then.
fn hold_up(app: &TestApp, chat: &str) {
    app.store.execute(&format!(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER waits AFTER UPDATE ON chats DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW WHEN (NEW.id = '{chat}') EXECUTE FUNCTION wait();
         SELECT pg_advisory_lock(1)"
    ));
}

fn let_go(app: &TestApp) {
    app.store.execute("SELECT pg_advisory_unlock(1)");
}

/// One instance takes long to commit a change; another one commits changes meanwhile, which are later; and a follower on
/// a third one reads on.
async fn assert_a_late_commit_is_not_skipped(slow: &TestApp, quick: &TestApp, reader: &TestApp) {
    let late = slow.relay_1().chat_of(Event::message("e1", "any;+;late")).await;
    let early = slow.relay_1().chat_of(Event::message("e2", "any;+;early")).await;
    let mut follower = Follower::new(reader, From::Time);
    follower.see_everything().await;
    hold_up(slow, &late);
    let hold = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        wait::until(PATIENCE, async || slow.store.count(waiting) == 1).await;
        let second = || Clock::system().now().seconds();
        let (began, mut round) = (second(), 0);
        // Answers have whole seconds: until one has begun that the late change is not in.
        while second() < began + 2 {
            round += 1;
            let event = Event::renamed(&format!("r{round:04}"), "any;+;early", &format!("Name {round}"));
            quick.relay_1().chat_of(event.at(LATER)).await;
            follower.go_on().await;
        }
        let_go(slow);
        round
    };
    let (renamed, _) = tokio::join!(hold, slow.relay_1().outcome(renamed("any;+;late", "Lunch")));
    follower.see_everything().await;
    assert_eq!(follower.seen[&late], 2);
    assert_eq!(follower.seen[&early], 1 + renamed);
}

#[tokio::test]
async fn a_change_that_is_committed_late_is_not_skipped() {
    let [slow, quick, reader] = instances(TestStore::peopled_database());
    assert_a_late_commit_is_not_skipped(&slow, &quick, &reader).await;
}

#[tokio::test]
async fn a_change_that_is_committed_late_is_not_skipped_on_a_replica() {
    let primary = Arc::new(Server::start(&[]));
    let store = TestStore::empty_on(&primary);
    directory::set_up(&mut store.admin(Clock::system().now()));
    let [slow, quick] = instances(store);
    let replica = Arc::new(primary.new_replica());
    let reader = TestApp::start_in_real_time_on(slow.store.replicated_on(&replica), &[]);
    assert_a_late_commit_is_not_skipped(&slow, &quick, &reader).await;
}

/// Four instances rename each of many groups once, and a follower looks all the time.
#[tokio::test]
async fn nothing_is_skipped_while_four_instances_write() {
    const GROUPS: usize = 1200;
    const AT_ONCE: usize = 8;
    let all = instances::<4>(TestStore::peopled_database());
    let keys: Vec<String> = (0..GROUPS).map(|number| format!("any;+;chat{number}")).collect();
    for keys in keys.chunks(200) {
        let found = keys.iter().map(|key| Event::message(&format!("found-{key}"), key));
        all[0].relay_1().post_events(found).await.ok();
    }
    let mut follower = Follower::new(&all[3], From::Cursor);
    follower.see_everything().await;
    let is_done = Cell::new(false);
    let writers = join_all(keys.chunks(GROUPS / all.len() / AT_ONCE).enumerate().map(|(number, keys)| {
        let app = &all[number % all.len()];
        async move {
            for key in keys {
                app.relay_1().chat_of(renamed(key, "Lunch")).await;
            }
        }
    }));
    let write = async {
        writers.await;
        is_done.set(true);
    };
    let follow = async {
        while !is_done.get() {
            follower.go_on().await;
        }
    };
    tokio::join!(write, follow);
    follower.see_everything().await;
    let versions: HashSet<u64> = follower.seen.values().copied().collect();
    assert_eq!((follower.seen.len(), versions), (GROUPS, HashSet::from([2])));
}

/// Somebody else's transaction may be one that writes chats, for all that can be seen of it.
#[tokio::test]
async fn a_transaction_of_another_role_is_waited_for() {
    let [writer, reader] = instances(TestStore::peopled_database());
    writer.store.execute("BEGIN; SELECT pg_current_xact_id()");
    let chat = writer.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    let shown = async || reader.acme().ids("updated_since=2020-01-01T00:00:00Z").await;
    assert!(shown().await.is_empty());
    assert_eq!(reader.acme().ids("").await, [chat.as_str()], "other listings wait for nobody");
    writer.store.execute("COMMIT");
    assert_eq!(shown().await, [chat]);
}

/// As after a failover to a machine whose clock is behind by some seconds: there are changes from later than now.
#[tokio::test]
async fn what_is_written_is_later_than_what_there_was_though_the_clock_is_behind() {
    let [mut one] = instances::<1>(TestStore::peopled_database());
    one.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    one.relay_1().chat_of(Event::message("e2", "any;+;chat2")).await;
    let set = |key: &str, seconds: i64| {
        one.store.execute(&format!(
            "UPDATE chats SET updated_at = (extract(epoch FROM now()) * 1000000)::int8 * 1000 + {seconds}::int8 * 1000000000
             FROM conversation_keys AS keys WHERE keys.chat_id = chats.id AND keys.conversation = '{key}'"
        ));
    };
    set("any;+;chat1", 30);
    // So far ahead that nobody was ever shown it, and nobody is to wait for it.
    set("any;+;chat2", 3600);
    one.restart();
    one.relay_1().chat_of(Event::message("e3", "any;+;chat3")).await;
    let ahead =
        "SELECT round((max(updated_at) / 1e9 - extract(epoch FROM now())) / 10) FROM chats, conversation_keys
         WHERE chat_id = id AND conversation = 'any;+;chat3'";
    assert_eq!(one.store.count(ahead), 3);
}
