//! A disk that fills up, and has room again.
//!
//! The disk is a small file system in memory that only the service sees: it is mounted in a mount namespace of
//! the service's own, and gone with it. That takes root, or a system that gives users namespaces.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::super::{
    event::{group, message},
    http::Client,
    program::with_settings,
    service::Service,
    world::{LINE, World, outcomes, text},
};

/// Ways to a mount namespace: of root, and of a user.
const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// Mounts a disk on `$1`, puts the registry `$2` there and becomes the rest.
const ON_A_SMALL_DISK: &str = r#"set -e
    mount -t tmpfs -o size=8m,mode=700 tmpfs "$1"
    cp "$2" "$1/registry.db"
    shift 2
    exec "$@""#;

/// A service whose registry lies on a small disk.
struct Cramped {
    world: World,
    service: Service,
    /// The disk, seen from outside.
    disk: PathBuf,
}

impl Cramped {
    fn new() -> Self {
        let world = World::in_a_file();
        let disk = world.folder().join("disk");
        fs::create_dir(&disk).unwrap();
        let mut serve = namespace(&disk);
        serve.args(["sh", "-c", ON_A_SMALL_DISK, "sh"]).args([&disk, world.store.file()]);
        serve.args([env!("CARGO_BIN_EXE_chert-groups"), "serve", "--listen", "127.0.0.1:0", "--store"]);
        serve.arg(format!("sqlite:{}/registry.db", disk.display()));
        with_settings(&mut serve);
        let service = Service::start(&mut serve);
        let root = format!("/proc/{}/root", service.id());
        let disk = PathBuf::from(format!("{root}{}", disk.display()));
        Self { world, service, disk }
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::create(self.disk.join("filler")).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            let full = loop {
                if let Err(why) = filler.write_all(&vec![0; size]) {
                    break why.kind();
                }
            };
            assert_eq!(full, ErrorKind::StorageFull);
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.disk.join("filler")).unwrap();
    }

    fn status_of_ready(&self) -> u16 {
        self.service.get("/readyz", &[]).status
    }
}

fn namespace(disk: &Path) -> Command {
    let works = |way: &[&str]| {
        let mut mount = Command::new("unshare");
        mount.args(way).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(disk);
        mount.output().expect("unshare, of util-linux, is installed").status.success()
    };
    let way = WAYS.into_iter().find(|way| works(way));
    let way = way.expect("this test needs root with CAP_SYS_ADMIN, or namespaces for users");
    let mut command = Command::new("unshare");
    command.args(way);
    command
}

#[test]
fn writes_wait_for_room_and_reads_go_on() {
    let cramped = Cramped::new();
    let Cramped { world, service, .. } = &cramped;
    let mut client = Client::connect(service.address).unwrap();
    let mut kept: Vec<(Value, String)> = Vec::new();
    let event = |number| message(LINE, &group(number), number);
    for number in 0..50 {
        let answer = world.post(&mut client, &[event(number)]).unwrap();
        kept.push((event(number), outcomes(&answer)[0].1.clone()));
    }

    cramped.fill();
    let mut refused = 50;
    let answer = loop {
        let answer = world.post_one(&mut client, &event(refused)).unwrap();
        if answer.status != 200 {
            break answer;
        }
        kept.push((event(refused), text(&answer.json()["chat_id"])));
        refused += 1;
    };
    assert_eq!((answer.status, answer.code()), (503, 3002), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["retryable"], true);
    let batch = world.post(&mut client, &[event(refused), event(refused + 1)]).unwrap().json();
    for result in batch["results"].as_array().unwrap() {
        assert_eq!(
            (result["error"]["code"].as_u64(), &result["error"]["retryable"]),
            (Some(3002), &true.into())
        );
    }
    assert_eq!(cramped.status_of_ready(), 503);
    let chats = kept.iter().map(|(event, _)| text(&event["data"]["chat"]["conversation_key"]));
    let found = world.resolve(service.address, &chats.collect::<Vec<_>>());
    assert!(found.into_iter().flatten().eq(kept.iter().map(|(_, chat)| chat.clone())), "reads go on");
    assert_eq!(world.resolve(service.address, &[group(refused)]), [None], "refused is not half-applied");

    cramped.make_room();
    let started = Instant::now();
    while cramped.status_of_ready() != 200 {
        assert!(started.elapsed() < Duration::from_secs(10), "it does not find out that there is room");
    }
    let outcome = &world.tell(service, &[event(refused)])[0].0;
    assert_eq!(outcome, "created", "what was refused can be sent again");
    // What a crash would leave, opened by another server.
    for file in ["registry.db", "registry.db-wal"] {
        fs::copy(cramped.disk.join(file), world.files().join(file)).unwrap();
    }
    let service = world.serve();
    let (events, chats): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let expected = chats.into_iter().map(|chat| ("duplicate".to_owned(), chat));
    assert!(world.tell(&service, &events).into_iter().eq(expected), "nothing acknowledged is lost");
    world.assert_sound();
    cramped.service.stop();
}
