//! Every payload, and all that it says.

use super::*;

#[track_caller]
fn assert_says(file: &str, expected: &Report) {
    assert_eq!(report(&Payload::of(&format!("bluebubbles/{file}.json"))), *expected);
}

#[track_caller]
fn assert_ignored(file: &str, id: &str) {
    let parsed = parse(&Payload::of(&format!("bluebubbles/{file}.json")).body(), None);
    assert_eq!(parsed, Ok(Parsed::Ignored(EventId::new(id).unwrap())));
}

/// A message of somebody.
fn written(id: &str, millis: i64, by: &str) -> Report {
    let mut report = report_of(&format!("new-message:{id}"), millis);
    report.says.people = vec![mention(by, Opinion::WRITES)];
    report.about_line = Some(Opinion::WRITES);
    report
}

#[test]
fn messages() {
    let in_group = written("D55B67D7-3686-4BBB-B828-84F9ABD91600", 1_785_326_400_000, ALEX);
    assert_says("01-new-message-group", &in_group);

    let key = ConversationKey::new("any;+;chat730441906218844105").unwrap();
    let upgraded = written("081695D2-14AC-4FC9-998F-C05C55CB3A73", 1_785_326_460_000, ALEX);
    assert_says("02-new-message-group-tahoe-any", &Report { key, ..upgraded });

    let tapback = written("4162F595-DCA5-45D3-AD5A-C5764E71D50C", 1_785_326_940_000, SAM);
    assert_says("12-new-message-tapback", &Report { teaches: teaching(&[9]), ..tapback });

    let key = ConversationKey::new("iMessage;-;+12025550141").unwrap();
    let mut direct =
        Report { key, ..written("D4F14D68-7A8B-4DA1-B7B7-367753DEC649", 1_785_327_120_000, ALEX) };
    direct.says.name = Some(None);
    direct.says.is_group = false;
    assert_says("16-new-message-dm", &direct);

    let cleared = written("BB378498-1B0C-444D-A2F9-13D8672AD97E", 1_785_327_180_000, ALEX);
    assert_says("17-participants-cleared-oversize", &cleared);
}

#[test]
fn a_rename_and_its_companion() {
    let id = "5C58535C-4B69-40BC-B27A-0C61EABE6A7E";
    for (file, event_type) in
        [("03-group-name-change", "group-name-change"), ("04-new-message-companion-of-rename", "new-message")]
    {
        let mut renamed = report_of(&format!("{event_type}:{id}"), 1_785_326_520_000);
        renamed.says.name = Some(name_of("Trail runners, Sunday"));
        assert_says(file, &renamed);
    }
}

#[test]
fn people_who_come() {
    let id = "participant-added:849284EE-CBFD-406F-A22F-166432F3BC3C";
    let mut with_roster = Report { teaches: teaching(&[7, 9, 12, 15]), ..report_of(id, 1_785_326_580_000) };
    with_roster.says = listing(with_roster.says, &[ALEX, SAM, ROBIN, KIM]);
    with_roster.says.people.push(mention(KIM, subject(Word::Active)));
    assert_says("05-participant-added-with-participants", &with_roster);

    let id = "participant-added:A6512E4C-5B23-4791-8945-1C580C4D8371";
    let about_number = Some((RowNumber(15), subject(Word::Active)));
    let without = Report { about_number, ..report_of(id, 1_785_326_580_000) };
    assert_says("06-participant-added-no-participants", &without);
}

#[test]
fn people_who_go() {
    let id = "participant-removed:F7777A33-A0E1-4F7E-A719-A4B9D4F03ADF";
    let mut removed = Report {
        about_number: Some((RowNumber(15), subject(Word::Removed))),
        teaches: teaching(&[7, 9, 12]),
        ..report_of(id, 1_785_326_640_000)
    };
    removed.says = listing(removed.says, &[ALEX, SAM, ROBIN]);
    assert_says("07-participant-removed", &removed);

    let id = "participant-left:36BE0C3C-BBD7-4CE5-9BAF-8232E078C72B";
    let mut left = Report { teaches: teaching(&[7, 9, 12]), ..report_of(id, 1_785_326_700_000) };
    left.says = listing(left.says, &[ALEX, SAM]);
    left.says.people.push(mention(ROBIN, subject(Word::Left)));
    assert_says("08-participant-left", &left);

    let id = "participant-left:186DC9C0-88DF-48F8-A17C-5B3257AA4267";
    let about_line = Some(subject(Word::Left));
    let us = Report { about_line, teaches: Vec::new(), ..report_of(id, 1_785_326_760_000) };
    assert_says("09-participant-left-self", &us);
}

#[test]
fn a_new_icon() {
    let id = "group-icon-changed:4677DC89-3578-4FCF-8A2E-CA3A609863EF";
    let mut changed = Report { teaches: teaching(&[7, 9, 12]), ..report_of(id, 1_785_326_820_000) };
    changed.says = listing(changed.says, &[ALEX, SAM, ROBIN]);
    assert_says("10-group-icon-changed", &changed);
}

#[test]
fn what_says_nothing() {
    assert_ignored("14-updated-message-no-chats", "updated-message:D55B67D7-3686-4BBB-B828-84F9ABD91600");
    assert_ignored("21-typing-indicator", "typing-indicator:iMessage;-;+12025550141");
    assert_ignored("22-chat-read-status-changed", "chat-read-status-changed");
    assert_ignored("24-hello-world", "hello-world");
}
