//! Looking up: the requests, and what must be answered.

use std::{cell::Cell, hash::BuildHasher as _, rc::Rc};

use anyhow::ensure;
use chert_groups::domain::ids::ChatId;
use foldhash::fast::RandomState;
use serde::Deserialize;

use crate::{
    events::key,
    load::Talk,
    population::{CROWD, CROWDED_LINES, GROUPS, Population, line},
    requests::{Requests, Signer},
};

/// How many different requests there are of a kind that asks for one chat.
const DIFFERENT: usize = 50_000;

/// How many there are that ask for a crowd.
const CROWDS: usize = 2_000;

/// The ways to look something up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `GET /api/v1/chats/{id}`
    ById,
    /// `GET /api/v1/chats?conversation_key=…`
    ByKey,
    /// `POST /api/v1/chats/resolve`, with 100 keys
    Resolve,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::ById, Self::ByKey, Self::Resolve];

    /// The way that is called so on the command line.
    pub(crate) fn called(word: &str) -> Option<Self> {
        match word {
            "by-id" => Some(Self::ById),
            "by-key" => Some(Self::ByKey),
            "resolve" => Some(Self::Resolve),
            _ => None,
        }
    }

    /// The name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ById => "a chat by id",
            Self::ByKey => "a chat by conversation key",
            Self::Resolve => "resolve of 100 keys",
        }
    }
}

/// Requests of one kind.
pub(crate) struct Asked {
    way: Way,
    requests: Requests,
    population: Population,
    chats: Rc<Vec<ChatId>>,
    /// Hashes of the last answer to each request that was read and was right. What is the same again needs no reading:
    /// to read a hundred chats' ids costs more than to answer with them, on the processors that the server needs.
    right: Vec<Cell<Option<u64>>>,
    hashes: RandomState,
}

/// What must come back.
pub(crate) enum Lookups {
    /// The right chats.
    Real(Rc<Asked>),
    /// A body of this size, whatever it says.
    Constant(Rc<Asked>, usize),
}

#[derive(Deserialize)]
struct OneChat<'a> {
    #[serde(borrow)]
    chat: Chat<'a>,
}

#[derive(Deserialize)]
struct Chats<'a> {
    #[serde(borrow)]
    chats: Vec<Chat<'a>>,
}

#[derive(Deserialize)]
struct Chat<'a> {
    id: &'a str,
    from: &'a str,
    handles: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Resolved<'a> {
    #[serde(borrow)]
    chats: Vec<OneResolved<'a>>,
}

#[derive(Deserialize)]
struct OneResolved<'a> {
    conversation_key: &'a str,
    chat_id: &'a str,
}

impl Asked {
    /// Requests for chats of `population`, whose ids are `chats`.
    pub(crate) fn prepare(
        way: Way,
        population: Population,
        chats: Rc<Vec<ChatId>>,
        signer: Signer<'_>,
    ) -> anyhow::Result<Self> {
        let count = if way == Way::Resolve { CROWDS } else { DIFFERENT };
        let right = vec![Cell::new(None); count];
        let (requests, hashes) = (Requests::default(), RandomState::default());
        let mut asked = Self { way, requests, population, chats, right, hashes };
        for number in 0..count {
            let (route, body) = asked.compose(number)?;
            asked.requests.push(&route, &body, signer);
        }
        Ok(asked)
    }

    /// How many requests ask for each chat once.
    pub(crate) const fn round(&self) -> usize {
        match self.way {
            Way::ById | Way::ByKey => GROUPS,
            Way::Resolve => CROWDED_LINES,
        }
    }

    fn compose(&self, number: usize) -> anyhow::Result<(String, String)> {
        let group = self.population.group_in_turn(number);
        Ok(match self.way {
            Way::ById => {
                let id = self.chats.get(group).ok_or_else(|| anyhow::anyhow!("no such group"))?;
                (format!("GET /api/v1/chats/{id}"), String::new())
            }
            Way::ByKey => {
                (format!("GET /api/v1/chats?conversation_key={}", key("any", group)), String::new())
            }
            Way::Resolve => {
                let groups: Vec<usize> = self.population.crowd(number).collect();
                let keys: Vec<String> = groups.iter().map(|group| key("iMessage", *group)).collect();
                let from = groups.first().map(|group| line(self.population.line_of(*group)));
                let body = serde_json::json!({ "from": from, "conversation_keys": keys });
                ("POST /api/v1/chats/resolve".to_owned(), body.to_string())
            }
        })
    }

    fn check(&self, number: usize, body: &[u8]) -> anyhow::Result<()> {
        let (right, hash) = (self.right.get(number), Some(self.hashes.hash_one(body)));
        if right.is_none_or(|right| right.get() != hash) {
            self.read(number, body)?;
            right.inspect(|right| right.set(hash));
        }
        Ok(())
    }

    fn read(&self, number: usize, body: &[u8]) -> anyhow::Result<()> {
        let group = self.population.group_in_turn(number);
        match self.way {
            Way::ById => self.check_chat(group, &serde_json::from_slice::<OneChat<'_>>(body)?.chat),
            Way::ByKey => match &*serde_json::from_slice::<Chats<'_>>(body)?.chats {
                [chat] => self.check_chat(group, chat),
                chats => anyhow::bail!("look-up {number} found {} chats", chats.len()),
            },
            Way::Resolve => self.check_crowd(number, &serde_json::from_slice::<Resolved<'_>>(body)?.chats),
        }
    }

    fn check_chat(&self, group: usize, chat: &Chat<'_>) -> anyhow::Result<()> {
        let Chat { id, from, handles } = chat;
        let number = line(self.population.line_of(group));
        ensure!(self.is(group, id) && *from == number, "group {group} was found as {id} of {from}");
        ensure!(handles.len() == crate::population::MEMBERS, "group {group} has {} handles", handles.len());
        Ok(())
    }

    fn check_crowd(&self, number: usize, found: &[OneResolved<'_>]) -> anyhow::Result<()> {
        ensure!(found.len() == CROWD, "{} of {CROWD} keys were answered", found.len());
        for (group, OneResolved { conversation_key, chat_id }) in self.population.crowd(number).zip(found) {
            ensure!(*conversation_key == key("iMessage", group), "keys are out of order");
            ensure!(self.is(group, chat_id), "group {group} was resolved as {chat_id}");
        }
        Ok(())
    }

    fn is(&self, group: usize, id: &str) -> bool {
        self.chats.get(group).copied() == id.parse().ok()
    }
}

impl Lookups {
    /// What is asked.
    pub(crate) fn asked(&self) -> &Asked {
        let (Self::Real(asked) | Self::Constant(asked, _)) = self;
        asked
    }
}

impl Talk for Lookups {
    fn request(&self, number: usize) -> Option<&[u8]> {
        let asked = self.asked();
        asked.requests.get(number % asked.requests.len())
    }

    fn check(&self, number: usize, body: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Real(asked) => asked.check(number % asked.requests.len(), body),
            Self::Constant(_, size) => {
                ensure!(body.len() == *size, "a body of {} bytes instead of {size}", body.len());
                Ok(())
            }
        }
    }

    fn weight(&self) -> usize {
        1
    }
}
