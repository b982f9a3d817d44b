//! `kill -9` while relays post events that cannot be placed yet, and those that make it possible.

use std::{
    io,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use chert_groups::clock::Clock;

use super::{
    http::{Answer, Client},
    service::Service,
    world::{TENANT, World, text},
};
use crate::support::{BlueBubbles, Linq, foreign::webhook_signature};

const ROUNDS: usize = 4;
const CLIENTS: u32 = 4;

/// A service is not killed before it has been sent so many events.
const LOAD: u32 = 25;

/// Longer than that takes, where each of them is difficult.
const PATIENCE: Duration = Duration::from_secs(30);

const LINQ_LINES: [&str; 2] = ["+12025550100", "+12025550101"];
const MAC_LINE: &str = "+15555550110";

/// Groups and row numbers there are so many of that most are unknown when they are first spoken of.
const KINDS: u32 = 60;

/// The relays as they are known to the service.
struct Relays {
    webhook_secret: String,
    token: String,
}

/// What a relay says about the group, or the row number, `of`. Each is said once.
#[derive(Clone, Copy)]
enum Said {
    /// Linq says without a line that somebody is in the group.
    Added { id: u32, of: u32 },
    /// Linq says a line that is in the group.
    Shown { id: u32, of: u32 },
    /// The Mac says that whoever has the number is in a group of its own.
    Numbered { id: u32, of: u32 },
    /// The Mac says who has the number.
    Told { id: u32, of: u32 },
}

#[test]
fn nothing_that_waits_is_lost_by_kill_9() {
    let world = World::new();
    let relays = Relays::added_to(&world);
    let ids = AtomicU32::new(1);
    let mut acknowledged = Vec::new();
    for _ in 0..ROUNDS {
        let service = world.serve();
        acknowledged.extend(killed_under_load(&relays, service, &ids));
        world.serve().kill();
        assert_kept(&world, &acknowledged);
    }
    let waits = || world.store.count("SELECT count(*) FROM parked");
    assert!(waits() > 0, "something still waits");
    let service = world.serve();
    let mut client = Client::connect(service.address).unwrap();
    for of in 0..KINDS {
        for said in [
            Said::Shown { id: ids.fetch_add(1, SeqCst), of },
            Said::Told { id: ids.fetch_add(1, SeqCst), of },
        ] {
            assert_eq!(relays.post(&mut client, said).unwrap().status, 200);
            acknowledged.push(said);
        }
    }
    assert_eq!(waits(), 0, "all that has waited is known now");
    assert_kept(&world, &acknowledged);
    service.stop();
}

fn killed_under_load(relays: &Relays, service: Service, ids: &AtomicU32) -> Vec<Said> {
    let (address, first) = (service.address, ids.load(SeqCst));
    let post = || {
        let mut acknowledged = Vec::new();
        let Ok(mut client) = Client::connect(address) else { return acknowledged };
        loop {
            let said = Said::something(ids.fetch_add(1, SeqCst));
            // The first request that is not answered is the end of this service.
            let Ok(answer) = relays.post(&mut client, said) else { return acknowledged };
            assert_eq!(answer.status, 200, "{answer:?}");
            acknowledged.push(said);
        }
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(post)).collect();
        wait_until_sent(ids, first + LOAD);
        thread::sleep(Duration::from_millis(rand::random_range(0..400)));
        service.kill();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Waits until so many events have been sent.
fn wait_until_sent(ids: &AtomicU32, number: u32) {
    let started = Instant::now();
    while ids.load(SeqCst) < number {
        assert!(started.elapsed() < PATIENCE, "no load");
        thread::sleep(Duration::from_millis(2));
    }
}

impl Said {
    fn something(id: u32) -> Self {
        let of = rand::random_range(0..KINDS);
        match rand::random_range(0..10) {
            0..4 => Self::Added { id, of },
            4 => Self::Shown { id, of },
            5..9 => Self::Numbered { id, of },
            _ => Self::Told { id, of },
        }
    }

    /// Whether it is about people at all: then it must be found, or wait.
    fn who(self) -> Option<(u32, String, String)> {
        match self {
            Self::Added { id, of } => Some((id, group(of), address(id))),
            Self::Numbered { id, of } => Some((id, groups_own(id), address(of))),
            Self::Shown { .. } | Self::Told { .. } => None,
        }
    }
}

fn group(of: u32) -> String {
    format!("group-{of}")
}

/// The group of one report.
fn groups_own(id: u32) -> String {
    format!("iMessage;+;chat{id}")
}

fn address(of: u32) -> String {
    format!("guest{of}@example.org")
}

fn event_id(id: u32) -> String {
    format!("event-{id:06}")
}

impl Relays {
    fn added_to(world: &World) -> Self {
        let secret =
            |kind: &str| text(&world.run(&["relay", "add", kind, "--kind", kind, "--json"]).json()["secret"]);
        let relays = Self { webhook_secret: secret("linq"), token: secret("bluebubbles") };
        for (line, relay) in [(LINQ_LINES[0], "linq"), (LINQ_LINES[1], "linq"), (MAC_LINE, "bluebubbles")] {
            world.run(&["line", "add", line, "--tenant", TENANT, "--relay", relay]).text();
        }
        relays
    }

    fn post(&self, client: &mut Client, said: Said) -> io::Result<Answer> {
        let now = Clock::system().now();
        let (id, time, millis) = (said.id(), now.to_rfc3339(), i64::try_from(now.unix_millis()).unwrap());
        let as_linq = |client: &mut Client, event: Linq| self.linq(client, &event.at(&time).to_string());
        let as_mac =
            |client: &mut Client, event: BlueBubbles| self.mac(client, &event.at(millis).to_string());
        match said {
            Said::Added { of, .. } => {
                as_linq(client, Linq::participant("added", &id, &group(of), &address(said.number())))
            }
            Said::Shown { of, .. } => {
                let line = LINQ_LINES[of as usize % LINQ_LINES.len()];
                as_linq(client, Linq::message(&id, &group(of)).line(line))
            }
            Said::Numbered { of, .. } => {
                let added = BlueBubbles::added(&id, (of + 1).into()).by_us();
                as_mac(client, added.in_chat(&groups_own(said.number())))
            }
            Said::Told { of, .. } => {
                let told = BlueBubbles::message(&id).from((of + 1).into(), &address(of));
                as_mac(client, told.in_chat(&groups_own(0)))
            }
        }
    }

    fn linq(&self, client: &mut Client, body: &str) -> io::Result<Answer> {
        let seconds = Clock::system().now().seconds().to_string();
        let signature = webhook_signature(&self.webhook_secret, "msg_1", &seconds, body.as_bytes());
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", &*seconds), ("webhook-signature", &*signature)];
        client.exchange("POST", "/upstream/v1/linq/linq", &headers, body)
    }

    fn mac(&self, client: &mut Client, body: &str) -> io::Result<Answer> {
        let path = format!("/upstream/v1/bluebubbles/bluebubbles?token={}", self.token);
        client.exchange("POST", &path, &[], body)
    }
}

impl Said {
    const fn number(self) -> u32 {
        match self {
            Self::Added { id, .. }
            | Self::Shown { id, .. }
            | Self::Numbered { id, .. }
            | Self::Told { id, .. } => id,
        }
    }

    fn id(self) -> String {
        event_id(self.number())
    }
}

/// Everything acknowledged is in its chat, or waits: one of the two. What waits is counted.
fn assert_kept(world: &World, acknowledged: &[Said]) {
    world.assert_sound();
    for (id, group, address) in acknowledged.iter().filter_map(|said| said.who()) {
        let group = group.replace("iMessage", "any");
        let there = world.store.count(&format!(
            "SELECT count(*) FROM conversation_keys AS keys JOIN participants AS people USING (chat_id)
             WHERE keys.conversation = '{group}' AND people.address = '{address}'"
        ));
        let said = world.store.contains("report", &event_id(id));
        let waits = format!("SELECT count(*) FROM parked WHERE conversation = '{group}' AND {said}");
        let waits = world.store.count(&waits);
        assert_eq!(there + waits, 1, "event {id} of {group} is there {there} times, and waits {waits} times");
    }
    let wrong = "SELECT count(*) FROM parking
                 WHERE (reports, bytes) <> (SELECT count(*), coalesce(sum(length(report)), 0) FROM parked
                                            WHERE parked.relay = parking.relay)";
    assert_eq!(world.store.count(wrong), 0, "what waits is counted");
}
