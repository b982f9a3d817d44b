//! One batch, posted until it is answered.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Deserialize;

use super::source::Batch;
use crate::{
    auth::hmac_v1,
    clock::{Clock, jittered},
    domain::{ids::Slug, secret::SigningSecret},
};

/// How often a batch is posted before it is given up.
const ATTEMPTS: u32 = 10;

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait that a service may ask for.
const LONGEST_OBEYED: Duration = Duration::from_mins(1);

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Where events are posted, and as whom.
pub(in crate::cli) struct Target {
    client: Client,
    url: Url,
    relay: Slug,
    secret: SigningSecret,
    clock: Clock,
}

/// What came of one event.
pub(super) struct Verdict {
    pub(super) outcome: String,
    /// Of a rejected one.
    pub(super) why: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<EventResult>,
}

#[derive(Deserialize)]
struct EventResult {
    event_id: Option<String>,
    outcome: String,
    error: Option<EventError>,
}

#[derive(Deserialize)]
struct EventError {
    code: u16,
    message: String,
    retryable: bool,
}

#[derive(Deserialize)]
struct Refusal {
    error: EventError,
}

/// What one attempt led to.
enum Attempt {
    Answered(Vec<EventResult>),
    /// Worth another attempt, after this long if it was said.
    Later(Option<Duration>, String),
}

impl Target {
    pub(in crate::cli) fn new(
        base: &Url,
        relay: &Slug,
        secret: SigningSecret,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let url = base.join("/upstream/v1/events")?;
        let client = Client::builder().timeout(TIMEOUT).build().context("cannot make an HTTP client")?;
        Ok(Self { client, url, relay: relay.clone(), secret, clock })
    }

    /// Posts a batch, and again what of it was not taken but may be later. Events are known by their ids, so
    /// posting one twice does no harm.
    pub(super) async fn post(&self, batch: Batch) -> anyhow::Result<(u64, Vec<Verdict>)> {
        let mut left = batch.events;
        let mut verdicts = Vec::with_capacity(left.len());
        let mut wait = Duration::from_millis(100);
        for attempt in 1.. {
            match self.attempt(&left).await? {
                Attempt::Answered(results) => {
                    left = sort_out(left, results, attempt == ATTEMPTS, &mut verdicts)?;
                    if left.is_empty() {
                        break;
                    }
                    tokio::time::sleep(jittered(wait)).await;
                }
                Attempt::Later(_, why) if attempt == ATTEMPTS => {
                    bail!("given up after {ATTEMPTS} attempts: {why}");
                }
                Attempt::Later(asked, _) => {
                    // What a service asks for is obeyed, within reason.
                    tokio::time::sleep(asked.unwrap_or_else(|| jittered(wait)).min(LONGEST_OBEYED)).await;
                }
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        Ok((batch.bytes, verdicts))
    }

    async fn attempt(&self, events: &[Vec<u8>]) -> anyhow::Result<Attempt> {
        let body = events.join(&b'\n');
        let signature = hmac_v1::sign(&self.secret, &body, self.clock.now());
        let request = self
            .client
            .post(self.url.clone())
            .header("x-chert-relay", self.relay.as_str())
            .header("x-chert-signature", signature)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(body);
        match request.send().await {
            Ok(response) => read(response).await,
            Err(why) if why.is_builder() => Err(why.into()),
            // A service that is being restarted is worth waiting for.
            Err(why) => Ok(Attempt::Later(None, format!("{:#}", anyhow::Error::from(why)))),
        }
    }
}

async fn read(response: Response) -> anyhow::Result<Attempt> {
    let status = response.status();
    if status == StatusCode::OK {
        let answer: Answer =
            response.json().await.context("the service's answer is not what this program knows")?;
        return Ok(Attempt::Answered(answer.results));
    }
    let asked =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let text = response.text().await.unwrap_or_default();
    let why = serde_json::from_str(&text).map_or_else(
        |_| status.to_string(),
        |Refusal { error }| format!("{} {} ({status})", error.code, error.message),
    );
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return Ok(Attempt::Later(asked.map(Duration::from_secs), why));
    }
    bail!("the service refused the events: {why}")
}

/// Notes what is settled, and returns what is to be posted again.
fn sort_out(
    events: Vec<Vec<u8>>,
    results: Vec<EventResult>,
    is_last: bool,
    verdicts: &mut Vec<Verdict>,
) -> anyhow::Result<Vec<Vec<u8>>> {
    if results.len() != events.len() {
        bail!("the service answered {} events of {}", results.len(), events.len());
    }
    let mut again = Vec::new();
    for (event, result) in events.into_iter().zip(results) {
        match result.error {
            Some(error) if error.retryable && !is_last => again.push(event),
            error => verdicts.push(Verdict {
                why: error.map(|error| {
                    format!(
                        "{}: {} {}",
                        result.event_id.as_deref().unwrap_or("(no id)"),
                        error.code,
                        error.message
                    )
                }),
                outcome: result.outcome,
            }),
        }
    }
    Ok(again)
}
