//! Passwords that prove us to a relay.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// What a relay asks of those who call it: 1 to 256 characters, none of them a control character.
///
/// It is another thing than the relay's secret, which proves the relay to us. `Debug` hides it, there is no
/// `Display`, and the memory is wiped when it is dropped.
#[derive(Clone)]
pub struct RelayPassword(SecretString);

/// The text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a relay's password has 1 to {max} characters, and no control characters", max = RelayPassword::MAX_CHARS)]
pub struct RelayPasswordError;

impl RelayPassword {
    /// The most characters a password has.
    pub const MAX_CHARS: usize = 256;

    /// Takes `text` as a password, blanks included.
    ///
    /// # Errors
    ///
    /// When it is empty, too long, or has control characters.
    pub fn new(text: &str) -> Result<Self, RelayPasswordError> {
        let has_room = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if has_room && !text.contains(char::is_control) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(RelayPasswordError)
        }
    }

    /// The password itself: for the relay and for the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for RelayPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_short_that_can_be_typed() {
        for good in ["a", " a b ", "päss&=#%+", &"é".repeat(256)] {
            let password = RelayPassword::new(good).unwrap();
            assert_eq!(password.expose(), good);
            assert_eq!(format!("{password:?}"), "RelayPassword(…)");
        }
        for bad in ["", "a\n", "a\0b", "\u{85}", &"é".repeat(257)] {
            assert_eq!(RelayPassword::new(bad).err(), Some(RelayPasswordError), "{bad:?}");
        }
    }
}
