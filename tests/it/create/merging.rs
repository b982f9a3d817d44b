//! Two ids were handed out for one conversation: one survives, and both answer as it.

use std::process::Command;

use serde_json::{Value, json};

use super::{ALEX, Create, chat_id, echo};
use crate::support::{Event, FakeRelay, Say, TestApp, event::SAM};

const KEY: &str = "iMessage;+;chat7";
const LATER: &str = "2026-05-31T12:00:01Z";
/// Newer than the roster that the group's own event brings.
const NEWER: &str = "2026-05-31T12:00:02Z";

/// A chat that the API made, and another id that an event minted for the same conversation.
struct Two {
    app: TestApp,
    relay: FakeRelay,
    survivor: String,
    other: String,
}

impl Two {
    async fn joined(create: Create) -> Self {
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        relay.will([Say::Queued]);
        let survivor = chat_id(&app.acme().create(create).await);
        let first = Event::message("e1", KEY).sender("+14155550113").at(NEWER);
        let other = app.relay_1().chat_of(first).await;
        assert_ne!(survivor, other);
        assert_eq!(app.rows("chats"), 2);
        let later = echo("e2", KEY, &relay.seen()[0].client_ref()).at(LATER);
        let told = app.relay_1().outcome(later).await;
        assert_eq!(told, ("updated".to_owned(), survivor.clone()), "the caller's id survives");
        Self { app, relay, survivor, other }
    }

