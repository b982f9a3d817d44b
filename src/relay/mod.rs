//! Downstream: relays carry out what the API asks for.
//!
//! [`Relays`] is what the registry calls. Each relay has a `lane` of its own, which bounds how many calls are
//! under way and gives a relay that does not answer a rest. `http` is a relay on the network, `loopback`
//! one in this process.

mod http;
mod lane;
mod loopback;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    clock::Clock,
    domain::{
        conversation_key::ConversationKey, delivery::DeliveryId, ids::Slug, message::Part,
        phone::PhoneNumber, relay_kind::RelayKind, text::DisplayName,
    },
    store::directory::Relay,
};
use lane::Lane;

/// A group or a direct chat to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// The name under which the relay makes it once, however often it is asked.
    pub delivery: DeliveryId,
    /// The line.
    pub from: PhoneNumber,
    /// The others.
    pub to: Vec<PhoneNumber>,
    /// The group's name.
    pub display_name: Option<DisplayName>,
    /// The first message.
    pub parts: Vec<Part>,
}

/// What a relay did with an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It is made, and this is its key.
    Made(ConversationKey),
    /// It will be made, and an event will tell the key.
    Queued,
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFailure {
    /// The relay answered, and did not do it.
    Refused,
    /// The relay did not answer.
    Unreachable {
        /// After how many seconds another attempt makes sense.
        retry_after: u32,
    },
    /// The relay was not asked: it rests, has enough to do, or has no address.
    NotTried {
        /// After how many seconds another attempt makes sense.
        retry_after: u32,
    },
}

/// All relays, for delivering.
pub struct Relays {
    client: reqwest::Client,
    clock: Clock,
    lanes: Mutex<HashMap<Slug, Arc<Lane>>>,
}

impl Relays {
    /// The relays, reached over the network as seen from here.
    ///
    /// # Errors
    ///
    /// When the system has no usable network or TLS set-up.
    pub fn new(clock: Clock) -> Result<Self, reqwest::Error> {
        // Who has chosen another one before has chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, clock, lanes: Mutex::default() })
    }

    /// Has a relay carry out an order, within ten seconds.
    ///
    /// # Errors
    ///
    /// When it does not. It may have carried the order out all the same; asked again, it says so.
    pub async fn carry(&self, relay: &Relay, order: &Order) -> Result<Carried, DeliveryFailure> {
        let lane = self.lane(&relay.slug);
        let pass = lane.enter()?;
        let result = match (relay.kind, &relay.url) {
            (RelayKind::Loopback, _) => loopback::carry(order),
            (RelayKind::Native, Some(url)) => http::carry(&self.client, &self.clock, relay, url, order).await,
            (RelayKind::BlueBubbles | RelayKind::Linq, _) => {
                Err(DeliveryFailure::NotTried { retry_after: 1 })
            }
            (RelayKind::Native, None) => {
                tracing::warn!(relay = %relay.slug, "the relay has no URL to deliver to");
                Err(DeliveryFailure::NotTried { retry_after: 1 })
            }
        };
        pass.leave(matches!(result, Err(DeliveryFailure::Unreachable { .. })));
        result
    }

    fn lane(&self, slug: &Slug) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(slug.clone()).or_default())
    }
}
