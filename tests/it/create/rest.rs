//! A relay that does not answer is given a rest, and takes nothing from the others.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::Create;
use crate::support::{
    FakeRelay, Say, TestApp,
    directory::{OTHER_LINE, RELAY_1, RELAY_2},
    relay::{Gate, nobody},
    wait::until,
};

/// Less than an attempt with its repetitions takes.
const AT_ONCE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_relay_that_stays_away_rests_until_a_probe_finds_it() {
    let address = nobody();
    let app = TestApp::start_with_relays(&[(RELAY_1, &format!("http://{address}"))]);
    let silent = || app.acme().create(Create::group());
    for answer in join_all([silent(), silent(), silent()]).await {
        answer.refused(503, 3002);
    }
    let started = Instant::now();
    let answer = app.acme().create(Create::keyed("k1")).await;
    answer.refused(503, 3002);
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert!(answer.retry_after() >= Some(1));
    // It is back; after its rest one request finds that out, and then all go through.
    let relay = FakeRelay::start_at(address);
    until(Duration::from_secs(5), async || app.acme().create(Create::keyed("k1")).await.status == 200).await;
    for answer in join_all((0..8).map(|_| app.acme().create(Create::group()))).await {
        answer.ok();
    }
    assert_eq!(relay.groups(), 9);
}

#[tokio::test]
async fn refusals_never_lead_to_a_rest() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.always(Say::Status(403));
    for _ in 0..10 {
        app.acme().create(Create::group()).await.refused(502, 4001);
    }
    assert_eq!(relay.seen().len(), 10);
    relay.always(Say::Made);
    app.acme().create(Create::group()).await.ok();
}

#[tokio::test]
async fn neither_do_other_answers() {
    let relay = FakeRelay::start();
    let app = TestApp::start_with_relay(&relay);
    relay.always(Say::Status(503));
    for answer in join_all((0..6).map(|_| app.acme().create(Create::group()))).await {
        answer.refused(502, 4001);
    }
    assert_eq!(relay.seen().len(), 18);
    relay.always(Say::Made);
    app.acme().create(Create::group()).await.ok();
}

#[tokio::test]
async fn a_slow_relay_holds_up_nobody_else() {
    let (slow, other) = (FakeRelay::start(), FakeRelay::start());
    let app = TestApp::start_with_relays(&[(RELAY_1, &slow.url()), (RELAY_2, &other.url())]);
    let gate = Gate::new();
    slow.always(Say::Made.held(&gate));
    let waiting = join_all((0..64).map(|_| app.acme().create(Create::group())));
    let meanwhile = async {
        slow.request(64).await;
        let started = Instant::now();
        // There is no room for one more, and it hears so.
        app.acme().create(Create::group()).await.refused(503, 3002);
        app.other().create(Create::group().with("/from", OTHER_LINE)).await.ok();
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        gate.open();
    };
    let (answers, ()) = tokio::join!(waiting, meanwhile);
    for answer in answers {
        answer.ok();
    }
    assert_eq!((slow.groups(), other.groups()), (64, 1));
    // Room again.
    app.acme().create(Create::group()).await.ok();
}
