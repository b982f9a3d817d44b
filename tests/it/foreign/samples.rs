//! The sample payloads, in any order and with any repeats, lead to the state that their facts imply.

use std::{collections::BTreeMap, path::Path, time::Duration};

use chert_groups::domain::ids::Slug;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    directory::slug,
    foreign::{LINQ, LINQ_LINE, LINQ_LINE_2, MAC_LINES},
    mac::MAC,
    wait::until,
};

/// The samples of a format.
fn samples(format: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// What happens to the order of the samples on the way.
#[derive(Clone, Copy, Debug)]
enum Order {
    Named,
    Reversed,
    Shuffled(u64),
    Twice(u64),
}

impl Order {
    fn apply(self, mut samples: Vec<String>) -> Vec<String> {
        let shuffle = |samples: &mut Vec<String>, seed| samples.shuffle(&mut StdRng::seed_from_u64(seed));
        match self {
            Self::Named => {}
            Self::Reversed => samples.reverse(),
            Self::Shuffled(seed) => shuffle(&mut samples, seed),
            Self::Twice(seed) => {
                samples.extend(samples.clone());
                shuffle(&mut samples, seed);
            }
        }
        samples
    }
}

/// What is known of each chat, by the newest spelling of its key.
async fn chats(app: &TestApp) -> BTreeMap<String, Value> {
    let mut chats = BTreeMap::new();
    for id in app.acme().ids("limit=200").await {
        let chat = app.acme().get_chat(&id).await.ok()["chat"].take();
        let key = app.acme().route(&id).await.ok()["conversation_key"].as_str().unwrap().to_owned();
        let people = app.acme().participants(&id).await.ok()["participants"].take();
        let people: Vec<_> = people
            .as_array()
            .unwrap()
            .iter()
            .map(|person| {
                json!([person["address"], person["status"], person["joined_at"], person["left_at"]])
            })
            .collect();
        let seen = json!({
            "from": chat["from"], "name": chat["display_name"], "is_group": chat["is_group"],
            "service": chat["service"], "status": chat["status"], "people": people,
        });
        assert!(chats.insert(key, seen).is_none(), "one chat a key");
    }
    chats
}

/// The group that lost and gained people, as its newest words have it: the icon was changed at 12:07 with a roster
/// in which the one who had left at 12:05 is back, and the one who was removed at 12:04 is not.
fn of_bluebubbles() -> BTreeMap<String, Value> {
    let group = json!({
        "from": MAC_LINES[0], "name": "Trail runners", "is_group": true, "service": "imessage", "status": "active",
        "people": [
            ["+12025550141", "active", null, null],
            ["+12025550142", "active", null, null],
            ["+442079460018", "removed", "2026-07-29T12:03:00Z", "2026-07-29T12:07:00Z"],
            ["robin@example.org", "active", null, null],
        ],
    });
    let direct = json!({
        "from": MAC_LINES[0], "name": null, "is_group": false, "service": "imessage", "status": "active",
        "people": [["+12025550141", "active", null, null]],
    });
    BTreeMap::from([
        ("iMessage;+;chat730441906218844105".to_owned(), group),
        ("iMessage;-;+12025550141".to_owned(), direct),
    ])
}

/// The group whose derived name is none, and which was named later. The only other one was added, removed, and has
/// written since.
fn of_linq() -> BTreeMap<String, Value> {
    let group = json!({
        "from": LINQ_LINE, "name": "Trail runners, Sunday", "is_group": true, "service": "imessage",
        "status": "active", "people": [["+12025550142", "active", "2025-11-23T17:40:00Z", null]],
    });
    BTreeMap::from([("b183b0d3-3211-43db-8b4b-9bb7294dcf7b".to_owned(), group)])
}

/// Posts the samples and looks what came of them.
async fn post(app: &TestApp, format: &str, order: Order) {
    for sample in order.apply(samples(format)) {
        match format {
            "linq" => app.linq_posts(sample).await.ok(),
            // The server says which of its lines it is, where it has several.
            _ => app.mac_posts_to(&format!("&line={}", MAC_LINES[0]), sample).await.ok(),
        };
    }
}

#[rstest]
#[tokio::test]
async fn samples_lead_to_what_their_facts_imply(
    #[values("bluebubbles", "linq")] format: &str,
    #[values(1, 2)] lines: usize,
    #[values(
        Order::Named,
        Order::Reversed,
        Order::Shuffled(1),
        Order::Shuffled(2),
        Order::Shuffled(3),
        Order::Twice(4),
        Order::Twice(5)
    )]
    order: Order,
) {
    let app = TestApp::start_with_foreign(lines);
    post(&app, format, order).await;
    assert_eq!(chats(&app).await, if format == "linq" { of_linq() } else { of_bluebubbles() });
    assert_eq!(app.usage(), [], "all that was parked was applied");
}

#[rstest]
#[tokio::test]
async fn samples_that_come_before_their_line_lead_there_as_well(
    #[values("bluebubbles", "linq")] format: &str,
    #[values(Order::Named, Order::Reversed, Order::Shuffled(6), Order::Twice(7))] order: Order,
) {
    let app = TestApp::start_with_foreign(0);
    post(&app, format, order).await;
    assert_eq!(app.rows("chats"), 0);
    let (relay, line): (Slug, &str) =
        if format == "linq" { (slug(LINQ), LINQ_LINE) } else { (MAC.slug(), MAC_LINES[0]) };
    app.add_line(line, &relay);
    until(Duration::from_secs(5), async || app.rows("parked") == 0).await;
    assert_eq!(chats(&app).await, if format == "linq" { of_linq() } else { of_bluebubbles() });
}

#[tokio::test]
async fn samples_of_a_relay_with_two_lines_wait_for_the_conversation_and_not_for_the_line() {
    let app = TestApp::start_with_foreign(2);
    let [message, others @ ..] = samples("linq").try_into().map(|all: [String; 7]| all).unwrap();
    // The roster names the line and is kept back with the message, so that nothing tells whose chat it is.
    for sample in &others[1..] {
        app.linq_posts(sample).await.ok();
    }
    assert_eq!((app.rows("parked"), app.rows("chats")), (4, 0));
    app.linq_posts(&others[0]).await.ok();
    assert_eq!(app.rows("parked"), 0, "in the transaction in which the conversation became known");
    app.linq_posts(&message).await.ok();
    assert_eq!(chats(&app).await, of_linq());
    let of_the_other = app.acme().ids(&format!("from={}", LINQ_LINE_2.replace('+', "%2B"))).await;
    assert_eq!(of_the_other, Vec::<String>::new());
}
