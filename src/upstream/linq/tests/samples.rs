//! Every payload, and all that it says.

use super::*;

#[test]
fn a_message() {
    let expected = Report {
        line: Some(number(US)),
        says: Says {
            service: Some(Service::IMessage),
            is_group: true,
            ours: handles(&[US]),
            people: vec![mention(SAM, Opinion::WRITES)],
            ..Says::default()
        },
        about_line: Some(Opinion::WRITES),
        ..report_of("16cdba03-0ead-4298-8412-87beacad5474", "2026-02-05T19:31:13.074Z")
    };
    assert_eq!(report(&message()), expected);
}

#[test]
fn a_chat() {
    let expected = Report {
        line: Some(number(US)),
        says: Says {
            name: Some(None),
            service: Some(Service::IMessage),
            is_group: true,
            roster_complete: true,
            ours: handles(&[US]),
            people: vec![mention(US, LISTED), mention(SAM, LISTED)],
            ..Says::default()
        },
        ..report_of("9378d6e2-1661-47cd-8530-4db9da3ec0be", "2025-11-23T17:30:00Z")
    };
    assert_eq!(report(&created()), expected);
}

#[test]
fn somebody_who_came() {
    let people = vec![mention(SAM, subject(Word::Active))];
    let expected = Report {
        says: Says { people, ..Says::default() },
        ..report_of("3dbf9f6a-f6a4-4d15-84be-d09659d83c17", "2025-11-23T17:40:00Z")
    };
    assert_eq!(report(&added()), expected);
}

#[test]
fn somebody_who_was_removed() {
    let people = vec![mention(SAM, subject(Word::Removed))];
    let expected = Report {
        says: Says { people, ..Says::default() },
        ..report_of("85c22ec4-1ef2-4c66-bea9-b7e91c2b33e8", "2025-11-23T17:45:00Z")
    };
    assert_eq!(report(&removed()), expected);
}

#[test]
fn a_name() {
    let expected = Report {
        says: Says { name: Some(name_of("Trail runners, Sunday")), ..Says::default() },
        ..report_of("d2da338e-c0ca-46cd-bd33-ce26c1421e0a", "2025-11-23T17:50:00Z")
    };
    assert_eq!(report(&renamed()), expected);
}

#[test]
fn a_reaction() {
    let expected = Report {
        says: Says {
            service: Some(Service::IMessage),
            people: vec![mention(SAM, Opinion::WRITES)],
            ..Says::default()
        },
        about_line: Some(Opinion::WRITES),
        ..report_of("00e4e87d-5a39-475e-81e0-4159a042ce04", "2025-11-23T17:35:00Z")
    };
    assert_eq!(report(&reaction()), expected);
}

#[test]
fn a_name_that_could_not_be_set() {
    let failed = Payload::of("linq/09-chat.group_name_update_failed.json");
    let id = EventId::new("6b3ee731-8e20-4dd9-ad71-9765f4defb74").unwrap();
    assert_eq!(parse(&failed.body()), Ok(Parsed::Ignored(id)));
}
