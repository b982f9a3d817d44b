//! For operators: is it up, does it work, what has it done.

use actix_web::{HttpResponse, web::Data};

use super::{
    error::{ApiError, Code},
    state::AppState,
};
use crate::store::committer::Health;

/// The process is up.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// It takes writes, and is not about to stop.
pub(super) async fn readyz(state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    if state.draining.is_on() {
        return Err(ApiError::new(Code::Unavailable, "draining"));
    }
    let health = state.registry.committer().health().borrow().clone();
    if health == Health::Good {
        Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
    } else {
        Err(ApiError::new(Code::Unavailable, "the store does not take writes"))
    }
}

/// What it has done, in Prometheus' text format.
pub(super) async fn metrics(state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    let waiting = state.queue.saturating_sub(state.registry.committer().room());
    let counts = state.registry.counts().await?;
    gauge("chert_groups_queue_depth", u64::try_from(waiting).unwrap_or(u64::MAX));
    gauge("chert_groups_chats", counts.chats);
    gauge("chert_groups_receipts", counts.receipts);
    gauge_parking(&state).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render()))
}

/// All relays together, and how near to its bound the fullest is: the names of relays are nobody's business here.
async fn gauge_parking(state: &AppState) -> Result<(), ApiError> {
    let parking = state.registry.parking().await?;
    let all = parking.iter().map(|(_, usage)| usage);
    gauge("chert_groups_parked_events", all.clone().map(|usage| usage.reports).sum());
    gauge("chert_groups_parked_bytes", all.clone().map(|usage| usage.bytes).sum());
    let fullest = all.map(|usage| usage.percent()).max().unwrap_or(0);
    gauge("chert_groups_parking_fullest_percent", fullest);
    Ok(())
}

fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(as_float(value));
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
fn as_float(value: u64) -> f64 {
    value as f64
}
