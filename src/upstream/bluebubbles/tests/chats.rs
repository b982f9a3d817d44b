//! What an event's chat and its participants say.

use serde_json::{Value, json};

use super::*;
use crate::domain::conversation_key::Kind;

#[test]
fn the_name_is_as_the_chat_has_it() {
    let named_so = |value: Value| message().with("/data/chats/0/displayName", value);
    let cases = [
        (named_so(json!("  Hikers ")), Some(name_of("Hikers"))),
        (named_so(json!("")), Some(None)),
        (named_so(json!("+12025550141 & robin@example.org")), Some(None)),
        (named_so(Value::Null), Some(None)),
        (message().without("/data/chats/0/displayName"), None),
    ];
    for (payload, name) in cases {
        assert_eq!(report(&payload).says.name, name);
    }
}

#[test]
fn only_its_style_makes_an_opaque_chat_a_group() {
    let opaque = message().with("/data/chats/0/guid", "chat of some other grammar");
    for (style, is_group) in [(json!(43), true), (json!(45), false), (json!(0), false), (Value::Null, false)]
    {
        let report = report(&opaque.clone().with("/data/chats/0/style", style));
        assert_eq!(report.says.is_group, is_group);
        assert_eq!(report.key.conversation().kind(), None);
    }
    assert_eq!(report(&message()).key.conversation().kind(), Some(Kind::Group));
}

#[test]
fn only_the_first_chat_counts() {
    let first = json!({"guid": GROUP, "style": 43, "displayName": "Trail runners"});
    let several = message().with("/data/chats", json!([first, {"guid": 5}, null, "x"]));
    assert_eq!(report(&several), report(&message()));
}

#[test]
fn the_service_is_the_keys_or_the_actors_or_that_of_all_participants() {
    let (sms, imessage) = (Some(Service::Sms), Some(Service::IMessage));
    let upgraded = added().with("/data/chats/0/guid", "any;+;chat730441906218844105");
    let nobody = upgraded.clone().with("/data/handle", Value::Null);
    let cases = [
        (added().with("/data/chats/0/guid", "SMS;+;chat730441906218844105"), sms),
        (added().with("/data/handle/service", "SMS"), imessage),
        (upgraded.clone().with("/data/handle/service", "SMS"), sms),
        (upgraded.clone().with("/data/handle/service", "Pigeon"), imessage),
        (nobody.clone(), imessage),
        (nobody.clone().with("/data/chats/0/participants/2/service", "SMS"), None),
        (nobody.without("/data/chats/0/participants"), None),
    ];
    for (index, (payload, service)) in cases.into_iter().enumerate() {
        assert_eq!(report(&payload).says.service, service, "case {index}");
    }
}

#[test]
fn participants_are_the_whole_roster_if_there_are_any() {
    for none in [json!([]), Value::Null] {
        let report = report(&added().with("/data/chats/0/participants", none));
        assert!(!report.says.roster_complete);
        assert_eq!(report.says.people, []);
        assert_eq!(report.teaches, teaching(&[7]));
    }
    assert!(report(&added()).says.roster_complete);
}

#[test]
fn one_address_under_two_services_is_one_participant() {
    let twice = json!([
        {"originalROWID": 9, "address": SAM, "service": "iMessage"},
        {"originalROWID": 31, "address": "+1 (202) 555-0142", "service": "SMS"},
    ]);
    let report = report(&added().with("/data/chats/0/participants", twice).with("/data/otherHandle", 31));
    assert!(report.says.people.iter().all(|said| said.handle.as_str() == SAM));
    assert_eq!(report.about_number, None);
    let numbers: Vec<_> = report.teaches.iter().map(|(row, handle)| (row.0, handle.as_str())).collect();
    assert_eq!(numbers, [(7, ALEX), (9, SAM), (31, SAM)]);
}

#[test]
fn only_real_numbers_are_told() {
    let unnumbered = json!([
        {"originalROWID": 0, "address": SAM},
        {"originalROWID": -4, "address": ROBIN},
        {"originalROWID": null, "address": KIM},
        {"address": "24273"},
    ]);
    let report = report(&added().with("/data/chats/0/participants", unnumbered));
    assert_eq!(report.teaches, teaching(&[7]));
    assert_eq!(report.says.people.len(), 4);
}
