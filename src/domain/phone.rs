//! Phone numbers.

use std::{borrow::Borrow, fmt, str::FromStr};

use compact_str::CompactString;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// A phone number in E.164: `+` and 8 to 15 digits that libphonenumber calls possible.
///
/// "Possible" and not "valid", because documentation and test numbers such as `+15555550100` belong to no
/// range that was ever handed out. `Debug` hides the number, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(CompactString);

/// The text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid phone number: '+' and 8 to 15 digits are expected")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// Reads a number that may be written with spaces, brackets and dashes, as people write them.
    ///
    /// # Errors
    ///
    /// When it has no `+` in front, or is not a possible number.
    pub fn from_formatted(text: &str) -> Result<Self, PhoneNumberError> {
        let text = text.trim();
        if !text.starts_with('+') || !text.bytes().all(is_number_byte) {
            return Err(PhoneNumberError);
        }
        let number = PHONE_NUMBER_UTIL.parse(text, None).map_err(|_| PhoneNumberError)?;
        if !PHONE_NUMBER_UTIL.is_possible_number(&number) {
            return Err(PhoneNumberError);
        }
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        if has_e164_shape(&e164) {
            Ok(Self(CompactString::from(e164.as_ref())))
        } else {
            Err(PhoneNumberError)
        }
    }

    /// Takes `text` as a number that was read before: what a store read back. Whether it is possible is not asked again,
    /// which takes long, and which another release of libphonenumber might answer otherwise.
    ///
    /// # Errors
    ///
    /// When it does not look like one in E.164.
    pub fn from_canonical(text: &str) -> Result<Self, PhoneNumberError> {
        if has_e164_shape(text) { Ok(Self(text.into())) } else { Err(PhoneNumberError) }
    }

    /// The number as text, `+` first.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn text(&self) -> CompactString {
        self.0.clone()
    }
}

/// Letters are kept out: libphonenumber would read `+1-800-FLOWERS` and extensions, which name no line.
fn is_number_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b' ' | b'-' | b'.' | b'(' | b')' | b'/')
}

fn has_e164_shape(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    /// Reads a number that is already in E.164; any other spelling is refused.
    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        if has_e164_shape(text) { Self::from_formatted(text) } else { Err(PhoneNumberError) }
    }
}

/// Numbers compare and hash as their text does.
impl Borrow<str> for PhoneNumber {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_people_write_them() {
        let cases = [
            ("+1 (415) 555-0111", "+14155550111"),
            (" +14155550111 ", "+14155550111"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+1.415.555.0111", "+14155550111"),
            ("+15555550100", "+15555550100"),
        ];
        for (text, expected) in cases {
            assert_eq!(PhoneNumber::from_formatted(text).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in [
            "",
            "+",
            "4155550111",
            "+123",
            "+1415555011112345",
            "+1-800-FLOWERS",
            "a@b.c",
            "+999999999999999",
        ] {
            assert_eq!(PhoneNumber::from_formatted(text), Err(PhoneNumberError), "{text}");
        }
    }

    #[test]
    fn from_str_takes_e164_only() {
        assert!("+14155550111".parse::<PhoneNumber>().is_ok());
        assert!("+1 415 555 0111".parse::<PhoneNumber>().is_err());
    }

    #[test]
    fn what_was_read_before_is_not_asked_whether_it_is_possible() {
        // No country has this code.
        assert!("+99999999999".parse::<PhoneNumber>().is_err());
        assert_eq!(PhoneNumber::from_canonical("+99999999999").unwrap().as_str(), "+99999999999");
        for text in ["+1 415 555 0111", "14155550111", "+1415", ""] {
            assert_eq!(PhoneNumber::from_canonical(text), Err(PhoneNumberError), "{text}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        let number: PhoneNumber = "+14155550111".parse().unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
    }
}
