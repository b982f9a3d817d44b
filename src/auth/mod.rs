//! Who is speaking: signatures and bearers, checked over the bytes as they were received.
//!
//! - [`presented`] is a request as far as it can prove who sent it; nothing here reads HTTP.
//! - [`hmac_v1`], [`standard_webhooks`], [`linq_legacy`] and [`url_token`] are ways to prove it, and [`scheme`]
//!   is the table of them. Those that sign share [`timestamp`] and `code`.
//! - [`tenant`] finds and checks the caller of the API, [`relay`] the relay that posts events.
//! - [`explain`] says why a request is refused, to somebody who holds the secret.

pub mod explain;
pub mod hmac_v1;
pub mod linq_legacy;
pub mod presented;
pub mod relay;
pub mod scheme;
pub mod standard_webhooks;
pub mod tenant;
pub mod timestamp;
pub mod url_token;

mod code;

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nothing says who is speaking, or not enough.
    #[error("no credentials: {0}")]
    NoCredentials(&'static str),
    /// What was presented does not prove it.
    #[error("the signature or token is not valid")]
    NotValid,
    /// A header does not have its form, or came twice.
    #[error("malformed credentials: {0}")]
    Malformed(&'static str),
    /// The signature is of another time.
    #[error("the signature's timestamp is more than 300 seconds away")]
    WrongTime,
    /// There is no such tenant.
    #[error("tenant not found")]
    UnknownTenant,
    /// The tenant may not use the API now.
    #[error("the tenant is suspended")]
    Suspended,
}

impl AuthError {
    /// Whether the refusal may be due to something that this process has not heard of yet, such as a tenant
    /// added or a secret rotated a moment ago.
    #[must_use]
    pub const fn may_be_news(&self) -> bool {
        matches!(self, Self::NotValid | Self::UnknownTenant)
    }
}
