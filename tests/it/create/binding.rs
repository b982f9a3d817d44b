//! A delivery becomes one conversation, whatever comes first: the relay's answer or its events.

use serde_json::{Value, json};

use super::{ALEX, Create, chat_id, echo};
use crate::support::{
    Event, FakeRelay, Say, TestApp,
    answer::Answer,
    directory::{LINE, LINE_2, OTHER, OTHER_LINE, RELAY_1, RELAY_2, number},
    event::SAM,
    relay::{Gate, Seen},
};

const KEY: &str = "iMessage;+;chat7";
const IN_FLIGHT: &str = "2026-05-31T12:00:01Z";

/// With an idempotency key and without one, everything must come out the same.
fn both_ways() -> [Create; 2] {
    [Create::keyed("k1"), Create::group()]
}

/// Creates through a relay that says `say` only after `meanwhile` is over.
async fn create_while(
    app: &TestApp,
    relay: &FakeRelay,
    create: Create,
    say: Say,
    meanwhile: impl AsyncFnOnce(Seen),
) -> Answer {
    let gate = Gate::new();
    relay.will([say.held(&gate)]);
    let before = relay.seen().len();
    let meanwhile = async {
        meanwhile(relay.request(before + 1).await).await;
        gate.open();
    };
    tokio::join!(app.acme().create(create), meanwhile).0
}

/// Asserts that there is one chat, which this id and the key find.
async fn assert_one_chat(app: &TestApp, id: &str, key: &str) {
    assert_eq!(app.rows("chats"), 1);
    assert_eq!(app.acme().ids("").await, [id]);
    assert_eq!(app.acme().resolve("+15555550100", &[key]).await.ok()["chats"][0]["chat_id"], id);
    assert_eq!(app.acme().get_chat(id).await.ok()["chat"]["status"], "active");
    assert_eq!(app.acme().route(id).await.ok()["conversation_key"], key);
}

#[tokio::test]
async fn the_event_comes_before_the_answer() {
    for create in both_ways() {
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        let mut minted = String::new();
        let answer = create_while(&app, &relay, create, Say::Key(KEY), async |request| {
            let (outcome, chat) = app.relay_1().outcome(echo("e1", KEY, &request.client_ref())).await;
            assert_eq!(outcome, "created");
            minted = chat;
        })
        .await;
        assert_eq!(chat_id(&answer), minted);
        assert_eq!(answer.ok()["chat"]["display_name"], "Team lunch");
        assert_one_chat(&app, &minted, KEY).await;
    }
}

#[tokio::test]
async fn the_event_comes_before_the_answer_and_without_the_client_ref() {
    for create in both_ways() {
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        let mut minted = String::new();
        let answer = create_while(&app, &relay, create, Say::Key(KEY), async |_| {
            minted = app.relay_1().chat_of(Event::message("e1", KEY)).await;
        })
        .await;
        assert_eq!(chat_id(&answer), minted);
        assert_one_chat(&app, &minted, KEY).await;
    }
}

#[tokio::test]
async fn the_answer_comes_before_the_event() {
    for create in both_ways() {
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        relay.will([Say::Key(KEY)]);
        let answer = app.acme().create(create).await;
        let event = echo("e1", KEY, &relay.seen()[0].client_ref());
        let (outcome, chat) = app.relay_1().outcome(event).await;
        assert_eq!((outcome.as_str(), &chat), ("unchanged", &chat_id(&answer)));
        assert_one_chat(&app, &chat, KEY).await;
    }
}

#[tokio::test]
async fn queued_and_then_an_event_with_the_client_ref() {
    for create in both_ways() {
        let relay = FakeRelay::start();
        let mut app = TestApp::start_with_relay(&relay);
        relay.will([Say::Queued]);
        let answer = app.acme().create(create).await;
        app.restart();
        let event = echo("e1", KEY, &relay.seen()[0].client_ref());
        assert_eq!(app.relay_1().outcome(event.clone()).await, ("updated".to_owned(), chat_id(&answer)));
        assert_eq!(app.relay_1().outcome(event).await, ("duplicate".to_owned(), chat_id(&answer)));
        assert_one_chat(&app, &chat_id(&answer), KEY).await;
    }
}

