//! `chat.created`.

use serde_json::{Value, json};

use super::*;
use crate::upstream::roster::MAX_HANDLES;

fn with_handles(handles: &[(&str, Value, bool)]) -> Payload {
    let one = |(handle, status, is_me): &(&str, Value, bool)| json!({"handle": handle, "service": "iMessage", "status": status, "is_me": is_me});
    created().with("/data/handles", handles.iter().map(one).collect::<Vec<_>>())
}

#[test]
fn the_status_says_who_is_in() {
    let history = with_handles(&[
        (US, json!("active"), true),
        (SAM, json!("left"), false),
        (SAM, json!("active"), false),
        ("robin@example.org", json!("removed"), false),
        ("+442079460018", Value::Null, false),
    ]);
    let says = report(&history).says;
    let expected = [
        mention(US, LISTED),
        mention(SAM, listed_as(Some("left"))),
        mention(SAM, LISTED),
        mention("robin@example.org", listed_as(Some("removed"))),
        mention("+442079460018", LISTED),
    ];
    assert_eq!(says.people, expected);
    assert!(says.roster_complete);
    assert_eq!(says.ours, handles(&[US]));
}

#[test]
fn no_handles_are_no_information() {
    for none in [json!([]), Value::Null] {
        let report = report(&created().with("/data/handles", none));
        assert!(!report.says.roster_complete);
        assert_eq!((report.says.people, report.line), (Vec::new(), None));
    }
}

#[test]
fn the_line_is_the_number_that_is_me() {
    let (active, left) = (|| json!("active"), || json!("left"));
    let alias = "us@example.org";
    let cases = [
        (with_handles(&[(SAM, active(), false), (US, active(), true)]), Some(US)),
        (with_handles(&[(alias, active(), true), (US, active(), true)]), Some(US)),
        (with_handles(&[("+12025550199", left(), true), (US, active(), true)]), Some(US)),
        (with_handles(&[(US, left(), true), (SAM, active(), false)]), Some(US)),
        (with_handles(&[(SAM, active(), false)]), None),
    ];
    for (index, (payload, expected)) in cases.into_iter().enumerate() {
        assert_eq!(report(&payload).line, expected.map(number), "case {index}");
    }
    let nonsense = refusal(&with_handles(&[(SAM, active(), false), (alias, active(), true)]));
    assert!(nonsense.starts_with("data.handles[1].handle is not a valid phone number"), "{nonsense}");
}

#[test]
fn a_name_made_of_its_handles_is_none() {
    let members = |name: &str| {
        with_handles(&[
            (US, json!("active"), true),
            (SAM, json!("active"), false),
            ("24273", json!("left"), false),
        ])
        .with("/data/display_name", name)
    };
    for derived in [
        "",
        " ",
        "+12025550142",
        "+1 (202) 555-0142",
        "24273",
        "+12025550100, 24273",
        "24273, +12025550100, & +12025550142",
        // Of two pieces or more, any addresses are enough.
        "+12025550177 & robin@example.org",
    ] {
        assert_eq!(report(&members(derived)).says.name, Some(None), "{derived}");
    }
    for given in ["Trail runners", "+12025550177", "24273 fans", "24273, Sam", ",", "robin@example.org"] {
        assert_eq!(report(&members(given)).says.name, Some(name_of(given)), "{given}");
    }
    assert_eq!(report(&created().with("/data/display_name", Value::Null)).says.name, Some(None));
    assert_eq!(report(&created().without("/data/display_name")).says.name, None);
}

#[test]
fn kind_and_service_are_as_said() {
    let unsure = report(&created().with("/data/is_group", Value::Null).with("/data/service", Value::Null));
    assert_eq!((unsure.says.is_group, unsure.says.is_direct, unsure.says.service), (false, false, None));
    let sms = report(&created().with("/data/service", "SMS").with("/data/is_group", false));
    assert_eq!((sms.says.is_group, sms.says.is_direct, sms.says.service), (false, false, Some(Service::Sms)));
}

#[test]
fn what_cannot_be_used() {
    let many: Vec<Value> =
        (0..=MAX_HANDLES).map(|row| json!({"handle": format!("p{row}@a.example")})).collect();
    for (payload, why) in [
        (created().without("/data/id"), "missing required field: data.id"),
        (created().with("/data/id", "k".repeat(513)), "data.id has 513 bytes; 1 to 512 are allowed"),
        (created().with("/data/handles", many), "data.handles has 1025 entries; 1024 are allowed"),
        (created().with("/data/handles", json!([{}])), "missing required field: data.handles[0].handle"),
        (
            created().with("/data/handles/1/is_me", "no"),
            "data.handles[1].is_me has the wrong type: expected a boolean",
        ),
        (
            created().with("/data/display_name", "n".repeat(1025)),
            "data.display_name has 1025 characters; 1024 are allowed",
        ),
    ] {
        assert_eq!(refusal(&payload), why);
    }
}
