//! A group on its way through a relay.
//!
//! A create is first committed as a delivery, then carried out by the relay, then committed again: no
//! transaction is open while we wait, and what a crash leaves behind can be taken up again under the same
//! name. The delivery's id is what the relay knows the group by until there is a key.

use std::{fmt, str::FromStr};

use super::{
    ids::{ChatId, EventId, Slug},
    phone::PhoneNumber,
    relay_kind::RelayKind,
    stamp::Stamp,
    time::Time,
};

/// Sixteen random bytes, shown as 32 lower-case hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex128([u8; 16]);

/// The text is not 32 lower-case hexadecimal characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not 32 lower-case hexadecimal characters")]
pub struct Hex128Error;

impl Hex128 {
    /// The value of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Hex128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for Hex128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hex128 {
    type Err = Hex128Error;

    fn from_str(text: &str) -> Result<Self, Hex128Error> {
        let mut bytes = [0; 16];
        match base16ct::lower::decode(text, &mut bytes) {
            Ok(decoded) if decoded.len() == 16 => Ok(Self(bytes)),
            _ => Err(Hex128Error),
        }
    }
}

/// The id of a delivery: the `client_ref` and the `Idempotency-Key` that its relay sees, on every attempt.
pub type DeliveryId = Hex128;

/// The id of the message that a delivery carries.
pub type MessageId = Hex128;

/// What proves an attempt to be the one that holds the lease.
pub type AttemptToken = Hex128;

/// A caller's name for a request that it may send again: 1 to 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is no idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has {0} characters; 1 to 255 are allowed")]
pub struct IdempotencyKeyError(usize);

impl IdempotencyKey {
    /// Takes `text` as a key.
    ///
    /// # Errors
    ///
    /// When it is empty or longer than 255 characters.
    pub fn new(text: &str) -> Result<Self, IdempotencyKeyError> {
        match text.chars().count() {
            1..=255 => Ok(Self(text.to_owned())),
            chars => Err(IdempotencyKeyError(chars)),
        }
    }

    /// The key as the caller wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hash of a request's parsed fields: two spellings of one request have the same.
pub type Fingerprint = [u8; 32];

/// A request that may be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's name for it.
    pub key: IdempotencyKey,
    /// What was asked under that name.
    pub fingerprint: Fingerprint,
}

/// A group, or a direct chat, on its way through a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The id of its message.
    pub message: MessageId,
    /// Who asked for it.
    pub tenant: Slug,
    /// The line that it goes out from.
    pub line: PhoneNumber,
    /// The relay that carries it out. It stays with that one, though the line may move: another relay would
    /// make a second group.
    pub relay: Slug,
    /// The caller's name for the request, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// When it was first committed: the time that its assertions count for.
    pub opened_at: Time,
    /// The chat that it became, once that is known.
    pub chat: Option<ChatId>,
    /// Whether the relay has said that the message will not be sent. It may say so before we have noted that
    /// it had queued it.
    pub failure_told: bool,
    /// How far it has come.
    pub progress: Progress,
}

/// How far a delivery has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An attempt is under way, or was when its process died.
    Open {
        /// Whose attempt.
        token: AttemptToken,
        /// Until when nobody else may try.
        lease_until: Time,
    },
    /// The last attempt failed. Another may try.
    Failed,
    /// The caller has its answer, which stays the same for ever.
    Answered {
        /// The answer, byte for byte.
        answer: Vec<u8>,
        /// Whether the relay has only queued the message, and has not said yet that it failed.
        queued: bool,
    },
}

impl Delivery {
    /// The stamp of what the create itself asserts.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        let event = EventId::new(&format!("delivery:{}", self.id)).ok()?;
        Some(Stamp { time: self.opened_at, event })
    }

    /// Whether the attempt `token` still holds the lease.
    #[must_use]
    pub fn is_held_by(&self, token: AttemptToken) -> bool {
        matches!(self.progress, Progress::Open { token: holder, .. } if holder == token)
    }

    /// Whether it must not be sent, because an event has shown the chat that it became, and a relay of this
    /// kind would send the message again.
    #[must_use]
    pub const fn is_done_at(&self, kind: RelayKind) -> bool {
        self.chat.is_some() && !kind.keeps_idempotency_keys()
    }
}

/// How the recent deliveries of a line went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The newest is the lowest bit; one is success.
    successes: u64,
    deliveries: u8,
}

impl Health {
    /// How many deliveries count as recent.
    pub const RECENT: u8 = 50;

    /// The health that [`Health::to_parts`] took apart.
    #[must_use]
    pub const fn from_parts(successes: u64, deliveries: u8) -> Self {
        Self { successes, deliveries }
    }

    /// The health as numbers: one bit a delivery, and how many there are.
    #[must_use]
    pub const fn to_parts(self) -> (u64, u8) {
        (self.successes, self.deliveries)
    }

    /// Notes how one more delivery went.
    pub fn note(&mut self, success: bool) {
        let mask = (1 << Self::RECENT) - 1;
        self.successes = (self.successes << 1 | u64::from(success)) & mask;
        self.deliveries = Self::RECENT.min(self.deliveries + 1);
    }

    /// Notes that a delivery which was taken for a success was none after all. One success is as good as
    /// another, so it is the newest that turns.
    pub fn turn(&mut self) {
        match self.successes {
            0 => self.note(false),
            successes => self.successes = successes & (successes - 1),
        }
    }

    /// The share of recent successes in percent, rounded down; `None` when nothing was ever delivered.
    #[must_use]
    pub fn score(self) -> Option<u8> {
        let deliveries = u32::from(self.deliveries);
        let percent = (self.successes.count_ones() * 100).checked_div(deliveries)?;
        u8::try_from(percent).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_lower_case_hex() {
        let id = Hex128::from_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "ab", &"AB".repeat(16), &"ab".repeat(17), &"zz".repeat(16)] {
            assert_eq!(bad.parse::<Hex128>(), Err(Hex128Error), "{bad}");
        }
    }

    #[test]
    fn health_is_the_recent_share_of_successes() {
        let mut health = Health::default();
        assert_eq!(health.score(), None);
        health.note(true);
        assert_eq!(health.score(), Some(100));
        health.note(false);
        assert_eq!(health.score(), Some(50));
        (0..Health::RECENT).for_each(|_| health.note(true));
        assert_eq!(health.score(), Some(100));
        health.turn();
        assert_eq!(health.score(), Some(98));
        let (successes, deliveries) = health.to_parts();
        assert_eq!(Health::from_parts(successes, deliveries), health);
    }
}
