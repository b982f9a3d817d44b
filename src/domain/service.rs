//! The messaging services.

/// The service that carries a conversation or reaches a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Apple's iMessage.
    IMessage,
    /// Rich Communication Services.
    Rcs,
    /// The short message service, MMS included.
    Sms,
}

impl Service {
    /// Reads a service's name in any letter case; `None` for names that say nothing to us, `any` among them.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::IMessage, Self::Rcs, Self::Sms]
            .into_iter()
            .find(|service| service.as_str().eq_ignore_ascii_case(name))
    }

    /// The name in answers: lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IMessage => "imessage",
            Self::Rcs => "rcs",
            Self::Sms => "sms",
        }
    }
}
