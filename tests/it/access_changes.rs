//! Who has access changes while the service runs: what is given counts at once, what is taken within a second.

use std::time::{Duration, Instant};

use chert_groups::{domain::relay_kind::RelayKind, store::admin::Owner};
use jiff::SignedDuration;

use crate::support::{
    Event, TestApp,
    directory::{ACME, Identity, LINE, OTHER, RELAY_1, number, secret},
    wait::until,
};

const NEW_SECRET: &str = "99999999999999999999999999999999";
const NEW_TENANT: Identity =
    Identity { header: "x-chert-tenant", slug: "newcomer", secret: "88888888888888888888888888888888" };
const NEW_RELAY: Identity =
    Identity { header: "x-chert-relay", slug: "rly-new", secret: "77777777777777777777777777777777" };

/// How long what is taken away may go on working.
const SECOND: Duration = Duration::from_secs(1);

async fn list(app: &TestApp, identity: Identity) -> crate::support::answer::Answer {
    app.request("GET", "/api/v1/chats").signed_by(identity).send().await
}

async fn post(app: &TestApp, identity: Identity, line: &str) -> crate::support::answer::Answer {
    let event = Event::message("e1", "any;+;chat1").line(line);
    app.request("POST", "/upstream/v1/events").body(event.to_string()).signed_by(identity).send().await
}

#[tokio::test]
async fn a_tenant_added_a_moment_ago_is_known_by_signature_and_by_bearer() {
    for by_bearer in [false, true] {
        let app = TestApp::start();
        list(&app, NEW_TENANT).await.refused(404, 2001);
        app.admin().add_tenant(&NEW_TENANT.slug(), false, &NEW_TENANT.secret()).unwrap();
        if by_bearer {
            app.request("GET", "/api/v1/chats").bearer(NEW_TENANT.secret).send().await.ok();
        } else {
            list(&app, NEW_TENANT).await.ok();
        }
    }
}

#[tokio::test]
async fn a_relay_with_its_line_added_a_moment_ago_is_known() {
    let app = TestApp::start();
    post(&app, NEW_RELAY, "+15555550177").await.refused(401, 2004);
    app.admin().add_relay(&NEW_RELAY.slug(), RelayKind::Native, None, &NEW_RELAY.secret()).unwrap();
    assert_eq!(post(&app, NEW_RELAY, "+15555550177").await.ok()["outcome"], "parked");
    app.admin().add_line(&number("+15555550177"), &ACME.slug(), &NEW_RELAY.slug()).unwrap();
    post(&app, NEW_RELAY, "+15555550177").await.ok();
}

#[tokio::test]
async fn a_new_secret_counts_at_once_and_the_old_one_until_the_overlap_ends() {
    for (identity, owner) in [(RELAY_1, Owner::Relay), (ACME, Owner::Tenant)] {
        let app = TestApp::start();
        let speak = async |secret| match owner {
            Owner::Relay => post(&app, identity.with_secret(secret), LINE).await,
            Owner::Tenant => list(&app, identity.with_secret(secret)).await,
        };
        let overlap = SignedDuration::from_hours(24);
        app.admin().rotate_secret(owner, &identity.slug(), &secret(NEW_SECRET), overlap).unwrap();
        speak(NEW_SECRET).await.ok();
        speak(identity.secret).await.ok();
        app.set_clock(24 * 3600 - 1);
        speak(NEW_SECRET).await.ok();
        speak(identity.secret).await.ok();
        app.set_clock(24 * 3600);
        speak(identity.secret).await.refused(401, 2004);
        speak(NEW_SECRET).await.ok();
    }
}

#[tokio::test]
async fn a_rotated_bearer_follows_the_same_rule() {
    let app = TestApp::start();
    let overlap = SignedDuration::from_mins(30);
    app.admin().rotate_secret(Owner::Tenant, &ACME.slug(), &secret(NEW_SECRET), overlap).unwrap();
    let list = |token| app.request("GET", "/api/v1/chats").bearer(token).send();
    list(NEW_SECRET).await.ok();
    list(ACME.secret).await.ok();
    app.set_clock(30 * 60);
    list(ACME.secret).await.refused(401, 2004);
    list(NEW_SECRET).await.ok();
}

#[tokio::test]
async fn a_relays_rotation_refuses_nobody_who_signs_with_either_secret() {
    let app = TestApp::start();
    let rotate = async {
        let overlap = SignedDuration::from_hours(1);
        app.admin().rotate_secret(Owner::Relay, &RELAY_1.slug(), &secret(NEW_SECRET), overlap).unwrap();
    };
    let old = async {
        for _ in 0..100 {
            post(&app, RELAY_1, LINE).await.ok();
        }
    };
    let new = async {
        rotate.await;
        for _ in 0..100 {
            post(&app, RELAY_1.with_secret(NEW_SECRET), LINE).await.ok();
        }
    };
    tokio::join!(old, new);
}

#[tokio::test]
async fn what_is_taken_away_stops_within_a_second() {
    let app = TestApp::start();
    let refused = async |identity: Identity| match identity.header {
        "x-chert-tenant" => list(&app, identity).await.status != 200,
        _ => post(&app, identity, LINE).await.status != 200,
    };
    let rotations = [(RELAY_1, Owner::Relay, NEW_SECRET), (ACME, Owner::Tenant, NEW_TENANT.secret)];
    for (identity, owner, new) in rotations {
        assert!(!refused(identity).await);
        let overlap = SignedDuration::ZERO;
        app.admin().rotate_secret(owner, &identity.slug(), &secret(new), overlap).unwrap();
        until(SECOND, async || refused(identity).await).await;
    }
    app.admin().set_suspended(&OTHER.slug(), true).unwrap();
    until(SECOND, async || refused(OTHER).await).await;
}

#[tokio::test]
async fn a_line_moved_to_another_tenant_is_the_others_within_a_second() {
    let app = TestApp::start();
    let held = app.relay_1().chat_of(Event::message("e1", "any;+;chat1")).await;
    app.admin().move_line(&number(LINE), Some(&OTHER.slug()), None).unwrap();
    let moved = async || app.relay_1().chat_of(Event::message("e2", "any;+;chat1")).await != held;
    until(SECOND, moved).await;
}

#[tokio::test]
async fn junk_waits_for_one_refresh_and_no_longer() {
    let app = TestApp::start();
    let started = Instant::now();
    list(&app, NEW_TENANT).await.refused(404, 2001);
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
    // Who is known does not wait for those who are not.
    let junk = async {
        for _ in 0..10 {
            list(&app, NEW_TENANT).await.refused(404, 2001);
        }
    };
    let known = async {
        for _ in 0..10 {
            let started = Instant::now();
            list(&app, ACME).await.ok();
            assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        }
    };
    tokio::join!(junk, known);
}
