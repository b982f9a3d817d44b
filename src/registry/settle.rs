//! A relay says that a message it had queued will not be sent.

use crate::{
    domain::{
        delivery::{DeliveryId, Health, Progress},
        ids::Slug,
        phone::PhoneNumber,
    },
    store::working::{Needs, Working},
};

/// The news that a queued message failed.
pub struct SettleFailure {
    delivery: DeliveryId,
    relay: Slug,
    line: Option<PhoneNumber>,
}

impl SettleFailure {
    /// The failure of a delivery, as `relay` tells it, on the line that it names if it names one.
    #[must_use]
    pub fn new(delivery: DeliveryId, relay: Slug, line: Option<PhoneNumber>) -> Self {
        Self { delivery, relay, line }
    }

    /// What it is about.
    pub(super) const fn delivery(&self) -> &DeliveryId {
        &self.delivery
    }

    pub(super) fn needs(&self, loaded: &Working, needs: &mut Needs) {
        needs.delivery(loaded, self.delivery);
    }

    /// Settles a queued delivery, once; anybody else's is left alone. When the answer that queued it is not
    /// noted yet, the end of the create counts the failure.
    pub(super) fn decide(&self, working: &mut Working) {
        let Some(mut delivery) = working.delivery(self.delivery).cloned() else { return };
        let is_theirs =
            delivery.relay == self.relay && self.line.as_ref().is_none_or(|line| *line == delivery.line);
        if !is_theirs || delivery.failure_told {
            return;
        }
        delivery.failure_told = true;
        if let Progress::Answered { queued: queued @ true, .. } = &mut delivery.progress {
            *queued = false;
            working.change_health((delivery.tenant.clone(), delivery.line.clone()), Health::turn);
        }
        working.put_delivery(delivery);
    }
}
