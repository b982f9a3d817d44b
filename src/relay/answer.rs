//! Reading what a relay on the network answers, and noting what is wrong with it.

use reqwest::{Response, StatusCode};

use super::DeliveryFailure;
use crate::store::directory::Relay;

/// The body as far as it may be read: one of more than `limit` bytes comes back cut off, which is no JSON. `None`
/// when it broke off.
pub(super) async fn body_of(mut response: Response, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= limit {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Some(body),
            Err(_) => return None,
        }
    }
    body.truncate(limit);
    Some(body)
}

/// No answer came, perhaps because there was no connection. An error itself names the URL, which is the operator's
/// own; the log may have its kind only.
pub(super) fn note_silence(relay: &Relay, connect: bool) {
    tracing::warn!(relay = %relay.slug, connect, "the relay did not answer");
}

/// The answer is no.
pub(super) fn refused(relay: &Relay, status: StatusCode) -> DeliveryFailure {
    tracing::warn!(relay = %relay.slug, status = status.as_u16(), "the relay refused a delivery");
    DeliveryFailure::Refused
}

/// The answer is not what was agreed.
pub(super) fn unreadable(relay: &Relay) -> DeliveryFailure {
    tracing::warn!(relay = %relay.slug, "the relay's answer is not what the protocol says");
    DeliveryFailure::Refused
}
