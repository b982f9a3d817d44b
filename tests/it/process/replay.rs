//! `replay`: recorded events, posted to a service that may be busy, restarted or not there.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    event::{group, message, ndjson},
    program::{Running, run, spawn},
    service::Service,
    world::{LINE, RELAY, World},
};

fn events(count: u32) -> Vec<Value> {
    (0..count).map(|number| message(LINE, &group(number), number)).collect()
}

impl World {
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `replay` of a file to an address.
    fn replay(&self, file: &PathBuf, to: SocketAddr, options: &[&str]) -> Command {
        let mut command = self.program(&["replay", "--relay", RELAY, "--to", &format!("http://{to}")]);
        command.arg(file).args(options).env("CHERT_GROUPS_RELAY_SECRET", &self.relay_secret);
        command
    }
}

#[test]
fn files_of_every_form_are_taken() {
    let world = World::new();
    let service = world.serve();
    let events = events(7);
    let one = events[0].to_string();
    let array = json!(events[1..3]).to_string();
    let envelope = json!({"events": events[3..5]}).to_string();
    for (name, text, count) in [
        ("one.json", one, 1),
        ("array.json", array, 2),
        ("envelope.json", envelope, 2),
        ("lines.ndjson", ndjson(&events[5..]), 2),
    ] {
        let replayed = run(&mut world.replay(&world.write(name, &text), service.address, &["--json"]));
        let summary = replayed.json();
        assert_eq!(summary["events"], count, "{name}: {summary}");
        assert_eq!(summary["outcomes"], json!({"created": count}), "{name}");
        assert_eq!(summary["rejected"], json!([]));
        assert!(summary["seconds"].is_f64() && summary["events_per_second"].is_f64(), "{summary}");
    }
    let all = world.write("all.ndjson", &ndjson(&events));
    let table = run(&mut world.replay(&all, service.address, &[]));
    assert!(table.text().contains('│') && table.stdout.contains("duplicate"), "{table:?}");
    assert!(table.stdout.contains("7 events in "), "{table:?}");
}

#[test]
fn rejected_events_are_named_and_harm_nobody() {
    let world = World::new();
    let service = world.serve();
    let mut timeless = message(LINE, &group(1), 1);
    timeless["timestamp"] = Value::Null;
    let lines = format!("{}{{broken\n{}", ndjson(&[timeless]), ndjson(&events(3)));
    let file = world.write("mixed.ndjson", &lines);
    let replayed = run(&mut world.replay(&file, service.address, &["--json"]));
    assert_eq!(replayed.status, Some(1));
    let summary: Value = serde_json::from_str(&replayed.stdout).expect("one document");
    assert_eq!(summary["outcomes"], json!({"created": 3, "rejected": 2}));
    let rejected = summary["rejected"].to_string();
    assert!(rejected.contains("event-1: 1001 ") && rejected.contains("(no id): 1004 "), "{rejected}");
    assert!(replayed.told.ends_with("chert-groups: 2 event(s) were rejected\n"), "{replayed:?}");
}

#[test]
fn what_cannot_be_replayed_is_one_line() {
    let world = World::new();
    let service = world.serve();
    let file = world.write("events.ndjson", &ndjson(&events(3)));
    let mut wrong_secret = world.replay(&file, service.address, &["--json"]);
    wrong_secret.env("CHERT_GROUPS_RELAY_SECRET", "0".repeat(32));
    assert!(run(&mut wrong_secret).complaint().contains("2004"));
    let mut no_secret = world.replay(&file, service.address, &[]);
    no_secret.env_remove("CHERT_GROUPS_RELAY_SECRET");
    let complaint = run(&mut no_secret);
    assert!(complaint.complaint().contains("--secret-file or set CHERT_GROUPS_RELAY_SECRET"));
    let mut bad_secret = world.replay(&file, service.address, &[]);
    bad_secret.env("CHERT_GROUPS_RELAY_SECRET", "hunter2");
    assert!(run(&mut bad_secret).complaint().contains("32 lower-case hexadecimal"));
    let missing = run(&mut world.replay(&world.folder().join("none.ndjson"), service.address, &[]));
    assert!(missing.complaint().contains("none.ndjson"), "{missing:?}");
    let folder = run(&mut world.replay(&world.folder().to_owned(), service.address, &[]));
    assert!(folder.complaint().contains("is a folder"), "{folder:?}");

    let secret = world.write("secret", &format!("{}\n", world.relay_secret));
    let mut by_file = world.replay(&file, service.address, &["--secret-file", secret.to_str().unwrap()]);
    assert_eq!(run(by_file.env_remove("CHERT_GROUPS_RELAY_SECRET")).status, Some(0));
}

