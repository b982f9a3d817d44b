//! Small values as they are stored, and back. What no release of this program can have written is named by table and
//! column.

use super::StoreError;
use super::working::numbers::Owner;
use crate::domain::{
    chat::Origin,
    handle::Handle,
    ids::{EventId, Slug},
    phone::PhoneNumber,
    receipt::{Receipt, ReceiptKey},
    stamp::Stamp,
    time::Time,
};

/// The name of an origin.
pub(super) const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Api => "api",
        Origin::Event => "event",
    }
}

/// The origin of this name.
pub(super) fn origin(name: &str) -> Result<Origin, StoreError> {
    match name {
        "api" => Ok(Origin::Api),
        "event" => Ok(Origin::Event),
        _ => Err(StoreError::damaged("chats", "origin", "an unknown origin")),
    }
}

/// A slug.
pub(super) fn slug(table: &str, column: &str, text: &str) -> Result<Slug, StoreError> {
    text.parse().map_err(|why| StoreError::damaged(table, column, why))
}

/// A phone number.
pub(super) fn number(table: &str, column: &str, text: &str) -> Result<PhoneNumber, StoreError> {
    PhoneNumber::from_canonical(text).map_err(|why| StoreError::damaged(table, column, why))
}

/// The owner of a relay's number.
pub(super) fn owner(address: &str, event_time: i64, event_id: &str) -> Result<Owner, StoreError> {
    let event = EventId::new(event_id);
    let event = event.map_err(|why| StoreError::damaged("row_numbers", "event_id", why))?;
    Ok(Owner {
        stamp: Stamp { time: Time::from_nanos(event_time), event },
        handle: Handle::from_canonical(address),
    })
}

/// The time that a receipt keeps besides the claimed one: that of the few whose clock ran ahead.
pub(super) fn ahead(key: &ReceiptKey, receipt: Receipt) -> Option<i64> {
    (receipt.effective != key.claimed).then(|| receipt.effective.nanos())
}

/// The receipt that keeps this time besides the claimed one.
pub(super) fn receipt(key: &ReceiptKey, ahead: Option<i64>) -> Receipt {
    Receipt { effective: ahead.map_or(key.claimed, Time::from_nanos) }
}
