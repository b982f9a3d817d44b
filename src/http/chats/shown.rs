//! A chat as it is sent.

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::wire::ChatBody;
use crate::store::{memory::Shown, query::SeenChat};

/// What stands around a chat in the answer to who asked for it alone.
const AROUND: (&[u8], &[u8]) = (b"{\"chat\":", b"}");

#[derive(Serialize)]
struct Body<'a> {
    chat: ChatBody<'a>,
}

/// The answer to who asked for this chat alone.
pub(super) fn show(seen: &SeenChat) -> Shown {
    // Plain strings and numbers always serialize.
    let body = serde_json::to_vec(&Body { chat: ChatBody::of(seen) }).unwrap_or_default();
    // Without the spare room, since it may be kept for long.
    Shown { tag: entity_tag(&body), body: Bytes::from(body.into_boxed_slice()) }
}

/// The chat in such an answer, as it stands in a listing.
pub(super) fn chat(shown: &Shown) -> &[u8] {
    let chat = shown.body.strip_prefix(AROUND.0).and_then(|rest| rest.strip_suffix(AROUND.1));
    chat.unwrap_or_default()
}

/// A hash of the body: it changes whenever the body does, and nobody has to remember what else to count.
fn entity_tag(body: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(body).into();
    let (short, _) = hash.split_at(16);
    format!("\"{}\"", base16ct::lower::encode_string(short))
}
