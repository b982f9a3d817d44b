//! Wrong usage, help, and what operators see of chats.

use serde_json::Value;

use super::{
    event::{group, message, rename},
    program::{program, run},
    world::{LINE, TENANT, World, text},
};

/// Every command with the options that it has.
const COMMANDS: [(&[&str], &[&str]); 27] = [
    (&["serve"], &["--listen", "--config", "--store"]),
    (&["demo"], &["--listen", "--once"]),
    (
        &["replay"],
        &["FILE", "--to", "--relay", "--secret-file", "--rate", "--batch", "--connections", "--json"],
    ),
    (
        &["relay-sim"],
        &[
            "--listen",
            "--events-to",
            "--relay",
            "--secret-file",
            "--queue",
            "--fail",
            "--hang-up",
            "--echo",
            "--events",
            "--delay",
            "--exact-delay",
            "--seed",
        ],
    ),
    (
        &["verify-signature"],
        &[
            "--relay",
            "--scheme",
            "hmac-v1",
            "standard-webhooks",
            "linq-legacy",
            "url-token",
            "--secret-file",
            "--header",
            "--headers-file",
            "--body-file",
            "--url",
            "--at",
            "--json",
        ],
    ),
    (&["tenant"], &["add", "list", "rotate-secret", "suspend", "resume"]),
    (&["tenant", "add"], &["SLUG", "--multi-tenant", "--json"]),
    (&["tenant", "list"], &["--json"]),
    (&["tenant", "rotate-secret"], &["SLUG", "--overlap", "--json"]),
    (&["tenant", "suspend"], &["SLUG"]),
    (&["tenant", "resume"], &["SLUG"]),
    (
        &["relay", "add"],
        &["SLUG", "--kind", "bluebubbles", "linq", "--url", "--secret-file", "--password-file", "--json"],
    ),
    (&["relay", "list"], &["--json"]),
    (&["relay", "parked"], &["SLUG", "--json"]),
    (&["relay", "rotate-secret"], &["SLUG", "--secret-file", "--overlap", "24h", "--json"]),
    (&["relay", "set-url"], &["SLUG", "URL"]),
    (&["relay", "set-password"], &["SLUG", "--password-file"]),
    (&["relay", "remove"], &["SLUG"]),
    (&["line", "add"], &["NUMBER", "--tenant", "--relay", "--json"]),
    (&["line", "list"], &["--json"]),
    (&["line", "deactivate"], &["NUMBER"]),
    (&["line", "activate"], &["NUMBER"]),
    (&["line", "move"], &["NUMBER", "--tenant", "--relay"]),
    (&["chat", "list"], &["--tenant", "--json"]),
    (&["chat", "show"], &["ID", "--json"]),
    (&["migrate"], &["--config", "--store"]),
    (&["check"], &["--config", "--store"]),
];

#[test]
fn help_mentions_every_option() {
    for (command, options) in COMMANDS {
        let help = run(program().args(command).arg("--help"));
        for option in options.iter().chain(&["--config", "--store"]) {
            assert!(help.text().contains(option), "{option} in {command:?}: {}", help.stdout);
        }
        assert_eq!(help.told, "");
    }
    assert!(run(program().arg("--version")).text().starts_with("chert-groups 0."));
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        &[][..],
        &["fly"],
        &["serve", "--listen", "nowhere"],
        &["tenant", "add"],
        &["tenant", "add", "Not A Slug"],
        &["tenant", "rotate-secret", "acme", "--overlap", "-1h"],
        &["relay", "add", "mac-1", "--kind", "pigeon"],
        &["relay", "add", "mac-1", "--url", "ftp://relay.example"],
        &["line", "add", "5550100", "--tenant", "acme", "--relay", "mac-1"],
        &["line", "add", "+15555550100"],
        &["line", "move", "+15555550100"],
        &["chat", "show", "42"],
        &["replay", "--to", "http://127.0.0.1:1", "--relay", "mac-1"],
        &["replay", "f", "--to", "http://127.0.0.1:1", "--relay", "mac-1", "--batch", "1001"],
    ] {
        let refused = run(program().args(arguments));
        assert_eq!((refused.status, &*refused.stdout), (Some(2), ""), "{arguments:?}: {refused:?}");
        assert!(refused.told.contains("--help"), "{refused:?}");
    }
}

#[test]
fn operators_see_chats() {
    let world = World::new();
    let service = world.serve();
    let told = world.tell(
        &service,
        &[
            message(LINE, &group(1), 1),
            rename(LINE, &group(1), 2, "Team lunch"),
            message(LINE, "any;-;+14155550112", 3),
        ],
    );
    let (first, second) = (&told[0].1, &told[2].1);
    let list = world.run(&["chat", "list", "--json"]).json();
    let ids: Vec<_> = list["chats"].as_array().unwrap().iter().map(|chat| text(&chat["id"])).collect();
    assert!(ids.len() == 2 && ids.contains(first) && ids.contains(second), "{ids:?}");
    let of_first = list["chats"].as_array().unwrap().iter().find(|chat| chat["id"] == **first).unwrap();
    for field in ["tenant", "from", "is_group", "display_name", "participants", "status", "version"] {
        assert!(!of_first[field].is_null(), "{field} in {list}");
    }
    let of = |tenant| world.run(&["chat", "list", "--tenant", tenant, "--json"]).json();
    assert_eq!(of(TENANT), list);
    assert_eq!(of("nobody")["chats"], Value::Array(vec![]));

    let chat = world.run(&["chat", "show", first, "--json"]).json();
    assert_eq!(chat["display_name"], "Team lunch");
    assert_eq!(chat["conversation_key"], group(1));
    assert_eq!(chat["people"][0]["address"], "+14155550111");
    assert_eq!(chat["people"][0]["status"], "active");
    for command in [&["chat", "list"][..], &["chat", "show", first]] {
        let table = world.run(command);
        assert!(table.text().contains(first.as_str()) && table.stdout.contains("Team lunch"), "{table:?}");
        assert!(table.stdout.contains('│') && serde_json::from_str::<Value>(&table.stdout).is_err());
    }
}
