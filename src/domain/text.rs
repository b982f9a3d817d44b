//! Texts that people see: names and icons.

use arcstr::ArcStr;

use super::{handle::looks_like_email, phone::PhoneNumber};

/// A display name: 1 to 1024 characters, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayName(ArcStr);

/// The display name is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has {0} characters; {max} are allowed", max = DisplayName::MAX_CHARS)]
pub struct DisplayNameError(usize);

impl DisplayName {
    /// The most characters a display name has.
    pub const MAX_CHARS: usize = 1024;

    /// A person's or a group's own name; `None` when blank.
    ///
    /// # Errors
    ///
    /// When it is longer than [`DisplayName::MAX_CHARS`] characters after trimming.
    pub fn new(text: &str) -> Result<Option<Self>, DisplayNameError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Ok(None),
            1..=Self::MAX_CHARS => Ok(Some(Self(text.into()))),
            chars => Err(DisplayNameError(chars)),
        }
    }

    /// A group's name as a relay reports it; `None` when blank or derived.
    ///
    /// Some relays invent a name for a nameless group by joining its members' addresses. Such a name of two
    /// or more pieces, split at `,` or `&`, that all look like phone numbers or e-mail addresses, is none.
    ///
    /// # Errors
    ///
    /// When it is longer than [`DisplayName::MAX_CHARS`] characters after trimming.
    pub fn of_group(text: &str) -> Result<Option<Self>, DisplayNameError> {
        let name = Self::new(text)?;
        Ok(name.filter(|name| !is_derived(name.as_str())))
    }

    /// Takes `text` as a name that was made before: what a store read back.
    #[must_use]
    pub fn from_canonical(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_derived(name: &str) -> bool {
    let mut pieces = 0_usize;
    let all_addresses = name.split([',', '&']).all(|piece| {
        pieces += 1;
        looks_like_address(piece.trim())
    });
    pieces > 1 && all_addresses
}

/// Looser than [`PhoneNumber`]: a derived name may show national numbers, such as `(415) 555-0111`.
fn looks_like_address(piece: &str) -> bool {
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    let dialled = |c: char| c.is_ascii_digit() || " +-.()/\u{a0}\u{2011}\u{202a}\u{202c}".contains(c);
    let national = (7..=15).contains(&digits) && piece.chars().all(dialled);
    national || looks_like_email(piece) || PhoneNumber::from_formatted(piece).is_ok()
}

/// The address of a group's icon: an HTTPS URL of at most 2048 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IconUrl(ArcStr);

/// The text is no usable icon address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an HTTPS URL of at most 2048 characters")]
pub struct IconUrlError;

impl IconUrl {
    /// Takes `text` as an icon's address; `None` when blank.
    ///
    /// # Errors
    ///
    /// When it is not an HTTPS URL with a host, or too long.
    pub fn new(text: &str) -> Result<Option<Self>, IconUrlError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let scheme = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let rest = scheme.and_then(|_| text.get(8..)).ok_or(IconUrlError)?;
        let host_begins = rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        let clean = !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if host_begins && clean && text.chars().count() <= 2048 {
            Ok(Some(Self(text.into())))
        } else {
            Err(IconUrlError)
        }
    }

    /// Takes `text` as an address that was made before: what a store read back.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn group(text: &str) -> Option<String> {
        DisplayName::of_group(text).unwrap().map(|name| name.as_str().to_owned())
    }

    #[test]
    fn blank_names_are_none() {
        assert_eq!(group(""), None);
        assert_eq!(group(" \n"), None);
        assert_eq!(group("  Team lunch "), Some("Team lunch".into()));
    }

    #[test]
    fn derived_names_are_none() {
        for name in [
            "+12025550100, +12025550142",
            "+12025550100 & robin@example.org",
            "(415) 555-0111, 415-555-0112 & a@b.c",
        ] {
            assert_eq!(group(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_people_gave_stay() {
        for name in [
            "+12025550100",
            "Sam & Alex",
            "Sam, +12025550100",
            "2024, 2025",
            "Trail runners, Sunday",
            "robin@example.org",
        ] {
            assert_eq!(group(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn names_end_somewhere() {
        assert!(DisplayName::new(&"é".repeat(1024)).is_ok());
        assert_eq!(DisplayName::new(&"é".repeat(1025)), Err(DisplayNameError(1025)));
    }

    #[test]
    fn icons_are_https() {
        assert!(IconUrl::new("https://cdn.example.org/a.png").unwrap().is_some());
        assert_eq!(IconUrl::new(" "), Ok(None));
        for bad in ["http://a.example/b", "https://", "https:///x", "https://a b", "ftp://a", "héllo://x"] {
            assert_eq!(IconUrl::new(bad), Err(IconUrlError), "{bad}");
        }
    }
}
