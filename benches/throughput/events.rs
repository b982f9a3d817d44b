//! What is posted: events of some 800 bytes with six handles, each newer than the last.

use std::fmt::Write as _;

use chert_groups::{
    auth::hmac_v1,
    domain::{secret::SigningSecret, time::Time},
};

/// Who posts.
pub(crate) const RELAY: &str = "bench";

/// Whose lines they are.
pub(crate) const TENANT: &str = "bench";

/// How many lines there are; each has as many groups as another.
pub(crate) const LINES: usize = 1_000;

/// How many groups there are.
pub(crate) const GROUPS: usize = 10_000;

/// How many people there are. Each is in two or three groups.
const PEOPLE: usize = 20_000;

/// How many people a group has besides the line.
const MEMBERS: usize = 5;

/// Of so many events one renames its group, which is visible. The rest are messages and only move stamps.
const RENAME_EVERY: usize = 50;

/// What event ids begin with; the event's number follows.
const ID: &str = "bench-1:";

/// The number of a line.
pub(crate) fn line(number: usize) -> String {
    format!("+1555{number:07}")
}

/// The group that an event is about. Spread evenly and without order, so hardly any two events that wait
/// together are about the same one.
pub(crate) fn group_of(event: usize) -> usize {
    let mixed = (event as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as usize % GROUPS
}

/// The event's number, from its id.
pub(crate) fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix(ID)?.parse().ok()
}

/// Requests that are ready to be sent, one behind the other. Request `n` carries `each` events, the first of
/// which has the number `n * each`.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// How many events each request carries.
    pub(crate) each: usize,
}

impl Requests {
    /// `count` requests of `each` events, the first of which happened at `since`; signed at `now`.
    pub(crate) fn prepare(
        count: usize,
        each: usize,
        secret: &SigningSecret,
        since: Time,
        now: Time,
    ) -> anyhow::Result<Self> {
        let mut requests = Self { bytes: Vec::new(), ends: Vec::with_capacity(count), each };
        let mut body = String::new();
        for first in (0..count).map(|request| request * each) {
            body.clear();
            match each {
                1 => event(first, since, &mut body)?,
                _ => several(first..first + each, since, event, &mut body)?,
            }
            requests.push(&body, secret, now);
        }
        Ok(requests)
    }

    /// Requests that make every group known, in their order.
    pub(crate) fn found_groups(secret: &SigningSecret, since: Time, now: Time) -> anyhow::Result<Self> {
        let each = 500;
        let mut requests = Self { bytes: Vec::new(), ends: Vec::new(), each };
        for first in (0..GROUPS).step_by(each) {
            let mut body = String::new();
            several(first..first + each, since, founding, &mut body)?;
            requests.push(&body, secret, now);
        }
        Ok(requests)
    }

    fn push(&mut self, body: &str, secret: &SigningSecret, now: Time) {
        let head = format!(
            "POST /upstream/v1/events HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             x-chert-relay: {RELAY}\r\nx-chert-signature: {}\r\ncontent-length: {}\r\n\r\n",
            hmac_v1::sign(secret, body.as_bytes(), now),
            body.len()
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(body.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of one, head and body.
    pub(crate) fn get(&self, request: usize) -> Option<&[u8]> {
        let start = match request.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.bytes.get(start..*self.ends.get(request)?)
    }
}

type Compose = fn(usize, Time, &mut String) -> anyhow::Result<()>;

fn several(
    numbers: std::ops::Range<usize>,
    since: Time,
    compose: Compose,
    body: &mut String,
) -> anyhow::Result<()> {
    body.push_str(r#"{"events":["#);
    for number in numbers {
        compose(number, since, body)?;
        body.push(',');
    }
    body.pop();
    body.push_str("]}");
    Ok(())
}

/// The event that makes a group known.
fn founding(group: usize, since: Time, body: &mut String) -> anyhow::Result<()> {
    head("chat.created", "bench-0:", group, since, body)?;
    chat(group, body)?;
    write!(body, r#","display_name":"Group {group}"}}}}}}"#)?;
    Ok(())
}

fn event(number: usize, since: Time, body: &mut String) -> anyhow::Result<()> {
    let group = group_of(number);
    if number.is_multiple_of(RENAME_EVERY) {
        head("chat.renamed", ID, number, since, body)?;
        chat(group, body)?;
        write!(body, r#","display_name":"Trip {number}"}}}}}}"#)?;
    } else {
        head("message.received", ID, number, since, body)?;
        chat(group, body)?;
        let sender = person(group, number % MEMBERS);
        write!(
            body,
            r#"}},"message":{{"id":"0D36042D-0016-4B1E-9A55-{number:012X}","direction":"inbound","#,
        )?;
        write!(body, r#""sender_handle":{{"handle":"{sender}","service":"imessage","is_me":false}},"#)?;
        body.push_str(r#""parts":[{"type":"text","value":"See you there, then"}]}}}"#);
    }
    Ok(())
}

fn head(name: &str, id: &str, number: usize, since: Time, body: &mut String) -> anyhow::Result<()> {
    let nanos = i128::from(since.nanos()) + 1_000 * number as i128;
    let at = jiff::Timestamp::from_nanosecond(nanos)?;
    write!(body, r#"{{"event":"{name}","event_id":"{id}{number:09}","timestamp":"{at:.6}","data":{{"#)?;
    Ok(())
}

/// `data.chat`, left open for more fields.
fn chat(group: usize, body: &mut String) -> anyhow::Result<()> {
    let line = line(group % LINES);
    write!(body, r#""chat":{{"conversation_key":"iMessage;+;chat{:018}","#, 613_218_551 * group)?;
    write!(
        body,
        r#""is_group":true,"owner_handle":{{"handle":"{line}","service":"imessage","is_me":true}},"#
    )?;
    write!(body, r#""handles":[{{"handle":"{line}","service":"imessage","is_me":true}}"#)?;
    for member in 0..MEMBERS {
        let handle = person(group, member);
        write!(body, r#",{{"handle":"{handle}","service":"imessage","is_me":false}}"#)?;
    }
    body.push(']');
    Ok(())
}

/// The handle of a group's member. The factor shares no divisor with their number, so that a group's members
/// are different people.
fn person(group: usize, member: usize) -> String {
    format!("+1415{:07}", (group * MEMBERS + member) * 7_919 % PEOPLE)
}
