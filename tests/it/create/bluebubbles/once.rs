//! The server keeps no idempotency keys, and is never made to send a message twice.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;

use super::{HUNG_UP, assert_made, keyed, start};
use crate::{
    create::chat_id,
    support::{
        FakeRelay, Say, TestApp,
        mac::{GUID, MAC, MAC_LINE},
        relay::{Gate, nobody},
        wait::until,
    },
};

#[tokio::test]
async fn nobody_at_the_servers_address_is_asked_again_until_somebody_is() {
    let address = nobody();
    let app = TestApp::start_with_mac(&format!("http://{address}"));
    let started = Instant::now();
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    assert!(started.elapsed() >= Duration::from_millis(360), "three attempts");
    // While the next one waits, the server comes up.
    let create = app.acme().create(keyed("k1"));
    let come_up = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mac = FakeRelay::start_at(address);
        mac.always(Say::Chat(GUID));
        mac
    };
    let (answer, mac) = tokio::join!(create, come_up);
    assert_made(&app, &answer, "Team lunch").await;
    assert_eq!(mac.orders().len(), 1);
}

#[rstest]
#[case::bad_request(Say::Status(400), 4001)]
#[case::unauthorized(Say::Status(401), 4001)]
#[case::timeout(Say::Status(408), 4001)]
#[case::too_many(Say::RetryAfter(429, "1"), 4001)]
#[case::broken(Say::Status(500), 4001)]
#[case::unavailable(Say::RetryAfter(503, "1"), 4001)]
#[case::redirect(Say::Bytes("HTTP/1.1 308 Go\r\nlocation: /api\r\ncontent-length: 0\r\n\r\n"), 4001)]
#[case::accepted(Say::Queued, 4001)]
#[case::empty(Say::Status(200), 4001)]
#[case::garbage(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nShall we?"), 4001)]
#[case::another_protocol(Say::Key("iMessage;+;chat7"), 4001)]
#[case::no_data(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"data\":null}"), 4001)]
#[case::odd_guid(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"data\":{\"guid\":7}}"), 4001)]
#[case::empty_guid(Say::Chat(""), 4001)]
#[case::endless(Say::Endless, 4001)]
#[case::hung_up(HUNG_UP, 3002)]
#[case::cut(Say::CUT, 3002)]
#[case::no_http(Say::Bytes("220 mail.example.org ready\r\n"), 3002)]
#[tokio::test]
async fn who_may_have_heard_is_not_asked_again_unless_the_caller_asks(#[case] say: Say, #[case] code: u16) {
    let (mac, app) = start();
    mac.will([say]);
    let answer = app.acme().create(keyed("k1")).await;
    answer.refused(if code == 4001 { 502 } else { 503 }, code);
    assert_eq!(answer.retry_after().is_some(), code == 3002, "Retry-After comes with 3002");
    assert_eq!(mac.seen().len(), 1);
    // No event has shown that it was made, so the caller's own repeat is carried out, under the same name.
    let answer = app.acme().create(keyed("k1")).await;
    assert_made(&app, &answer, "Team lunch").await;
    let orders = mac.orders();
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[0].body, orders[1].body);
}

#[tokio::test]
async fn an_event_shows_it_that_names_no_line_of_several() {
    let (mac, app) = start();
    app.add_line("+15555550119", &MAC.slug());
    let mut app = app;
    app.restart();
    mac.will([HUNG_UP]);
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    // It is the line that the delivery went to, or the message would be sent again.
    let shown = app.mac_shows("e1", Some(&mac.orders()[0].temp_guid())).await;
    let answer = app.acme().create(keyed("k1")).await;
    assert_eq!((chat_id(&answer), mac.orders().len()), (shown, 1));
    assert_eq!(app.acme().resolve(MAC_LINE, &[GUID]).await.ok()["chats"][0]["chat_id"], chat_id(&answer));
}

#[tokio::test]
async fn the_lease_lasts_as_long_as_the_server_may_take() {
    let (mac, app) = start();
    let gate = Gate::new();
    mac.will([Say::Chat(GUID).held(&gate)]);
    let stalled = app.acme().create(keyed("k1"));
    let meanwhile = async {
        let order = mac.request(1).await;
        app.set_clock(44);
        app.acme().create(keyed("k1")).await.refused_while_running();
        let shown = app.mac_shows("e1", Some(&order.temp_guid())).await;
        app.set_clock(45);
        let second = app.acme().create(keyed("k1")).await;
        assert_eq!(chat_id(&second), shown);
        assert_eq!(mac.orders().len(), 1, "it is known to be made");
        gate.open();
        second
    };
    let (first, second) = tokio::join!(stalled, meanwhile);
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_caller_who_gives_up_finds_the_answer_later() {
    let (mac, app) = start();
    let gate = Gate::new();
    mac.will([Say::Chat(GUID).held(&gate)]);
    let started = Instant::now();
    app.acme().create(keyed("k1")).await.refused(503, 3002);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    app.acme().create(keyed("k1")).await.refused_while_running();
    gate.open();
    let mut answer = None;
    until(Duration::from_secs(10), async || {
        let got = app.acme().create(keyed("k1")).await;
        let done = got.status == 200;
        answer = Some(got);
        done
    })
    .await;
    assert_made(&app, &answer.unwrap(), "Team lunch").await;
    assert_eq!(mac.orders().len(), 1);
}

#[tokio::test]
async fn of_many_requests_under_one_key_one_is_carried_out() {
    let (mac, app) = start();
    let gate = Gate::new();
    mac.will([Say::Chat(GUID).held(&gate)]);
    let opener = async {
        mac.request(1).await;
        app.acme().create(keyed("k1")).await.refused_while_running();
        gate.open();
    };
    let all = join_all((0..16).map(|_| app.acme().create(keyed("k1"))));
    let (answers, ()) = tokio::join!(all, opener);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused_while_running();
    }
    assert!(answers.iter().any(|answer| answer.status == 200));
    assert_eq!((mac.orders().len(), app.rows("deliveries"), app.rows("chats")), (1, 1, 1));
}
