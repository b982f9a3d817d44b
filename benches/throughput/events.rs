//! What is posted: events of some 850 bytes with six handles, each newer than the last.

use std::{fmt::Write as _, ops::Range};

use chert_groups::domain::time::Time;

use crate::population::{MEMBERS, Population, line};

/// Of so many events one renames its group, which is visible. The rest are messages and only move stamps.
pub(crate) const RENAME_EVERY: usize = 50;

/// What event ids begin with; the event's number follows.
const ID: &str = "bench-1:";

/// What the ids of the events begin with that make groups known.
const FOUNDING_ID: &str = "bench-0:";

/// What a server that knows the event's group may answer to it for the first time. A rename is no news when a later one
/// has come before.
pub(crate) fn outcomes(number: usize) -> &'static [&'static str] {
    if number.is_multiple_of(RENAME_EVERY) { &["updated", "unchanged"] } else { &["unchanged"] }
}

/// Writes the bodies of events.
#[derive(Clone, Copy)]
pub(crate) struct Composer {
    /// Whom they are about.
    pub(crate) population: Population,
    /// When the first of them happened; each happens a microsecond after the one before.
    pub(crate) since: Time,
}

/// The id of an event.
pub(crate) fn id(number: usize) -> String {
    format!("{ID}{number:09}")
}

/// The event's number, from its id.
pub(crate) fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix(ID)?.parse().ok()
}

/// The key of a group, in one of its spellings.
pub(crate) fn key(service: &str, group: usize) -> String {
    format!("{service};+;chat{:018}", 613_218_551 * group)
}

/// The name that an event gives its group.
pub(crate) fn name(number: usize) -> String {
    format!("Trip {number}")
}

impl Composer {
    /// When an event happened.
    pub(crate) fn time_of(&self, number: usize) -> anyhow::Result<Time> {
        Ok(Time::from_nanos(self.since.nanos() + 1_000 * i64::try_from(number)?))
    }

    /// The body of a request with these events; one alone stands for itself.
    pub(crate) fn request(&self, numbers: Range<usize>, body: &mut String) -> anyhow::Result<()> {
        body.clear();
        if numbers.len() == 1 {
            return self.event(numbers.start, body);
        }
        body.push_str(r#"{"events":["#);
        for number in numbers {
            self.event(number, body)?;
            body.push(',');
        }
        body.pop();
        body.push_str("]}");
        Ok(())
    }

    /// The event that makes a group known.
    pub(crate) fn founding(&self, group: usize, body: &mut String) -> anyhow::Result<()> {
        self.head("chat.created", FOUNDING_ID, group, body)?;
        self.chat(group, body)?;
        write!(body, r#","display_name":"Group {group}"}}}}}}"#)?;
        Ok(())
    }

    /// An event.
    pub(crate) fn event(&self, number: usize, body: &mut String) -> anyhow::Result<()> {
        let group = self.population.group_of(number);
        if number.is_multiple_of(RENAME_EVERY) {
            self.head("chat.renamed", ID, number, body)?;
            self.chat(group, body)?;
            write!(body, r#","display_name":"{}"}}}}}}"#, name(number))?;
        } else {
            self.head("message.received", ID, number, body)?;
            self.chat(group, body)?;
            self.message(group, number, body)?;
        }
        Ok(())
    }

    fn message(&self, group: usize, number: usize, body: &mut String) -> anyhow::Result<()> {
        let sender = self.population.person(group, number % MEMBERS);
        write!(
            body,
            r#"}},"message":{{"id":"0D36042D-0016-4B1E-9A55-{number:012X}","direction":"inbound","#,
        )?;
        write!(body, r#""sender_handle":{{"handle":"{sender}","service":"imessage","is_me":false}},"#)?;
        body.push_str(r#""parts":[{"type":"text","value":"See you there, then"}]}}}"#);
        Ok(())
    }

    fn head(&self, name: &str, id: &str, number: usize, body: &mut String) -> anyhow::Result<()> {
        let at = jiff::Timestamp::from_nanosecond(i128::from(self.time_of(number)?.nanos()))?;
        write!(body, r#"{{"event":"{name}","event_id":"{id}{number:09}","timestamp":"{at:.6}","data":{{"#)?;
        Ok(())
    }

    /// `data.chat`, left open for more fields.
    fn chat(&self, group: usize, body: &mut String) -> anyhow::Result<()> {
        let line = line(self.population.line_of(group));
        write!(body, r#""chat":{{"conversation_key":"{}","#, key("iMessage", group))?;
        write!(
            body,
            r#""is_group":true,"owner_handle":{{"handle":"{line}","service":"imessage","is_me":true}},"#
        )?;
        write!(body, r#""handles":[{{"handle":"{line}","service":"imessage","is_me":true}}"#)?;
        for member in 0..MEMBERS {
            let handle = self.population.person(group, member);
            write!(body, r#",{{"handle":"{handle}","service":"imessage","is_me":false}}"#)?;
        }
        body.push(']');
        Ok(())
    }
}
