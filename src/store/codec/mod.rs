//! Values of the domain as bytes and back, the same for every database.
//!
//! [`changes`] are change records, [`progress`] is how far a delivery has come, [`state`] is a chat's state, [`report`] a report that is parked, [`words`] what was said to chats whose rows are
//! not written yet. What has few values is a number in the bytes:
//! its position in one of these tables, which therefore only ever grow at the end.

pub mod changes;
pub mod progress;
pub mod report;
pub mod state;
pub mod words;

use crate::domain::{event::Word, service::Service, stamp::Strength};

const SERVICES: [Service; 3] = [Service::IMessage, Service::Rcs, Service::Sms];
const WORDS: [Word; 3] = [Word::Active, Word::Left, Word::Removed];
const STRENGTHS: [Strength; 4] = [Strength::ListedOut, Strength::Listed, Strength::Sender, Strength::Subject];

fn number_of<T: PartialEq + Copy>(table: &[T], value: T) -> u8 {
    let position = table.iter().position(|known| *known == value);
    position.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

fn meaning_of<T: Copy>(table: &[T], number: u8) -> Option<T> {
    table.get(usize::from(number)).copied()
}
