//! What a create asks for.

use sha2::{Digest, Sha256};

use crate::domain::{
    delivery::{Fingerprint, IdempotencyKey},
    ids::Slug,
    message::Part,
    phone::PhoneNumber,
    text::DisplayName,
};

/// A create that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRequest {
    /// Who asks.
    pub tenant: Slug,
    /// The line that it goes out from.
    pub from: PhoneNumber,
    /// To whom: 1 to 31 different numbers, without the line's own. Two or more make a group.
    pub to: Vec<PhoneNumber>,
    /// The group's name.
    pub subject: Option<DisplayName>,
    /// The first message.
    pub parts: Vec<Part>,
    /// The caller's name for this request.
    pub idempotency: Option<IdempotencyKey>,
}

impl CreateRequest {
    /// Whether it makes a group.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.to.len() > 1
    }

    /// A hash of all that is asked, the caller's name for it apart.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        // Each piece is preceded by its length, so that no two requests run together into the same bytes.
        let mut piece = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        piece(self.from.as_str());
        piece(&self.to.len().to_string());
        self.to.iter().for_each(|number| piece(number.as_str()));
        piece(self.subject.as_ref().map_or("", DisplayName::as_str));
        for part in &self.parts {
            piece(part.kind.as_str());
            piece(&part.value);
        }
        hash.finalize().into()
    }
}
