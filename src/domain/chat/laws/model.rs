//! The merge told a second time, as plainly as it can be said.
//!
//! The model keeps everything that was ever asserted and, whenever a field is asked for, scans it all for the
//! greatest by (time, event id, strength, value). Rosters are sets, and their silence is worked out for each
//! handle. It is slow and shares none of the merge's shortcuts, so that the two cannot be wrong alike.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    generate::{LINE, Said},
    view::{Seen, View},
};
use crate::domain::{
    event::{Mention, Says, Word},
    handle::Handle,
    service::Service,
    stamp::Strength,
    text::{DisplayName, IconUrl},
};

/// Everything that was ever said in one conversation.
pub(super) struct Model<'a> {
    pub(super) said: &'a [Said],
}

/// What decides between assertions: time, event id, strength and value, the latter as bytes.
type Rank<'a> = (i64, &'a [u8], u8, &'a [u8]);

/// Since when somebody is as they are, and when they were last added; both in nanoseconds.
pub(super) type Dates = (i64, Option<i64>);

const SILENCE: u8 = 0;
const PLAIN: u8 = 2;

fn rank_of(strength: Strength) -> u8 {
    match strength {
        Strength::ListedOut => 1,
        Strength::Listed => 2,
        Strength::Sender => 3,
        Strength::Subject => 4,
    }
}

impl<'a> Model<'a> {
    pub(super) fn view(&self) -> View {
        let participants = self.participants().map(|(handle, (_, _, _, word))| {
            let name = self.newest_about(handle, |mention| {
                mention.name.as_ref().map(|name| name.as_ref().map_or("", DisplayName::as_str))
            });
            let service = self.newest_about(handle, |mention| mention.service.map(Service::as_str));
            let service = service.and_then(Service::from_name);
            (handle.to_owned(), Seen { word: word_of(word), name: unless_blank(name), service })
        });
        View {
            name: unless_blank(
                self.newest(|says| says.name.as_ref().map(|n| n.as_ref().map_or("", DisplayName::as_str))),
            ),
            icon: unless_blank(
                self.newest(|says| says.icon.as_ref().map(|i| i.as_ref().map_or("", IconUrl::as_str))),
            ),
            service: self.newest(|says| says.service.map(Service::as_str)).and_then(Service::from_name),
            is_group: self.is_group(),
            line_is_in: self.line_is_in(),
            participants: participants.collect(),
        }
    }

    /// The dates of every participant.
    pub(super) fn dates(&self) -> BTreeMap<String, Dates> {
        let dated =
            |(handle, (since, ..)): (&str, Rank<'_>)| (handle.to_owned(), (since, self.joined(handle)));
        self.participants().map(dated).collect()
    }

    /// The spelling to deliver to.
    pub(super) fn key(&self) -> Option<&'a str> {
        let spelled = self.said.iter().map(|said| rank(said, PLAIN, said.key.as_str()));
        spelled.max().map(|(_, _, _, key)| text(key))
    }

    /// The line's number and every address that an event of the chat marked as ours.
    pub(super) fn ours(&self) -> BTreeSet<&'a str> {
        let marked = self.said.iter().flat_map(|said| &said.says.ours).map(Handle::as_str);
        marked.chain([LINE.as_str()]).collect()
    }

    fn is_group(&self) -> Option<bool> {
        let keys = || self.said.iter().flat_map(|said| [Some(&said.key), said.previous.as_ref()]).flatten();
        let grammar = |sign: &str| keys().any(|key| key.as_str().contains(sign));
        match (grammar(";+;"), grammar(";-;")) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => self.said.iter().any(|said| said.says.is_group).then_some(true),
        }
    }

    fn line_is_in(&self) -> bool {
        let ours = self.ours();
        let about_us = self.mentions().filter(|(_, mention)| {
            ours.contains(mention.handle.as_str()) && mention.strength != Strength::ListedOut
        });
        let newest = about_us.map(|(said, mention)| word_rank(said, mention)).max();
        newest.is_none_or(|(_, _, _, word)| word_of(word) == Word::Active)
    }

    /// Everybody who was spoken of and is not one of our addresses, with the newest word on them.
    fn participants(&self) -> impl Iterator<Item = (&'a str, Rank<'a>)> {
        let ours = self.ours();
        let known: BTreeSet<&str> = self.mentions().map(|(_, mention)| mention.handle.as_str()).collect();
        known
            .into_iter()
            .filter(move |handle| !ours.contains(handle))
            .filter_map(|handle| Some((handle, self.word_on(handle)?)))
    }

    fn word_on(&self, handle: &str) -> Option<Rank<'a>> {
        let spoken = self.mentions_of(handle).map(|(said, mention)| word_rank(said, mention));
        let silent = self.said.iter().filter(|said| is_silent_on(&said.says, handle));
        spoken.chain(silent.map(|said| rank(said, SILENCE, Word::Removed.as_str()))).max()
    }

    fn joined(&self, handle: &str) -> Option<i64> {
        self.mentions_of(handle)
            .filter(|(_, mention)| mention.strength == Strength::Subject && mention.word == Word::Active)
            .map(|(said, _)| said.stamp.time.nanos())
            .max()
    }

    fn newest(&self, value: impl Fn(&'a Says) -> Option<&'a str>) -> Option<&'a str> {
        let ranks = self.said.iter().filter_map(|said| Some(rank(said, PLAIN, value(&said.says)?)));
        ranks.max().map(|(_, _, _, value)| text(value))
    }

    fn newest_about(&self, handle: &str, value: impl Fn(&'a Mention) -> Option<&'a str>) -> Option<&'a str> {
        let ranks = self.mentions_of(handle);
        let ranks =
            ranks.filter_map(|(said, mention)| Some(rank(said, rank_of(mention.strength), value(mention)?)));
        ranks.max().map(|(_, _, _, value)| text(value))
    }

    fn mentions(&self) -> impl Iterator<Item = (&'a Said, &'a Mention)> {
        self.said.iter().flat_map(|said| said.says.people.iter().map(move |mention| (said, mention)))
    }

    fn mentions_of(&self, handle: &str) -> impl Iterator<Item = (&'a Said, &'a Mention)> {
        self.mentions().filter(move |(_, mention)| mention.handle.as_str() == handle)
    }
}

fn is_silent_on(says: &Says, handle: &str) -> bool {
    let listed_in = says.people.iter().filter(|mention| mention.strength == Strength::Listed);
    let roster: BTreeSet<&str> = listed_in.map(|mention| mention.handle.as_str()).collect();
    says.roster_complete && !roster.contains(handle)
}

fn rank<'a>(said: &'a Said, strength: u8, value: &'a str) -> Rank<'a> {
    (said.stamp.time.nanos(), said.stamp.event.as_str().as_bytes(), strength, value.as_bytes())
}

fn word_rank<'a>(said: &'a Said, mention: &'a Mention) -> Rank<'a> {
    rank(said, rank_of(mention.strength), mention.word.as_str())
}

fn word_of(name: &[u8]) -> Word {
    let words = [Word::Active, Word::Left, Word::Removed];
    words.into_iter().find(|word| word.as_str().as_bytes() == name).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn unless_blank(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}
