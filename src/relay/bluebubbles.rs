//! A BlueBubbles server: `POST {url}/api/v1/chat/new`, and then the name.
//!
//! It keeps no idempotency keys. Asked again it finds the chat of the same people, but it sends the message again,
//! so it is asked again only where nobody was there to hear it.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Carried, DeliveryFailure, Order,
    answer::{body_of, note_silence, refused, unreadable},
    attempt::{Attempt, repeat},
};
use crate::{
    domain::{
        conversation_key::ConversationKey, password::RelayPassword, phone::PhoneNumber, text::DisplayName,
    },
    store::directory::Relay,
};

/// How long making a chat may take, all attempts together: the server answers when the message is sent.
const MADE_WITHIN: Duration = Duration::from_secs(30);

/// How long naming it may take.
const NAMED_WITHIN: Duration = Duration::from_secs(5);

/// The most bytes of an answer that are read. It lists everybody in the chat, and the message.
const MAX_ANSWER: usize = 1024 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireOrder<'a> {
    addresses: Vec<&'a str>,
    message: String,
    method: &'static str,
    service: &'static str,
    temp_guid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireName<'a> {
    display_name: &'a str,
}

#[derive(Deserialize)]
struct WireMade {
    data: WireChat,
}

#[derive(Deserialize)]
struct WireChat {
    guid: String,
}

/// A server, as it is called.
struct Server<'r> {
    client: &'r Client,
    relay: &'r Relay,
    url: &'r str,
    password: &'r RelayPassword,
}

pub(super) async fn carry(
    client: &Client,
    relay: &Relay,
    url: &str,
    password: &RelayPassword,
    order: &Order,
) -> Result<Carried, DeliveryFailure> {
    let server = Server { client, relay, url, password };
    let key = server.make(&WireOrder::from(order)).await?;
    let named = match &order.display_name {
        Some(name) if order.is_group() => server.name(&key, name).await,
        _ => true,
    };
    Ok(Carried::Made { key, named })
}

impl<'o> From<&'o Order> for WireOrder<'o> {
    fn from(order: &'o Order) -> Self {
        // The parts of a direct chat's message become one: there is room for one.
        let texts: Vec<&str> = order.parts.iter().map(|part| part.value.as_str()).collect();
        Self {
            addresses: order.to.iter().map(PhoneNumber::as_str).collect(),
            message: texts.join("\n"),
            method: "private-api",
            service: "iMessage",
            temp_guid: order.delivery.to_string(),
        }
    }
}

impl Server<'_> {
    /// Makes a chat, or finds the one of the same people, and sends the message.
    async fn make(&self, order: &WireOrder<'_>) -> Result<ConversationKey, DeliveryFailure> {
        let deadline = Instant::now() + MADE_WITHIN;
        let attempt = |_| async move {
            timeout_at(deadline, self.post(order)).await.unwrap_or_else(|_| {
                note_silence(self.relay, false);
                Attempt::LOST
            })
        };
        repeat(attempt).await
    }

    async fn post(&self, order: &WireOrder<'_>) -> Attempt<ConversationKey> {
        match self.client.post(self.address("new")).json(order).send().await {
            Ok(response) if response.status() == StatusCode::OK => {
                match body_of(response, MAX_ANSWER).await {
                    Some(body) => Attempt::Settled(key_in(&body).ok_or_else(|| unreadable(self.relay))),
                    None => Attempt::LOST,
                }
            }
            Ok(response) => Attempt::Settled(Err(refused(self.relay, response.status()))),
            Err(why) => {
                note_silence(self.relay, why.is_connect());
                if why.is_connect() { Attempt::UNANSWERED } else { Attempt::LOST }
            }
        }
    }

    /// Gives a chat its name, and says whether it has it. The chat is there either way.
    async fn name(&self, key: &ConversationKey, name: &DisplayName) -> bool {
        let named = stands_in_a_path(key.as_str())
            && {
                let body = WireName { display_name: name.as_str() };
                let put = self.client.put(self.address(key.as_str())).json(&body).send();
                matches!(timeout(NAMED_WITHIN, put).await, Ok(Ok(response)) if response.status() == StatusCode::OK)
            };
        if !named {
            tracing::warn!(relay = %self.relay.slug, "the relay has made a chat and not given it its name");
        }
        named
    }

    /// The password is part of the URL, so no URL may be logged, nor any error that has one in it.
    fn address(&self, chat: &str) -> String {
        let password = utf8_percent_encode(self.password.expose(), NON_ALPHANUMERIC);
        format!("{}/api/v1/chat/{chat}?password={password}", self.url)
    }
}

fn key_in(body: &[u8]) -> Option<ConversationKey> {
    let made: WireMade = serde_json::from_slice(body).ok()?;
    ConversationKey::new(&made.data.guid).ok()
}

/// Whether a guid can be one step of a path as it is. The server does not decode what is encoded there.
fn stands_in_a_path(guid: &str) -> bool {
    let stands = |c: char| c.is_ascii_alphanumeric() || ";+-_.@:~".contains(c);
    guid.chars().all(stands) && !matches!(guid, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::relay_kind::RelayKind;

    #[test]
    fn the_lease_is_longer_than_all_that_is_waited_for() {
        assert!(RelayKind::BlueBubbles.lease().unsigned_abs() > MADE_WITHIN + NAMED_WITHIN);
    }

    #[test]
    fn guids_that_a_path_would_change_are_left_out_of_it() {
        for good in ["iMessage;+;chat613218551674740841", "any;-;+14155550111", "any;-;sam_1~@example.org"] {
            assert!(stands_in_a_path(good), "{good}");
        }
        for bad in [".", "..", "a/b", "a b", "a?b", "a#b", "a%2fb", "é", "a\\b", "a&b"] {
            assert!(!stands_in_a_path(bad), "{bad}");
        }
    }
}