#[test]
fn the_rate_is_kept() {
    let world = World::new();
    let service = world.serve();
    let file = world.write("events.ndjson", &ndjson(&events(100)));
    let summary =
        run(&mut world.replay(&file, service.address, &["--rate", "100", "--batch", "10", "--json"]));
    // The first batch goes at once, each of the nine others 100 ms after the one before it.
    let seconds = summary.json()["seconds"].as_f64().unwrap();
    assert!((0.88..3.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_slow_rate_is_no_burst() {
    let world = World::new();
    let service = world.serve();
    let file = world.write("events.ndjson", &ndjson(&events(30)));
    let summary = run(&mut world.replay(&file, service.address, &["--rate", "40", "--json"]));
    // Ten at a time.
    let seconds = summary.json()["seconds"].as_f64().unwrap();
    assert!((0.48..3.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_restart_under_way_is_waited_for() {
    let world = World::new();
    let service = world.serve();
    let address = service.address;
    let file = world.write("events.ndjson", &ndjson(&events(300)));
    let replay = spawn(&mut world.replay(&file, address, &["--rate", "200", "--batch", "10", "--json"]));
    let started = Instant::now();
    while world.resolve(address, &[group(50)])[0].is_none() {
        assert!(started.elapsed() < Duration::from_secs(20), "nothing arrives");
    }
    service.kill();
    let service = Service::start(&mut world.program(&["serve", "--listen", &address.to_string()]));
    let replayed = replay.finish();
    let summary = replayed.json();
    assert_eq!(summary["events"], 300, "{summary}");
    let keys: Vec<_> = (0..300).map(group).collect();
    assert!(world.resolve(service.address, &keys).iter().all(Option::is_some));
    world.assert_sound();
}

/// A service that gives one answer after the other, each to a request on a connection of its own. What it
/// returns is when the requests came, with their bodies.
fn pretend(answers: Vec<String>) -> (SocketAddr, JoinHandle<Vec<(Instant, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            requests.push((Instant::now(), body_of_request(&stream)));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        requests
    };
    (address, thread::spawn(serve))
}

fn body_of_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            None if line.trim().is_empty() => break,
            Some(_) | None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn answer(status: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn start(world: &World, address: SocketAddr) -> Running {
    let file = world.write("events.ndjson", &ndjson(&events(2)));
    spawn(&mut world.replay(&file, address, &["--json"]))
}

#[test]
fn a_busy_service_is_asked_again_when_it_says() {
    let world = World::new();
    let error = json!({"success": false, "error": {"status": 503, "code": 3002, "message": "busy",
                       "retryable": true, "retry_after": 1}, "trace_id": "5f0c2a9be471"});
    let taken = |id: &str| json!({"event_id": id, "chat_id": null, "outcome": "created"});
    let later = json!({"event_id": "event-1", "outcome": "rejected",
                       "error": {"code": 3002, "message": "busy", "retryable": true}});
    let (address, service) = pretend(vec![
        answer("503 Service Unavailable", "retry-after: 1\r\n", &error),
        answer("200 OK", "", &json!({"results": [taken("event-0"), later]})),
        answer("200 OK", "", &json!({"results": [taken("event-1")]})),
    ]);
    let summary = start(&world, address).finish().json();
    assert_eq!(summary["outcomes"], json!({"created": 2}), "{summary}");
    let requests = service.join().unwrap();
    let [first, second, third] = &requests[..] else { panic!("three requests") };
    let waited = second.0 - first.0;
    assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    assert_eq!(first.1, second.1, "all of it again");
    assert!(!third.1.contains("event-0") && third.1.contains("event-1"), "only what was not taken");
}

#[test]
fn what_was_answered_in_part_is_posted_again() {
    let world = World::new();
    let of_both = |outcome: &str| {
        let of = |event: &str| json!({"event_id": event, "chat_id": null, "outcome": outcome});
        json!({"results": [of("event-0"), of("event-1")]})
    };
    let mut cut_off = answer("200 OK", "", &of_both("created"));
    cut_off.truncate(cut_off.len() - 10);
    let (address, service) = pretend(vec![cut_off, answer("200 OK", "", &of_both("duplicate"))]);
    let summary = start(&world, address).finish().json();
    assert_eq!(summary["outcomes"], json!({"duplicate": 2}), "{summary}");
    assert_eq!(service.join().unwrap().len(), 2);
}

#[test]
fn an_answer_that_is_none_of_ours_is_one_line() {
    let world = World::new();
    for (status, body, why) in [
        ("200 OK", json!({"hello": "world"}), "not what this program knows"),
        ("200 OK", json!({"results": []}), "answered 0 events of 2"),
        ("404 Not Found", json!({}), "404"),
    ] {
        let (address, service) = pretend(vec![answer(status, "", &body)]);
        let refused = start(&world, address).finish();
        assert!(refused.complaint().contains(why), "{refused:?}");
        service.join().unwrap();
    }
}
