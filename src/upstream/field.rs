//! Fields of events, judged: a value that cannot be wrong, or an error that names the field.

use std::fmt::Display;

use super::spelling;
use crate::{
    domain::{conversation_key::ConversationKey, handle::Handle, phone::PhoneNumber},
    error::BadInput,
    json::Text,
};

/// A text that is there and not empty.
pub(super) fn given<'a>(field: Option<&'a Text<'_>>) -> Option<&'a str> {
    field.map(|text| &**text).filter(|text| !text.is_empty())
}

/// A text that must be there and not be empty.
pub(super) fn required<'a>(field: Option<&'a Text<'_>>, name: &str) -> Result<&'a str, BadInput> {
    given(field).ok_or_else(|| BadInput::Missing(name.to_owned()))
}

/// A text that may be absent, null or blank, read by `parse`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]
pub(super) fn optional<T, E: Display>(
    field: Option<&Option<Text<'_>>>,
    name: impl Fn() -> String,
    parse: impl Fn(&str) -> Result<Option<T>, E>,
) -> Result<Option<Option<T>>, BadInput> {
    match field {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(text)) => parse(text).map(Some).map_err(|why| BadInput::unusable(name(), why)),
    }
}

/// A conversation key, which must be there.
pub(super) fn key(field: Option<&Text<'_>>, name: &str) -> Result<ConversationKey, BadInput> {
    ConversationKey::new(required(field, name)?).map_err(|why| BadInput::unusable(name, why))
}

/// The key that the conversation of `key` had before. The same conversation in another spelling is no news.
pub(super) fn previous_key(
    field: Option<&Text<'_>>,
    name: &str,
    key: &ConversationKey,
) -> Result<Option<ConversationKey>, BadInput> {
    let Some(text) = field else { return Ok(None) };
    let previous = ConversationKey::new(text).map_err(|why| BadInput::unusable(name, why))?;
    let (before, now) = (previous.conversation(), key.conversation());
    if before.is_of_another_kind_than(&now) {
        return Err(BadInput::unusable(name, "names a conversation of another kind: group or direct"));
    }
    Ok((before != now).then_some(previous))
}

/// A line's number.
pub(super) fn line(text: &str, name: &str) -> Result<PhoneNumber, BadInput> {
    spelling::line(text).map_err(|_| BadInput::NotAPhoneNumber(name.to_owned()))
}

/// Somebody's address, which must be there. A roster has many, so their names are made only when they are needed.
pub(super) fn handle(field: Option<&Text<'_>>, name: impl Fn() -> String) -> Result<Handle, BadInput> {
    let text = given(field).ok_or_else(|| BadInput::Missing(name()))?;
    spelling::handle(text).map_err(|why| BadInput::unusable(name(), why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_previous_key_is_another_conversation_of_the_same_kind() {
        let named = |name: &str, key: &str| {
            let text = serde_json::Value::from(name).to_string();
            let text: Text<'_> = serde_json::from_str(&text).unwrap();
            let previous = previous_key(Some(&text), "before", &ConversationKey::new(key).unwrap())?;
            Ok(previous.map(|key| key.as_str().to_owned()))
        };
        let opaque = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";
        for (before, now, previous) in [
            ("SMS;+;chat1", "iMessage;+;chat2", Some("SMS;+;chat1")),
            ("SMS;-;24273", "any;-;+14155550111", Some("SMS;-;24273")),
            (opaque, "any;+;chat2", Some(opaque)),
            ("any;-;24273", opaque, Some("any;-;24273")),
            ("SMS;+;chat2", "iMessage;+;chat2", None),
            (opaque, opaque, None),
        ] {
            assert_eq!(named(before, now), Ok(previous.map(str::to_owned)), "{before} {now}");
        }
        let another_kind =
            BadInput::unusable("before", "names a conversation of another kind: group or direct");
        assert_eq!(named("any;-;chat2", "any;+;chat2"), Err(another_kind.clone()));
        assert_eq!(named("SMS;+;chat1", "any;-;24273"), Err(another_kind));
        for unusable in [String::new(), "k".repeat(513)] {
            assert!(matches!(named(&unusable, opaque), Err(BadInput::Unusable { .. })));
        }
        assert_eq!(previous_key(None, "before", &ConversationKey::new(opaque).unwrap()), Ok(None));
    }
}
