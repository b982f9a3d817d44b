//! Two hundred creates against a relay that fails in every way it can, and a count at the end.

use std::{collections::HashSet, time::Duration};

use chert_groups::relay_sim::{Behaviour, Timing};
use futures_util::{StreamExt, stream};
use rstest::rstest;
use serde_json::Value;

use super::{Create, chat_id, numbers};
use crate::support::{
    TestApp,
    answer::Answer,
    directory::{LINE, RELAY_1},
    relay::Simulated,
    wait::until,
};

const CREATES: usize = 200;

/// Fewer than a relay may have under way, so that none is refused for want of room alone.
const AT_ONCE: usize = 32;

/// Longer than all attempts of one create take.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn unreliable(events: Timing) -> Behaviour {
    let share = |text: &str| text.parse().unwrap();
    Behaviour {
        queue: share("0.2"),
        fail: share("0.2"),
        hang_up: share("0.2"),
        echo: share("0.5"),
        events,
        delay: Duration::from_millis(40),
        exact_delay: false,
    }
}

fn create(number: usize) -> Create {
    let to = numbers(2 + number % 5);
    Create::keyed(&format!("create-{number}")).to(to).with("/message/subject", format!("Group {number}"))
}

/// Repeats a create until it succeeds, as a client that obeys `retryable` does.
async fn insist(app: &TestApp, number: usize) -> Answer {
    let mut answer = None;
    until(PATIENCE, async || {
        let got = app.acme().create(create(number)).await;
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        assert!(got.status == 200 || body["error"]["retryable"] == true, "{body}");
        let done = got.status == 200;
        answer = Some(got);
        done
    })
    .await;
    answer.unwrap()
}

#[rstest]
#[case::before(Timing::Before, 1)]
#[case::after(Timing::After, 2)]
#[case::mixed(Timing::Mixed, 3)]
#[tokio::test]
async fn each_group_is_one_chat(#[case] events: Timing, #[case] seed: u64) {
    assert_each_group_is_one_chat(Simulated::start(RELAY_1, unreliable(events), seed)).await;
}

/// Groups are made through all instances by turns.
pub(crate) async fn assert_each_group_is_one_chat(simulated: Simulated) {
    let created: Vec<(usize, Answer)> = stream::iter(0..CREATES)
        .map(async |number| (number, insist(simulated.instance(number), number).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // All events arrive in the end.
    until(PATIENCE, async || pending(&simulated).await == 0).await;
    assert_one_chat_each(&simulated, &created).await;
    // Whatever the relay does now: an answer stays.
    simulated.behave(unreliable(Timing::Never));
    for (number, answer) in &created {
        let again = insist(simulated.instance(number + 1), *number).await;
        assert_eq!(again.body, answer.body);
    }
    assert_eq!(simulated.groups().await.len(), CREATES);
    simulated.stop().await;
}

async fn pages(simulated: &Simulated) -> Vec<Value> {
    let mut chats = Vec::new();
    let mut query = "limit=200".to_owned();
    loop {
        let page = simulated.app.acme().list_chats(&query).await.ok();
        chats.extend(page["chats"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return chats };
        query = format!("limit=200&cursor={cursor}");
    }
}

async fn pending(simulated: &Simulated) -> usize {
    pages(simulated).await.iter().filter(|chat| chat["status"] == "pending").count()
}

async fn assert_one_chat_each(simulated: &Simulated, created: &[(usize, Answer)]) {
    let app = &simulated.app;
    let groups = simulated.groups().await;
    assert_eq!(groups.len(), CREATES, "each create has made one group");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let keys: Vec<String> = groups.iter().map(|group| text(&group["conversation_key"])).collect();
    let found = app.acme().resolve(LINE, &keys.iter().map(String::as_str).collect::<Vec<_>>()).await.ok();
    let by_key: Vec<String> =
        found["chats"].as_array().unwrap().iter().map(|chat| text(&chat["chat_id"])).collect();
    let different: HashSet<&String> = by_key.iter().collect();
    assert_eq!(different.len(), CREATES, "each group is a chat of its own");
    assert_eq!(pages(simulated).await.len(), CREATES, "and there are no others");
    for (number, answer) in created {
        let name = format!("Group {number}");
        let place =
            groups.iter().position(|group| group["display_name"] == name.as_str()).expect("its group");
        let chat = app.acme().get_chat(&chat_id(answer)).await.ok();
        assert_eq!(chat["chat"]["id"], by_key[place].as_str(), "{name}");
        assert_eq!(chat["chat"]["display_name"], name.as_str());
        assert_eq!(chat["chat"]["handles"].as_array().unwrap().len(), 2 + number % 5);
    }
    assert_eq!(app.rows("deliveries WHERE progress IN ('open', 'failed')"), 0);
}
