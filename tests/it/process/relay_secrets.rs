//! The secrets of relays: each kind has its form, whether made or brought along.

use serde_json::{Value, json};

use super::world::{World, text};

const PUBLISHED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const HEX: &str = "0123456789abcdef0123456789abcdef";

/// Whether a secret that was made has the form of its kind.
fn has_form(kind: &str, secret: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    match kind {
        // 32 bytes, with padding.
        "linq" => {
            secret.strip_prefix("whsec_").is_some_and(|base64| base64.len() == 44 && base64.ends_with('='))
        }
        _ => secret.len() == 32 && secret.bytes().all(hex),
    }
}

/// Adds a relay whose secret is in a file.
fn import(world: &World, kind: &str, secret: &str) -> super::program::Ran {
    let file = world.folder().join("secret");
    std::fs::write(&file, secret).unwrap();
    world.run(&[
        "relay",
        "add",
        "imported",
        "--kind",
        kind,
        "--secret-file",
        file.to_str().unwrap(),
        "--json",
    ])
}

#[test]
fn each_kind_gets_a_secret_of_its_form_and_another_on_rotation() {
    let world = World::new();
    for kind in ["native", "loopback", "bluebubbles", "linq"] {
        let added = world.run(&["relay", "add", kind, "--kind", kind, "--json"]).json();
        let rotated = world.run(&["relay", "rotate-secret", kind, "--json"]).json();
        let (first, second) = (text(&added["secret"]), text(&rotated["secret"]));
        for (shown, secret) in [(&added, &first), (&rotated, &second)] {
            assert_eq!(*shown, json!({"relay": kind, "secret": secret}), "{kind}");
            assert!(has_form(kind, secret), "{kind}: {secret}");
        }
        assert_ne!(first, second);
    }
    let listed = world.run(&["relay", "list", "--json"]).json();
    let kinds: Vec<_> = listed["relays"].as_array().unwrap().iter().map(|relay| &relay["kind"]).collect();
    assert_eq!(kinds, ["bluebubbles", "linq", "loopback", "native", "native"]);
}

#[test]
fn a_secret_is_imported_as_it_is_written() {
    let long = format!("whsec_{}", "QUJD".repeat(21));
    for (kind, secret) in [
        ("linq", PUBLISHED),
        ("linq", &PUBLISHED["whsec_".len()..]),
        ("linq", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("linq", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("linq", &long),
        ("bluebubbles", HEX),
        ("native", HEX),
    ] {
        let world = World::new();
        let imported = import(&world, kind, &format!("{secret}\n")).json();
        assert_eq!(imported, json!({"relay": "imported", "secret": secret}), "{kind}");
        assert_eq!(
            world.run(&["relay", "list", "--json"]).json()["relays"][0]["kind"],
            kind,
            "it is read again"
        );
    }
}

#[test]
fn a_secret_of_another_form_is_refused() {
    let world = World::new();
    for (kind, secret, why) in [
        ("linq", "", "the base64 of 24 to 64 bytes, and this is that of 0"),
        ("linq", "whsec_", "the base64 of 24 to 64 bytes, and this is that of 0"),
        ("linq", "whsec_AAAA", "this is that of 3"),
        ("linq", &format!("whsec_{}", "QUJD".repeat(22)), "this is that of 66"),
        ("linq", "whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD", "no base64"),
        ("linq", "a secret of my own, long enough to be one", "no base64"),
        ("bluebubbles", PUBLISHED, "32 lower-case hexadecimal characters"),
        ("native", "0123456789ABCDEF0123456789ABCDEF", "32 lower-case hexadecimal characters"),
    ] {
        let refused = import(&world, kind, secret);
        assert!(refused.complaint().contains(why), "{kind} {secret}: {refused:?}");
        assert!(secret.len() < 10 || !refused.told.contains(secret), "the secret is not repeated");
    }
    assert_eq!(world.run(&["relay", "list", "--json"]).json()["relays"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rotation_takes_a_secret_of_the_relays_kind() {
    let world = World::new();
    world.run(&["relay", "add", "partner", "--kind", "linq"]).text();
    let file = world.folder().join("secret");
    let file = file.to_str().unwrap();
    std::fs::write(file, PUBLISHED).unwrap();
    let rotate = ["relay", "rotate-secret", "partner", "--secret-file", file, "--json"];
    assert_eq!(world.run(&rotate).json(), json!({"relay": "partner", "secret": PUBLISHED}));
    assert!(world.run(&rotate).complaint().contains("in use already"));
    std::fs::write(file, HEX.replace('0', "g-")).unwrap();
    assert!(world.run(&rotate).complaint().contains("no base64"));
    std::fs::write(file, PUBLISHED).unwrap();
    let native = ["relay", "rotate-secret", "mac-1", "--secret-file", file];
    assert!(world.run(&native).complaint().contains("32 lower-case hexadecimal characters"));
}

#[test]
fn relays_that_are_told_a_url_are_shown_theirs() {
    let world = World::new();
    let path_of = |shown: &str| {
        let line = shown.lines().find_map(|line| line.strip_prefix("webhook path"));
        line.map(|path| path.trim().to_owned())
    };
    for command in
        [&["relay", "add", "mac-2", "--kind", "bluebubbles"][..], &["relay", "rotate-secret", "mac-2"]]
    {
        let shown = world.run(command);
        let secret = shown.text().lines().find_map(|line| line.strip_prefix("secret ")).unwrap().trim();
        let path = format!("/upstream/v1/bluebubbles/mac-2?token={secret}");
        assert_eq!(path_of(&shown.stdout), Some(path), "{shown:?}");
        assert!(!shown.told.contains(secret), "{shown:?}");
    }
    let shown = world.run(&["relay", "add", "partner", "--kind", "linq"]);
    assert_eq!(path_of(shown.text()).as_deref(), Some("/upstream/v1/linq/partner"));
    assert_eq!(path_of(world.run(&["relay", "add", "plain"]).text()), None);

    for (slug, kind, path) in [
        ("mac-3", "bluebubbles", "/upstream/v1/bluebubbles/mac-3?token=SECRET"),
        ("partner-2", "linq", "/upstream/v1/linq/partner-2\n"),
    ] {
        let shown = world.run(&["relay", "add", slug, "--kind", kind, "--json"]);
        let Value::Object(document) = shown.json() else { panic!("{shown:?}") };
        assert_eq!(document.len(), 2);
        assert!(shown.told.contains(path), "{shown:?}");
    }
}
