//! One batch, posted until it is answered.

use std::{borrow::Cow, time::Duration};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Deserialize;

use super::{lines::Lines, source::Batch, tally::Tally};
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

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<EventResult<'a>>,
}

#[derive(Deserialize)]
struct EventResult<'a> {
    #[serde(borrow)]
    event_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
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
    /// The body of the answer.
    Answered(Bytes),
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
    pub(super) async fn post(&self, batch: Batch) -> anyhow::Result<(u64, Tally)> {
        let mut left = batch.events;
        let mut tally = Tally::default();
        let mut wait = Duration::from_millis(100);
        for attempt in 1.. {
            match self.attempt(&left).await? {
                Attempt::Answered(answer) => {
                    left = sort_out(&left, &answer, attempt == ATTEMPTS, &mut tally)?;
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
        Ok((batch.bytes, tally))
    }

    async fn attempt(&self, events: &Lines) -> anyhow::Result<Attempt> {
        let signature = hmac_v1::sign(&self.secret, events.text(), self.clock.now());
        let request = self
            .client
            .post(self.url.clone())
            .header("x-chert-relay", self.relay.as_str())
            .header("x-chert-signature", signature)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(events.text().to_vec());
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
        return match response.bytes().await {
            Ok(body) => Ok(Attempt::Answered(body)),
            // It may have gone away in the middle of its answer. Whatever it took is a duplicate next time.
            Err(why) => Ok(Attempt::Later(None, format!("{:#}", anyhow::Error::from(why)))),
        };
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
fn sort_out(events: &Lines, answer: &[u8], is_last: bool, tally: &mut Tally) -> anyhow::Result<Lines> {
    let Answer { results } =
        serde_json::from_slice(answer).context("the service's answer is not what this program knows")?;
    if results.len() != events.len() {
        bail!("the service answered {} events of {}", results.len(), events.len());
    }
    let mut again = Lines::default();
    for (event, EventResult { event_id, outcome, error }) in events.iter().zip(results) {
        match error {
            Some(EventError { retryable: true, .. }) if !is_last => again.push(event),
            None => tally.count(&outcome),
            Some(EventError { code, message, .. }) => {
                tally.count(&outcome);
                let id = event_id.as_deref().unwrap_or("(no id)");
                tally.explain(|| format!("{id}: {code} {message}"));
            }
        }
    }
    Ok(again)
}
