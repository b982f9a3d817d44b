//! A whole registry, moved between stores of both kinds.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    process::{
        event::{group, left, message, rename},
        foreign::{Foreign, LINQ, MAC},
        http::Client,
        program::{Ran, program, run, spawn},
        service::Service,
        world::{LINE, TENANT, World},
    },
    support::store::TestStore,
};

/// Longer than any copy takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What no relay of the fixtures says, but a store may hold: deliveries of every kind, a chat that comes before the one
/// that answers for it, texts with odd characters, a secret that is over.
const BESIDES: &str = "
    INSERT INTO chats (id, tenant, line, origin, is_group, created_at, updated_at, version, state)
        SELECT X'00000000000000000000000000000002', tenant, line, 'api', NULL, 1, 2, 1, state FROM chats LIMIT 1;
    INSERT INTO chats (id, tenant, line, origin, is_group, created_at, updated_at, version, state, merged_into)
        SELECT X'00000000000000000000000000000001', tenant, line, 'event', 1, 1, 2, 1, state, id FROM chats
        WHERE id = X'00000000000000000000000000000002';
    INSERT INTO changes (tenant, chat_id, version, at, event_id, event_time, changes)
        SELECT tenant, id, 1, 1, 'none', 1, '[]' FROM chats WHERE id < X'00000000000000000000000000000003';
    INSERT INTO deliveries (id, message_id, tenant, line, relay, idempotency_key, fingerprint, opened_at, chat_id,
                            progress, token, lease_until, answer) VALUES
        (zeroblob(16), zeroblob(16), 'acme', '+15555550100', 'mac-1', NULL, NULL, 5, NULL, 'failed', NULL, NULL, NULL),
        (X'00000000000000000000000000000001', zeroblob(16), 'acme', '+15555550100', 'gone', 'it''s ' || char(1) || ' one', zeroblob(32),
         6, X'00000000000000000000000000000002', 'answered', NULL, NULL, X'00FF'),
        (X'00000000000000000000000000000002', zeroblob(16), 'acme', '+15555550100', 'mac-1', 'two', zeroblob(32), 7, NULL, 'open',
         zeroblob(16), 0, NULL);
    INSERT INTO line_health (tenant, line, successes, deliveries) VALUES ('acme', '+15555550100', 5, 3);
    INSERT INTO row_numbers (relay, number, address, event_time, event_id) VALUES
        ('bridge', -3, 'a' || char(0) || 'b', -1, char(1) || char(0));
    INSERT INTO secrets (owner_kind, owner, secret, created_at, expires_at) VALUES
        ('tenant', 'acme', '55555555555555555555555555555555', 1, 2);
    INSERT INTO receipts (claimed, digest, effective) VALUES (-5, zeroblob(16), 7);
    UPDATE meta SET value = value + 1 WHERE name = 'receipts';
    UPDATE meta SET value = value + 2 WHERE name = 'chats';";

/// The files of a folder of fixtures.
fn fixtures(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.to_str().unwrap().ends_with(extension)).collect();
    files.sort();
    files
}

/// The service, which takes also what is as old as the fixtures.
fn serve(world: &World) -> Service {
    let mut command = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    Service::start(command.env("CHERT_GROUPS__STORE__RECEIPT_DAYS", "3650"))
}

