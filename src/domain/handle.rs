//! The addresses of people.

use std::fmt;

use compact_str::CompactString;

use super::phone::PhoneNumber;

/// Somebody's address on the messaging network, in the one spelling that stands for all of its spellings.
///
/// A phone number is E.164, an e-mail address is lower case, and anything else (short codes, business ids)
/// is kept as it came, trimmed. `Debug` hides it, so that it cannot slip into a log.
///
/// Up to 24 bytes, which are all phone numbers and most of the rest, are in the value itself: each event compares and
/// copies some ten handles, and to follow a pointer for each would be to wait for memory ten times.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(CompactString);

/// Why a text is no handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Nothing is left after trimming.
    #[error("is blank")]
    Blank,
    /// It has too many characters.
    #[error("has {0} characters; {max} are allowed", max = Handle::MAX_CHARS)]
    TooLong(usize),
}

impl Handle {
    /// The most characters a handle has. The longest e-mail address has 254 (RFC 5321).
    pub const MAX_CHARS: usize = 256;

    /// Reads an address in any of its spellings.
    ///
    /// # Errors
    ///
    /// When it is blank, or longer than [`Handle::MAX_CHARS`] characters.
    pub fn new(text: &str) -> Result<Self, HandleError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 {
            return Err(HandleError::Blank);
        }
        if chars > Self::MAX_CHARS {
            return Err(HandleError::TooLong(chars));
        }
        Ok(match PhoneNumber::from_formatted(text) {
            Ok(number) => Self::from(&number),
            Err(_) if looks_like_email(text) => Self(text.to_lowercase().into()),
            Err(_) => Self(text.into()),
        })
    }

    /// Takes `text` as a handle that [`Handle::new`] made before: what a store read back.
    #[must_use]
    pub fn from_canonical(text: &str) -> Self {
        Self(text.into())
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&PhoneNumber> for Handle {
    fn from(number: &PhoneNumber) -> Self {
        Self(number.text())
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// Whether `text` has the shape of an e-mail address: one `@` with something on either side, and no blanks.
pub(super) fn looks_like_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_spelling() {
        let cases = [
            (" Robin@Example.ORG ", "robin@example.org"),
            ("+1 (415) 555-0111", "+14155550111"),
            ("+14155550111", "+14155550111"),
            (" 24273 ", "24273"),
            ("urn:biz:7B7F4A1C", "urn:biz:7B7F4A1C"),
            ("+123", "+123"),
            ("not an@address", "not an@address"),
        ];
        for (text, expected) in cases {
            assert_eq!(Handle::new(text).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_blank_and_endless() {
        assert_eq!(Handle::new(" \t"), Err(HandleError::Blank));
        assert_eq!(Handle::new(&"x".repeat(257)), Err(HandleError::TooLong(257)));
    }
}
