//! Posting events: the requests, and what must be answered.
//!
//! Every answer must name the events of the request in their order, each with the id of its group's chat and an
//! outcome that such an event can have.

use std::rc::Rc;

use anyhow::{Context as _, ensure};
use chert_groups::domain::ids::ChatId;
use serde::Deserialize;

use crate::{
    events::{Composer, number_of, outcomes},
    load::Talk,
    population::Population,
    requests::{Requests, Signer},
};

/// Requests with events.
pub(crate) struct Posts {
    requests: Requests,
    population: Population,
    /// The number of the first event.
    first: usize,
    /// How many events each request carries.
    pub(crate) each: usize,
}

/// What an answer must say besides the events' ids.
pub(crate) enum Expected {
    /// The group's chat.
    Chats(Rc<Vec<ChatId>>),
    /// Any chat, and requests may come again: the server remembers nothing.
    Anything,
}

/// Posts, with the answers that they must have.
pub(crate) struct Ingest {
    /// What is posted.
    pub(crate) posts: Rc<Posts>,
    /// What must come back.
    pub(crate) expected: Expected,
}

/// What each event may be answered with.
type Outcomes = fn(usize) -> &'static [&'static str];

#[derive(Deserialize)]
struct Answer<'a> {
    event_id: &'a str,
    chat_id: &'a str,
    outcome: &'a str,
}

#[derive(Deserialize)]
struct Answers<'a> {
    #[serde(borrow)]
    results: Vec<Answer<'a>>,
}

impl Posts {
    /// `count` requests of `each` events, beginning with the event `first`.
    pub(crate) fn prepare(
        (count, each): (usize, usize),
        first: usize,
        composer: Composer,
        signer: Signer<'_>,
    ) -> anyhow::Result<Self> {
        let mut requests = Requests::default();
        let mut body = String::new();
        for start in (0..count).map(|request| first + request * each) {
            composer.request(start..start + each, &mut body)?;
            requests.push("POST /upstream/v1/events", &body, signer);
        }
        Ok(Self { requests, population: composer.population, first, each })
    }

    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// A request's bytes.
    pub(crate) fn get(&self, request: usize) -> anyhow::Result<&[u8]> {
        self.requests.get(request).context("no such request")
    }
}

impl Ingest {
    /// Checks the answer to a request that was answered before.
    pub(crate) fn check_repeated(&self, number: usize, body: &[u8]) -> anyhow::Result<()> {
        self.check_all(number, body, |_| &["duplicate"])
    }

    /// Checks the answer to a request whose events may have these `outcomes`.
    fn check_all(&self, request: usize, body: &[u8], outcomes: Outcomes) -> anyhow::Result<()> {
        let first = self.posts.first + request * self.posts.each;
        if self.posts.each == 1 {
            return self.check_one(&serde_json::from_slice(body)?, first, outcomes(first));
        }
        let Answers { results } = serde_json::from_slice(body)?;
        ensure!(results.len() == self.posts.each, "{} results", results.len());
        results
            .iter()
            .zip(first..)
            .try_for_each(|(answer, number)| self.check_one(answer, number, outcomes(number)))
    }

    fn check_one(&self, answer: &Answer<'_>, number: usize, outcomes: &[&str]) -> anyhow::Result<()> {
        let Answer { event_id, chat_id, outcome } = answer;
        ensure!(number_of(event_id) == Some(number), "event {number} was answered as {event_id}");
        ensure!(outcomes.contains(outcome), "event {number} was {outcome}");
        let right = match &self.expected {
            Expected::Chats(chats) => {
                chats.get(self.posts.population.group_of(number)).copied() == chat_id.parse().ok()
            }
            Expected::Anything => chat_id.len() == 36,
        };
        ensure!(right, "event {number} was answered with the chat of another group");
        Ok(())
    }

    /// Where a request lies, when they may come again.
    fn place(&self, number: usize) -> usize {
        match self.expected {
            Expected::Chats(_) => number,
            Expected::Anything => number % self.posts.len(),
        }
    }
}

impl Talk for Ingest {
    fn request(&self, number: usize) -> Option<&[u8]> {
        self.posts.requests.get(self.place(number))
    }

    fn check(&self, number: usize, body: &[u8]) -> anyhow::Result<()> {
        self.check_all(self.place(number), body, outcomes)
    }

    fn weight(&self) -> usize {
        self.posts.each
    }
}
