//! Who is speaking: signatures and bearers, checked over the bytes as they were received.
//!
//! [`hmac_v1`] is the signature, [`tenant`] finds and checks the caller of the API, [`relay`] the relay that
//! posts events. Neither reads HTTP: the headers come as [`Credentials`].

pub mod hmac_v1;
pub mod relay;
pub mod tenant;

/// The headers that say who is speaking. Each is `None` when absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// `x-chert-tenant` or `x-chert-relay`.
    pub name: Option<&'a [u8]>,
    /// `x-chert-signature`.
    pub signature: Option<&'a [u8]>,
    /// `authorization`.
    pub authorization: Option<&'a [u8]>,
}

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
