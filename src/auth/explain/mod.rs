//! Why a request is refused, for somebody who holds the secret.
//!
//! The verdict is that of the code which serves requests, and everything here only explains it. One file for
//! each scheme says what differs from its form; they share `timestamp` and `form`. Then `hypothesis` tries
//! the usual mistakes of senders, which are `body`, `key` and `frame`, and reports what makes the code match.
//!
//! What is told quotes the request and shows codes that the secret makes. It is an answer to whoever asked, and
//! never goes to a log.

mod body;
mod form;
mod frame;
mod hmac_v1;
mod hypothesis;
mod key;
mod linq_legacy;
mod standard_webhooks;
mod timestamp;
mod url_token;

use super::{AuthError, presented::Presented};
use crate::domain::{relay_kind::Scheme, secret::SigningSecret, time::Time};
use hypothesis::Claim;
pub use hypothesis::Tried;

/// A request with the secret that should prove it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// How it should be proved.
    pub scheme: Scheme,
    /// The request.
    pub request: &'a dyn Presented,
    /// Its body as it came.
    pub body: &'a [u8],
    /// The secret.
    pub secret: &'a SigningSecret,
    /// When it came.
    pub now: Time,
}

/// Why a request is refused.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What the sender is answered.
    pub refusal: AuthError,
    /// What differs, in sentences.
    pub differs: Vec<String>,
    /// The header that would be right, where its other parts are known.
    pub expected: Option<String>,
    /// What came of trying the usual mistakes, where there is a whole code to try them on.
    pub tried: Option<Tried>,
}

/// What is found out about a request.
#[derive(Default)]
struct Account<'a> {
    differs: Vec<String>,
    expected: Option<String>,
    claim: Option<Claim<'a>>,
}

impl Case<'_> {
    /// Checks the request as the service does.
    ///
    /// # Errors
    ///
    /// Why it is refused, when it is.
    pub fn check(&self) -> Result<(), Explanation> {
        let Err(refusal) = self.scheme.verify(self.request, self.body, [self.secret], self.now) else {
            return Ok(());
        };
        let Account { differs, expected, claim } = self.account();
        let tried = claim.map(|claim| claim.tried(self));
        Err(Explanation { refusal, differs, expected, tried })
    }

    fn account(&self) -> Account<'_> {
        match self.scheme {
            Scheme::HmacV1 => hmac_v1::account(self),
            Scheme::StandardWebhooks => standard_webhooks::account(self),
            Scheme::LinqLegacy => linq_legacy::account(self),
            Scheme::UrlToken => url_token::account(self),
        }
    }
}

impl Account<'_> {
    /// The value of a header that is there once; else it differs.
    fn header<'r>(&mut self, request: &'r dyn Presented, name: &str) -> Option<&'r [u8]> {
        match request.header(name) {
            Ok(Some(value)) => return Some(value),
            Ok(None) => self.differs.push(format!("{name} is missing")),
            Err(_) => self.differs.push(format!("{name} occurs more than once")),
        }
        None
    }
}

#[cfg(test)]
mod tests;
