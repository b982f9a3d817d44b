//! `demo`: what it prints is true, and works when it is pasted.

use std::process::Command;

use serde_json::Value;

use super::{
    program::{program, run},
    service::Service,
};

#[test]
fn once_shows_chats_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let shown = run(program().current_dir(folder.path()).env("TMPDIR", folder.path()).args([
        "demo",
        "--once",
        "--listen",
        "127.0.0.1:0",
    ]));
    let text = shown.text();
    for part in ["outcome", "created", "The chats that came of it:", "chat id", "active", "left", "curl -s "]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let chats = text.lines().filter(|line| line.contains("demo") && line.contains("+1555555010")).count();
    assert!(chats > 10, "{chats} chats in {text}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the store is thrown away");
}

#[test]
fn every_line_to_paste_works() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Service::start(program().current_dir(folder.path()).env("TMPDIR", folder.path()).args([
        "demo",
        "--listen",
        "127.0.0.1:0",
    ]));
    let pasted: Vec<_> = demo.printed.iter().filter(|line| line.contains("curl ")).collect();
    assert!(pasted.len() >= 6, "{:?}", demo.printed);
    for line in pasted {
        let with_status = format!("{line} -w '\\n%{{http_code}}'");
        let output = Command::new("sh").args(["-c", &with_status]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        let output = String::from_utf8(output.stdout).unwrap();
        let (body, status) = output.rsplit_once('\n').unwrap();
        assert_eq!(status, "200", "{line}: {body}");
        if line.ends_with("/metrics") {
            assert!(body.contains("chert_groups_chats "), "{body}");
        } else {
            let document: Value = serde_json::from_str(body).unwrap_or_else(|why| panic!("{why}: {body}"));
            let nothing = document["chats"].as_array().is_some_and(Vec::is_empty);
            assert!(!nothing, "{line} finds nothing: {body}");
        }
    }
    demo.stop();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the store is thrown away");
}

#[test]
fn a_taken_port_is_an_error_only_when_it_was_asked_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(program().args(["demo", "--once", "--listen", &address]));
    assert!(refused.complaint().contains("cannot listen on"), "{refused:?}");
    let elsewhere = run(program().args(["demo", "--once"]).env("CHERT_GROUPS__SERVER__LISTEN", &address));
    assert_eq!(elsewhere.status, Some(0), "{elsewhere:?}");
}
