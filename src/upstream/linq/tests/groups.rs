//! Who comes and goes, names and icons.

use serde_json::{Value, json};

use super::*;
use crate::domain::text::IconUrl;

#[test]
fn who_left_was_not_removed() {
    for (status, word) in [
        (json!("left"), Word::Left),
        (json!("removed"), Word::Removed),
        (json!("active"), Word::Removed),
        (Value::Null, Word::Removed),
    ] {
        let payload = removed().with("/data/participant/status", status.clone());
        assert_eq!(report(&payload).says.people, [mention(SAM, subject(word))]);
        let payload = added().with("/data/participant/status", status);
        assert_eq!(report(&payload).says.people, [mention(SAM, subject(Word::Active))]);
    }
}

#[test]
fn only_the_handle_is_certain() {
    let bare = report(&removed().without("/data/participant"));
    assert_eq!(bare.says.people, [subject(Word::Removed).of(Handle::new(SAM).unwrap())]);
    let other = report(&removed().with("/data/handle", "Robin@Example.org"));
    assert_eq!(other.says.people, [mention("robin@example.org", subject(Word::Removed))]);
    assert_eq!(refusal(&removed().without("/data/handle")), "missing required field: data.handle");
    assert_eq!(refusal(&added().with("/data/handle", " ")), "data.handle is blank");
}

#[test]
fn our_own_line_comes_and_goes_like_anybody() {
    let ours = |payload: Payload| payload.with("/data/handle", US).with("/data/participant/is_me", true);
    for (payload, word) in [(ours(added()), Word::Active), (ours(removed()), Word::Removed)] {
        let report = report(&payload);
        assert_eq!(report.says.ours, handles(&[US]));
        assert_eq!(report.says.people, [mention(US, subject(word))]);
        assert_eq!((report.line, report.about_line), (None, None));
    }
}

#[test]
fn somebody_who_comes_and_goes_somewhere_is_ignored() {
    for payload in [added(), removed()] {
        assert_ignored(&payload.clone().without("/data/chat_id"));
        assert_ignored(&payload.clone().with("/data/chat_id", Value::Null));
        assert_ignored(&payload.with("/data/chat_id", ""));
    }
}

#[test]
fn names() {
    for (value, name) in [
        (json!(" Hikers "), Some(name_of("Hikers"))),
        (json!(" "), Some(None)),
        (Value::Null, Some(None)),
        (json!("+12025550100, +12025550142"), Some(None)),
    ] {
        assert_eq!(report(&renamed().with("/data/new_value", value)).says.name, name);
    }
    assert_eq!(report(&renamed().without("/data/new_value")).says, Says::default());
    let endless = refusal(&renamed().with("/data/new_value", "n".repeat(1025)));
    assert_eq!(endless, "data.new_value has 1025 characters; 1024 are allowed");
}

#[test]
fn icons() {
    let url = "https://cdn.example.org/icon.png";
    let changed = renamed().with("/event_type", "chat.group_icon_updated");
    for (value, icon) in [
        (json!(url), Some(IconUrl::new(url).unwrap())),
        (Value::Null, Some(None)),
        (json!(""), Some(None)),
        (json!("http://cdn.example.org/icon.png"), None),
        (json!("icon.png"), None),
    ] {
        let says = report(&changed.clone().with("/data/new_value", value)).says;
        assert_eq!(says, Says { icon, ..Says::default() });
    }
    assert_eq!(report(&changed.without("/data/new_value")).says, Says::default());
}

#[test]
fn who_renames_need_not_be_there_and_a_group_is_named() {
    assert_eq!(report(&renamed().with("/data/changed_by_handle", Value::Null)), report(&renamed()));
    assert_eq!(refusal(&renamed().without("/data/chat_id")), "missing required field: data.chat_id");
}
