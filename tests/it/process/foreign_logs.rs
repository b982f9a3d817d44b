//! What a service logs of relays of other systems when its libraries may log everything: nothing of what they sent.

use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};

use super::{
    foreign::{Foreign, LINQ_LINE, MAC, MAC_LINE},
    http::{Client, head},
    service::Service,
    world::World,
};
use crate::support::{BlueBubbles, FakeRelay, Linq, Say, relay::nobody};

const PASSWORD: &str = "mac-password-8-é&";
const GROUP: &str = "iMessage;+;chat7788990011223344";
const MADE: &str = "iMessage;+;chat5566778899001122";
const LINQ_CHAT: &str = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";
const SAM: &str = "+14155550133";
const EMAIL: &str = "robin.0134@example.org";
const WRONG: &str = "ffffeeeeddddccccbbbbaaaa99998888";

/// A service whose libraries may log everything, as far as the filter goes, and what it must not log.
struct Watched {
    world: World,
    service: Service,
    foreign: Foreign,
}

impl Watched {
    fn start(mac: &str) -> Self {
        let world = World::new();
        let foreign = Foreign::add_to(&world, mac, PASSWORD);
        let mut serve = world.program(&["serve", "--listen", "127.0.0.1:0"]);
        serve.env("CHERT_GROUPS__LOG__LEVEL", "trace,x=trace");
        let service = Service::start(&mut serve);
        Self { world, service, foreign }
    }

    /// The status of the answer, or 0 when there was none.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let mut client = Client::connect(self.service.address).unwrap();
        client.exchange(method, path, headers, body).map_or(0, |answer| answer.status)
    }

    /// Sends what no client would.
    fn send_raw(&self, head: &str) -> u16 {
        let mut client = Client::connect(self.service.address).unwrap();
        let sent = client.send(head).and_then(|()| client.answer());
        sent.map_or(0, |answer| answer.status)
    }

    fn create(&self, name: &str) -> u16 {
        let message = json!({"subject": name, "parts": [{"type": "text", "value": "Shall we?"}]});
        let body = json!({"from": MAC_LINE, "to": [SAM, "+14155550135"], "message": message}).to_string();
        self.send("POST", "/api/v1/chats", &[("authorization", &self.world.bearer())], &body)
    }

    /// Stops it. What it logged has nothing of all this, and is not nothing.
    fn assert_silent(mut self) {
        self.service.terminate();
        assert_eq!(self.service.ended(), (vec![], Some(0)), "it prints nothing");
        let log = self.service.log();
        let numbers = [MAC_LINE, LINQ_LINE, SAM, "+14155550135"];
        // A library that takes a number apart logs the parts.
        let digits = numbers.iter().flat_map(|number| [&number[1..], &number[2..], &number[5..]]);
        let secrets = [&*self.foreign.token, &self.foreign.webhook_secret, &self.world.tenant_secret, WRONG];
        let parts = ["mac-password", "chat7788990011223344", "chat5566778899001122", LINQ_CHAT, EMAIL];
        let texts = ["token=", "password=", "Runners", "Shall we", "Morning all"];
        for part in digits.chain(secrets).chain(parts).chain(texts) {
            assert!(!log.contains(part), "{part} in {:?}", log.lines().find(|line| line.contains(part)));
        }
        assert!(!Regex::new("[A-Za-z0-9+/]{43}=").unwrap().is_match(&log), "a signature");
        assert!(log.contains("request answered") && log.contains("actix_server"), "it logs: {log}");
    }
}

fn message(guid: &str) -> Value {
    let roster = [(7, SAM), (8, EMAIL)];
    let event = BlueBubbles::message(guid).in_chat(GROUP).from(7, SAM).participants(roster).named("Runners");
    serde_json::from_str(&event.to_string()).unwrap()
}

