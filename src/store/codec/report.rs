//! A parked report as bytes: one byte of version, then postcard.
//!
//! Whose numbers a report tells is learnt when it arrives, so that is not kept.

use serde::{Deserialize, Serialize};

use super::{SERVICES, STRENGTHS, WORDS, meaning_of, number_of};
use crate::{
    domain::{
        conversation_key::ConversationKey,
        delivery::Hex128,
        event::{Mention, Says},
        handle::Handle,
        ids::EventId,
        phone::PhoneNumber,
        report::{Opinion, Report, RowNumber},
        text::{DisplayName, IconUrl},
        time::Time,
    },
    store::StoreError,
};

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct PackedReport<'a> {
    id: &'a str,
    claimed: i64,
    line: Option<&'a str>,
    key: &'a str,
    previous: Option<&'a str>,
    client_ref: Option<[u8; 16]>,
    about_line: Option<PackedOpinion>,
    about_number: Option<(i64, PackedOpinion)>,
    #[serde(borrow)]
    says: PackedSays<'a, &'a str>,
}

/// A word and a strength.
type PackedOpinion = (u8, u8);

/// What is said, of people who are named by `H`.
#[expect(clippy::option_option, reason = "not said, none and a value are three things")]
#[derive(Serialize, Deserialize)]
pub(super) struct PackedSays<'a, H> {
    #[serde(borrow)]
    name: Option<Option<&'a str>>,
    #[serde(borrow)]
    icon: Option<Option<&'a str>>,
    service: Option<u8>,
    is_group: bool,
    roster_complete: bool,
    ours: Vec<&'a str>,
    people: Vec<PackedMention<'a, H>>,
}

#[expect(clippy::option_option, reason = "not said, none and a value are three things")]
#[derive(Serialize, Deserialize)]
pub(super) struct PackedMention<'a, H> {
    handle: H,
    opinion: PackedOpinion,
    service: Option<u8>,
    #[serde(borrow)]
    name: Option<Option<&'a str>>,
}

/// The bytes of a report.
#[must_use]
pub fn encode(report: &Report) -> Vec<u8> {
    let packed = PackedReport {
        id: report.id.as_str(),
        claimed: report.claimed.nanos(),
        line: report.line.as_ref().map(PhoneNumber::as_str),
        key: report.key.as_str(),
        previous: report.previous.as_ref().map(ConversationKey::as_str),
        client_ref: report.client_ref.map(|id| *id.as_bytes()),
        about_line: report.about_line.map(pack_opinion),
        about_number: report.about_number.map(|(number, opinion)| (number.0, pack_opinion(opinion))),
        says: pack_by_handle(&report.says),
    };
    // Plain strings and numbers always serialize.
    postcard::to_extend(&packed, vec![VERSION]).unwrap_or_default()
}

fn pack_opinion(opinion: Opinion) -> PackedOpinion {
    (number_of(&WORDS, opinion.word), number_of(&STRENGTHS, opinion.strength))
}

/// Packs what is said, with people named by their handles.
pub(super) fn pack_by_handle(says: &Says) -> PackedSays<'_, &str> {
    let people = says.people.iter().map(|mention| pack_mention(mention, mention.handle.as_str()));
    pack_says(says, people.collect())
}

/// Packs what is said of the conversation, and of these `people`.
pub(super) fn pack_says<'a, H>(says: &'a Says, people: Vec<PackedMention<'a, H>>) -> PackedSays<'a, H> {
    PackedSays {
        name: says.name.as_ref().map(|name| name.as_ref().map(DisplayName::as_str)),
        icon: says.icon.as_ref().map(|icon| icon.as_ref().map(IconUrl::as_str)),
        service: says.service.map(|service| number_of(&SERVICES, service)),
        is_group: says.is_group,
        roster_complete: says.roster_complete,
        ours: says.ours.iter().map(Handle::as_str).collect(),
        people,
    }
}

pub(super) fn pack_mention<H>(mention: &Mention, handle: H) -> PackedMention<'_, H> {
    PackedMention {
        handle,
        opinion: pack_opinion(Opinion { word: mention.word, strength: mention.strength }),
        service: mention.service.map(|service| number_of(&SERVICES, service)),
        name: mention.name.as_ref().map(|name| name.as_ref().map(DisplayName::as_str)),
    }
}

/// The report that was encoded.
///
/// # Errors
///
/// [`StoreError::Broken`] when the bytes are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<Report, StoreError> {
    let Some((&VERSION, rest)) = bytes.split_first() else { return Err(damaged(&"an unknown version")) };
    let packed: PackedReport<'_> = postcard::from_bytes(rest).map_err(|why| damaged(&why))?;
    unpack(&packed).ok_or_else(|| damaged(&"a value without a meaning"))
}

