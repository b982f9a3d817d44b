//! The recorded stories of `fixtures/native`, told in every order that a network may tell them.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::TestApp;

#[derive(Deserialize)]
struct Expected {
    outcomes: Vec<String>,
    chats: Vec<Value>,
}

struct Story {
    lines: Vec<String>,
    expected: Expected,
}

impl Story {
    fn read(path: &Path) -> Self {
        let lines = std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
        let expected = std::fs::read(path.with_extension("expected.json")).unwrap();
        Self { lines, expected: serde_json::from_slice(&expected).unwrap() }
    }
}

fn all_stories() -> Vec<Story> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/native");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stories: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .map(|path| Story::read(&path))
        .collect();
    assert!(stories.len() >= 12, "{} stories", stories.len());
    stories
}

/// How deliveries are put into requests.
#[derive(Clone, Copy, Debug)]
enum Posting {
    OneByOne,
    /// As NDJSON, this many lines a request.
    Batches(usize),
}

impl Posting {
    /// Posts the lines, and says what came of each.
    async fn post(self, app: &TestApp, lines: &[String]) -> Vec<String> {
        let mut outcomes = Vec::with_capacity(lines.len());
        match self {
            Self::OneByOne => {
                for line in lines {
                    outcomes.push(outcome(&app.relay_1().post_json(line.as_str()).await.body));
                }
            }
            Self::Batches(size) => {
                for batch in lines.chunks(size) {
                    let answer = app.relay_1().post_ndjson(batch.join("\n")).await.ok();
                    outcomes.extend(answer["results"].as_array().unwrap().iter().map(name_of));
                }
            }
        }
        outcomes
    }
}

fn outcome(body: &[u8]) -> String {
    name_of(&serde_json::from_slice(body).unwrap())
}

/// The outcome as the fixtures write it, of one event's answer or of a refusal.
fn name_of(answer: &Value) -> String {
    match answer["error"]["code"].as_u64() {
        Some(code) => format!("rejected:{code}"),
        None => answer["outcome"].as_str().unwrap().to_owned(),
    }
}

/// A service that remembers events for longer than the stories are old.
fn start() -> TestApp {
    TestApp::start_with(|settings| settings.store.keep_receipts = SignedDuration::from_hours(100 * 24))
}

/// Every chat of the tenant, in the shape of the fixtures, read through the look-ups.
async fn chats(app: &TestApp) -> Vec<Value> {
    let mut chats = Vec::new();
    for id in app.acme().ids("limit=200").await {
        let chat = app.acme().get_chat(&id).await.ok()["chat"].take();
        let route = app.acme().route(&id).await.ok();
        assert_eq!(route["from"], chat["from"]);
        chats.push(json!({
            "from": chat["from"],
            "conversation_key": route["conversation_key"],
            "display_name": chat["display_name"],
            "is_group": chat["is_group"],
            "service": chat["service"],
            "status": chat["status"],
            "group_chat_icon": icon(app, &id),
            "handles": chat["handles"],
            "participants": participants(app, &id).await,
        }));
    }
    chats
        .sort_by_key(|chat| ["from", "conversation_key"].map(|name| chat[name].as_str().unwrap().to_owned()));
    chats
}

async fn participants(app: &TestApp, id: &str) -> Value {
    let mut participants = app.acme().participants(id).await.ok()["participants"].take();
    for participant in participants.as_array_mut().unwrap() {
        assert_eq!(participant.as_object_mut().unwrap().remove("is_me"), Some(json!(false)));
    }
    participants
}

/// No look-up shows icons yet; the record of changes does.
fn icon(app: &TestApp, id: &str) -> Value {
    let changes = app.changes_of(id);
    changes
        .iter()
        .rfind(|change| change["type"] == "icon_changed")
        .map_or(Value::Null, |last| last["icon"].clone())
}

#[track_caller]
fn assert_chats(found: &[Value], expected: &[Value]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[rstest]
#[tokio::test]
async fn each_story_as_it_was_recorded(
    #[files("fixtures/native/*.ndjson")] story: PathBuf,
    #[values(Posting::OneByOne, Posting::Batches(1000), Posting::Batches(7))] posting: Posting,
) {
    let story = Story::read(&story);
    let app = start();
    assert_eq!(posting.post(&app, &story.lines).await, story.expected.outcomes);
    assert_chats(&chats(&app).await, &story.expected.chats);
}

/// What happens to the recorded order on the way.
#[derive(Clone, Copy, Debug)]
enum Order {
    Reversed,
    /// Shuffled, all stories into each other.
    Shuffled(u64),
    /// Shuffled, and every line delivered twice.
    Twice(u64),
}

impl Order {
    fn apply(self, mut lines: Vec<String>) -> Vec<String> {
        match self {
            Self::Reversed => lines.reverse(),
            Self::Shuffled(seed) => lines.shuffle(&mut StdRng::seed_from_u64(seed)),
            Self::Twice(seed) => {
                lines.extend(lines.clone());
                lines.shuffle(&mut StdRng::seed_from_u64(seed));
            }
        }
        lines
    }
}

#[rstest]
#[tokio::test]
async fn all_stories_in_another_order_come_to_the_same_chats(
    #[values(
        Order::Reversed,
        Order::Shuffled(1),
        Order::Shuffled(2),
        Order::Shuffled(3),
        Order::Shuffled(4),
        Order::Shuffled(5),
        Order::Twice(6)
    )]
    order: Order,
    #[values(Posting::OneByOne, Posting::Batches(1000), Posting::Batches(16))] posting: Posting,
) {
    let stories = all_stories();
    let lines = stories.iter().flat_map(|story| story.lines.clone()).collect();
    let mut expected: Vec<Value> = stories.into_iter().flat_map(|story| story.expected.chats).collect();
    expected
        .sort_by_key(|chat| ["from", "conversation_key"].map(|name| chat[name].as_str().unwrap().to_owned()));
    let app = start();
    posting.post(&app, &order.apply(lines)).await;
    assert_chats(&chats(&app).await, &expected);
}
