//! Every error that a caller can get: one table of codes, and what becomes which of them.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::{
    auth::AuthError,
    error::BadInput,
    registry::{
        create::CreateError,
        ingest::{NotTaken, Refusal},
    },
    store::{StoreError, committer::CommitError},
};

/// An error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A required field is missing.
    Missing,
    /// A field has an unusable value.
    Unusable,
    /// Not a valid phone number.
    NotAPhoneNumber,
    /// Not JSON.
    NotJson,
    /// There is no such tenant.
    TenantNotFound,
    /// There is no such chat, or it is another tenant's.
    ChatNotFound,
    /// The signature, token or one of their headers is no good.
    BadCredentials,
    /// The tenant is suspended.
    Suspended,
    /// The first message has a URL in a text.
    UrlInText,
    /// Too many recipients.
    TooManyRecipients,
    /// Too many parts.
    TooManyParts,
    /// Two texts follow each other.
    ConsecutiveTexts,
    /// A text is too long.
    TextTooLong,
    /// The resource is in the wrong state, for ever.
    Conflict,
    /// The resource is in the wrong state, for now.
    Busy,
    /// The relay rejected or failed the delivery.
    NotDelivered,
    /// What was asked is not supported.
    NotSupported,
    /// The line is not the caller's.
    NotYourLine,
    /// There is no such route.
    NoRoute,
    /// Nothing says who is calling.
    NoCredentials,
    /// The signature is of another time.
    WrongTime,
    /// A mistake of ours.
    Internal,
    /// Overloaded, or the store is unavailable.
    Unavailable,
}

/// Number, HTTP status and whether the same request may succeed later.
#[rustfmt::skip]
const TABLE: [(Code, u16, u16, bool); 23] = [
    (Code::Missing,         1001, 400, false),
    (Code::Unusable,        1002, 400, false),
    (Code::NotAPhoneNumber, 1003, 400, false),
    (Code::NotJson,         1004, 400, false),
    (Code::UrlInText,       1005, 400, false),
    (Code::TooManyRecipients, 1006, 422, false),
    (Code::TooManyParts,    1006, 400, false),
    (Code::ConsecutiveTexts, 1008, 400, false),
    (Code::TextTooLong,     1009, 400, false),
    (Code::Conflict,        1012, 409, false),
    (Code::Busy,            1012, 409, true),
    (Code::TenantNotFound,  2001, 404, false),
    (Code::ChatNotFound,    2002, 404, false),
    (Code::BadCredentials,  2004, 401, false),
    (Code::Suspended,       2005, 403, false),
    (Code::NotYourLine,     2006, 403, false),
    (Code::NoRoute,         2011, 404, false),
    (Code::NoCredentials,   2012, 401, false),
    (Code::WrongTime,       2013, 401, false),
    (Code::Internal,        3001, 500, true),
    (Code::Unavailable,     3002, 503, true),
    (Code::NotDelivered,    4001, 502, true),
    (Code::NotSupported,    4099, 501, false),
];

/// How many seconds a caller should wait when we are overloaded.
const RETRY_AFTER: u32 = 1;

/// An answer that is an error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    code: Code,
    status: StatusCode,
    message: String,
    retry_after: Option<u32>,
    allow: Option<&'static str>,
}

/// The body of an error, and of one rejected event in a batch.
#[derive(Debug, Serialize)]
pub struct Described<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    code: u16,
    message: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    error: Described<'a>,
    trace_id: &'a str,
}

impl Code {
    fn row(self) -> (u16, StatusCode, bool) {
        let row = TABLE.iter().find(|row| row.0 == self);
        let (number, status, retryable) = row.map_or((3001, 500, true), |row| (row.1, row.2, row.3));
        (number, StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), retryable)
    }
}

