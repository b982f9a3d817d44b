//! The registry told a second time, as plainly as it can be said.
//!
//! The model keeps every event that was taken on any line, and whenever it is asked for chats, it sorts the events of
//! a line into conversations and adds each up, in an order of its own. It knows no batches, no store and no cache.
//!
//! What is promised, and so what the model says: whatever names its line comes to the same in any order. A report
//! without a line goes to those of its relay's lines that know its key when it comes, or else to the first that comes
//! to know it; what becomes known is told to those who wait in the order in which that happens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    domain::{
        chat::{ChatState, Keys},
        conversation_key::{Conversation, ConversationKey},
        event::{Event, Mention, Says},
        handle::Handle,
        ids::Slug,
        receipt::{ReceiptKey, effective_time},
        report::{Report, RowNumber},
        stamp::Stamp,
        time::Time,
    },
    registry::placement::Placement,
    store::{
        directory::{Directory, Place},
        parked::{Awaits, NumberRef, ParkedQuery},
        working::LineRef,
    },
};

#[derive(Default)]
pub(super) struct Model {
    facts: Vec<Fact>,
    pub(super) waiting: Vec<Waiting>,
    owners: BTreeMap<(Slug, RowNumber), (Stamp, Handle)>,
    /// What each event that was taken on a line counts for.
    pub(super) receipts: BTreeMap<(Time, [u8; 16]), Time>,
}

/// An event that a line has taken.
struct Fact {
    line: LineRef,
    stamp: Stamp,
    key: ConversationKey,
    previous: Option<ConversationKey>,
    says: Says,
}

/// A report that waits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waiting {
    pub(super) relay: Slug,
    pub(super) awaits: Awaits,
    pub(super) report: Report,
    pub(super) arrived: Time,
}

/// Something has become known.
type News = (ParkedQuery, Vec<Place>);

impl Model {
    /// A relay reports something.
    pub(super) fn report(&mut self, placement: &Placement, relay: &Slug, report: &Report, now: Time) {
        let places = match placement {
            Placement::NotTheirs => return,
            Placement::On(place) => vec![place.clone()],
            Placement::Among(places) => {
                let key = report.key.conversation();
                places.all().iter().filter(|place| self.knows(&line_of(place), &key)).cloned().collect()
            }
            Placement::Nowhere => Vec::new(),
        };
        let mut news = Vec::new();
        for place in &places {
            news.extend(self.take(place, relay, report, now));
        }
        if places.is_empty() {
            let awaits = report.line.clone().map_or(Awaits::Conversation, Awaits::Line);
            self.park(relay, awaits, Report { teaches: Vec::new(), ..report.clone() }, now);
        }
        let mut told = self.teach(relay, report, now);
        told.extend(news);
        self.follow(told);
    }

    /// Something has become known to those who wait for it.
    pub(super) fn follow(&mut self, news: Vec<News>) {
        let mut news = VecDeque::from(news);
        while let Some((query, places)) = news.pop_front() {
            let (mut found, rest) =
                self.waiting.drain(..).partition::<Vec<_>, _>(|one| one.is_found_by(&query));
            self.waiting = rest;
            found.sort_by_key(|one| one.arrived);
            for one in found {
                let places = match &one.awaits {
                    Awaits::Owner { tenant, line, .. } => {
                        vec![Place { line: line.clone(), tenant: tenant.clone(), takes_parked: false }]
                    }
                    Awaits::Conversation | Awaits::Line(_) => places.clone(),
                };
                for place in &places {
                    news.extend(self.take(place, &one.relay, &one.report, one.arrived));
                }
            }
        }
    }

    /// A line takes an event; returned is what it thereby comes to know.
    fn take(&mut self, place: &Place, relay: &Slug, report: &Report, arrived: Time) -> Vec<News> {
        let line = line_of(place);
        let Event { id, claimed, key, previous, mut says, .. } = report.on(&place.line);
        match self.subject(relay, report) {
            Some(Ok(mention)) => says.people.push(mention),
            Some(Err(number)) => self.park_part(place, relay, report, number, arrived),
            None => {}
        }
        let receipt = ReceiptKey::new(&place.tenant, &place.line, claimed, &id);
        let effective =
            self.receipts.entry((claimed, receipt.digest)).or_insert(effective_time(claimed, arrived));
        let stamp = Stamp { time: *effective, event: id };
        let spoken_of =
            [Some(&key), previous.as_ref()].into_iter().flatten().map(ConversationKey::conversation);
        let new: BTreeSet<_> = spoken_of.filter(|conversation| !self.knows(&line, conversation)).collect();
        self.facts.push(Fact { line, stamp, key: key.clone(), previous: previous.clone(), says });
        let waits =
            |conversation| (ParkedQuery::Conversation(relay.clone(), conversation), vec![place.clone()]);
        let in_order = [Some(key), previous].into_iter().flatten().map(|key| key.conversation());
        let mut told = BTreeSet::new();
        in_order
            .filter(|conversation| {
                place.takes_parked && new.contains(conversation) && told.insert(conversation.clone())
            })
            .map(waits)
            .collect()
    }

    /// Whom a report is about that names somebody by number.
    fn subject(&self, relay: &Slug, report: &Report) -> Option<Result<Mention, RowNumber>> {
        let (number, opinion) = report.about_number?;
        let told =
            report.teaches.iter().filter(|(taught, _)| *taught == number).map(|(_, owner)| owner).max();
        let known = || self.owners.get(&(relay.clone(), number)).map(|(_, owner)| owner);
        Some(told.or_else(known).map(|owner| opinion.of(owner.clone())).ok_or(number))
    }

