//! Names and numbers that identify things.

use std::{fmt, str::FromStr};

use arcstr::ArcStr;
use uuid::Uuid;

use super::time::Time;

/// The durable id of a chat: a UUID of version 7, shown hyphenated in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(Uuid);

impl ChatId {
    /// A new id for a chat minted at `at`, made unguessable by `random`.
    #[must_use]
    pub fn mint(at: Time, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(at.unix_millis(), &random).into_uuid())
    }

    /// The id whose sixteen bytes these are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// How many bytes the id has as text.
    pub const TEXT_BYTES: usize = uuid::fmt::Hyphenated::LENGTH;

    /// The id as text, written into `buffer`.
    pub fn to_text(self, buffer: &mut [u8; Self::TEXT_BYTES]) -> &str {
        self.0.as_hyphenated().encode_lower(buffer)
    }

    /// The sixteen bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no chat id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a chat id: a hyphenated lower-case UUID is expected")]
pub struct ChatIdError;

impl FromStr for ChatId {
    type Err = ChatIdError;

    fn from_str(text: &str) -> Result<Self, ChatIdError> {
        let id = Uuid::try_parse(text).map_err(|_| ChatIdError)?;
        // One chat has one spelling of its id, so that ids can be compared as the opaque strings they are.
        if id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text {
            Ok(Self(id))
        } else {
            Err(ChatIdError)
        }
    }
}

/// The relay's id of an event: 1 to 256 characters, compared as bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(ArcStr);

/// Why a text is no event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has {0} characters; 1 to {max} are allowed", max = EventId::MAX_CHARS)]
pub struct EventIdError(usize);

impl EventId {
    /// The most characters an event id has.
    pub const MAX_CHARS: usize = 256;

    /// Takes `text` as an event id.
    ///
    /// # Errors
    ///
    /// When it is empty or longer than [`EventId::MAX_CHARS`] characters.
    pub fn new(text: &str) -> Result<Self, EventIdError> {
        match text.chars().count() {
            1..=Self::MAX_CHARS => Ok(Self(text.into())),
            chars => Err(EventIdError(chars)),
        }
    }

    /// The id as the relay wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a tenant or a relay: 1 to 63 of `a-z`, `0-9`, `-` and `_`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(ArcStr);

/// The text is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 63 of a-z, 0-9, '-' and '_', beginning with a letter or digit")]
pub struct SlugError;

impl Slug {
    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let starts_well = text.bytes().next().is_some_and(plain);
        let goes_on_well = text.bytes().all(|c| plain(c) || c == b'-' || c == b'_');
        if starts_well && goes_on_well && text.len() <= 63 { Ok(Self(text.into())) } else { Err(SlugError) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_id_has_one_spelling() {
        let id = ChatId::mint(Time::from_seconds(1_777_636_800), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse::<ChatId>(), Err(ChatIdError));
        assert_eq!(id.to_string().replace('-', "").parse::<ChatId>(), Err(ChatIdError));
        assert_eq!("chat42".parse::<ChatId>(), Err(ChatIdError));
    }

    #[test]
    fn later_chats_have_greater_ids() {
        let early = ChatId::mint(Time::from_seconds(1), [255; 10]);
        let late = ChatId::mint(Time::from_seconds(2), [0; 10]);
        assert!(early < late);
    }

    #[test]
    fn event_ids_are_counted_in_characters() {
        assert!(EventId::new(&"é".repeat(256)).is_ok());
        assert_eq!(EventId::new(&"é".repeat(257)), Err(EventIdError(257)));
        assert_eq!(EventId::new(""), Err(EventIdError(0)));
    }

    #[test]
    fn slugs_are_plain() {
        for good in ["a", "acme", "rly-1", "2nd_relay"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "Acme", "a b", "ä", &"a".repeat(64)] {
            assert_eq!(bad.parse::<Slug>(), Err(SlugError), "{bad}");
        }
    }
}
