//! Files that must not be served, and what is done to a file that is.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
};

use rusqlite::Connection;

use super::super::{
    event::{group, message, rename},
    program::run,
    service::Service,
    world::{LINE, World},
};

const PAGE: u64 = 4096;

/// What is said of a registry, with how to make it so.
type Spoiled = (&'static str, fn(&Path));

/// A registry with enough in it to have pages of every kind.
fn filled() -> World {
    let world = World::in_a_file();
    let service = world.serve();
    let events: Vec<_> = (0..1000)
        .map(|number| match number % 2 {
            0 => message(LINE, &group(number), number),
            _ => rename(LINE, &group(number - 1), number, "A name"),
        })
        .collect();
    world.tell(&service, &events);
    service.stop();
    world
}

/// All files of a folder that hold anything. The lock does not belong to the registry, and SQLite's readers
/// leave an index and an empty log.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let contents = entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
    let is_part = |(name, bytes): &(String, Vec<u8>)| match name.as_str() {
        "registry.db.lock" | "registry.db-shm" => false,
        "registry.db-wal" => !bytes.is_empty(),
        _ => true,
    };
    contents.filter(is_part).collect()
}

#[test]
fn a_second_server_is_refused_and_told_who_serves() {
    let world = World::in_a_file();
    let service = world.serve();
    let refused = world.serve_in_vain();
    let (id, address) = (service.id(), service.address);
    let complaint = refused.complaint();
    assert!(complaint.contains("is being served already"), "{complaint}");
    assert!(complaint.contains(&format!("process {id} since ")), "{complaint}");
    assert!(complaint.ends_with(&format!("listening on http://{address}")), "{complaint}");
    assert!(world.run(&["migrate"]).complaint().contains("is being served already"));

    assert_eq!(service.get("/readyz", &[]).status, 200, "the first one does not mind");
    service.kill();
    world.serve().stop();
}

/// Without them a program of SQLite's would believe to be alone, and remove the log with all that is committed to it later.
#[test]
fn a_server_keeps_its_locks_on_the_file() {
    let world = World::in_a_file();
    let service = world.serve();
    world.tell(&service, &[message(LINE, &group(1), 1)]);
    assert_eq!(world.get(&service, "/api/v1/chats").status, 200, "its readers have opened it, too");
    let file = fs::OpenOptions::new().read(true).write(true).open(world.store.file()).unwrap();
    let lock = |file| rustix::fs::fcntl_lock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    assert_eq!(lock(&file), Err(rustix::io::Errno::AGAIN));
    service.kill();
    assert_eq!(lock(&file), Ok(()));
}

