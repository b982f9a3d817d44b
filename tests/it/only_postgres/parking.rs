//! What one instance has parked, any of them places.

use std::time::Duration;

use super::{instances, spread};
use crate::support::{
    BlueBubbles, Event, Linq, TestApp,
    directory::{ACME, RELAY_1, number},
    foreign::{LINQ_LINE, LINQ_LINE_2, outcome},
    store::TestStore,
    wait::until,
};

/// Longer than until somebody looks after what waits.
const PATIENCE: Duration = Duration::from_secs(20);

const NEW_LINE: &str = "+15555550177";

#[tokio::test]
async fn what_was_parked_through_several_is_placed_once() {
    let all = instances::<3>();
    for number in 0..60 {
        let event =
            Event::message(&format!("e{number}"), &format!("any;+;chat{}", number % 7)).line(NEW_LINE);
        let told = all[number % 3].relay_1().outcome(event).await;
        assert_eq!(told.0, "parked");
    }
    assert_eq!(all[0].rows("parked"), 60);
    all[0].admin().add_line(&number(NEW_LINE), &ACME.slug(), &RELAY_1.slug()).unwrap();
    until(PATIENCE, async || all[0].rows("parked") == 0).await;
    assert_eq!(all[0].usage(), []);
    assert_eq!((all[0].rows("chats"), all[0].rows("receipts"), all[0].rows("changes")), (7, 60, 7));
}

fn two_that_know_foreign_relays() -> [TestApp; 2] {
    spread(TestApp::start_with_store(TestStore::peopled_database()).knowing_foreign(2))
}

/// Neither of the two sees what the other one does at the same time; what waits must not wait for ever.
#[tokio::test]
async fn a_conversation_that_becomes_known_while_a_report_is_parked_is_found() {
    const GROUPS: usize = 100;
    let [one, other] = two_that_know_foreign_relays();
    for group in 0..GROUPS {
        let chat = format!("b183b0d3-3211-43db-8b4b-{group:012}");
        let line = [LINQ_LINE, LINQ_LINE_2][group % 2];
        let added = Linq::participant("added", &format!("a{group}"), &chat, "+14155550112");
        let message = Linq::message(&format!("m{group}"), &chat).line(line);
        let (added, message) = tokio::join!(one.linq_posts(added), other.linq_posts(message));
        assert!(["parked", "updated"].contains(&outcome(&added).as_str()), "{added:?}");
        assert_eq!(outcome(&message), "created");
    }
    until(PATIENCE, async || one.rows("parked") == 0).await;
    assert_eq!(one.usage(), []);
    assert_eq!(one.rows("participants WHERE address = '+14155550112'"), GROUPS as u64);
}

#[tokio::test]
async fn an_owner_who_becomes_known_while_a_report_is_parked_is_found() {
    const PEOPLE: i64 = 100;
    let [one, other] = two_that_know_foreign_relays();
    for person in 0..PEOPLE {
        let added =
            BlueBubbles::added(&format!("A-{person}"), 100 + person).in_chat("iMessage;+;chat1").by_us();
        let message = BlueBubbles::message(&format!("M-{person}")).in_chat("iMessage;+;chat2");
        let message = message.from(100 + person, &format!("+1415555{:04}", 1000 + person));
        let of_line = format!("&line={}", crate::support::foreign::MAC_LINES[0]);
        tokio::join!(async { outcome(&one.mac_posts_to(&of_line, added).await) }, async {
            outcome(&other.mac_posts_to(&of_line, message).await)
        },);
    }
    until(PATIENCE, async || one.rows("parked") == 0).await;
    assert_eq!(one.usage(), []);
    assert_eq!(one.rows("participants"), 2 * PEOPLE as u64, "all of them are in both groups");
}