    fn teach(&mut self, relay: &Slug, report: &Report, now: Time) -> Vec<News> {
        let mut news = Vec::new();
        for (number, owner) in &report.teaches {
            let stamp = Stamp { time: report.claimed.min(now), event: report.id.clone() };
            let told = (stamp, owner.clone());
            let held = self.owners.insert((relay.clone(), *number), told.clone());
            match held {
                Some(held) if held > told => drop(self.owners.insert((relay.clone(), *number), held)),
                Some(_) => {}
                None => {
                    let number = NumberRef { relay: relay.clone(), number: *number };
                    news.push((ParkedQuery::Owner(number), Vec::new()));
                }
            }
        }
        news
    }

    fn park(&mut self, relay: &Slug, awaits: Awaits, report: Report, arrived: Time) {
        let relay = relay.clone();
        let one = Waiting { relay, awaits, report, arrived };
        let is_same = |other: &Waiting| Waiting { arrived, ..other.clone() } == one;
        if !self.waiting.iter().any(is_same) {
            self.waiting.push(one);
        }
    }

    fn park_part(&mut self, place: &Place, relay: &Slug, report: &Report, number: RowNumber, arrived: Time) {
        let awaits = Awaits::Owner { tenant: place.tenant.clone(), line: place.line.clone(), number };
        let part = Report {
            line: Some(place.line.clone()),
            previous: None,
            says: Says::default(),
            about_line: None,
            teaches: Vec::new(),
            ..report.clone()
        };
        self.park(relay, awaits, part, arrived);
    }

    pub(super) fn knows(&self, line: &LineRef, conversation: &Conversation) -> bool {
        self.facts.iter().any(|fact| fact.line == *line && fact.names().contains(conversation))
    }

    /// Whether what waits could be placed.
    pub(super) fn has_a_place_for(&self, one: &Waiting, directory: &Directory) -> bool {
        let places = directory.places(&one.relay);
        let mut takers = places.all().iter().filter(|place| place.takes_parked);
        match &one.awaits {
            Awaits::Line(line) => takers.any(|place| place.line == *line),
            Awaits::Owner { number, .. } => self.owners.contains_key(&(one.relay.clone(), *number)),
            Awaits::Conversation => {
                let key = one.report.key.conversation();
                takers.any(|place| places.all().len() == 1 || self.knows(&line_of(place), &key))
            }
        }
    }

    /// Every chat that there is: the line, the keys, and the state.
    pub(super) fn chats(&self) -> BTreeMap<(LineRef, BTreeSet<Conversation>), ChatState> {
        let lines: BTreeSet<_> = self.facts.iter().map(|fact| fact.line.clone()).collect();
        let chats = lines.into_iter().flat_map(|line| {
            let conversations = self.conversations_of(&line);
            conversations.into_iter().map(move |names| (line.clone(), names))
        });
        chats.map(|(line, names)| ((line.clone(), names.clone()), self.state(&line, &names))).collect()
    }

    /// The conversations of a line, each by all of its names.
    fn conversations_of(&self, line: &LineRef) -> Vec<BTreeSet<Conversation>> {
        let mut conversations: Vec<BTreeSet<Conversation>> = Vec::new();
        for fact in self.facts.iter().filter(|fact| fact.line == *line) {
            let mut names = fact.names();
            conversations.retain(|other| {
                let is_same = !other.is_disjoint(&names);
                if is_same {
                    names.extend(other.iter().cloned());
                }
                !is_same
            });
            // What was taken in may be the same as what comes before it in the list.
            conversations.push(names);
        }
        conversations
    }

    fn state(&self, line: &LineRef, names: &BTreeSet<Conversation>) -> ChatState {
        let is_of_it = |fact: &&Fact| fact.line == *line && !fact.names().is_disjoint(names);
        let mut facts: Vec<_> = self.facts.iter().filter(is_of_it).collect();
        facts.sort_by(|one, other| other.stamp.cmp(&one.stamp));
        let mut state = ChatState::new(&line.1);
        for fact in facts {
            let keys = Keys { current: Some(&fact.key), previous: fact.previous.as_ref() };
            state.apply(keys, &fact.stamp, &fact.says);
        }
        state
    }
}

impl Fact {
    fn names(&self) -> BTreeSet<Conversation> {
        [Some(&self.key), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .map(ConversationKey::conversation)
            .collect()
    }
}

impl Waiting {
    fn is_found_by(&self, query: &ParkedQuery) -> bool {
        match (query, &self.awaits) {
            (ParkedQuery::Conversation(relay, conversation), Awaits::Conversation) => {
                *relay == self.relay && self.report.key.conversation() == *conversation
            }
            (ParkedQuery::Line(relay, line), Awaits::Line(awaited)) => {
                *relay == self.relay && line == awaited
            }
            (ParkedQuery::Unplaced(relay), Awaits::Conversation) => *relay == self.relay,
            (ParkedQuery::Owner(NumberRef { relay, number }), Awaits::Owner { number: awaited, .. }) => {
                *relay == self.relay && number == awaited
            }
            _ => false,
        }
    }
}

pub(super) fn line_of(place: &Place) -> LineRef {
    (place.tenant.clone(), place.line.clone())
}
