//! An event names a conversation and no line, and its relay has several lines.

use serde_json::json;

use crate::support::{
    Linq, TestApp,
    directory::{OTHER, number},
    event::SAM,
    foreign::{LINQ_LINE, LINQ_LINE_2, outcome},
};

use super::people;

const CHAT: &str = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";
const ROBIN: &str = "+14155550112";

fn message(id: &str, line: &str) -> Linq {
    Linq::message(id, CHAT).line(line)
}

fn added(id: &str) -> Linq {
    Linq::participant("added", id, CHAT, ROBIN)
}

async fn seen(app: &TestApp, id: &serde_json::Value) -> Vec<String> {
    let chat = app.acme().get_chat(id.as_str().unwrap()).await.ok();
    people(&chat["chat"]).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_line_that_knows_the_conversation_is_meant() {
    let app = TestApp::start_with_foreign(2);
    app.set_clock(0);
    let chat = app.linq_posts(message("e1", LINQ_LINE_2)).await.ok()["chat_id"].take();
    let answer = app.linq_posts(added("e2")).await.ok();
    assert_eq!((&answer["chat_id"], &answer["outcome"]), (&chat, &json!("updated")));
    assert_eq!(seen(&app, &chat).await, [SAM, ROBIN]);
    assert_eq!(outcome(&app.linq_posts(added("e2")).await), "duplicate");
}

#[tokio::test]
async fn each_line_that_knows_it_is_meant() {
    let app = TestApp::start_with_foreign(2);
    let one = app.linq_posts(message("e1", LINQ_LINE)).await.ok()["chat_id"].take();
    let two = app.linq_posts(message("e2", LINQ_LINE_2)).await.ok()["chat_id"].take();
    assert_ne!(one, two);
    assert_eq!(app.linq_posts(added("e3")).await.ok()["chat_id"], one, "the answer is the first line's");
    for chat in [one, two] {
        assert_eq!(seen(&app, &chat).await, [SAM, ROBIN]);
    }
}

#[tokio::test]
async fn the_answer_is_what_it_has_done_on_any_line() {
    let app = TestApp::start_with_foreign(2);
    app.set_clock(0);
    let one = app.linq_posts(message("e1", LINQ_LINE)).await.ok()["chat_id"].take();
    assert_eq!(outcome(&app.linq_posts(added("e2")).await), "updated");
    let two = app.linq_posts(message("e3", LINQ_LINE_2)).await.ok()["chat_id"].take();
    // The first line knows the event already, and the second is told only now.
    let answer = app.linq_posts(added("e2")).await.ok();
    assert_eq!((&answer["outcome"], &answer["chat_id"]), (&json!("updated"), &two));
    let answer = app.linq_posts(added("e2")).await.ok();
    assert_eq!((&answer["outcome"], &answer["chat_id"]), (&json!("duplicate"), &one));
}

#[tokio::test]
async fn while_none_knows_it_the_event_waits_and_is_applied_with_the_first_that_does() {
    let mut app = TestApp::start_with_foreign(2);
    assert_eq!(outcome(&app.linq_posts(added("e1")).await), "parked");
    assert_eq!(outcome(&app.linq_posts(Linq::reaction("e2", CHAT)).await), "parked");
    assert_eq!(outcome(&app.linq_posts(Linq::renamed("e3", CHAT, Some("Late"))).await), "parked");
    app.restart();
    let other_chat = Linq::message("e4", "another-chat").line(LINQ_LINE);
    app.linq_posts(other_chat).await.ok();
    assert_eq!(app.rows("parked"), 3);
    let answer = app.linq_posts(message("e5", LINQ_LINE_2)).await.ok();
    assert_eq!((&answer["outcome"], app.rows("parked")), (&json!("created"), 0));
    let chat = app.acme().get_chat(answer["chat_id"].as_str().unwrap()).await.ok();
    assert_eq!(chat["chat"]["display_name"], "Late");
    assert_eq!(chat["chat"]["version"], 3, "one version for each event that is visible: {chat}");
    assert_eq!(people(&chat["chat"]), [SAM, ROBIN]);
}

#[tokio::test]
async fn nothing_parked_is_applied_to_a_line_that_was_once_anothers() {
    let app = TestApp::start_with_foreign(2);
    app.linq_posts(added("e1")).await.ok();
    // Away, and back again: what was parked may be about the other's conversations all the same.
    app.admin().move_line(&number(LINQ_LINE), Some(&OTHER.slug()), None).unwrap();
    app.admin().move_line(&number(LINQ_LINE), Some(&crate::support::directory::ACME.slug()), None).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let chat = app.linq_posts(message("e2", LINQ_LINE)).await.ok()["chat_id"].take();
    assert_eq!(seen(&app, &chat).await, [SAM]);
    assert_eq!(app.rows("parked"), 1);
    // A line that was nobody else's still gets it.
    let chat = app.linq_posts(message("e3", LINQ_LINE_2)).await.ok()["chat_id"].take();
    assert_eq!((seen(&app, &chat).await, app.rows("parked")), (vec![SAM.to_owned(), ROBIN.to_owned()], 0));
}

#[tokio::test]
async fn a_create_that_makes_the_conversation_known_applies_it_too() {
    use crate::support::mac::{MAC, MAC_LINE, start_mac};
    let mac = start_mac();
    let app = TestApp::start_with_mac(&mac.url());
    app.add_line("+15555550119", &MAC.slug());
    app.set_clock(5);
    let added = crate::support::BlueBubbles::added("G-1", 15)
        .in_chat(crate::support::mac::GUID)
        .participants([(15, ROBIN)])
        .at(1_780_142_400_000);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(outcome(&app.mac_posts_to("", &added).await), "parked");
    let body = json!({
        "from": MAC_LINE, "to": [SAM, "+14155550113"],
        "message": {"subject": "Team lunch", "parts": [{"type": "text", "value": "Shall we?"}]},
    });
    let chat = app.acme().create(body).await.ok()["chat"]["id"].take();
    assert_eq!(app.rows("parked"), 0);
    assert!(seen(&app, &chat).await.contains(&ROBIN.to_owned()));
}
