//! A chat for tests that need one, whatever it is about.

use super::{Chat, ChatState, Origin};
use crate::domain::{ids::ChatId, phone::PhoneNumber, time::Time};

impl Chat {
    /// One that nothing was said to yet. Its id is made of its number, and so greater than that of a lower one.
    pub(crate) fn example(number: u8) -> Self {
        let line: PhoneNumber = "+15555550100".parse().unwrap();
        Self {
            id: ChatId::from_bytes([number; 16]),
            tenant: "acme".parse().unwrap(),
            origin: Origin::Event,
            created_at: Time::from_seconds(0),
            updated_at: Time::from_seconds(0),
            version: 1,
            state: ChatState::new(&line),
            line,
        }
    }
}
