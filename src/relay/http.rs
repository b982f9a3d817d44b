//! A relay on the network: `POST {url}/v1/groups`, as `docs/relay-protocol.md` describes it.

use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{Carried, DeliveryFailure, Order};
use crate::{
    auth::hmac_v1,
    clock::{Clock, jittered},
    domain::{conversation_key::ConversationKey, phone::PhoneNumber, text::DisplayName},
    store::directory::Relay,
};

/// How often an order is posted.
const ATTEMPTS: u32 = 3;

/// How long all attempts together may take.
const TIME: Duration = Duration::from_secs(10);

/// The wait after the first attempt; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

#[derive(Serialize)]
struct WireOrder<'a> {
    client_ref: String,
    from: &'a str,
    to: Vec<&'a str>,
    is_group: bool,
    display_name: Option<&'a str>,
    message: WireMessage<'a>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    parts: Vec<WirePart<'a>>,
}

#[derive(Serialize)]
struct WirePart<'a> {
    r#type: &'static str,
    value: &'a str,
}

#[derive(Deserialize)]
struct WireMade {
    conversation_key: String,
}

/// What one attempt led to.
enum Attempt {
    Settled(Result<Carried, DeliveryFailure>),
    /// Worth another attempt, after this long if the relay said so.
    Again {
        answered: bool,
        asked: Option<Duration>,
    },
}

pub(super) async fn carry(
    client: &Client,
    clock: &Clock,
    relay: &Relay,
    url: &str,
    order: &Order,
) -> Result<Carried, DeliveryFailure> {
    let body = body(order);
    let deadline = Instant::now() + TIME;
    let mut wait = FIRST_WAIT;
    let (mut answered, mut retry_after) = (false, 1);
    for attempt in 1..=ATTEMPTS {
        let left = deadline.saturating_duration_since(Instant::now());
        let post = post(client, clock, relay, url, order, body.clone());
        match tokio::time::timeout(left, post)
            .await
            .unwrap_or(Attempt::Again { answered: false, asked: None })
        {
            Attempt::Settled(result) => return result,
            Attempt::Again { answered: came, asked } => {
                // Whether an answer came is said of the last attempt: that is how the relay is now.
                answered = came;
                let pause = asked.unwrap_or_else(|| jittered(wait));
                retry_after = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX).max(1);
                wait *= 2;
                let left = deadline.saturating_duration_since(Instant::now());
                if attempt == ATTEMPTS || pause >= left {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
    Err(if answered { DeliveryFailure::Refused } else { DeliveryFailure::Unreachable { retry_after } })
}

fn body(order: &Order) -> Vec<u8> {
    let wire = WireOrder {
        client_ref: order.delivery.to_string(),
        from: order.from.as_str(),
        to: order.to.iter().map(PhoneNumber::as_str).collect(),
        is_group: order.to.len() > 1,
        display_name: order.display_name.as_ref().map(DisplayName::as_str),
        message: WireMessage {
            parts: order
                .parts
                .iter()
                .map(|part| WirePart { r#type: part.kind.as_str(), value: &part.value })
                .collect(),
        },
    };
    serde_json::to_vec(&wire).unwrap_or_default()
}

async fn post(
    client: &Client,
    clock: &Clock,
    relay: &Relay,
    url: &str,
    order: &Order,
    body: Vec<u8>,
) -> Attempt {
    let Some(secret) = relay.secrets.newest() else {
        return Attempt::Settled(Err(DeliveryFailure::NotTried { retry_after: 1 }));
    };
    let request = client
        .post(format!("{url}/v1/groups"))
        .header("idempotency-key", order.delivery.to_string())
        .header("x-chert-signature", hmac_v1::sign(secret, &body, clock.now()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    match request.send().await {
        Ok(response) => read(relay, response).await,
        Err(why) => {
            // The error names the URL, which is the operator's own; the log may have its kind only.
            tracing::warn!(relay = %relay.slug, connect = why.is_connect(), "the relay did not answer");
            Attempt::Again { answered: false, asked: None }
        }
    }
}

async fn read(relay: &Relay, response: Response) -> Attempt {
    let status = response.status();
    let asked =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    match status {
        StatusCode::ACCEPTED => Attempt::Settled(Ok(Carried::Queued)),
        StatusCode::OK => match body_of(response).await {
            Some(body) => Attempt::Settled(made(relay, &body)),
            None => Attempt::Again { answered: false, asked: None },
        },
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {
            Attempt::Again { answered: true, asked: asked.map(Duration::from_secs) }
        }
        status if status.is_server_error() => {
            Attempt::Again { answered: true, asked: asked.map(Duration::from_secs) }
        }
        _ => {
            tracing::warn!(relay = %relay.slug, status = status.as_u16(), "the relay refused a delivery");
            Attempt::Settled(Err(DeliveryFailure::Refused))
        }
    }
}

/// The answer as far as it may be read: one that is too long comes back cut off, which is no JSON. `None`
/// when it broke off.
async fn body_of(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Some(body),
            Err(_) => return None,
        }
    }
    body.truncate(MAX_ANSWER);
    Some(body)
}

fn made(relay: &Relay, body: &[u8]) -> Result<Carried, DeliveryFailure> {
    let wire: Option<WireMade> = serde_json::from_slice(body).ok();
    let key = wire.and_then(|wire| ConversationKey::new(&wire.conversation_key).ok());
    key.map(Carried::Made).ok_or_else(|| {
        tracing::warn!(relay = %relay.slug, "the relay's answer is not what the protocol says");
        DeliveryFailure::Refused
    })
}
