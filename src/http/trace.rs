//! Around every request: a trace id, one log line, the metrics, and the form of errors.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use super::{caller::Caller, error::ApiError, measure, state::AppState};
use crate::trace::TraceId;

/// The template of a route, which a resource has with it.
#[derive(Clone, Copy)]
pub(super) struct Template(pub(super) &'static str);

const TRACE_HEADER: HeaderName = HeaderName::from_static("x-trace-id");

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
    let trace = TraceId::new(fastrand::u64(..));
    let answer = async {
        let mut response = next.call(request).await?.map_into_boxed_body();
        let error = error_in(&response);
        if let Some(error) = &error {
            response = ServiceResponse::new(response.into_parts().0, error.response(trace.as_str()));
        }
        if let Ok(value) = HeaderValue::from_str(trace.as_str()) {
            response.headers_mut().insert(TRACE_HEADER, value);
        }
        report(&response, error.as_ref(), started);
        Ok(response)
    };
    trace.scope(answer).await
}

/// The error that needs its envelope yet, if the response is one. Errors that are not ours are the HTTP library's.
fn error_in(response: &ServiceResponse<BoxBody>) -> Option<ApiError> {
    let status = response.status();
    let failure = response.response().error();
    let is_complete = failure.is_none() && response.headers().contains_key(header::CONTENT_TYPE);
    if is_complete || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let ours = failure.and_then(|failure| failure.as_error::<ApiError>());
    Some(ours.cloned().unwrap_or_else(|| ApiError::of_status(status)))
}

fn report(response: &ServiceResponse<BoxBody>, error: Option<&ApiError>, started: Instant) {
    let request = response.request();
    let route = request.app_data().map_or("none", |Template(route)| route);
    let (method, status) = (known(request.method().as_str()), response.status());
    let elapsed = started.elapsed();
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    measure::request(route, method, status, elapsed);
    let caller = request.extensions().get().cloned();
    let (tenant, relay) = match &caller {
        Some(Caller::Tenant(slug)) => (Some(slug.as_str()), None),
        Some(Caller::Relay(slug)) => (None, Some(slug.as_str())),
        None => (None, None),
    };
    let (code, why) = (error.map(ApiError::number), error.map(ToString::to_string));
    // Success is counted, not told: at tens of thousands a second nobody reads it. So is what fails as often.
    match status {
        // Not to support what is asked is no failure.
        400..=499 | 501 => {
            tracing::info!(method, route, status, code, why, tenant, relay, millis, "request refused");
        }
        503 => {
            let Some(left_out) = line_about_503(request) else { return };
            tracing::error!(
                method,
                route,
                status,
                code,
                why,
                tenant,
                relay,
                millis,
                left_out,
                "request failed"
            );
        }
        500.. => tracing::error!(method, route, status, code, why, tenant, relay, millis, "request failed"),
        _ => tracing::debug!(method, route, status, tenant, relay, millis, "request answered"),
    }
}

/// How many 503 had no line since the last that had one; `None` when there are enough lines.
fn line_about_503(request: &HttpRequest) -> Option<u64> {
    request.app_data::<Data<AppState>>()?.unavailable.line(Instant::now())
}

/// The method as a label and in the log: callers may invent any number of them.
fn known(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}
