//! Reading a body, within limits of size and time.
//!
//! The HTTP library sets no time to bodies. One that stalls or drips would hold its connection for ever.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{error::ApiError, has_media_type, state::BodyLimits};

/// What a body is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON document.
    Json,
    /// One JSON document a line.
    NdJson,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    /// It has more bytes than this.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// It took longer than so many seconds.
    #[error("the body did not arrive within {0} seconds")]
    TooSlow(u64),
    /// It ended before its end.
    #[error("the body broke off")]
    BrokeOff,
}

/// Says what the body is, by its headers. `x-www-form-urlencoded` is what some clients call a body that they
/// were told nothing of, so it counts as nothing.
pub(super) fn format(request: &HttpRequest) -> Result<Format, ApiError> {
    let is = |media_type| has_media_type(request, media_type);
    let unsupported = |message| Err(ApiError::of_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    if request.headers().contains_key(header::CONTENT_ENCODING) && !has_identity_encoding(request) {
        return unsupported("content-encoding: bodies are taken as they are signed, uncompressed");
    }
    if is("application/x-ndjson") || is("application/jsonl") {
        Ok(Format::NdJson)
    } else if is("application/json") || is("application/x-www-form-urlencoded") || !has_type(request) {
        Ok(Format::Json)
    } else {
        unsupported("content-type must be application/json, or application/x-ndjson for events")
    }
}

/// Refuses a body that is said to be anything but one JSON document.
pub(super) fn expect_json(request: &HttpRequest) -> Result<(), ApiError> {
    match format(request)? {
        Format::Json => Ok(()),
        Format::NdJson => Err(ApiError::of_http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type must be application/json",
        )),
    }
}

fn has_type(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::CONTENT_TYPE)
}

fn has_identity_encoding(request: &HttpRequest) -> bool {
    request.headers().get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes() == b"identity")
}

/// Reads the body.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limits: BodyLimits,
) -> Result<Bytes, BodyError> {
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: u64| bytes > limits.bytes as u64) {
        return Err(BodyError::TooLarge(limits.bytes));
    }
    let expected = declared.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    timeout(limits.time, collect(payload, expected, limits))
        .await
        .unwrap_or(Err(BodyError::TooSlow(limits.time.as_secs())))
}

async fn collect(mut payload: Payload, expected: usize, limits: BodyLimits) -> Result<Bytes, BodyError> {
    let mut body: Option<BytesMut> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::BrokeOff)?;
        let so_far = body.as_ref().map_or(0, BytesMut::len);
        if so_far + chunk.len() > limits.bytes {
            return Err(BodyError::TooLarge(limits.bytes));
        }
        // Nearly every body comes in one piece, which needs no copy.
        if so_far == 0 && chunk.len() == expected {
            return Ok(chunk);
        }
        body.get_or_insert_with(|| BytesMut::with_capacity(expected.min(64 * 1024)))
            .extend_from_slice(&chunk);
    }
    Ok(body.unwrap_or_default().freeze())
}

impl From<BodyError> for ApiError {
    fn from(why: BodyError) -> Self {
        let status = match why {
            BodyError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            BodyError::BrokeOff => StatusCode::BAD_REQUEST,
        };
        Self::of_http(status, why.to_string())
    }
}
