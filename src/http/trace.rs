//! Around every request: a trace id, one log line, the metrics, and the form of errors.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
};
use tracing::Instrument;

use super::error::ApiError;
use crate::clock;

const TRACE_HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// The id under which a request is found in the logs: 12 lower-case hexadecimal characters.
#[derive(Clone)]
struct TraceId(String);

/// Wraps a request.
///
/// What is logged of it is the template of its route: paths and queries carry numbers and tokens.
///
/// # Errors
///
/// Never: what fails inside is answered.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let trace = TraceId(base16ct::lower::encode_string(&clock::random::<6>()));
    request.extensions_mut().insert(trace.clone());
    let span = tracing::info_span!("request", trace_id = %trace.0);
    let mut response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    if is_error(response.status()) {
        response = in_our_form(response, &trace);
    }
    if let Ok(value) = HeaderValue::from_str(&trace.0) {
        response.headers_mut().insert(TRACE_HEADER, value);
    }
    span.in_scope(|| report(&response, started));
    Ok(response)
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Gives an error its envelope. Errors that are not ours are the HTTP library's.
fn in_our_form(response: ServiceResponse<BoxBody>, trace: &TraceId) -> ServiceResponse<BoxBody> {
    let ours = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let is_complete =
        ours.is_none() && response.headers().contains_key(actix_web::http::header::CONTENT_TYPE);
    if is_complete && response.response().error().is_none() {
        return response;
    }
    let error = ours.cloned().unwrap_or_else(|| ApiError::of_status(response.status()));
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, error.response(&trace.0))
}

fn report(response: &ServiceResponse<BoxBody>, started: Instant) {
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let (method, status) = (request.method().as_str().to_owned(), response.status());
    let elapsed = started.elapsed();
    let labels =
        [("route", route.clone()), ("method", known(&method)), ("status", status.as_str().to_owned())];
    metrics::counter!("chert_groups_requests_total", &labels).increment(1);
    metrics::histogram!("chert_groups_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    // Success is counted, not told: at tens of thousands a second nobody reads it.
    match status {
        500.. => tracing::error!(%method, route, status, millis, "request failed"),
        400.. => tracing::info!(%method, route, status, millis, "request refused"),
        _ => tracing::debug!(%method, route, status, millis, "request answered"),
    }
}

/// The method as a label: callers may invent any number of them.
fn known(method: &str) -> String {
    match method {
        "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" | "PATCH" => method.to_owned(),
        _ => "other".to_owned(),
    }
}
