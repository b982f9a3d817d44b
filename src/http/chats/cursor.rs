//! The place in a listing: opaque to callers, and made of nothing but the last chat's sort keys.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::{chat::Chat, ids::ChatId, time::Time};

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// In a listing by id, newest first.
    ById(ChatId),
    /// In a listing by last change.
    ByUpdate(Time, ChatId),
}

impl Cursor {
    /// The place after `last`, in a listing by last change or by id.
    pub(super) fn after(last: &Chat, by_update: bool) -> Self {
        if by_update { Self::ByUpdate(last.updated_at, last.id) } else { Self::ById(last.id) }
    }

    pub(super) fn encode(self) -> String {
        let bytes = match self {
            Self::ById(id) => [b"i".as_slice(), id.as_bytes()].concat(),
            Self::ByUpdate(at, id) => [b"u".as_slice(), &at.nanos().to_be_bytes(), id.as_bytes()].concat(),
        };
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn decode(text: &str) -> Result<Self, &'static str> {
        const WHY: &str = "is not a cursor that this listing gave out";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| WHY)?;
        match bytes.split_first() {
            Some((b'i', rest)) => {
                rest.try_into().map(|id| Self::ById(ChatId::from_bytes(id))).map_err(|_| WHY)
            }
            Some((b'u', rest)) => {
                let (at, id) = rest.split_first_chunk::<8>().ok_or(WHY)?;
                let id = id.try_into().map_err(|_| WHY)?;
                Ok(Self::ByUpdate(Time::from_nanos(i64::from_be_bytes(*at)), ChatId::from_bytes(id)))
            }
            _ => Err(WHY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_out_is_understood_and_nothing_else() {
        let id = ChatId::from_bytes([9; 16]);
        for cursor in [Cursor::ById(id), Cursor::ByUpdate(Time::from_nanos(-5), id)] {
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
        for text in ["", "i", "aQ", "!!", "aWFhYQ", "dWFhYWE"] {
            assert!(Cursor::decode(text).is_err(), "{text}");
        }
    }
}
