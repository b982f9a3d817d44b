//! What one instance has parked, any of them places.

use std::time::Duration;

use super::instances;
use crate::support::{
    Event,
    directory::{ACME, RELAY_1, number},
    wait::until,
};

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
    until(Duration::from_secs(10), async || all[0].rows("parked") == 0).await;
    assert_eq!(all[0].usage(), []);
    assert_eq!((all[0].rows("chats"), all[0].rows("receipts"), all[0].rows("changes")), (7, 60, 7));
}