/// A registry in a file, with everything that there can be. It was killed, so that rows are behind.
fn filled() -> World {
    let world = World::in_a_file();
    let foreign = Foreign::add_to(&world, "http://127.0.0.1:9", "a password");
    for who in [["tenant", TENANT], ["relay", MAC], ["relay", LINQ]] {
        let [kind, slug] = who;
        world.run(&[kind, "rotate-secret", slug, "--overlap", "2h", "--json"]).json();
    }
    let service = serve(&world);
    let mut client = Client::connect(service.address).unwrap();
    for story in fixtures("native", ".ndjson") {
        let body = fs::read_to_string(story).unwrap();
        let answer = world.post_body(&mut client, "application/x-ndjson", &body).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // Some of them are refused, which is part of the story.
    for sample in fixtures("bluebubbles", ".json") {
        foreign.mac_posts(&mut client, &fs::read_to_string(sample).unwrap()).unwrap();
    }
    for sample in fixtures("linq", ".json") {
        foreign.linq_posts(&mut client, &fs::read_to_string(sample).unwrap()).unwrap();
    }
    world.tell(&service, &events(0));
    world.tell(&service, &messages(2000));
    service.kill();
    world.store.execute(BESIDES);
    world
}

/// What makes some hundred chats.
fn events(first: u32) -> Vec<Value> {
    let all = (0..1500).map(|number| match number % 3 {
        0 => message(LINE, &group(number), first + number),
        1 => rename(LINE, &group(number - 1), first + number, "A name"),
        _ => left(LINE, &group(number - 2), first + number),
    });
    all.collect()
}

/// What moves stamps only.
fn messages(first: u32) -> Vec<Value> {
    (0..300).map(|number| message(LINE, &group(number * 3), first + number)).collect()
}

fn copy(from: &TestStore, to: &TestStore) -> Ran {
    run(&mut command(from, to))
}

fn command(from: &TestStore, to: &TestStore) -> std::process::Command {
    let mut command = program();
    command.args(["copy", "--from", &from.url(), "--to", &to.url()]);
    command
}

/// All that is in a file.
fn dump(store: &TestStore) -> Vec<(String, Vec<Vec<Option<String>>>)> {
    let names = store.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let rows = |name: String| {
        let mut rows = store.query(&format!("SELECT * FROM {name}"));
        rows.sort();
        (name, rows)
    };
    names.into_iter().map(|row| rows(row[0].clone().unwrap())).collect()
}

#[track_caller]
fn assert_equal(found: &TestStore, expected: &TestStore) {
    for (found, expected) in dump(found).into_iter().zip(dump(expected)) {
        assert_eq!(found, expected);
    }
    assert_eq!(dump(found).len(), dump(expected).len());
}

#[test]
fn from_a_file_to_databases_and_back_everything_stays() {
    let world = filled();
    let (one, other, back) =
        (TestStore::empty_database(), TestStore::empty_database(), TestStore::empty_file());
    copy(&world.store, &one).text();
    copy(&one, &other).text();
    copy(&other, &back).text();
    assert_equal(&back, &world.store);
    for (table, rows) in dump(&back) {
        assert_eq!(rows.is_empty(), table == "journal", "{table}: {} rows", rows.len());
    }
    let file = TestStore::empty_file();
    copy(&back, &file).text();
    assert_equal(&file, &world.store);
}

#[test]
fn the_copy_answers_as_its_source_did() {
    let mut world = filled();
    let service = serve(&world);
    let keys: Vec<_> = (0..600).map(group).collect();
    let chats = world.resolve(service.address, &keys);
    service.stop();
    for target in [TestStore::empty_database(), TestStore::empty_file()] {
        copy(&world.store, &target).text();
        let source = std::mem::replace(&mut world.store, target);
        let service = serve(&world);
        assert_eq!(world.resolve(service.address, &keys), chats);
        for (outcome, _) in
            world.tell(&service, &events(0)).into_iter().chain(world.tell(&service, &messages(2000)))
        {
            assert_eq!(outcome, "duplicate");
        }
        service.stop();
        drop(source);
    }
}

/// Lets nobody insert into a table that has so many rows, until [`let_pass`] is called.
fn hold_up(store: &TestStore, table: &str, rows: u32) {
    match store {
        TestStore::Sqlite(_) => store.execute(&format!(
            "CREATE TABLE slow AS WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 2000)
                 SELECT n FROM n;
             CREATE TRIGGER held BEFORE INSERT ON {table} WHEN (SELECT count(*) FROM {table}) >= {rows}
                 BEGIN SELECT count(*) FROM slow AS a, slow AS b, slow AS c; END"
        )),
        TestStore::Postgres(_) => store.execute(&format!(
            "CREATE TABLE gate AS SELECT 1 AS one;
             CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF (SELECT count(*) FROM {table}) >= {rows} THEN PERFORM 1 FROM gate FOR UPDATE; END IF;
                 RETURN NEW; END $$;
             CREATE TRIGGER held BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hold();
             GRANT ALL ON gate TO PUBLIC;
             COMMIT; BEGIN; SELECT * FROM gate FOR UPDATE"
        )),
    }
}

/// Ends that.
fn let_pass(store: &TestStore) {
    match store {
        TestStore::Sqlite(_) => store.execute("DROP TRIGGER held; DROP TABLE slow"),
        TestStore::Postgres(_) => {
            // The session of a copy that was killed may not know yet, and would be in the way with its locks.
            store.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
            store.execute("ROLLBACK");
            store.execute("DROP FUNCTION hold CASCADE; DROP TABLE gate");
        }
    }
}

/// The mark of a copy's beginning, if a store holds one: how many tables are there, and the last key of the next one.
fn mark_in(store: &TestStore) -> Option<(u64, Value)> {
    let is_there = match store {
        TestStore::Sqlite(_) => "SELECT count(*) FROM sqlite_schema WHERE name = 'copying'",
        TestStore::Postgres(_) => "SELECT count(*) FROM pg_class WHERE relname = 'copying'",
    };
    if store.count(is_there) == 0 {
        return None;
    }
    let position = store.query("SELECT position FROM copying")[0][0].clone().unwrap();
    Some(serde_json::from_str(&position).unwrap())
}

/// Kills a copy that comes to a table, the number `number` of all, when it has put so many rows into it.
fn kill_in(table: &str, number: u64, rows: u32, from: &TestStore, to: &TestStore) {
    hold_up(to, table, rows);
    let copying = spawn(&mut command(from, to));
    let started = Instant::now();
    while mark_in(to).is_none_or(|(tables, after)| tables < number || after.is_null() != (rows == 0)) {
        assert!(started.elapsed() < PATIENCE, "it does not come to {rows} {table}: {:?}", copying.finish());
        thread::sleep(Duration::from_millis(5));
    }
    // This kills it.
    drop(copying);
    let_pass(to);
}

#[test]
fn a_copy_that_is_killed_is_gone_on_with() {
    let (world, other) = (filled(), World::in_a_file());
    let (database, file) = (TestStore::empty_database(), TestStore::empty_file());
    run(program().args(["migrate", "--store", &file.url()])).text();
    for (from, to) in [(&world.store, &database), (&database, &file)] {
        for (table, number, rows) in
            [("tenants", 0, 0), ("chats", 7, 500), ("changes", 12, 500), ("receipts", 13, 0)]
        {
            kill_in(table, number, rows, from, to);
            let refused = copy(&other.store, to);
            assert!(refused.complaint().contains("holds the beginning of a copy of"), "{refused:?}");
            let refused = run(program().args(["serve", "--listen", "127.0.0.1:0", "--store", &to.url()]));
            assert!(refused.complaint().contains("only the beginning of a copy"), "{refused:?}");
        }
        copy(from, to).text();
    }
    assert_equal(&file, &world.store);
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_not_touched() {
    let source = World::in_a_file();
    for target in [World::in_a_file(), World::in_a_database()] {
        let before = target.store.query("SELECT * FROM secrets ORDER BY secret");
        let refused = copy(&source.store, &target.store);
        assert!(refused.complaint().contains("is not empty"), "{refused:?}");
        assert_eq!(target.store.query("SELECT * FROM secrets ORDER BY secret"), before);
        target.serve().stop();
    }
    assert!(copy(&source.store, &source.store).complaint().contains("the same store"));
}

#[test]
fn what_is_served_is_neither_copied_nor_filled() {
    let empty = TestStore::empty_database();
    for source in [World::in_a_file(), World::in_a_database()] {
        let service = source.serve();
        for refused in [copy(&source.store, &empty), copy(&World::in_a_file().store, &source.store)] {
            assert!(refused.complaint().contains("is being served"), "{refused:?}");
        }
        service.stop();
        copy(&source.store, &TestStore::empty_file()).text();
    }
}
