//! What an instance remembers of a chat is never older than what another one has written, stamps that moved without a
//! visible change included.

use super::instances;
use crate::support::{Event, TestApp, event::SAM};

const EARLY: &str = "2026-05-30T12:00:00Z";
const BETWEEN: &str = "2026-05-30T13:00:00Z";
const LATE: &str = "2026-05-30T14:00:00Z";

async fn unchanged(app: &TestApp, event: Event) {
    assert_eq!(app.relay_1().outcome(event).await.0, "unchanged");
}

#[tokio::test]
async fn an_older_departure_loses_to_a_message_that_another_instance_took() {
    let [one, other] = instances();
    let key = "any;+;chat1";
    // One remembers the chat, with Sam in it since early.
    let chat = one.relay_1().chat_of(Event::message("e1", key).at(EARLY)).await;
    // The other is told that Sam is still there, which changes nothing that shows.
    unchanged(&other, Event::message("e2", key).at(LATE)).await;
    // One is told that Sam left before that.
    unchanged(&one, Event::participant("left", "e3", key, SAM).at(BETWEEN)).await;
    for app in [&one, &other] {
        let people = app.acme().participants(&chat).await.ok();
        assert_eq!(people["participants"][0]["status"], "active", "{people}");
    }
}

#[tokio::test]
async fn an_older_name_loses_to_a_newer_one_that_is_the_same() {
    let [one, other] = instances();
    let key = "any;+;chat1";
    let chat = one.relay_1().chat_of(Event::renamed("e1", key, "Lunch").at(EARLY)).await;
    unchanged(&other, Event::renamed("e2", key, "Lunch").at(LATE)).await;
    unchanged(&one, Event::renamed("e3", key, "Dinner").at(BETWEEN)).await;
    for app in [&one, &other] {
        assert_eq!(app.acme().get_chat(&chat).await.ok()["chat"]["display_name"], "Lunch");
    }
}

/// The same to and fro, so that each instance remembers what it wrote itself and what it read anew.
#[tokio::test]
async fn instances_that_take_turns_never_go_back() {
    let all = instances::<3>();
    let keys: Vec<String> = (0..10).map(|key| format!("any;+;chat{key}")).collect();
    let minute = |minute: usize| format!("2026-05-30T{:02}:{:02}:00Z", minute / 60, minute % 60);
    let events = |round: usize, what: &str, at: usize| -> Vec<Event> {
        let event = |key: &String| match what {
            "left" => Event::participant("left", &format!("left-{round}-{key}"), key, SAM),
            _ => Event::message(&format!("message-{round}-{key}"), key),
        };
        keys.iter().map(|key| event(key).at(&minute(at))).collect()
    };
    all[0].relay_1().post_events(events(0, "message", 0)).await.ok();
    for round in 1..60 {
        let newer = all[round % 3].relay_1().post_events(events(round, "message", 2 * round)).await.ok();
        let older =
            all[(round * 2 + 1) % 3].relay_1().post_events(events(round, "left", 2 * round - 1)).await.ok();
        for result in [newer, older].iter().flat_map(|answer| answer["results"].as_array().unwrap()) {
            assert_eq!(result["outcome"], "unchanged", "in round {round}");
        }
    }
    assert_eq!((all[0].rows("chats"), all[0].rows("changes")), (10, 10));
}

/// Two messages at once on two instances, and a departure that is older than one of them only.
#[tokio::test]
async fn of_stamps_that_two_instances_move_at_once_the_newest_stays() {
    let [one, other] = instances();
    for round in 0..50 {
        let key = format!("any;+;chat{round}");
        let id = |what: &str| format!("{what}-{round}");
        one.relay_1().chat_of(Event::message(&id("first"), &key).at(EARLY)).await;
        tokio::join!(
            unchanged(&one, Event::message(&id("between"), &key).at(BETWEEN)),
            unchanged(&other, Event::message(&id("late"), &key).at(LATE)),
        );
        let left = Event::participant("left", &id("left"), &key, SAM).at("2026-05-30T13:30:00Z");
        unchanged(if round % 2 == 0 { &one } else { &other }, left).await;
    }
}
