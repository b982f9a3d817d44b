//! Downstream: relays carry out what the API asks for.
//!
//! [`Relays`] is what the registry calls. Each relay has a `lane` of its own, which bounds how many calls are
//! under way and gives a relay that does not answer a rest. `http` is a relay on the network that speaks our own
//! protocol, `bluebubbles` a BlueBubbles server, `loopback` a relay in this process; what the first two have in common
//! is in `attempt` and `answer`.

mod answer;
mod attempt;
mod bluebubbles;
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

impl Order {
    /// Whether it makes a group.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.to.len() > 1
    }
}

/// What a relay did with an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It is made.
    Made {
        /// The key.
        key: ConversationKey,
        /// Whether it has the name that was asked for.
        named: bool,
    },
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
    once: reqwest::Client,
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
        let client = to_relays().pool_idle_timeout(Duration::from_secs(30)).build()?;
        // A kept connection may be closed by the other side just as we write to it. Whoever must not ask twice
        // would not know then whether it was heard.
        let once = to_relays().pool_max_idle_per_host(0).retry(reqwest::retry::never()).build()?;
        Ok(Self { client, once, clock, lanes: Mutex::default() })
    }

    /// Has a relay carry out an order, in less time than [`RelayKind::lease`].
    ///
    /// # Errors
    ///
    /// When it does not. It may have carried the order out all the same; asked again, it says so.
    pub async fn carry(&self, relay: &Relay, order: &Order) -> Result<Carried, DeliveryFailure> {
        let lane = self.lane(&relay.slug);
        let pass = lane.enter()?;
        let result = match (relay.kind, &relay.url, &relay.password) {
            (RelayKind::Loopback, ..) => loopback::carry(order),
            (RelayKind::Linq, ..) => Err(DeliveryFailure::NotTried { retry_after: 1 }),
            (_, None, _) => Err(lacks(relay, "URL")),
            (RelayKind::Native, Some(url), _) => {
                http::carry(&self.client, &self.clock, relay, url, order).await
            }
            (RelayKind::BlueBubbles, _, None) => Err(lacks(relay, "password")),
            (RelayKind::BlueBubbles, Some(url), Some(password)) => {
                bluebubbles::carry(&self.once, relay, url, password, order).await
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

fn to_relays() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
}

/// The operator has left something out that delivering needs.
fn lacks(relay: &Relay, what: &'static str) -> DeliveryFailure {
    tracing::warn!(relay = %relay.slug, what, "the relay lacks what delivering to it needs");
    DeliveryFailure::NotTried { retry_after: 1 }
}
