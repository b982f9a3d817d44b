//! What can be wrong with input, whoever sent it. Knows nothing of HTTP.

use std::fmt;

/// Why an input is refused: one sentence that names the field and the reason, and quotes nothing of the input. It is
/// answered and logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// A required field is absent, null or empty.
    #[error("missing required field: {0}")]
    Missing(String),
    /// A field has a value that cannot be used.
    #[error("{field} {why}")]
    Unusable {
        /// The path of the field, such as `data.chat.handles[2].handle`.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// A field that must hold a phone number does not.
    #[error("{0} is not a valid phone number: '+' and 8 to 15 digits are expected")]
    NotAPhoneNumber(String),
    /// The bytes are no JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
}

impl BadInput {
    /// A field with an unusable value.
    pub fn unusable(field: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::Unusable { field: field.into(), why: why.to_string() }
    }
}
