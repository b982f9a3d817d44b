//! Transactions that the server fails, now as ones that cannot be serialized and now for a deadlock.

use chert_groups::relay_sim::Timing;

use super::spread;
use crate::{
    create::chaos::{assert_each_group_is_one_chat, unreliable},
    races::assert_a_race_makes_one_chat_of_each_key,
    support::{TestApp, directory::RELAY_1, relay::Simulated, store::TestStore},
};

#[tokio::test]
async fn rivals_make_one_chat_of_each_key_all_the_same() {
    let all = spread::<4>(TestApp::start_with_store(TestStore::peopled_hostile_database()));
    assert_a_race_makes_one_chat_of_each_key(&all).await;
    assert!(all[0].store.made_up_failures() > 10, "nothing was difficult");
    all[0].store.assert_sound();
}

#[tokio::test]
async fn each_group_is_one_chat_all_the_same() {
    let store = TestStore::peopled_hostile_database();
    let simulated = Simulated::start_on(store, 2, RELAY_1, unreliable(Timing::Mixed), 5);
    let store = std::sync::Arc::clone(&simulated.app.store);
    assert_each_group_is_one_chat(simulated).await;
    assert!(store.made_up_failures() > 10, "nothing was difficult");
    store.assert_sound();
}