#[tokio::test]
async fn an_event_with_the_client_ref_comes_before_queued() {
    for create in both_ways() {
        let is_keyed = create.0["message"]["idempotency_key"].is_string();
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        let mut minted = String::new();
        let answer = create_while(&app, &relay, create.clone(), Say::Queued, async |request| {
            minted = app.relay_1().chat_of(echo("e1", KEY, &request.client_ref())).await;
        })
        .await;
        assert_eq!(chat_id(&answer), minted);
        assert_eq!(answer.ok()["message"]["status"], "queued");
        assert_one_chat(&app, &minted, KEY).await;
        if is_keyed {
            assert_eq!(app.acme().create(create).await.body, answer.body);
        }
    }
}

#[tokio::test]
async fn an_event_of_the_group_settles_a_create_whose_answers_were_all_lost() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will(vec![Say::CUT; 3]);
    app.acme().create(Create::keyed("k1")).await.refused(503, 3002);
    let minted = app.relay_1().chat_of(echo("e1", KEY, &relay.seen()[0].client_ref())).await;
    // Whatever the relay says now: what the event said counts.
    relay.will([Say::Queued]);
    let answer = app.acme().create(Create::keyed("k1")).await;
    assert_eq!(chat_id(&answer), minted);
    assert_one_chat(&app, &minted, KEY).await;
}

#[tokio::test]
async fn a_client_ref_from_another_relay_or_for_another_line_is_not_honoured() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued]);
    let answer = app.acme().create(Create::group()).await;
    let pending = chat_id(&answer);
    let client_ref = relay.seen()[0].client_ref();
    let other_line = app.relay_1().chat_of(echo("e1", KEY, &client_ref).line(LINE_2)).await;
    let other_relay = app.relay_2().chat_of(echo("e2", KEY, &client_ref).line(OTHER_LINE)).await;
    let unknown = app.relay_1().chat_of(echo("e3", "iMessage;+;chat8", &"0".repeat(32))).await;
    let odd = app.relay_1().chat_of(echo("e4", "iMessage;+;chat9", "no delivery")).await;
    for chat in [&other_line, &other_relay, &unknown, &odd] {
        assert_ne!(*chat, pending);
    }
    assert_eq!(app.acme().get_chat(&pending).await.ok()["chat"]["status"], "pending");
    assert_eq!(app.relay_1().chat_of(echo("e5", KEY, &client_ref)).await, pending);
    assert_eq!(app.acme().get_chat(&pending).await.ok()["chat"]["status"], "active");
}

#[tokio::test]
async fn a_client_ref_is_not_honoured_for_the_next_owner_of_the_line() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued]);
    let pending = chat_id(&app.acme().create(Create::group()).await);
    app.stop();
    app.admin().move_line(&number(LINE), Some(&OTHER.slug()), None).unwrap();
    app.resume();
    let theirs = app.relay_1().chat_of(echo("e1", KEY, &relay.seen()[0].client_ref())).await;
    assert_ne!(theirs, pending);
    app.acme().get_chat(&theirs).await.refused(404, 2002);
    assert_eq!(app.acme().get_chat(&pending).await.ok()["chat"]["status"], "pending");
    assert_eq!(app.other().get_chat(&theirs).await.ok()["chat"]["status"], "active");
}

