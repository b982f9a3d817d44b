//! `verify-signature --relay`: with the secrets that are in the store.

use super::{
    program::Ran,
    world::{RELAY, World, text},
};

const WEBHOOK: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
const AT: &str = "1649367553";

/// The published request of Standard Webhooks.
const STANDARD: [&str; 3] = [
    "webhook-id: msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    "webhook-timestamp: 1649367553",
    "webhook-signature: v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
];

/// The same in Linq's older headers.
const LEGACY: [&str; 2] = [
    "X-Webhook-Signature: 996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d",
    "X-Webhook-Timestamp: 1649367553",
];

/// Verifies a request with this body and these headers.
fn verify(world: &World, headers: &[&str], rest: &[&str]) -> Ran {
    let file = world.folder().join("body");
    std::fs::write(&file, BODY).unwrap();
    let headers = headers.iter().flat_map(|header| ["--header", header]);
    let arguments = ["verify-signature", "--body-file", file.to_str().unwrap()].into_iter().chain(headers);
    world.run(&arguments.chain(rest.iter().copied()).collect::<Vec<_>>())
}

/// The header of a request of the native relay, signed now.
fn native(world: &World) -> String {
    let [_, (name, signature), _] = world.signed("application/json", BODY);
    format!("{name}: {signature}")
}

#[track_caller]
fn assert_refused(ran: &Ran, why: &str) {
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.contains(why), "{ran:?}");
}

#[test]
fn a_relay_is_checked_by_what_its_kind_uses() {
    let world = World::new();
    let secret = world.folder().join("secret");
    std::fs::write(&secret, WEBHOOK).unwrap();
    let secret = secret.to_str().unwrap();
    world.run(&["relay", "add", "partner", "--kind", "linq", "--secret-file", secret]).text();
    let partner = |headers: &[&str], rest: &[&str]| {
        verify(&world, headers, &[&["--relay", "partner", "--at", AT], rest].concat())
    };
    for (headers, rest) in [
        (&STANDARD[..], &[][..]),
        (&LEGACY, &[]),
        (&STANDARD, &["--scheme", "standard-webhooks"]),
        (&[&STANDARD[..], &LEGACY].concat(), &["--scheme", "linq-legacy"]),
    ] {
        assert_eq!(partner(headers, rest).text(), "valid\n", "{headers:?} {rest:?}");
    }
    // As the service does, it looks at the stronger scheme's headers as soon as one of them is there.
    let wrong = partner(&[&LEGACY[..], &STANDARD[..2]].concat(), &[]);
    assert_refused(&wrong, "webhook-signature is missing");
    assert_refused(
        &partner(&[LEGACY[0], LEGACY[0], LEGACY[1]], &[]),
        "x-webhook-signature occurs more than once",
    );

    let added = world.run(&["relay", "add", "bridge", "--kind", "bluebubbles", "--json"]).json();
    let url = |token: &str| format!("https://example.org/upstream/v1/bluebubbles/bridge?token={token}");
    let bridge = |url: &str| verify(&world, &[], &["--relay", "bridge", "--url", url]);
    assert_eq!(bridge(&url(&text(&added["secret"]))).text(), "valid\n");
    assert_refused(&bridge(&url(&world.relay_secret)), "token is not the secret");

    assert_eq!(verify(&world, &[&native(&world)], &["--relay", RELAY]).text(), "valid\n");
}

#[test]
fn each_secret_that_is_valid_is_tried() {
    let mut world = World::new();
    let check = |header: &str| verify(&world, &[header], &["--relay", RELAY]);
    let older = native(&world);
    let rotated = world.run(&["relay", "rotate-secret", RELAY, "--overlap", "1h", "--json"]).json();
    assert_eq!(check(&older).text(), "valid\n");
    let secret = text(&rotated["secret"]);
    world.relay_secret = secret;
    let newer = native(&world);
    assert_eq!(verify(&world, &[&newer], &["--relay", RELAY]).text(), "valid\n");
    world.run(&["relay", "rotate-secret", RELAY, "--overlap", "0s"]).text();
    for header in [&older, &newer] {
        assert_refused(&verify(&world, &[header], &["--relay", RELAY]), "does not match");
    }
    let shown = verify(&world, &[&newer], &["--relay", RELAY]);
    assert!(!shown.stdout.contains(&world.relay_secret), "{shown:?}");
}

#[test]
fn what_cannot_be_checked_is_said() {
    let world = World::new();
    world.run(&["relay", "add", "bridge", "--kind", "bluebubbles"]).text();
    for (rest, why) in [
        (&["--relay", "none"][..], "no relay 'none'"),
        (&["--relay", "bridge"], "--url is missing: the token is in the URL of the request"),
        (
            &["--relay", RELAY, "--scheme", "standard-webhooks"],
            "relay mac-1 is of the kind native and uses hmac-v1, not standard-webhooks",
        ),
    ] {
        let refused = verify(&world, &[], rest);
        assert!(refused.complaint().contains(why), "{rest:?}: {refused:?}");
    }
    let both = verify(&world, &[], &["--relay", RELAY, "--secret-file", "secret"]);
    assert_eq!((both.status, &*both.stdout), (Some(2), ""), "{both:?}");
}