#[test]
fn of_events_with_a_token_in_their_url_nothing_is_logged() {
    let watched = Watched::start("http://127.0.0.1:9");
    let token = &watched.foreign.token;
    let path = |query: &str| format!("/upstream/v1/bluebubbles/bridge?{query}");
    let line = MAC_LINE.replace('+', "%2B");
    let good = path(&format!("token={token}&line={line}"));
    let body = message("G-1").to_string();
    for (method, path, status) in [
        ("POST", good.clone(), 200),
        ("POST", path(&format!("line={MAC_LINE}&token={token}")), 200),
        ("POST", path(&format!("token={WRONG}&line={line}")), 401),
        ("POST", path(&format!("token={token}&token={WRONG}")), 401),
        ("POST", path(&format!("token={token}&line={line}&line={line}")), 400),
        ("POST", path(&format!("token={token}&line={line}%ff")), 400),
        ("POST", path(&format!("token={token}&line=x{line}")), 400),
        ("POST", path(&format!("token={token}&line=%2B12025550132")), 403),
        ("POST", path(&format!("%74oken={token}&{token}=%")), 200),
        ("GET", good.clone(), 405),
        ("DELETE", good.clone(), 405),
        ("POST", format!("/upstream/v1/bluebubbles/{token}?token={token}"), 401),
        ("POST", format!("/upstream/v1/bluebubbles/bridge/{token}?token={token}"), 404),
        ("POST", format!("/upstream/v1/elsewhere/bridge?token={token}&line={line}"), 404),
        ("POST", format!("{good}&rest={}", "x".repeat(20_000)), 200),
    ] {
        assert_eq!(watched.send(method, &path, &[], &body), status, "{method} {path}");
    }
    let with_referer = [("referer", &*format!("http://mac.example{good}")), ("x-chert-signature", token)];
    assert_eq!(watched.send("POST", &good, &with_referer, &body), 200);
    assert_eq!(watched.send("POST", &good, &[], &body[1..]), 400);
    let too_long = format!("{good}&rest={}", "x".repeat(70_000));
    for head in [
        head("POST", &too_long, &[], &[("content-length", "0")]),
        head("POST", &format!("{good} <{token}>"), &[], &[]),
        head("POST", &format!("{good}&{token}=\u{7f}\u{1}"), &[], &[]),
        head("POST", &good, &[("content-length", token)], &[]),
        head("POST", &good, &[("transfer-encoding", token)], &[]),
        head("POST", &good, &[("content-length", "1"), ("content-length", token)], &[]),
        head(&format!("P{token}"), &good, &[], &[("content-length", "0")]),
        head("POST", &good, &[(&format!("x {token}"), token)], &[]),
        head("POST", &good, &[("x-folded", &format!("a\r\n {token}"))], &[("content-length", "0")]),
    ] {
        let status = watched.send_raw(&head);
        assert!(matches!(status, 0 | 400..=499), "{status} to {head:.200}");
    }
    watched.assert_silent();
}

#[test]
fn of_signed_events_nothing_is_logged() {
    let watched = Watched::start("http://127.0.0.1:9");
    let partner = watched.foreign.clone();
    let webhook_secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned();
    let stranger = Foreign { webhook_secret, ..partner.clone() };
    let created = Linq::created("e1", LINQ_CHAT, [SAM, EMAIL]).with("/data/handles/0/handle", LINQ_LINE);
    let renamed = Linq::renamed("e2", LINQ_CHAT, Some("Runners")).to_string();
    let spoiled = Linq::message("e3", LINQ_CHAT).line("soon, +12025550132").to_string();
    let others = Linq::message("e4", LINQ_CHAT).line(MAC_LINE).to_string();
    for (sender, body, status) in [
        (&partner, &*created.to_string(), 200),
        (&partner, &renamed, 200),
        (&partner, &Linq::message("e5", LINQ_CHAT).line(LINQ_LINE).to_string(), 200),
        (&partner, &spoiled, 400),
        (&partner, &others, 403),
        (&partner, &renamed[1..], 400),
        (&stranger, &renamed, 401),
    ] {
        let mut client = Client::connect(watched.service.address).unwrap();
        assert_eq!(sender.linq_posts(&mut client, body).unwrap().status, status, "{body}");
    }
    watched.assert_silent();
}

#[test]
fn of_a_password_in_the_urls_of_creates_nothing_is_logged() {
    let mac = FakeRelay::start();
    let watched = Watched::start(&mac.url());
    for (name, says, status) in [
        ("a", vec![Say::Chat(MADE), Say::Status(200)], 200),
        ("b", vec![Say::Chat(MADE), Say::CUT], 200),
        ("c", vec![Say::Status(500)], 502),
        ("d", vec![Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}}")], 502),
        (
            "e",
            vec![Say::Bytes("HTTP/1.1 302 Found\r\nlocation: /?password=x\r\ncontent-length: 0\r\n\r\n")],
            502,
        ),
        ("f", vec![Say::CUT], 503),
        ("g", vec![Say::Bytes("no HTTP at all\r\n\r\n")], 503),
    ] {
        mac.will(says);
        assert_eq!(watched.create(name), status, "{name}");
    }
    assert!(mac.seen().iter().all(|seen| seen.first_line.contains("?password=mac%2Dpassword%2D8")));
    // Nobody listens any more.
    let url = format!("http://{}", nobody());
    watched.world.run(&["relay", "set-url", MAC, &url]).text();
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(watched.create("h"), 503);
    watched.assert_silent();
}
