//! `tenant`, `relay` and `line`: what they print, what they refuse, and how soon a running service knows.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    event::{group, message},
    http::Client,
    service::Service,
    world::{LINE, RELAY, TENANT, World, text},
};

/// How soon a change must be in effect.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The names of a JSON object's fields.
fn fields(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn is_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

#[test]
fn a_secret_is_shown_once_and_never_listed() {
    let world = World::new();
    let mut secrets = vec![world.tenant_secret.clone(), world.relay_secret.clone()];
    for (command, field) in [
        (&["tenant", "add", "shop", "--json"][..], "signing_secret"),
        (&["tenant", "rotate-secret", "shop", "--json"], "signing_secret"),
        (&["relay", "add", "mac-2", "--json"], "secret"),
        (&["relay", "rotate-secret", "mac-2", "--json", "--overlap", "30m"], "secret"),
    ] {
        let shown = world.run(command).json();
        assert_eq!(shown[command[0]], command[2]);
        assert_eq!(fields(&shown).len(), 2, "{shown}");
        secrets.push(text(&shown[field]));
    }
    let shown = world.run(&["tenant", "add", "plain"]);
    assert!(serde_json::from_str::<Value>(shown.text()).is_err(), "for people");
    assert!(shown.told.contains("not shown again"));
    secrets.push(shown.stdout.split_whitespace().last().unwrap().to_owned());
    assert!(secrets.iter().all(|secret| is_secret(secret)), "{secrets:?}");
    for list in ["tenant", "relay", "line"] {
        for command in [&[list, "list"][..], &[list, "list", "--json"]] {
            let listed = world.run(command);
            assert!(!secrets.iter().any(|secret| listed.text().contains(secret)), "{listed:?}");
        }
    }
}

#[test]
fn lists_have_the_documented_fields() {
    let world = World::new();
    world.run(&["tenant", "add", "many", "--multi-tenant"]).text();
    world.run(&["tenant", "suspend", "many"]).text();
    world.run(&["relay", "set-url", RELAY, "https://relay.example:8443/"]).text();
    world.run(&["line", "deactivate", LINE]).text();

    let mut tenants = world.run(&["tenant", "list", "--json"]).json();
    assert!(text(&tenants["tenants"][0]["created_at"].take()).ends_with('Z'));
    assert!(tenants["tenants"][1]["created_at"].take().is_string());
    let expected = json!([
        {"tenant": TENANT, "multi_tenant": false, "suspended": false, "lines": 1, "created_at": null},
        {"tenant": "many", "multi_tenant": true, "suspended": true, "lines": 0, "created_at": null},
    ]);
    assert_eq!(tenants, json!({"tenants": expected}));

    let mut relays = world.run(&["relay", "list", "--json"]).json();
    assert!(relays["relays"][0]["created_at"].take().is_string());
    let expected = json!([{
        "relay": RELAY, "kind": "native", "url": "https://relay.example:8443", "password": null, "lines": 1,
        "parked": 0, "created_at": null,
    }]);
    assert_eq!(relays, json!({"relays": expected}));

    let line = |status: &str, tenant: &str| {
        let mut lines = world.run(&["line", "list", "--json"]).json();
        assert!(lines["lines"][0]["created_at"].take().is_string());
        let line =
            json!({"line": LINE, "tenant": tenant, "relay": RELAY, "status": status, "created_at": null});
        assert_eq!(lines, json!({"lines": [line]}));
    };
    line("inactive", TENANT);
    world.run(&["line", "activate", LINE]).text();
    line("active", TENANT);
    world.run(&["line", "move", LINE, "--tenant", "many"]).text();
    line("active", "many");

    for list in ["tenant", "relay", "line"] {
        let table = world.run(&[list, "list"]);
        assert!(table.text().contains('│') && table.stdout.contains("added"), "{table:?}");
        assert_eq!(table.told, "", "a table is all");
    }
}

#[test]
fn adding_prints_one_document() {
    let world = World::new();
    let line =
        world.run(&["line", "add", "+15555550101", "--tenant", TENANT, "--relay", RELAY, "--json"]).json();
    assert_eq!(line, json!({"line": "+15555550101", "tenant": TENANT, "relay": RELAY}));

    let file = world.folder().join("secret");
    std::fs::write(&file, "00112233445566778899aabbccddeeff\n").unwrap();
    let file = file.to_str().unwrap();
    let relay = ["relay", "add", "loop", "--kind", "loopback", "--secret-file", file, "--json"];
    assert_eq!(
        world.run(&relay).json(),
        json!({"relay": "loop", "secret": "00112233445566778899aabbccddeeff"})
    );
    let taken = world.run(&["relay", "add", "other", "--secret-file", file]);
    assert!(taken.complaint().contains("in use already"));
    assert!(world.run(&["relay", "remove", "loop"]).text().contains("removed"));
}

#[test]
fn what_cannot_be_done_is_one_line() {
    let world = World::new();
    for (command, why) in [
        (&["tenant", "add", TENANT][..], "there is a tenant 'acme' already"),
        (&["relay", "add", RELAY], "there is a relay 'mac-1' already"),
        (&["line", "add", LINE, "--tenant", TENANT, "--relay", RELAY], "already"),
        (&["line", "add", "+15555550101", "--tenant", "nobody", "--relay", RELAY], "no tenant 'nobody'"),
        (&["line", "add", "+15555550101", "--tenant", TENANT, "--relay", "none"], "no relay 'none'"),
        (&["line", "move", LINE, "--tenant", "nobody"], "no tenant 'nobody'"),
        (&["line", "move", "+15555550101", "--tenant", TENANT], "no line"),
        (&["line", "move", LINE, "--relay", "none"], "no relay 'none'"),
        (&["line", "move", LINE, "--tenant", "nobody", "--relay", RELAY], "no tenant 'nobody'"),
        (&["line", "move", "+15555550101", "--relay", RELAY], "no line"),
        (&["relay", "parked", "none"], "no relay 'none'"),
        (&["line", "deactivate", "+15555550101"], "no line"),
        (&["tenant", "suspend", "nobody"], "no tenant 'nobody'"),
        (&["tenant", "resume", "nobody"], "no tenant 'nobody'"),
        (&["tenant", "rotate-secret", "nobody"], "no tenant 'nobody'"),
        (&["relay", "rotate-secret", "none"], "no relay 'none'"),
        (&["relay", "set-url", "none", "https://relay.example"], "no relay 'none'"),
        (&["relay", "remove", "none"], "no relay 'none'"),
        (&["relay", "remove", RELAY], "serves 1 line(s)"),
        (&["relay", "add", "other", "--secret-file", "/nowhere/secret"], "cannot read /nowhere/secret"),
        (&["chat", "show", "01890000-0000-7000-8000-000000000000"], "there is no chat"),
    ] {
        let refused = world.run(command);
        assert!(refused.complaint().contains(why), "{command:?}: {refused:?}");
    }
    assert_eq!(world.run(&["tenant", "list", "--json"]).json()["tenants"].as_array().unwrap().len(), 1);
}

/// Asks until the answer is the expected one; how long that took.
fn until(service: &Service, headers: &[(&str, &str)], status: u16) -> Duration {
    let started = Instant::now();
    let mut client = Client::connect(service.address).unwrap();
    loop {
        let answer = client.exchange("GET", "/api/v1/chats", headers, "").unwrap();
        if answer.status == status {
            return started.elapsed();
        }
        assert!(started.elapsed() < Duration::from_secs(10), "not {status} but {answer:?}");
    }
}

#[test]
fn a_running_service_knows_a_change_within_a_second() {
    let world = World::new();
    let service = world.serve();
    let added = world.run(&["tenant", "add", "shop", "--json"]).json();
    let bearer = format!("Bearer {}", text(&added["signing_secret"]));
    let shop = [("authorization", bearer.as_str())];
    assert_eq!(service.get("/api/v1/chats", &shop).status, 200, "the first request of a new tenant");

    world.run(&["tenant", "suspend", "shop"]).text();
    assert!(until(&service, &shop, 403) < AT_ONCE);
    assert_eq!(service.get("/api/v1/chats", &shop).code(), 2005);
    world.run(&["tenant", "resume", "shop"]).text();
    assert!(until(&service, &shop, 200) < AT_ONCE);

    let rotate = ["tenant", "rotate-secret", "shop", "--overlap", "3s", "--json"];
    let rotated = world.run(&rotate).json();
    let newer = format!("Bearer {}", text(&rotated["signing_secret"]));
    let renewed = [("authorization", newer.as_str())];
    assert_eq!(service.get("/api/v1/chats", &renewed).status, 200, "the new secret at once");
    assert_eq!(service.get("/api/v1/chats", &shop).status, 200, "the old one for a while");
    assert!(until(&service, &shop, 401) < Duration::from_secs(4));
    assert_eq!(service.get("/api/v1/chats", &renewed).status, 200);

    world.run(&["tenant", "rotate-secret", "shop"]).text();
    assert!(until(&service, &renewed, 401) < AT_ONCE, "without an overlap the old one is over");
}

#[test]
fn a_relay_is_known_at_once_and_keeps_its_old_secret_for_a_day() {
    let mut world = World::new();
    let service = world.serve();
    world.tell(&service, &[message(LINE, &group(1), 1)]);
    let rotated = world.run(&["relay", "rotate-secret", RELAY, "--json"]).json();
    world.tell(&service, &[message(LINE, &group(1), 2)]);
    world.relay_secret = text(&rotated["secret"]);
    world.tell(&service, &[message(LINE, &group(1), 3)]);

    let number = "+15555550101";
    world.run(&["line", "add", number, "--tenant", TENANT, "--relay", RELAY]).text();
    let told = world.tell(&service, &[message(number, &group(1), 4)]);
    assert_eq!(told[0].0, "created", "an event of a line that was added a moment ago");
    world.run(&["tenant", "suspend", TENANT]).text();
    let bearer = world.bearer();
    until(&service, &[("authorization", &bearer)], 403);
    let told = world.tell(&service, &[message(number, &group(2), 5)]);
    assert_eq!(told[0].0, "created", "a suspended tenant's events are taken");
}
