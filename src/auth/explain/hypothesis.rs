//! The usual mistakes of senders, tried one by one and together.

use hmac::Hmac;
use sha2::Sha256;

use super::{
    Case,
    body::bodies,
    form,
    frame::{Frame, frames},
    key::keys,
};
use crate::auth::code::Code;

/// What a request claims: these codes over these parts.
pub(super) struct Claim<'a> {
    id: Option<&'a [u8]>,
    timestamp: &'a [u8],
    codes: Vec<[u8; 32]>,
}

/// What came of trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The code is right as it is, so what differs is all that is wrong.
    Right,
    /// It would be right if any of these were so: each one supposition, or the fewest that do it together.
    If(Vec<String>),
    /// No usual mistake explains it. The secret or the bytes are others.
    Nothing,
}

/// One part of what is signed as it should be, which says nothing, or as a sender may have got it wrong.
pub(super) struct Variant<T> {
    pub(super) says: Option<&'static str>,
    pub(super) value: T,
}

impl<T> Variant<T> {
    pub(super) const fn right(value: T) -> Self {
        Self { says: None, value }
    }

    pub(super) const fn wrong(says: &'static str, value: T) -> Self {
        Self { says: Some(says), value }
    }
}

impl<'a> Claim<'a> {
    /// The claim of a request with this timestamp, and with this id in schemes that have one, all as it came. One
    /// with no whole code among its `codes` claims nothing.
    pub(super) fn new(
        id: Option<&'a [u8]>,
        timestamp: &'a [u8],
        codes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Option<Self> {
        let whole = |text| form::leniently(text)?.try_into().ok();
        let codes: Vec<_> = codes.into_iter().filter_map(whole).collect();
        (!codes.is_empty()).then_some(Self { id, timestamp, codes })
    }

    /// Tries all mistakes with each other, and keeps what matches with the fewest.
    pub(super) fn tried(&self, case: &Case<'_>) -> Tried {
        let (bodies, keys, frames) =
            (bodies(case.body), keys(case.scheme, case.secret), frames(self.id, self.timestamp));
        let mut found: Vec<Vec<&str>> = Vec::new();
        for frame in &frames {
            for key in &keys {
                for body in
                    bodies.iter().filter(|body| self.is_code_of(&key.value, &frame.value, &body.value))
                {
                    found.push([frame.says, key.says, body.says].into_iter().flatten().collect());
                }
            }
        }
        let fewest = found.iter().map(Vec::len).min();
        found.retain(|says| Some(says.len()) == fewest);
        match fewest {
            None => Tried::Nothing,
            Some(0) => Tried::Right,
            Some(_) => Tried::If(found.iter().map(|says| says.join(", and ")).collect()),
        }
    }

    fn is_code_of(&self, key: &Hmac<Sha256>, frame: &Frame, body: &[u8]) -> bool {
        let pieces: Vec<&[u8]> = frame.iter().map(|piece| &**piece).chain([body]).collect();
        let code = Code::over(key.clone(), &pieces);
        self.codes.contains(code.bytes())
    }
}
