//! A relay on the network: `POST {url}/v1/groups`, as `docs/relay-protocol.md` describes it.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use super::{
    Carried, DeliveryFailure, Order,
    answer::{body_of, note_silence, refused, unreadable},
    attempt::{Attempt, repeat},
};
use crate::{
    auth::hmac_v1,
    clock::Clock,
    domain::{conversation_key::ConversationKey, phone::PhoneNumber, text::DisplayName},
    store::directory::Relay,
};

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

pub(super) async fn carry(
    client: &Client,
    clock: &Clock,
    relay: &Relay,
    url: &str,
    order: &Order,
) -> Result<Carried, DeliveryFailure> {
    let body = body(order);
    let attempt = |deadline| {
        let post = post(client, clock, relay, url, order, body.clone());
        async move { timeout_at(deadline, post).await.unwrap_or(Attempt::UNANSWERED) }
    };
    repeat(attempt).await
}

fn body(order: &Order) -> Vec<u8> {
    let wire = WireOrder {
        client_ref: order.delivery.to_string(),
        from: order.from.as_str(),
        to: order.to.iter().map(PhoneNumber::as_str).collect(),
        is_group: order.is_group(),
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
) -> Attempt<Carried> {
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
            note_silence(relay, why.is_connect());
            Attempt::UNANSWERED
        }
    }
}

async fn read(relay: &Relay, response: Response) -> Attempt<Carried> {
    let status = response.status();
    let asked =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    match status {
        StatusCode::ACCEPTED => Attempt::Settled(Ok(Carried::Queued)),
        StatusCode::OK => match body_of(response, MAX_ANSWER).await {
            Some(body) => Attempt::Settled(made(relay, &body)),
            None => Attempt::UNANSWERED,
        },
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {
            Attempt::Again { answered: true, asked: asked.map(Duration::from_secs) }
        }
        status if status.is_server_error() => {
            Attempt::Again { answered: true, asked: asked.map(Duration::from_secs) }
        }
        _ => Attempt::Settled(Err(refused(relay, status))),
    }
}

fn made(relay: &Relay, body: &[u8]) -> Result<Carried, DeliveryFailure> {
    let wire: Option<WireMade> = serde_json::from_slice(body).ok();
    let key = wire.and_then(|wire| ConversationKey::new(&wire.conversation_key).ok());
    // Giving the group its name is part of the protocol.
    key.map(|key| Carried::Made { key, named: true }).ok_or_else(|| unreadable(relay))
}
