//! Requests that are ready to be sent: signed before the clock starts, one behind the other.

use chert_groups::{
    auth::hmac_v1,
    domain::{secret::SigningSecret, time::Time},
};

/// Whole requests, head and body.
#[derive(Default)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Who signs, and when: a signature is good for five minutes.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'s> {
    /// The header that names them, and their name.
    pub(crate) who: (&'s str, &'s str),
    /// What they sign with.
    pub(crate) secret: &'s SigningSecret,
    /// The time.
    pub(crate) now: Time,
}

impl Requests {
    /// Adds a request; the route is method and path.
    pub(crate) fn push(&mut self, route: &str, body: &str, signer: Signer<'_>) {
        let (header, name) = signer.who;
        let head = format!(
            "{route} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             {header}: {name}\r\nx-chert-signature: {}\r\ncontent-length: {}\r\n\r\n",
            hmac_v1::sign(signer.secret, body.as_bytes(), signer.now),
            body.len()
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(body.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of one, head and body.
    pub(crate) fn get(&self, request: usize) -> Option<&[u8]> {
        let start = match request.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.bytes.get(start..*self.ends.get(request)?)
    }
}
