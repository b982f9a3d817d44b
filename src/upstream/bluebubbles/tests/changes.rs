//! Changes of groups, and what their companions say.

use serde_json::Value;

use super::*;

/// The type and the numbers of every change, with a payload of its kind.
fn changes() -> Vec<(&'static str, i64, i64, Payload)> {
    let removed = Payload::of("bluebubbles/07-participant-removed.json");
    let icon = Payload::of("bluebubbles/10-group-icon-changed.json");
    vec![
        ("participant-added", 1, 0, added()),
        ("participant-removed", 1, 1, removed),
        ("group-name-change", 2, 0, renamed()),
        ("participant-left", 3, 0, left()),
        ("group-icon-changed", 3, 1, icon.clone()),
        ("group-icon-removed", 3, 2, icon),
    ]
}

#[test]
fn a_companion_says_what_its_change_says() {
    for (event_type, item, action, payload) in changes() {
        let numbered = payload.with("/data/itemType", item).with("/data/groupActionType", action);
        let change = report(&numbered.clone().with("/type", event_type));
        let companion = report(&numbered.with("/type", "new-message"));
        let guid = change.id.as_str().strip_prefix(event_type).unwrap();
        assert_eq!(companion.id.as_str(), format!("new-message{guid}"));
        assert_eq!(Report { id: change.id.clone(), ..companion }, change, "{event_type}");
    }
}

#[test]
fn a_change_is_what_its_type_says() {
    for (event_type, item, action, payload) in changes() {
        let typed = payload.with("/type", event_type);
        let expected =
            report(&typed.clone().with("/data/itemType", item).with("/data/groupActionType", action));
        let odd = typed.with("/data/itemType", 77).with("/data/groupActionType", 77);
        assert_eq!(report(&odd), expected, "{event_type}");
    }
}

#[test]
fn other_items_say_what_the_chat_carries() {
    for (item, action) in [(1, 2), (3, 3), (4, 0), (5, 0), (6, 1), (-1, 0)] {
        let payload = message().with("/data/itemType", item).with("/data/groupActionType", action);
        let report = report(&payload);
        assert_eq!(report.says.people, [], "{item}/{action}");
        assert_eq!((report.about_line, report.about_number), (None, None), "{item}/{action}");
        assert_eq!((report.says.name, report.says.icon), (Some(name_of("Trail runners")), None));
    }
}

#[test]
fn a_rename_says_its_title_and_nothing_else_of_the_name() {
    let cases = [
        (renamed().with("/data/groupTitle", " Hikers "), Some(name_of("Hikers"))),
        (renamed().with("/data/groupTitle", Value::Null), Some(None)),
        (renamed().with("/data/groupTitle", " "), Some(None)),
        (renamed().with("/data/groupTitle", "+12025550141, +12025550142"), Some(None)),
        (renamed().without("/data/groupTitle"), None),
    ];
    for (payload, name) in cases {
        assert_eq!(report(&payload).says.name, name);
    }
}

#[test]
fn an_icon_that_was_removed_is_none() {
    let icon = Payload::of("bluebubbles/10-group-icon-changed.json");
    assert_eq!(report(&icon).says.icon, None);
    assert_eq!(report(&icon.with("/type", "group-icon-removed")).says.icon, Some(None));
}

#[test]
fn whom_a_number_stands_for() {
    let active = subject(Word::Active);
    let alone = added().without("/data/chats/0/participants");
    let cases = [
        (added(), Some(KIM), None),
        (added().with("/data/otherHandle", 99), None, Some(99)),
        (added().with("/data/otherHandle", 0), None, None),
        (added().with("/data/otherHandle", -1), None, None),
        (added().without("/data/otherHandle"), None, None),
        (alone.clone(), None, Some(15)),
        // Somebody who added themselves.
        (alone.with("/data/otherHandle", 7), Some(ALEX), None),
    ];
    for (index, (payload, known, unknown)) in cases.into_iter().enumerate() {
        let report = report(&payload);
        let singled_out = report.says.people.iter().find(|said| said.strength == active.strength);
        assert_eq!(singled_out, known.map(|handle| mention(handle, active)).as_ref(), "case {index}");
        assert_eq!(report.about_number, unknown.map(|row| (RowNumber(row), active)), "case {index}");
    }
}

#[test]
fn who_adds_or_renames_need_not_be_there() {
    for payload in [added().without("/data/chats/0/participants"), renamed()] {
        let report = report(&payload);
        assert_eq!(report.says.people, []);
        assert_eq!(report.about_line, None);
    }
}

#[test]
fn who_left() {
    let gone = subject(Word::Left);
    let alone = left().without("/data/chats/0/participants");
    let nobody = alone.clone().with("/data/handle", Value::Null);
    let cases = [
        (alone, Some(ROBIN), None),
        (nobody.clone(), None, None),
        (nobody.with("/data/isFromMe", true), None, Some(gone)),
    ];
    for (payload, who, line) in cases {
        let report = report(&payload);
        let people: Vec<_> = who.map(|handle| mention(handle, gone)).into_iter().collect();
        assert_eq!((report.says.people, report.about_line), (people, line));
    }
}