async fn contradictions(app: &TestApp) -> u64 {
    let metrics = app.request("GET", "/metrics").send().await.text();
    let line = metrics.lines().find_map(|line| {
        line.strip_prefix("chert_groups_contradicted_client_refs_total ").map(str::to_owned)
    });
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_later_key_that_differs_is_ignored_and_counted() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Key(KEY)]);
    let answer = app.acme().create(Create::group()).await;
    let before = contradictions(&app).await;
    let client_ref = relay.seen()[0].client_ref();
    // The event is about a conversation of its own all the same.
    let stranger = app.relay_1().chat_of(echo("e1", "iMessage;+;chat8", &client_ref)).await;
    assert_ne!(stranger, chat_id(&answer));
    assert!(contradictions(&app).await > before);
    assert_eq!(app.relay_1().chat_of(echo("e2", KEY, &client_ref)).await, chat_id(&answer));
    assert_eq!(app.acme().route(&chat_id(&answer)).await.ok()["conversation_key"], KEY);
    assert_eq!(app.acme().route(&stranger).await.ok()["conversation_key"], "iMessage;+;chat8");
}

#[tokio::test]
async fn an_answer_that_contradicts_the_event_before_it_is_ignored_and_counted() {
    for create in both_ways() {
        let relay = FakeRelay::start();
        let app = TestApp::start_with_relay(&relay);
        let before = contradictions(&app).await;
        let mut minted = String::new();
        let say = Say::Key("iMessage;+;chat8");
        let answer = create_while(&app, &relay, create, say, async |request| {
            minted = app.relay_1().chat_of(echo("e1", KEY, &request.client_ref())).await;
        })
        .await;
        assert_eq!(chat_id(&answer), minted);
        assert!(contradictions(&app).await > before);
        assert_one_chat(&app, &minted, KEY).await;
        let unknown = app.acme().resolve("+15555550100", &["iMessage;+;chat8"]).await.ok();
        assert_eq!(unknown["chats"][0]["chat_id"], Value::Null);
    }
}

/// What a relay says of a message that it had queued.
fn failed(id: &str, client_ref: &str) -> Event {
    let event = Event::new("message.failed", id, KEY).with("/data/chat/client_ref", client_ref);
    event.without("/data/chat/conversation_key")
}

#[tokio::test]
async fn a_queued_message_that_fails_counts_once_in_the_health_of_its_line() {
    let relay = FakeRelay::start();
    let mut app = TestApp::start_with_relay(&relay);
    relay.will([Say::Queued, Say::Made]);
    let answer = app.acme().create(Create::keyed("k1")).await;
    assert_eq!(answer.ok()["chat"]["health_score"], 100);
    let chat = chat_id(&answer);
    let health = async |app: &TestApp| app.acme().get_chat(&chat).await.ok()["chat"]["health_score"].clone();
    let client_ref = relay.seen()[0].client_ref();
    let tag = app.acme().get_chat(&chat).await.header("etag").map(str::to_owned);

    // Of somebody else's relay, or of another line, this says nothing.
    app.relay_2().outcome(failed("e1", &client_ref).line(OTHER_LINE)).await;
    app.relay_1().outcome(failed("e2", &client_ref).line(LINE_2)).await;
    app.relay_2().outcome(failed("e2", &client_ref).without("/data/chat/owner_handle")).await;
    assert_eq!(health(&app).await, 100);
    for id in ["e3", "e3", "e4"] {
        let told = app.relay_1().outcome(failed(id, &client_ref)).await;
        assert_eq!(told, ("ignored".to_owned(), String::new()));
        assert_eq!(health(&app).await, 0);
    }
    assert_ne!(app.acme().get_chat(&chat).await.header("etag").map(str::to_owned), tag);
    app.restart();
    assert_eq!(health(&app).await, 0);
    // A message that was sent cannot fail any more.
    app.acme().create(Create::keyed("k2")).await.ok();
    assert_eq!(health(&app).await, 50);
    app.relay_1().outcome(failed("e5", &relay.seen()[1].client_ref())).await;
    assert_eq!(health(&app).await, 50);
    assert_eq!(app.acme().create(Create::keyed("k1")).await.body, answer.body, "an answer stays");
}