fn unpack(packed: &PackedReport<'_>) -> Option<Report> {
    Some(Report {
        id: EventId::new(packed.id).ok()?,
        claimed: Time::from_nanos(packed.claimed),
        line: optional(packed.line, |line| PhoneNumber::from_canonical(line).ok())?,
        key: ConversationKey::from_canonical(packed.key),
        previous: packed.previous.map(ConversationKey::from_canonical),
        client_ref: packed.client_ref.map(Hex128::from_bytes),
        says: unpack_says(&packed.says, |handle| Some(Handle::from_canonical(handle)))?,
        about_line: optional(packed.about_line, unpack_opinion)?,
        about_number: optional(packed.about_number, |(number, opinion)| {
            Some((RowNumber(number), unpack_opinion(opinion)?))
        })?,
        teaches: Vec::new(),
    })
}

/// The outer option is whether the bytes have a meaning, the inner one whether there are any.
#[expect(clippy::option_option, reason = "the comment says which is which")]
fn optional<P, V>(packed: Option<P>, unpack: impl FnOnce(P) -> Option<V>) -> Option<Option<V>> {
    match packed {
        None => Some(None),
        Some(packed) => unpack(packed).map(Some),
    }
}

fn unpack_opinion((word, strength): PackedOpinion) -> Option<Opinion> {
    Some(Opinion { word: meaning_of(&WORDS, word)?, strength: meaning_of(&STRENGTHS, strength)? })
}

/// What was packed, of people who are `found` by their names.
pub(super) fn unpack_says<H>(
    packed: &PackedSays<'_, H>,
    found: impl Fn(&H) -> Option<Handle>,
) -> Option<Says> {
    let unpack = |mention| unpack_mention(mention, &found);
    Some(Says {
        name: packed.name.map(|name| name.map(DisplayName::from_canonical)),
        icon: packed.icon.map(|icon| icon.map(IconUrl::from_canonical)),
        service: optional(packed.service, |number| meaning_of(&SERVICES, number))?,
        is_group: packed.is_group,
        is_direct: false,
        roster_complete: packed.roster_complete,
        ours: packed.ours.iter().copied().map(Handle::from_canonical).collect(),
        people: packed.people.iter().map(unpack).collect::<Option<_>>()?,
    })
}

fn unpack_mention<H>(packed: &PackedMention<'_, H>, found: impl Fn(&H) -> Option<Handle>) -> Option<Mention> {
    Some(Mention {
        service: optional(packed.service, |number| meaning_of(&SERVICES, number))?,
        name: packed.name.map(|name| name.map(DisplayName::from_canonical)),
        ..unpack_opinion(packed.opinion)?.of(found(&packed.handle)?)
    })
}

fn damaged(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::damaged("parked", "report", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{event::Word, service::Service, stamp::Strength};

    fn rich() -> Report {
        let handle = Handle::new("sam@example.org").unwrap();
        let opinion = Opinion { word: Word::Removed, strength: Strength::Subject };
        Report {
            id: EventId::new("participant-removed:1").unwrap(),
            claimed: Time::from_seconds(7),
            line: Some("+15555550100".parse().unwrap()),
            key: ConversationKey::new("iMessage;+;chat1").unwrap(),
            previous: Some(ConversationKey::new("b183b0d3").unwrap()),
            client_ref: Some(Hex128::from_bytes([7; 16])),
            says: Says {
                name: Some(None),
                icon: Some(IconUrl::new("https://example.org/a.png").unwrap()),
                service: Some(Service::Sms),
                is_group: true,
                is_direct: false,
                roster_complete: true,
                ours: vec![handle.clone()],
                people: vec![Mention {
                    service: Some(Service::Rcs),
                    name: Some(DisplayName::new("Sam").unwrap()),
                    ..opinion.of(handle)
                }],
            },
            about_line: Some(Opinion::WRITES),
            about_number: Some((RowNumber(15), opinion)),
            teaches: Vec::new(),
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let poor = Report {
            line: None,
            previous: None,
            client_ref: None,
            says: Says::default(),
            about_line: None,
            about_number: None,
            ..rich()
        };
        for report in [rich(), poor] {
            assert_eq!(decode(&encode(&report)).unwrap(), report);
        }
    }

    #[test]
    fn other_bytes_are_damage() {
        let good = encode(&rich());
        for cut in 0..good.len() {
            assert!(decode(&good[..cut]).is_err(), "{cut}");
        }
        assert!(decode(&[&[9], &good[1..]].concat()).is_err());
    }
}
