//! The relay's own names for conversations.

use std::fmt;

use arcstr::ArcStr;

use super::service::Service;

/// A conversation key as a relay spelled it: 1 to 512 bytes.
///
/// Keys of the form `service;+;id` (a group) and `service;-;id` (a direct chat), where the service is one of
/// `iMessage`, `SMS`, `RCS` and `any`, name the same [`Conversation`] whatever the service: it changes when
/// the relay's operating system is upgraded. Any other key is opaque. `Debug` hides it: direct chats carry
/// the other side's number in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey(ArcStr);

/// What a key means, whatever its spelling: the identity of a conversation on one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation(ArcStr);

/// A [`Conversation`] that is borrowed from a key: the pieces of its canonical spelling.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Meaning<'k>([&'k str; 2]);

/// What the grammar of a key says about the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Several people.
    Group,
    /// One other person.
    Direct,
}

/// Why a text is no conversation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has {0} bytes; 1 to {max} are allowed", max = ConversationKey::MAX_BYTES)]
pub struct ConversationKeyError(usize);

const SERVICES: [&str; 4] = ["iMessage", "SMS", "RCS", "any"];

impl ConversationKey {
    /// The most bytes a key has.
    pub const MAX_BYTES: usize = 512;

    /// Takes `text` as a key, exactly as it is.
    ///
    /// # Errors
    ///
    /// When it is empty or longer than [`ConversationKey::MAX_BYTES`] bytes.
    pub fn new(text: &str) -> Result<Self, ConversationKeyError> {
        checked(text).map(|text| Self(text.into()))
    }

    /// Takes `text` as a key that was made before: what a store read back.
    #[must_use]
    pub fn from_canonical(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as the relay spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The conversation that this key names.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        let meaning = Meaning::of_any(&self.0);
        // What is spelled canonically is shared.
        if meaning.is_spelled(&self.0) {
            Conversation(ArcStr::clone(&self.0))
        } else {
            meaning.conversation()
        }
    }

    /// The service in front, where the key has one that says something.
    #[must_use]
    pub fn service(&self) -> Option<Service> {
        grammar(&self.0).and_then(|(service, _)| Service::from_name(service))
    }
}

impl<'k> Meaning<'k> {
    /// What `key` means, as [`ConversationKey::new`] would take it.
    ///
    /// # Errors
    ///
    /// When it is no key.
    pub fn of(key: &'k str) -> Result<Self, ConversationKeyError> {
        checked(key).map(Self::of_any)
    }

    fn of_any(key: &'k str) -> Self {
        match grammar(key) {
            // `any;…` is itself of the grammar, so no opaque key can be taken for a canonical one.
            Some((_, rest)) => Self(["any;", rest]),
            None => Self(["", key]),
        }
    }

    fn is_spelled(self, key: &str) -> bool {
        let Self([service, rest]) = self;
        key.strip_prefix(service) == Some(rest)
    }

    /// The pieces of the canonical spelling. Two meanings are one conversation when all their pieces are the same.
    #[must_use]
    pub const fn pieces(self) -> [&'k str; 2] {
        self.0
    }

    /// The conversation.
    #[must_use]
    pub fn conversation(self) -> Conversation {
        Conversation(self.0.concat().into())
    }
}

impl<'c> From<&'c Conversation> for Meaning<'c> {
    fn from(conversation: &'c Conversation) -> Self {
        Self::of_any(&conversation.0)
    }
}

fn checked(text: &str) -> Result<&str, ConversationKeyError> {
    match text.len() {
        1..=ConversationKey::MAX_BYTES => Ok(text),
        bytes => Err(ConversationKeyError(bytes)),
    }
}

/// Splits `service;sign;id` after the service, when the key has that form.
fn grammar(key: &str) -> Option<(&'static str, &str)> {
    let after = |service: &str| key.strip_prefix(service)?.strip_prefix(';');
    let (service, rest) = SERVICES.into_iter().find_map(|service| Some((service, after(service)?)))?;
    kind_of(rest).is_some().then_some((service, rest))
}

/// The kind that `sign;id` stands for, when it has that form.
fn kind_of(rest: &str) -> Option<Kind> {
    match rest.as_bytes() {
        [b'+', b';', _, ..] => Some(Kind::Group),
        [b'-', b';', _, ..] => Some(Kind::Direct),
        _ => None,
    }
}

impl Conversation {
    /// Takes `text` as an identity that was made before: what a store read back.
    #[must_use]
    pub fn from_canonical(text: &str) -> Self {
        Self(text.into())
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Group or direct, where the key's grammar says so; `None` for opaque keys.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.0.strip_prefix("any;").and_then(kind_of)
    }

    /// Whether one of the two is a group by its grammar and the other a direct chat.
    #[must_use]
    pub fn is_of_another_kind_than(&self, other: &Self) -> bool {
        matches!((self.kind(), other.kind()), (Some(this), Some(that)) if this != that)
    }
}

impl fmt::Debug for ConversationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConversationKey(…)")
    }
}

impl fmt::Debug for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meaning(…)")
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conversation(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(key: &str) -> Conversation {
        ConversationKey::new(key).unwrap().conversation()
    }

    #[test]
    fn the_service_in_front_does_not_matter() {
        let any = conversation("any;+;chat42");
        for key in ["iMessage;+;chat42", "SMS;+;chat42", "RCS;+;chat42"] {
            assert_eq!(conversation(key), any, "{key}");
        }
        assert_eq!(any.kind(), Some(Kind::Group));
        assert_eq!(conversation("SMS;-;+14155550111").kind(), Some(Kind::Direct));
        assert_ne!(conversation("any;-;chat42"), any);
    }

    #[test]
    fn other_keys_are_opaque() {
        for key in ["b183b0d3-3211", "imessage;+;chat42", ";+;chat42", "any;+;", "any;*;x", "Signal;+;x"] {
            assert_eq!(conversation(key).as_str(), key);
            assert_eq!(conversation(key).kind(), None, "{key}");
        }
    }

    #[test]
    fn what_is_borrowed_from_a_key_means_what_the_key_means() {
        for key in
            ["iMessage;+;chat42", "any;+;chat42", "SMS;-;24273", "b183b0d3-3211", "any;+;", ";", "any;"]
        {
            let (meaning, whole) = (Meaning::of(key).unwrap(), conversation(key));
            assert_eq!(meaning.conversation(), whole, "{key}");
            // The same pieces, too.
            assert_eq!(Meaning::from(&whole), meaning, "{key}");
        }
        assert_eq!(Meaning::of(""), Err(ConversationKeyError(0)));
    }

    #[test]
    fn only_grammar_sets_kinds_apart() {
        let [group, direct, opaque] = ["any;+;chat42", "SMS;-;24273", "b183b0d3"].map(conversation);
        assert!(group.is_of_another_kind_than(&direct));
        for (one, other) in [(&group, &group), (&group, &opaque), (&opaque, &direct), (&opaque, &opaque)] {
            assert!(!one.is_of_another_kind_than(other));
            assert!(!other.is_of_another_kind_than(one));
        }
    }

    #[test]
    fn lengths_are_bytes() {
        assert!(ConversationKey::new(&"k".repeat(512)).is_ok());
        assert_eq!(ConversationKey::new(&"é".repeat(257)), Err(ConversationKeyError(514)));
        assert_eq!(ConversationKey::new(""), Err(ConversationKeyError(0)));
    }
}