#[tokio::test]
async fn a_failure_that_is_told_before_the_answer_is_noted_counts_once_too() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    let answer = create_while(&app, &relay, Create::keyed("k1"), Say::Queued, async |request| {
        app.relay_1().outcome(failed("e1", &request.client_ref())).await;
    })
    .await;
    assert_eq!(answer.ok()["chat"]["health_score"], 0);
    app.relay_1().outcome(failed("e2", &relay.seen()[0].client_ref())).await;
    let found = app.acme().get_chat(&chat_id(&answer)).await.ok();
    assert_eq!(found["chat"]["health_score"], 0);
}

#[tokio::test]
async fn what_was_told_of_a_lost_attempt_is_not_about_the_next() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::CUT, Say::CUT, Say::CUT, Say::Queued]);
    app.acme().create(Create::keyed("k1")).await.refused(503, 3002);
    let client_ref = relay.seen()[0].client_ref();
    app.relay_1().outcome(failed("e1", &client_ref)).await;
    let answer = app.acme().create(Create::keyed("k1")).await;
    assert_eq!(answer.ok()["chat"]["health_score"], 50, "the first attempt failed, the second did not");
    app.relay_1().outcome(failed("e2", &client_ref)).await;
    let found = app.acme().get_chat(&chat_id(&answer)).await.ok();
    assert_eq!(found["chat"]["health_score"], 0);
}

#[tokio::test]
async fn a_failure_of_the_relay_counts_in_the_health_too() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.will([Say::Status(400), Say::Made, Say::Status(400), Say::Made]);
    app.acme().create(Create::group()).await.refused(502, 4001);
    assert_eq!(app.acme().create(Create::group()).await.ok()["chat"]["health_score"], 50);
    app.acme().create(Create::group()).await.refused(502, 4001);
    let answer = app.acme().create(Create::group().with("/from", LINE_2)).await;
    assert_eq!(answer.ok()["chat"]["health_score"], 100, "another line has a health of its own");
}

#[tokio::test]
async fn the_relay_of_the_first_attempt_stays_the_relay() {
    let (relay, other) = (FakeRelay::start(), FakeRelay::start());
    let mut app = TestApp::start_with_relays(&[(RELAY_1, &relay.url()), (RELAY_2, &other.url())]);
    relay.will(vec![Say::CUT; 3]);
    app.acme().create(Create::keyed("k1")).await.refused(503, 3002);
    app.stop();
    app.store.execute("UPDATE lines SET relay = 'rly-2' WHERE number = '+15555550100'");
    assert_eq!(app.rows("lines WHERE relay = 'rly-2' AND number = '+15555550100'"), 1);
    app.resume();
    app.acme().create(Create::keyed("k1")).await.ok();
    assert_eq!((relay.groups(), other.groups()), (1, 0));
    app.acme().create(Create::keyed("k2")).await.ok();
    assert_eq!((relay.groups(), other.groups()), (1, 1));
}

#[tokio::test]
async fn a_create_asserts_whom_it_was_sent_to_and_nothing_newer() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    // While the relay takes its time, somebody leaves and somebody renames; both are newer than the create.
    let answer = create_while(&app, &relay, Create::group(), Say::Key(KEY), async |_| {
        let left = Event::participant("left", "e1", KEY, ALEX).at(IN_FLIGHT);
        app.relay_1().chat_of(left).await;
        app.relay_1().chat_of(Event::renamed("e2", KEY, "Dinner").at(IN_FLIGHT)).await;
        app.relay_1().chat_of(Event::message("e3", KEY).sender("+14155550113").at(IN_FLIGHT)).await;
    })
    .await;
    let found = app.acme().get_chat(&chat_id(&answer)).await.ok();
    assert_eq!(found["chat"]["display_name"], "Dinner");
    let one = |address| json!({"service": "imessage", "address": address});
    assert_eq!(found["chat"]["handles"], json!([one(SAM), one("+14155550113")]));
}
