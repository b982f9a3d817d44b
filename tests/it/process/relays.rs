//! What operators are told of relays: kinds without a URL, several lines on one relay, and what is parked.

use serde_json::{Value, json};

use super::{
    event::{group, message},
    http::Client,
    world::{LINE, RELAY, TENANT, World},
};

#[test]
fn a_relay_that_is_not_reached_takes_no_url() {
    let world = World::new();
    let url = "http://relay.example";
    for kind in ["loopback", "linq"] {
        let refused = world.run(&["relay", "add", "other", "--kind", kind, "--url", url]);
        let why = format!("a {kind} relay has no URL: leave --url out");
        assert!(refused.complaint().contains(&why), "{refused:?}");
        world.run(&["relay", "add", kind, "--kind", kind]).text();
        let refused = world.run(&["relay", "set-url", kind, url]);
        let why = format!("relay '{kind}' is of the kind {kind}, and such relays have no URL");
        assert!(refused.complaint().contains(&why), "{refused:?}");
    }
    for kind in ["native", "bluebubbles"] {
        world.run(&["relay", "add", kind, "--kind", kind, "--url", url]).text();
        assert!(
            world.run(&["relay", "set-url", kind, "https://relay.example"]).text().contains("reached at")
        );
    }
    let listed = world.run(&["relay", "list", "--json"]).json();
    let urls: Vec<_> = listed["relays"].as_array().unwrap().iter().map(|relay| &relay["url"]).collect();
    let there = json!("https://relay.example");
    assert_eq!(urls, [&there, &Value::Null, &Value::Null, &Value::Null, &there]);
}

#[test]
fn what_a_second_line_means_is_said_where_events_may_name_none() {
    let world = World::new();
    let several =
        |relay: &str| format!("Relay {relay} serves 2 lines now: an event that names none of them waits");
    for (place, kind) in ["native", "loopback", "linq", "bluebubbles"].into_iter().enumerate() {
        world.run(&["relay", "add", kind, "--kind", kind]).text();
        let add = |number: &str| world.run(&["line", "add", number, "--tenant", TENANT, "--relay", kind]);
        let added = add(&format!("+1555555011{place}"));
        assert_eq!((added.status, added.told.as_str()), (Some(0), ""), "one line is all there is to name");
        let added = add(&format!("+1555555012{place}"));
        assert!(added.text().contains("is served by"));
        let waits = matches!(kind, "linq" | "bluebubbles");
        assert_eq!(added.told.contains(&several(kind)), waits, "{added:?}");
        let in_url = format!("&line=%2B1555555012{place}");
        assert_eq!(added.told.contains(&in_url), kind == "bluebubbles", "{added:?}");
    }
    // A line that moves there is one more, too; as JSON the remark is no part of the answer.
    world.run(&["relay", "add", "partner", "--kind", "linq"]).text();
    let first = ["line", "add", "+15555550130", "--tenant", TENANT, "--relay", "partner", "--json"];
    assert_eq!(world.run(&first).told, "");
    let moved = world.run(&["line", "move", LINE, "--relay", "partner"]);
    assert!(moved.text().contains("is served by partner") && moved.told.contains(&several("partner")));
    let third =
        world.run(&["line", "add", "+15555550131", "--tenant", TENANT, "--relay", "partner", "--json"]);
    assert_eq!(third.json()["relay"], "partner");
    assert!(third.told.contains("serves 3 lines now"));
}

#[test]
fn a_line_moves_to_a_tenant_to_a_relay_or_to_both() {
    let world = World::new();
    world.run(&["tenant", "add", "shop"]).text();
    world.run(&["relay", "add", "other"]).text();
    for (to, tenant, relay) in [
        (&["--relay", "other"][..], TENANT, "other"),
        (&["--tenant", "shop"], "shop", "other"),
        (&["--tenant", TENANT, "--relay", RELAY], TENANT, RELAY),
        (&["--relay", RELAY], TENANT, RELAY),
    ] {
        let moved = world.run(&[&["line", "move", LINE], to].concat());
        for (named, slug) in [("--tenant", tenant), ("--relay", relay)] {
            assert_eq!(moved.text().contains(&format!(" {slug};")), to.contains(&named), "{moved:?}");
        }
        let line = world.run(&["line", "list", "--json"]).json()["lines"][0].take();
        assert_eq!((&line["tenant"], &line["relay"]), (&json!(tenant), &json!(relay)), "{to:?}");
    }
}

#[test]
fn what_is_parked_is_told_by_what_it_waits_for() {
    let world = World::new();
    assert!(world.run(&["relay", "parked", RELAY]).text().contains("nothing of relay mac-1 is parked"));
    assert_eq!(
        world.run(&["relay", "parked", RELAY, "--json"]).json(),
        json!({"relay": RELAY, "parked": []})
    );
    let service = world.serve();
    let mut client = Client::connect(service.address).unwrap();
    let events = [
        message("+15555550178", &group(1), 1),
        message("+15555550177", &group(1), 2),
        message("+15555550177", &group(2), 3),
    ];
    let answer = world.post(&mut client, &events).unwrap().json();
    assert!(answer["results"].as_array().unwrap().iter().all(|result| result["outcome"] == "parked"));
    let mut parked = world.run(&["relay", "parked", RELAY, "--json"]).json()["parked"].take();
    for row in parked.as_array_mut().unwrap() {
        assert!(row["bytes"].take().as_u64().unwrap() > 0);
        assert!(row["oldest"].take().as_str().unwrap().ends_with('Z'));
    }
    let row = |line: &str, events: u32| json!({"waits_for": "line", "line": line, "events": events, "bytes": null, "oldest": null});
    assert_eq!(parked, json!([row("+15555550177", 2), row("+15555550178", 1)]));
    let table = world.run(&["relay", "parked", RELAY]);
    assert!(table.text().contains('│') && table.stdout.contains("line +15555550177"), "{table:?}");
}