    /// The program on this store, which must succeed.
    fn run(&self, arguments: &[&str]) -> String {
        let mut program = Command::new(env!("CARGO_BIN_EXE_chert-groups"));
        let ran = program.args(arguments).args(["--store", &self.app.store.url()]).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    fn operators_view(&self, id: &str) -> Value {
        serde_json::from_str(&self.run(&["chat", "show", id, "--json"])).unwrap()
    }
}

#[tokio::test]
async fn both_ids_answer_as_the_survivor_on_every_route() {
    for create in [Create::keyed("k1"), Create::group()] {
        let mut two = Two::joined(create).await;
        for _ in 0..2 {
            let acme = two.app.acme();
            let (chat, again) = (acme.get_chat(&two.survivor).await, acme.get_chat(&two.other).await);
            assert_eq!(chat.ok(), again.ok());
            assert_eq!(chat.header("etag"), again.header("etag"));
            assert_eq!(chat.ok()["chat"]["id"], two.survivor.as_str());
            assert_eq!(chat.ok()["chat"]["status"], "active");
            assert_eq!(acme.participants(&two.survivor).await.ok(), acme.participants(&two.other).await.ok());
            assert_eq!(acme.route(&two.survivor).await.ok(), acme.route(&two.other).await.ok());
            assert_eq!(acme.route(&two.other).await.ok()["conversation_key"], KEY);
            assert_eq!(two.operators_view(&two.survivor), two.operators_view(&two.other));
            two.app.other().get_chat(&two.other).await.refused(404, 2002);
            two.app.restart();
        }
    }
}

#[tokio::test]
async fn the_survivor_knows_what_both_knew() {
    let two = Two::joined(Create::group()).await;
    let chat = two.app.acme().get_chat(&two.survivor).await.ok();
    assert_eq!(chat["chat"]["display_name"], "Team lunch");
    let handles = chat["chat"]["handles"].as_array().unwrap().iter();
    let addresses: Vec<_> = handles.map(|handle| handle["address"].as_str().unwrap()).collect();
    assert_eq!(addresses, [SAM, ALEX, "+14155550113"]);
}

#[tokio::test]
async fn lists_find_one_chat() {
    let two = Two::joined(Create::group()).await;
    let acme = two.app.acme();
    let everybody = [SAM, ALEX, "+14155550113"].map(|number| format!("handle=%2B{}", &number[1..]));
    let everything = ["", "conversation_key=iMessage%3B%2B%3Bchat7", "is_group=true", "from=%2B15555550100"];
    let since = ["updated_since=2026-01-01T00:00:00Z"];
    let queries = everybody.iter().map(String::as_str).chain(everything).chain(since);
    for query in queries {
        assert_eq!(acme.ids(query).await, [two.survivor.as_str()], "{query}");
    }
    let found = acme.resolve("+15555550100", &[KEY, "any;+;chat7"]).await.ok();
    assert!(found["chats"].as_array().unwrap().iter().all(|chat| chat["chat_id"] == two.survivor.as_str()));
    let listed: Value = serde_json::from_str(&two.run(&["chat", "list", "--json"])).unwrap();
    assert_eq!(listed["chats"].as_array().unwrap().len(), 1);
    assert!(two.run(&["check"]).contains("it has 1 chats"));
    assert_eq!(two.app.counted("chats"), 1);
}

#[tokio::test]
async fn the_history_of_the_other_stays_and_ends() {
    let two = Two::joined(Create::group()).await;
    let kinds = |id: &str| -> Vec<String> {
        let changes = two.app.changes_of(id);
        changes.iter().map(|change| change["type"].as_str().unwrap().to_owned()).collect()
    };
    let gone = two.app.changes_of(&two.other);
    assert_eq!(gone[0]["type"], "created");
    assert_eq!(gone.last().unwrap(), &json!({"type": "merged", "chat_id": two.survivor}));
    let absorbed = json!({"type": "absorbed", "chat_id": two.other});
    assert!(two.app.changes_of(&two.survivor).contains(&absorbed));
    assert_eq!(kinds(&two.survivor).iter().filter(|kind| *kind == "bound").count(), 1);
    // Whatever happens from now on happens to the survivor.
    let before = two.app.changes_of(&two.other).len();
    let renamed = Event::renamed("e3", KEY, "Dinner").at("2026-05-31T12:00:03Z");
    assert_eq!(two.app.relay_1().chat_of(renamed).await, two.survivor);
    assert_eq!(two.app.changes_of(&two.other).len(), before);
    assert_eq!(two.app.acme().get_chat(&two.other).await.ok()["chat"]["display_name"], "Dinner");
}

#[tokio::test]
async fn events_of_before_are_duplicates_and_the_answer_is_the_first() {
    let mut two = Two::joined(Create::keyed("k1")).await;
    for _ in 0..2 {
        let first = Event::message("e1", KEY).sender("+14155550113").at(NEWER);
        assert_eq!(two.app.relay_1().outcome(first).await, ("duplicate".to_owned(), two.survivor.clone()));
        assert_eq!(chat_id(&two.app.acme().create(Create::keyed("k1")).await), two.survivor);
        two.app.restart();
    }
    assert_eq!(two.relay.seen().len(), 1);
}

#[tokio::test]
async fn aliases_are_flat() {
    // Three creates that turn out to be one conversation, which an event had minted a fourth id for.
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    relay.will(vec![Say::Queued; 3]);
    let mut ids = Vec::new();
    for second in 0..3 {
        app.set_clock(second);
        ids.push(chat_id(&app.acme().create(Create::group()).await));
    }
    ids.push(app.relay_1().chat_of(Event::message("e1", KEY)).await);
    // The youngest is the first to be bound, so that each survivor is absorbed in turn.
    for number in (0..3).rev() {
        let event = echo(&format!("e2-{number}"), KEY, &relay.seen()[number].client_ref());
        assert_eq!(app.relay_1().chat_of(event).await, ids[number], "the older survives");
        app.restart();
    }
    for id in &ids {
        assert_eq!(app.acme().get_chat(id).await.ok()["chat"]["id"], ids[0].as_str());
    }
    assert_eq!(app.acme().ids("").await, [ids[0].as_str()]);
    assert_eq!(app.acme().resolve("+15555550100", &[KEY]).await.ok()["chats"][0]["chat_id"], ids[0].as_str());
    assert_eq!(app.rows("chats WHERE merged_into IN (SELECT id FROM chats WHERE merged_into IS NULL)"), 3);
    assert_eq!(app.rows("conversation_keys"), 1);
    assert_eq!(app.counted("chats"), 1);
}

#[tokio::test]
async fn everything_in_one_batch() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued]);
    let survivor = chat_id(&app.acme().create(Create::group()).await);
    let client_ref = relay.seen()[0].client_ref();
    let events = [
        Event::message("e1", KEY).sender("+14155550113").at(NEWER),
        echo("e2", KEY, &client_ref).at(LATER),
        Event::renamed("e3", KEY, "Dinner").at(LATER),
    ];
    let answer = app.relay_1().post_events(events).await.ok();
    assert_eq!(answer["results"][2]["chat_id"], survivor.as_str());
    let minted = answer["results"][0]["chat_id"].as_str().unwrap().to_owned();
    app.restart();
    for id in [&survivor, &minted] {
        let chat = app.acme().get_chat(id).await.ok();
        assert_eq!(
            (&chat["chat"]["id"], &chat["chat"]["display_name"]),
            (&json!(survivor), &json!("Dinner"))
        );
    }
    assert_eq!(app.acme().ids("handle=%2B14155550113").await, [survivor.as_str()]);
    assert_eq!(app.rows("conversation_keys"), 1);
    assert_eq!(app.counted("chats"), 1);
}

