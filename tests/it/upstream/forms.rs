//! One event, an envelope of several, and NDJSON.

use serde_json::{Value, json};

use crate::support::{Event, TestApp};

fn key(number: usize) -> String {
    format!("iMessage;+;chat{number}")
}

fn messages(count: usize) -> Vec<Event> {
    (0..count).map(|number| Event::message(&format!("e{number}"), &key(number))).collect()
}

fn lines(events: &[Event]) -> String {
    events.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn column<'v>(results: &'v Value, name: &str) -> Vec<&'v str> {
    results["results"].as_array().unwrap().iter().map(|result| result[name].as_str().unwrap_or("-")).collect()
}

#[tokio::test]
async fn one_event_has_one_answer() {
    let app = TestApp::start();
    let answer = app.relay_1().post_event(Event::message("e1", &key(1))).await.ok();
    let chat = answer["chat_id"].as_str().unwrap();
    assert_eq!(answer, json!({"event_id": "e1", "chat_id": chat, "outcome": "created"}));
    assert_eq!(app.acme().get_chat(chat).await.ok()["chat"]["id"], chat);
}

#[tokio::test]
async fn several_events_have_results_in_their_order_whatever_the_form() {
    let app = TestApp::start();
    let forms =
        [app.relay_1().post_events(messages(3)).await, app.relay_1().post_ndjson(lines(&messages(3))).await];
    for (form, outcome) in forms.iter().zip(["created", "duplicate"]) {
        let results = form.ok();
        assert_eq!(results.as_object().unwrap().len(), 1);
        assert_eq!(column(&results, "event_id"), ["e0", "e1", "e2"]);
        assert_eq!(column(&results, "outcome"), [outcome; 3]);
    }
    assert_eq!(column(&forms[0].ok(), "chat_id"), column(&forms[1].ok(), "chat_id"));
}

#[tokio::test]
async fn a_single_event_in_a_form_for_several_has_results_as_well() {
    let app = TestApp::start();
    let one = || messages(1);
    for answer in [app.relay_1().post_events(one()).await, app.relay_1().post_ndjson(lines(&one())).await] {
        assert_eq!(column(&answer.ok(), "event_id"), ["e0"]);
    }
}

#[tokio::test]
async fn ndjson_may_have_blank_lines_and_carriage_returns_and_no_end_of_line_at_the_end() {
    let app = TestApp::start();
    let [a, b, c] = [1, 2, 3].map(|number| Event::message(&format!("e{number}"), &key(number)).to_string());
    let body = format!("\r\n\n{a}\r\n   \n\t\r\n  {b}  \n\n{c}");
    assert_eq!(column(&app.relay_1().post_ndjson(body).await.ok(), "event_id"), ["e1", "e2", "e3"]);
}

#[tokio::test]
async fn the_media_type_may_have_parameters_and_any_case() {
    let app = TestApp::start();
    for media_type in ["application/x-ndjson", "Application/X-NDJSON; charset=utf-8", "application/jsonl"] {
        let answer = app.relay_1().post(media_type, lines(&messages(2))).await;
        assert_eq!(column(&answer.ok(), "event_id").len(), 2, "{media_type}");
    }
    for media_type in
        ["application/json", "APPLICATION/JSON;charset=UTF-8", "application/x-www-form-urlencoded"]
    {
        app.relay_1().post(media_type, messages(1)[0].to_string()).await.ok();
    }
}

#[tokio::test]
async fn one_bad_event_harms_only_itself() {
    let app = TestApp::start();
    let good = messages(4);
    let body = format!("{}\n{{\"event\":\n{}\nnull\n{}\n\"text\"\n{}\n", good[0], good[1], good[2], good[3]);
    let results = app.relay_1().post_ndjson(body).await.ok();
    let outcomes = ["created", "rejected", "created", "rejected", "created", "rejected", "created"];
    assert_eq!(column(&results, "outcome"), outcomes);
    assert_eq!(results["results"][1]["error"]["code"], 1004);
    assert_eq!(results["results"][3]["error"]["code"], 1002);

    let bad = good[0].clone().with("/event_id", "bad").without("/data/chat/conversation_key");
    let strange = good[0].clone().with("/event_id", "strange").line("+15555550102");
    let results = app.relay_1().post_events([good[0].clone(), bad, good[1].clone(), strange]).await.ok();
    assert_eq!(column(&results, "outcome"), ["duplicate", "rejected", "duplicate", "rejected"]);
    let message = "missing required field: data.chat.conversation_key";
    let error = json!({"code": 1001, "message": message, "retryable": false});
    assert_eq!(results["results"][1], json!({"event_id": "bad", "outcome": "rejected", "error": error}));
    assert_eq!(results["results"][3]["error"]["code"], 2006);
    assert_eq!(app.rows("chats"), 4);
}

#[tokio::test]
async fn events_of_one_chat_in_one_batch_see_each_other() {
    let app = TestApp::start();
    let name = |id: &str, name| Event::renamed(id, &key(1), name);
    let batch = [name("e1", "One"), name("e2", "Two"), name("e2", "Two"), name("e0", "Zero")];
    let results = app.relay_1().post_events(batch).await.ok();
    assert_eq!(column(&results, "outcome"), ["created", "updated", "duplicate", "unchanged"]);
    let chat = column(&results, "chat_id")[0].to_owned();
    assert!(column(&results, "chat_id").iter().all(|id| *id == chat));
    assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["display_name"], "Two");
}

#[tokio::test]
async fn a_thousand_events_are_taken_and_one_more_is_too_many() {
    let app = TestApp::start();
    let more = messages(1001);
    let all = app.relay_1().post_events(more[..1000].iter().cloned()).await.ok();
    assert_eq!(column(&all, "outcome"), ["created"; 1000]);
    let again = app.relay_1().post_ndjson(lines(&more[..1000])).await.ok();
    assert_eq!(column(&again, "outcome"), ["duplicate"; 1000]);
    for answer in
        [app.relay_1().post_events(more.clone()).await, app.relay_1().post_ndjson(lines(&more)).await]
    {
        assert_eq!(answer.refused(400, 1002), "events has 1001 entries; 1000 are allowed");
    }
    assert_eq!(app.rows("chats"), 1000);
}

#[tokio::test]
async fn no_event_at_all_is_a_missing_field() {
    let app = TestApp::start();
    for body in [r#"{"events":[]}"#, r#"{"events":null}"#] {
        assert_eq!(app.relay_1().post_json(body).await.refused(400, 1001), "missing required field: events");
    }
    for body in ["", "\n", " \r\n\t\n"] {
        assert_eq!(
            app.relay_1().post_ndjson(body).await.refused(400, 1001),
            "missing required field: events"
        );
    }
    // An empty object is an event without its fields.
    app.relay_1().post_json("{}").await.refused(400, 1001);
    app.relay_1().post_json("").await.refused(400, 1004);
}

#[tokio::test]
async fn an_envelope_holds_an_array_of_objects() {
    let app = TestApp::start();
    for body in [r#"{"events":"e"}"#, r#"{"events":{}}"#, r#"{"events":7}"#] {
        let message = app.relay_1().post_json(body).await.refused(400, 1002);
        assert!(message.starts_with("events "), "{message}");
    }
    let results = app.relay_1().post_json(r#"{"events":[1,"e",[],null,{}]}"#).await.ok();
    let codes: Vec<_> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["error"]["code"].as_u64())
        .collect();
    assert_eq!(codes, [Some(1002), Some(1002), Some(1002), Some(1002), Some(1001)]);
}
