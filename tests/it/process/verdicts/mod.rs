//! `verify-signature` says of a recorded request what the service said when it came: one table, both ways.

mod others;
mod request;
mod webhooks;

use crate::support::TestApp;
use request::Verdict;

const BODY: &[u8] = b"{}";

#[tokio::test]
async fn the_command_says_what_the_service_says() {
    let app = TestApp::start_with_foreign(1);
    let folder = tempfile::tempdir().unwrap();
    let now = app.clock.now().seconds();
    let requests = [
        webhooks::signed_anyhow(now),
        webhooks::other_signatures(now),
        webhooks::other_headers(now),
        others::legacies(now),
        others::tokens(),
        others::natives(app.clock.now()),
    ];
    let mut seen = [0, 0, 0];
    for request in requests.into_iter().flatten() {
        let served = request.served(&app).await;
        assert_eq!(request.recorded(&folder, now), served, "{}", request.shown());
        seen[match served {
            Verdict::Valid => 0,
            Verdict::Refused(_) => 1,
            Verdict::NoRequest => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|requests| *requests > 5), "some of each: {seen:?}");
}