impl ApiError {
    /// An error with the status that the table gives its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (_, status, _) = code.row();
        let retry_after = matches!(code, Code::Unavailable | Code::Busy).then_some(RETRY_AFTER);
        Self { code, status, message: message.into(), retry_after, allow: None }
    }

    /// A refusal that HTTP has a status of its own for: 405, 408, 411, 413 or 415.
    pub fn of_http(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, ..Self::new(Code::Unusable, message) }
    }

    /// There is no such route.
    #[must_use]
    pub fn no_route() -> Self {
        Self::new(Code::NoRoute, "no such route")
    }

    /// There is such a route, but not for this method.
    #[must_use]
    pub fn method_not_allowed(allowed: &'static str) -> Self {
        let message = format!("this route takes {allowed} only");
        Self { allow: Some(allowed), ..Self::of_http(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// The line is not one that this caller may speak for.
    #[must_use]
    pub fn not_your_line() -> Self {
        Self::new(Code::NotYourLine, "data.chat.owner_handle.handle is no line of this relay")
    }

    /// There is no such chat, as far as this caller may know.
    #[must_use]
    pub fn chat_not_found() -> Self {
        Self::new(Code::ChatNotFound, "chat not found")
    }

    /// A mistake of ours, whose reason is logged where it is met.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "internal error")
    }

    /// What the HTTP library answers by itself, in our form.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        if status.is_server_error() {
            return Self::internal();
        }
        Self::of_http(
            status,
            status.canonical_reason().unwrap_or("the request cannot be used").to_lowercase(),
        )
    }

    /// The error as it stands in a batch's results.
    #[must_use]
    pub fn described(&self) -> Described<'_> {
        let (code, _, retryable) = self.code.row();
        Described { status: None, code, message: &self.message, retryable, retry_after: None }
    }

    /// The response of a request whose trace id is `trace_id`.
    #[must_use]
    pub fn response(&self, trace_id: &str) -> HttpResponse {
        let error = Described {
            status: Some(self.status.as_u16()),
            retry_after: self.retry_after,
            ..self.described()
        };
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        response.json(Envelope { success: false, error, trace_id })
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The tracing middleware puts the envelope in place of this, since it knows the trace id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

impl From<BadInput> for ApiError {
    fn from(input: BadInput) -> Self {
        let code = match input {
            BadInput::Missing(_) => Code::Missing,
            BadInput::Unusable { .. } => Code::Unusable,
            BadInput::NotAPhoneNumber(_) => Code::NotAPhoneNumber,
            BadInput::NotJson(_) => Code::NotJson,
        };
        Self::new(code, input.to_string())
    }
}

impl From<AuthError> for ApiError {
    fn from(refusal: AuthError) -> Self {
        let code = match refusal {
            AuthError::NoCredentials(_) => Code::NoCredentials,
            AuthError::NotValid | AuthError::Malformed(_) => Code::BadCredentials,
            AuthError::WrongTime => Code::WrongTime,
            AuthError::UnknownTenant => Code::TenantNotFound,
            AuthError::Suspended => Code::Suspended,
        };
        Self::new(code, refusal.to_string())
    }
}

impl From<NotTaken> for ApiError {
    fn from(failure: NotTaken) -> Self {
        match failure {
            NotTaken::Refused(refusal @ Refusal::TooManyHandles) => {
                Self::new(Code::Unusable, refusal.to_string())
            }
            NotTaken::Refused(refusal @ Refusal::ParkingFull) => {
                Self::new(Code::Unavailable, refusal.to_string())
            }
            NotTaken::NotCommitted(failure) => failure.into(),
        }
    }
}

impl From<CommitError> for ApiError {
    fn from(failure: CommitError) -> Self {
        let message = match failure {
            CommitError::Full => "too many events are waiting; try again",
            CommitError::Unavailable => "the store does not take writes now; try again",
        };
        Self::new(Code::Unavailable, message)
    }
}

impl From<CreateError> for ApiError {
    fn from(failure: CreateError) -> Self {
        let message = failure.to_string();
        match failure {
            CreateError::InFlight => Self::new(Code::Busy, message),
            CreateError::Mismatch => Self::new(Code::Conflict, message),
            CreateError::NotDelivered => Self::new(Code::NotDelivered, message),
            CreateError::Unreachable { retry_after } => {
                Self { retry_after: Some(retry_after), ..Self::new(Code::Unavailable, message) }
            }
            CreateError::Commit(failure) => failure.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        tracing::error!(%failure, "a look-up failed");
        match failure {
            StoreError::Unavailable(_) => {
                Self::new(Code::Unavailable, "the store cannot be read now; try again")
            }
            StoreError::Broken(_) => Self::internal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers, statuses and retryability that `docs/api.md` promises.
    #[test]
    fn the_table_says_what_callers_were_told() {
        let told = |code: Code| ApiError::new(code, "").response("0123456789ab").status().as_u16();
        let retryable: Vec<u16> = TABLE.iter().filter(|row| row.3).map(|row| row.1).collect();
        assert_eq!(retryable, [1012, 3001, 3002, 4001]);
        for (code, status) in [
            (Code::Missing, 400),
            (Code::TooManyRecipients, 422),
            (Code::TooManyParts, 400),
            (Code::Conflict, 409),
            (Code::BadCredentials, 401),
            (Code::NotYourLine, 403),
            (Code::Internal, 500),
            (Code::Unavailable, 503),
            (Code::NotDelivered, 502),
            (Code::NotSupported, 501),
        ] {
            assert_eq!(told(code), status, "{code:?}");
        }
    }

    #[test]
    fn every_code_has_one_row() {
        for (code, number, status, _) in TABLE {
            assert_eq!(TABLE.iter().filter(|row| row.0 == code).count(), 1, "{code:?}");
            assert!((1001..=4099).contains(&number), "{code:?}");
            assert_eq!(code.row().1.as_u16(), status);
        }
    }
}
