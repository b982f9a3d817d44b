//! The deliveries that a batch has looked up and changes, and the health of the lines that they go over.

use super::{IdempotencyRef, LineRef, Working};
use crate::domain::delivery::{Delivery, DeliveryId, Health};

/// A value with what the store must do about it.
#[derive(Debug)]
pub(super) struct Tracked<T> {
    value: T,
    is_changed: bool,
}

impl Working {
    /// Adds a delivery that the store has.
    pub fn add_delivery(&mut self, delivery: Delivery) {
        self.track_delivery(delivery, false);
    }

    /// Notes that the store has no such delivery.
    pub fn add_no_delivery(&mut self, id: DeliveryId) {
        self.deliveries.entry(id).or_insert(None);
    }

    /// Notes that nothing was asked for under this name.
    pub fn add_no_delivery_named(&mut self, name: IdempotencyRef) {
        self.by_idempotency.entry(name).or_insert(None);
    }

    /// Adds the health of a line that the store has.
    pub fn add_health(&mut self, line: LineRef, health: Health) {
        self.health.entry(line).or_insert(Tracked { value: health, is_changed: false });
    }

    /// A delivery.
    #[must_use]
    pub fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&id)?.as_ref().map(|tracked| &tracked.value)
    }

    /// The delivery that a tenant has asked for under this name.
    #[must_use]
    pub fn delivery_named(&self, name: &IdempotencyRef) -> Option<&Delivery> {
        self.delivery((*self.by_idempotency.get(name)?)?)
    }

    /// Adds a delivery, or changes one.
    pub fn put_delivery(&mut self, delivery: Delivery) {
        self.track_delivery(delivery, true);
    }

    /// The health of a line.
    #[must_use]
    pub fn health(&self, line: &LineRef) -> Health {
        self.health.get(line).map(|tracked| tracked.value).unwrap_or_default()
    }

    /// Changes the health of a line.
    pub fn change_health(&mut self, line: LineRef, change: impl FnOnce(&mut Health)) {
        let tracked =
            self.health.entry(line).or_insert(Tracked { value: Health::default(), is_changed: true });
        change(&mut tracked.value);
        tracked.is_changed = true;
    }

    /// The deliveries to be saved, new ones included.
    pub fn changed_deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().flatten().filter(|tracked| tracked.is_changed).map(|tracked| &tracked.value)
    }

    /// The health to be saved.
    pub fn changed_health(&self) -> impl Iterator<Item = (&LineRef, Health)> {
        self.health
            .iter()
            .filter(|(_, tracked)| tracked.is_changed)
            .map(|(line, tracked)| (line, tracked.value))
    }

    fn track_delivery(&mut self, delivery: Delivery, is_changed: bool) {
        if let Some(idempotency) = &delivery.idempotency {
            let name = (delivery.tenant.clone(), idempotency.key.as_str().to_owned());
            self.by_idempotency.insert(name, Some(delivery.id));
        }
        self.deliveries.insert(delivery.id, Some(Tracked { value: delivery, is_changed }));
    }
}
