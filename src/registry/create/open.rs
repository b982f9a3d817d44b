//! The first commit of a create: a delivery, or the news that there is one.

use std::sync::Arc;

use super::request::CreateRequest;
use crate::{
    domain::{
        delivery::{AttemptToken, Delivery, DeliveryId, Idempotency, MessageId, Progress},
        ids::Slug,
        relay_kind::RelayKind,
    },
    store::{
        directory::Directory,
        working::{IdempotencyRef, Moment, Needs, Working},
    },
};

/// A wish to begin an attempt.
pub struct Open {
    pub(super) request: Arc<CreateRequest>,
    pub(super) directory: Arc<Directory>,
    pub(super) relay: Slug,
    pub(super) delivery: DeliveryId,
    pub(super) message: MessageId,
    pub(super) token: AttemptToken,
}

/// What became of it.
#[derive(Debug)]
pub enum Opened {
    /// The attempt may begin.
    Attempt(Delivery),
    /// The same was asked before, and this was the answer.
    Answered(Vec<u8>),
    /// Another attempt holds the lease.
    InFlight,
    /// Something else was asked under this name.
    Mismatch,
}

impl Open {
    fn name(&self) -> Option<IdempotencyRef> {
        let key = self.request.idempotency.as_ref()?;
        Some((self.request.tenant.clone(), key.as_str().to_owned()))
    }

    /// A tenant's name for it, or what nobody else has.
    pub(in crate::registry) fn about(&self) -> Result<IdempotencyRef, DeliveryId> {
        self.name().ok_or(self.delivery)
    }

    pub(in crate::registry) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        self.name().iter().for_each(|name| needs.idempotency(loaded, name));
    }

    pub(in crate::registry) fn decide(&self, working: &mut Working, moment: &Moment) -> Opened {
        let known = self.name().and_then(|name| working.delivery_named(&name).cloned());
        let delivery = match known {
            None => self.new_delivery(moment),
            Some(known) if !self.asks_the_same_as(&known) => return Opened::Mismatch,
            Some(known) => match &known.progress {
                Progress::Answered { answer, .. } => return Opened::Answered(answer.clone()),
                // This very attempt, of which only the answer of the commit was lost.
                Progress::Open { token, .. } if *token == self.token => return Opened::Attempt(known),
                Progress::Open { lease_until, .. } if moment.now < *lease_until => return Opened::InFlight,
                Progress::Open { .. } | Progress::Failed => {
                    // What was told of an earlier attempt is not about this one.
                    let progress = self.lease(&known.relay, moment);
                    Delivery { progress, failure_told: false, ..known }
                }
            },
        };
        working.put_delivery(delivery.clone());
        Opened::Attempt(delivery)
    }

    fn asks_the_same_as(&self, known: &Delivery) -> bool {
        let asked = known.idempotency.as_ref().map(|idempotency| idempotency.fingerprint);
        asked == Some(self.request.fingerprint())
    }

    /// The lease of this attempt, which lasts as long as its relay may take.
    fn lease(&self, relay: &Slug, moment: &Moment) -> Progress {
        let kind = self.directory.relay(relay).map_or(RelayKind::Native, |relay| relay.kind);
        Progress::Open { token: self.token, lease_until: moment.now.plus(kind.lease()) }
    }

    fn new_delivery(&self, moment: &Moment) -> Delivery {
        let idempotency = self.request.idempotency.clone();
        Delivery {
            id: self.delivery,
            message: self.message,
            tenant: self.request.tenant.clone(),
            line: self.request.from.clone(),
            relay: self.relay.clone(),
            idempotency: idempotency.map(|key| Idempotency { key, fingerprint: self.request.fingerprint() }),
            opened_at: moment.now,
            chat: None,
            failure_told: false,
            progress: self.lease(&self.relay, moment),
        }
    }
}
