//! The passwords that relays ask of us.

use super::world::{RELAY, World};

const PASSWORD: &str = " mac-password-1 ";

/// A file with this in it.
fn file(world: &World, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = world.folder().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stored(world: &World, relay: &str) -> Option<String> {
    world.store.query(&format!("SELECT password FROM relays WHERE slug = '{relay}'")).remove(0).remove(0)
}

const ADD: [&str; 7] =
    ["relay", "add", "bridge", "--kind", "bluebubbles", "--url", "http://mac.example:1234"];

#[test]
fn a_password_is_kept_and_never_shown() {
    let world = World::new();
    let password = file(&world, "password", format!("{PASSWORD}\r\n"));
    let added = world.run(&[&ADD[..], &["--password-file", &password, "--json"]].concat());
    assert_eq!(added.json()["relay"], "bridge");
    assert_eq!(added.told, "Its events go to /upstream/v1/bluebubbles/bridge?token=SECRET\n");
    assert_eq!(stored(&world, "bridge").as_deref(), Some(PASSWORD), "blanks belong to it");
    let other = file(&world, "other", "mac-password-2\n");
    let set = world.run(&["relay", "set-password", "bridge", "--password-file", &other]);
    assert!(set.text().contains("bridge"));
    assert_eq!(stored(&world, "bridge").as_deref(), Some("mac-password-2"));
    for command in [&["relay", "list"][..], &["relay", "list", "--json"]] {
        let listed = world.run(command);
        assert!(listed.text().contains("bluebubbles") && !listed.text().contains("mac-password"));
    }
}

#[test]
fn relays_are_listed_with_whether_their_password_is_there() {
    let world = World::new();
    world.run(&ADD).text();
    let column = || {
        let listed = world.run(&["relay", "list"]);
        let line = listed.text().lines().find(|line| line.contains("bridge")).unwrap().to_owned();
        let json = world.run(&["relay", "list", "--json"]).json()["relays"].take();
        let of = |slug: &str| json.as_array().unwrap().iter().find(|relay| relay["relay"] == slug).cloned();
        assert_eq!(of(RELAY).unwrap()["password"], serde_json::Value::Null, "it has none to be there");
        (line, of("bridge").unwrap()["password"].take())
    };
    let (line, json) = column();
    assert!(line.contains(" no ") && json == false, "{line} {json}");
    let password = file(&world, "password", PASSWORD);
    world.run(&["relay", "set-password", "bridge", "--password-file", &password]).text();
    let (line, json) = column();
    assert!(line.contains(" yes ") && json == true, "{line} {json}");
}

#[test]
fn a_relay_that_cannot_be_asked_yet_is_remarked_upon() {
    let world = World::new();
    let added = world.run(&ADD);
    assert!(added.told.contains("relay set-password bridge"), "{added:?}");
    assert_eq!(stored(&world, "bridge"), None);
    // One that only posts needs none.
    let added = world.run(&["relay", "add", "mute", "--kind", "bluebubbles"]);
    assert!(!added.told.contains("password"), "{added:?}");
    assert!(
        !world.run(&["relay", "add", "plain", "--url", "http://relay.example"]).told.contains("password")
    );
}

#[test]
fn what_cannot_be_a_password_or_needs_none_is_refused_and_nothing_done() {
    let world = World::new();
    world.run(&["relay", "add", "mute", "--kind", "bluebubbles"]).text();
    let good = file(&world, "good", "mac-password-3");
    let set = |slug: &str, file: &str| world.run(&["relay", "set-password", slug, "--password-file", file]);
    for (name, content) in [
        ("empty", Vec::new()),
        ("blank-line", b"\n".to_vec()),
        ("two-lines", b"mac-password-4\nmac-password-5\n".to_vec()),
        ("long", vec![b'a'; 257]),
        ("binary", vec![0xff, 0xfe]),
    ] {
        let bad = file(&world, name, content);
        for refused in [set("mute", &bad), world.run(&[&ADD[..], &["--password-file", &bad]].concat())] {
            let complaint = refused.complaint();
            assert!(complaint.contains(&bad) && !complaint.contains("mac-password"), "{complaint}");
        }
    }
    assert!(set("mute", "/nowhere/password").complaint().contains("cannot read /nowhere/password"));
    assert!(set("none", &good).complaint().contains("no relay 'none'"));
    assert!(set(RELAY, &good).complaint().contains("native"));
    for kind in ["native", "loopback", "linq"] {
        let refused = world.run(&["relay", "add", "bridge", "--kind", kind, "--password-file", &good]);
        assert!(refused.complaint().contains(&format!("a {kind} relay has no password")), "{refused:?}");
    }
    assert_eq!(stored(&world, "mute"), None);
    let listed = world.run(&["relay", "list", "--json"]).json();
    assert_eq!(listed["relays"].as_array().unwrap().len(), 2, "none was added");
}
