//! What relays speak, how they prove who they are, and what they make of creates.

use jiff::SignedDuration;

/// What a relay speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelayKind {
    /// The protocol of `docs/relay-protocol.md`.
    Native,
    /// The same, but inside this process, for demonstrations and tests.
    Loopback,
    /// A `BlueBubbles` server.
    BlueBubbles,
    /// Linq's partner API.
    Linq,
}

/// How a relay proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `x-chert-signature`: our own.
    HmacV1,
    /// Standard Webhooks 1.0.
    StandardWebhooks,
    /// Linq's older header.
    LinqLegacy,
    /// A secret in the URL.
    UrlToken,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretForm {
    /// 32 lower-case hexadecimal characters; the string is the key.
    Hex,
    /// `whsec_` and base64; the bytes are the key.
    Webhook,
}

/// Each kind with its name in commands, routes and the store, what it signs with (of several, the first whose
/// headers are there counts), and how its secret is written.
#[rustfmt::skip]
const TABLE: [(RelayKind, &str, &[Scheme], SecretForm); 4] = [
    (RelayKind::Native,      "native",      &[Scheme::HmacV1],                               SecretForm::Hex),
    (RelayKind::Loopback,    "loopback",    &[Scheme::HmacV1],                               SecretForm::Hex),
    (RelayKind::BlueBubbles, "bluebubbles", &[Scheme::UrlToken],                             SecretForm::Hex),
    (RelayKind::Linq,        "linq",        &[Scheme::StandardWebhooks, Scheme::LinqLegacy], SecretForm::Webhook),
];

impl RelayKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Native, Self::Loopback, Self::BlueBubbles, Self::Linq];

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The name of this kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// How a relay of this kind proves who it is.
    #[must_use]
    pub fn schemes(self) -> &'static [Scheme] {
        self.row().2
    }

    /// How the secret of a relay of this kind is written.
    #[must_use]
    pub fn secret_form(self) -> SecretForm {
        self.row().3
    }

    /// Whether chats can be created through a relay of this kind.
    #[must_use]
    pub const fn takes_creates(self) -> bool {
        !matches!(self, Self::Linq)
    }

    /// Whether a relay of this kind is reached at a URL.
    #[must_use]
    pub const fn has_url(self) -> bool {
        matches!(self, Self::Native | Self::BlueBubbles)
    }

    /// Whether the events of a relay of this kind may leave open which of its lines they are about.
    #[must_use]
    pub const fn may_name_no_line(self) -> bool {
        matches!(self, Self::BlueBubbles | Self::Linq)
    }

    /// Whether a relay of this kind asks us for a password.
    #[must_use]
    pub const fn has_password(self) -> bool {
        matches!(self, Self::BlueBubbles)
    }

    /// Whether a relay of this kind that is asked again for a delivery finds what it has made, rather than
    /// sending the message again.
    #[must_use]
    pub const fn keeps_idempotency_keys(self) -> bool {
        matches!(self, Self::Native | Self::Loopback)
    }

    /// How long an attempt to deliver through a relay of this kind may take before another may take the
    /// delivery over: longer than all that the attempt waits for.
    #[must_use]
    pub const fn lease(self) -> SignedDuration {
        match self {
            Self::Native | Self::Loopback | Self::Linq => SignedDuration::from_secs(20),
            // Up to 30 seconds for the chat and 5 for its name; a second attempt meanwhile would send twice.
            Self::BlueBubbles => SignedDuration::from_secs(45),
        }
    }

    fn row(self) -> &'static (Self, &'static str, &'static [Scheme], SecretForm) {
        match self {
            Self::Native => &TABLE[0],
            Self::Loopback => &TABLE[1],
            Self::BlueBubbles => &TABLE[2],
            Self::Linq => &TABLE[3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_row() {
        for kind in RelayKind::ALL {
            assert_eq!(kind.row().0, kind);
            assert_eq!(RelayKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(RelayKind::from_name("Native"), None);
    }

    #[test]
    fn what_each_kind_makes_of_creates() {
        let of = |kind: RelayKind| (kind.takes_creates(), kind.has_password(), kind.keeps_idempotency_keys());
        assert_eq!(of(RelayKind::Native), (true, false, true));
        assert_eq!(of(RelayKind::Loopback), (true, false, true));
        assert_eq!(of(RelayKind::BlueBubbles), (true, true, false));
        assert_eq!(of(RelayKind::Linq), (false, false, false));
    }

    #[test]
    fn what_is_asked_is_asked_at_a_url_or_in_this_process() {
        for kind in RelayKind::ALL {
            let is_asked_elsewhere = kind.takes_creates() && kind != RelayKind::Loopback;
            assert_eq!(kind.has_url(), is_asked_elsewhere, "{kind:?}");
            assert!(kind.has_url() || !kind.has_password(), "{kind:?}");
        }
    }
}