#[tokio::test]
async fn a_direct_chat_that_is_begun_again_is_the_one_it_was() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Made, Say::Queued]);
    let first = chat_id(&app.acme().create(Create::direct()).await);
    app.set_clock(60);
    let second = chat_id(&app.acme().create(Create::direct()).await);
    assert_ne!(first, second, "nobody knows yet that they are one");
    let event = Event::new("message.sent", "e1", &relay.seen()[1].conversation_key())
        .with("/data/chat/client_ref", relay.seen()[1].client_ref());
    assert_eq!(app.relay_1().chat_of(event).await, first, "the older survives");
    let chat = app.acme().get_chat(&second).await.ok();
    assert_eq!((&chat["chat"]["id"], &chat["chat"]["is_group"]), (&json!(first), &json!(false)));
    assert_eq!(app.acme().ids("").await, [first.as_str()]);
}

/// Three ids of one conversation become one in a single transaction, whichever of them is told of first.
#[tokio::test]
async fn three_ids_that_meet_in_one_batch_all_answer_as_the_survivor() {
    const DIRECT: &str = "iMessage;-;+14155550111";
    for order in [[0, 1], [1, 0]] {
        let relay = FakeRelay::start();
        let mut app = TestApp::start_with_relay(&relay);
        relay.will([Say::Queued, Say::Queued]);
        let mut ids = Vec::new();
        for key in ["k1", "k2"] {
            ids.push(chat_id(&app.acme().create(Create::keyed(key).to([SAM])).await));
        }
        let mut events = vec![Event::message("e1", DIRECT).at(LATER)];
        for place in order {
            events
                .push(echo(&format!("e{}", place + 2), DIRECT, &relay.seen()[place].client_ref()).at(LATER));
        }
        let told = app.relay_1().post_events(events).await.ok();
        ids.push(told["results"][0]["chat_id"].as_str().unwrap().to_owned());
        for _ in 0..2 {
            let chats: Vec<Value> = {
                let mut chats = Vec::new();
                for id in &ids {
                    chats.push(app.acme().get_chat(id).await.ok()["chat"].clone());
                }
                chats
            };
            assert!(chats.iter().all(|chat| *chat == chats[0]), "{chats:?}");
            assert_eq!(chats[0]["status"], "active");
            let found = app.acme().resolve("+15555550100", &[DIRECT]).await.ok();
            assert_eq!(found["chats"][0]["chat_id"], chats[0]["id"]);
            assert_eq!(app.acme().ids("").await, [chats[0]["id"].as_str().unwrap()]);
            app.restart();
        }
    }
}
