//! New conversations that all instances hear of at once.

use super::instances;
use crate::{
    races::{CROWD, assert_a_race_makes_one_chat_of_each_key},
    support::Event,
};

#[tokio::test]
async fn rivals_on_four_instances_make_one_chat_of_each_key() {
    assert_a_race_makes_one_chat_of_each_key(&instances::<4>(), CROWD).await;
}

/// Batches that have the same new keys in contrary orders, at once.
#[tokio::test]
async fn batches_in_contrary_orders_do_not_stand_in_each_others_way() {
    let [one, other] = instances();
    for round in 0..20 {
        let events = |who: &str| -> Vec<Event> {
            let event =
                |key| Event::message(&format!("{who}-{round}-{key}"), &format!("any;+;chat{round}x{key}"));
            (0..50).map(event).collect()
        };
        let (forwards, mut backwards) = (events("forwards"), events("backwards"));
        backwards.reverse();
        let (told, told_otherwise) =
            tokio::join!(one.relay_1().post_events(forwards), other.relay_1().post_events(backwards));
        let chats = |told: serde_json::Value| -> Vec<String> {
            let results = told["results"].as_array().unwrap().iter();
            results.map(|result| result["chat_id"].as_str().expect("a chat").to_owned()).collect()
        };
        let (chats, mut same_chats) = (chats(told.ok()), chats(told_otherwise.ok()));
        same_chats.reverse();
        assert_eq!(chats, same_chats);
    }
    assert_eq!(one.rows("chats"), 20 * 50);
}

#[tokio::test]
async fn one_event_at_every_instance_at_once_has_one_effect() {
    let all = instances::<4>();
    let post = |number: usize| all[number % 4].relay_1().outcome(Event::message("e1", "any;+;chat1"));
    let told = futures_util::future::join_all((0..100).map(post)).await;
    let count = |expected: &str| told.iter().filter(|(outcome, _)| outcome == expected).count();
    assert_eq!((count("created"), count("duplicate")), (1, 99));
    assert_eq!((all[0].rows("chats"), all[0].rows("receipts"), all[0].rows("changes")), (1, 1, 1));
}