#[test]
fn only_the_owner_can_read_the_files() {
    let world = World::in_a_file();
    let service = world.serve();
    world.tell(&service, &[message(LINE, &group(1), 1)]);
    let files: Vec<_> = fs::read_dir(world.files()).unwrap().map(|entry| entry.unwrap()).collect();
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    for expected in ["registry.db", "registry.db-wal", "registry.db-shm", "registry.db.lock"] {
        assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
    }
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

/// Ways to spoil a registry.
const SPOILED: [Spoiled; 7] = [
    ("does not begin as an SQLite database does", |file| fs::write(file, [0x5a; 8192]).unwrap()),
    ("is damaged", |file| {
        let pages = fs::metadata(file).unwrap().len() / PAGE;
        fs::OpenOptions::new().write(true).open(file).unwrap().set_len((pages - 3) * PAGE).unwrap();
    }),
    ("it is empty", |file| fs::write(file, []).unwrap()),
    ("not one of this program", |file| {
        fs::remove_file(file).unwrap();
        Connection::open(file)
            .unwrap()
            .execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
            .unwrap();
    }),
    ("has schema version 99, and this release knows versions up to 3", |file| {
        Connection::open(file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    }),
    ("its write-ahead log does not begin as one does", |file| {
        fs::write(file.with_extension("db-wal"), [0x5a; 8192]).unwrap();
    }),
    ("only its write-ahead log is there", |file| {
        fs::rename(file, file.with_extension("db-wal")).unwrap();
    }),
];

#[test]
fn spoiled_files_are_refused_and_left_alone() {
    let world = filled();
    let good = contents(world.files());
    assert_eq!(good.keys().collect::<Vec<_>>(), ["registry.db"], "a stopped server leaves one file");
    for (why, spoil) in SPOILED {
        for file in fs::read_dir(world.files()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        fs::write(world.store.file(), &good["registry.db"]).unwrap();
        spoil(world.store.file());
        let spoiled = contents(world.files());
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["check"],
            &["tenant", "add", "another"],
            &["tenant", "list"],
            &["chat", "list"],
        ] {
            let refused = world.run(command);
            assert!(refused.complaint().contains(why), "{command:?}: {refused:?} does not say: {why}");
            assert!(refused.told.contains("registry.db"), "{refused:?}");
            assert!(contents(world.files()) == spoiled, "{command:?} has changed what {why}");
        }
    }
}

/// A log that was left behind by a crash holds what was acknowledged: it is neither lost nor thrown away.
#[test]
fn a_log_without_its_file_is_refused() {
    let world = World::in_a_file();
    let service = world.serve();
    world.tell(&service, &[message(LINE, &group(1), 1)]);
    service.kill();
    fs::rename(world.store.file(), world.files().join("elsewhere")).unwrap();
    let left = contents(world.files());
    assert!(!left["registry.db-wal"].is_empty());
    assert!(world.serve_in_vain().complaint().contains("only its write-ahead log is there"));
    assert!(contents(world.files()) == left);
    fs::rename(world.files().join("elsewhere"), world.store.file()).unwrap();
    let service = world.serve();
    assert!(world.resolve(service.address, &[group(1)])[0].is_some());
}

#[test]
fn without_migrations_nothing_is_made_or_changed() {
    let world = World::in_a_file();
    let mut serve = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    serve.env("CHERT_GROUPS__STORE__MIGRATE", "false");
    Service::start(&mut serve).stop();

    Connection::open(world.store.file()).unwrap().pragma_update(None, "user_version", 0).unwrap();
    let older = contents(world.files());
    let refused = run(&mut serve);
    let complaint = refused.complaint();
    assert!(
        complaint.contains("schema version 0") && complaint.contains("`chert-groups migrate`"),
        "{complaint}"
    );
    assert!(contents(world.files()) == older);

    fs::remove_file(world.store.file()).unwrap();
    assert!(run(&mut serve).complaint().contains("there is no registry at"));
    assert!(contents(world.files()).is_empty());
}

/// A registry as the first release has made it.
fn of_the_first_release(file: &Path) {
    let old = Connection::open(file).unwrap();
    let schema = include_str!("../../../../src/store/sqlite/migrations/1.sql");
    let pragmas = "PRAGMA user_version = 1; PRAGMA application_id = 0x43687274; PRAGMA journal_mode = WAL;";
    old.execute_batch(&format!("{schema} {pragmas}")).unwrap();
}

#[test]
fn only_who_has_the_lock_changes_a_schema() {
    let world = World::in_a_file();
    for migrates in ["migrate", "serve"] {
        fs::remove_file(world.store.file()).unwrap();
        of_the_first_release(world.store.file());
        let older = contents(world.files());
        for command in [
            &["tenant", "add", "another"][..],
            &["relay", "add", "another"],
            &["relay", "list"],
            &["line", "list"],
            &["chat", "list"],
            &["check"],
        ] {
            let refused = world.run(command);
            let why = "has schema version 1, and this release needs 3: run `chert-groups migrate`";
            assert!(refused.complaint().contains(why), "{command:?}: {refused:?}");
            assert!(contents(world.files()) == older, "{command:?} has changed the file");
        }
        match migrates {
            "migrate" => assert!(world.run(&["migrate"]).text().contains("has schema version 3")),
            _ => world.serve().stop(),
        }
        world.run(&["tenant", "add", "another"]).text();
    }
}

#[test]
fn check_tells_a_sound_file_from_a_corrupt_one() {
    let world = filled();
    let sound = world.run(&["check"]);
    assert!(sound.text().contains("is sound; it has 500 chats"), "{sound:?}");
    let service = world.serve();
    assert!(world.run(&["check"]).text().contains("is sound"), "also while it is being served");
    service.stop();

    let file = fs::OpenOptions::new().read(true).write(true).open(world.store.file()).unwrap();
    let middle = file.metadata().unwrap().len() / PAGE / 2 * PAGE;
    let mut page = [0; 4096];
    file.read_exact_at(&mut page, middle).unwrap();
    file.write_all_at(&page.map(|byte| !byte), middle).unwrap();
    let corrupt = world.run(&["check"]);
    assert_eq!((corrupt.status, &*corrupt.stdout), (Some(1), ""), "{corrupt:?}");
    assert!(corrupt.told.contains("is damaged") || corrupt.told.contains("is broken"), "{corrupt:?}");
}
