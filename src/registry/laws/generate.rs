//! Made-up stories in which everything that can collide does: few relays, lines, keys, ids, moments and people.

use proptest::{collection::vec, option::weighted, prelude::*, sample::Index};

use crate::{
    domain::{
        conversation_key::ConversationKey,
        event::{Mention, Says, Word},
        handle::Handle,
        ids::{EventId, Slug},
        report::{Opinion, Report, RowNumber},
        stamp::Strength,
        text::DisplayName,
        time::Time,
    },
    store::directory::Line,
};

/// A line that there may be.
pub(super) struct MadeUp {
    pub(super) number: &'static str,
    pub(super) tenant: &'static str,
    pub(super) relay: &'static str,
}

pub(super) const LINES: [MadeUp; 4] = [
    MadeUp { number: "+15555550100", tenant: "acme", relay: "rly-a" },
    MadeUp { number: "+15555550101", tenant: "acme", relay: "rly-a" },
    MadeUp { number: "+15555550102", tenant: "other", relay: "rly-a" },
    MadeUp { number: "+15555550103", tenant: "acme", relay: "rly-b" },
];

/// The line of the other relay.
const LINE_OF_B: usize = 3;

pub(super) const RELAYS: [&str; 2] = ["rly-a", "rly-b"];

/// The first line is in some people's lists, as lines are.
const HANDLES: [&str; 4] = ["+15555550100", "+14155550111", "sam@example.org", "urn:biz:7b7f"];

/// Conversations, each in all of its spellings.
const KEYS: [&[&str]; 4] =
    [&["iMessage;+;chat42", "SMS;+;chat42"], &["any;+;chat43", "RCS;+;chat43"], &["b183b0d3"], &["c294c1e4"]];

const EVENTS: [&str; 4] = ["e1", "e2", "e10", "e3"];

const NAMES: [&str; 3] = ["Team lunch", "Trail & error", " "];

/// Seconds after [`EPOCH`] that events claim. The last lie too far in the future whenever they arrive.
const CLAIMED: [i64; 6] = [0, 1, 2, 3, 4000, 9000];

const CLAIMED_IN_THE_PAST: usize = 4;

pub(super) const EPOCH: i64 = 1_777_636_800;

/// What is done, one after the other.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A relay reports something.
    Report(Told),
    /// The attendant looks after what is parked.
    Attend,
}

/// A report as it is made up.
#[derive(Clone, Debug)]
pub(super) struct Told {
    relay: usize,
    line: Option<usize>,
    id: usize,
    claimed: usize,
    key: (usize, usize),
    previous: Option<usize>,
    name: Option<usize>,
    complete: bool,
    people: Vec<(usize, Role)>,
    about_line: Option<Role>,
    about_number: Option<(u8, bool)>,
    teaches: Vec<(u8, usize)>,
    /// How many steps the directory is behind that it is judged by.
    pub(super) behind: usize,
}

/// What is said of somebody.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Listed,
    ListedOut,
    Wrote,
    Added,
    Left,
}

/// A story: what is done, and the circumstances.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) steps: Vec<Step>,
    /// At which step each line is registered, if it ever is.
    pub(super) registered: [Option<usize>; 4],
    /// Whether the third line was once another tenant's.
    pub(super) once_anothers: bool,
    /// How many commands each transaction has; what is over is one more.
    pub(super) batches: Vec<usize>,
    /// Whether the service starts anew after each of the transactions.
    pub(super) restarts: Vec<bool>,
    /// For how many handles there is room in the cache.
    pub(super) cached: usize,
}

pub(super) fn time(seconds: i64) -> Time {
    Time::from_seconds(EPOCH + seconds)
}

pub(super) fn stories() -> impl Strategy<Value = Story> {
    let restarts = vec(proptest::bool::weighted(0.2), 24);
    let cached = proptest::sample::select(&[0, 20, 10_000][..]);
    let once_anothers = proptest::bool::weighted(0.2);
    (steps(), registered(), once_anothers, vec(1..6_usize, 24), restarts, cached).prop_map(
        |(steps, registered, once_anothers, batches, restarts, cached)| Story {
            steps,
            registered,
            once_anothers,
            batches,
            restarts,
            cached,
        },
    )
}

fn registered() -> impl Strategy<Value = [Option<usize>; 4]> {
    let line = || prop_oneof![3 => Just(Some(0)), 3 => (1..16_usize).prop_map(Some), 1 => Just(None)];
    [line(), line(), line(), line()]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![9 => told().prop_map(Step::Report), 1 => Just(Step::Attend)];
    let copy = (any::<Index>(), any::<Index>(), told(), any::<bool>());
    (vec(step, 1..14), vec(copy, 0..4)).prop_map(|(mut steps, copies)| {
        for (of, to, other, exact) in copies {
            if let Step::Report(original) = of.get(&steps).clone() {
                let copy = if exact { original } else { original.with_words_of(other) };
                steps.insert(to.index(steps.len() + 1), Step::Report(copy));
            }
        }
        steps
    })
}

fn told() -> impl Strategy<Value = Told> {
    let of = prop_oneof![
        3 => Just((0, None)),
        1 => Just((1, None)),
        7 => (0..LINES.len()).prop_map(|line| (usize::from(line == LINE_OF_B), Some(line))),
        // Of another relay's.
        1 => Just((1, Some(0))),
    ];
    let who = (0..EVENTS.len(), 0..CLAIMED.len(), (0..KEYS.len(), 0..2_usize));
    let previous = weighted(0.2, 0..KEYS.len());
    let words = (weighted(0.3, 0..NAMES.len()), any::<bool>(), vec((0..HANDLES.len(), role()), 0..3));
    let behind = prop_oneof![2 => Just(0), 1 => 1..10_usize];
    let numbers = (weighted(0.3, (1..4_u8, any::<bool>())), vec((1..4_u8, 0..HANDLES.len()), 0..2));
    (of, who, previous, words, weighted(0.3, role()), numbers, behind).prop_map(
        |(
            (relay, line),
            (id, claimed, key),
            previous,
            (name, complete, people),
            about_line,
            numbers,
            behind,
        )| Told {
            relay,
            line,
            id,
            claimed,
            key,
            previous,
            name,
            complete: complete && !people.is_empty(),
            people,
            about_line,
            about_number: numbers.0,
            teaches: numbers.1,
            behind,
        },
    )
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(&[Role::Listed, Role::ListedOut, Role::Wrote, Role::Added, Role::Left][..])
}

impl Story {
    /// A story in which the lines are registered at these steps, and transactions have these sizes.
    pub(super) fn told(steps: Vec<Step>, registered: [usize; 3], batches: Vec<usize>) -> Self {
        let [one, two, three] = registered.map(Some);
        let registered = [one, two, three, None];
        Self {
            steps,
            registered,
            once_anothers: false,
            restarts: vec![false; batches.len()],
            batches,
            cached: 0,
        }
    }

    /// The same, but every report names a line of its relay's, all of these are registered in the end, each number
    /// is one person's, and no clock runs ahead.
    pub(super) fn where_all_name_their_line(mut self) -> Self {
        for step in &mut self.steps {
            if let Step::Report(told) = step {
                let line = told.line.unwrap_or(told.id % LINES.len());
                told.line = Some(line);
                told.relay = usize::from(line == LINE_OF_B);
                told.claimed %= CLAIMED_IN_THE_PAST;
                told.teaches.iter_mut().for_each(|(number, owner)| *owner = usize::from(*number));
            }
        }
        self.registered = self.registered.map(|at| at.or(Some(7)));
        self.once_anothers = false;
        self
    }

    /// The same, done in another order.
    pub(super) fn shuffled(&self, ranks: [u8; 24]) -> Self {
        let mut ranked: Vec<_> = ranks.into_iter().cycle().zip(self.steps.clone()).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        Self { steps: ranked.into_iter().map(|(_, step)| step).collect(), ..self.clone() }
    }
}

impl MadeUp {
    /// The line as the directory has it.
    pub(super) fn registered(&self, once_anothers: bool) -> Line {
        Line {
            number: self.number.parse().unwrap(),
            tenant: self.tenant.parse().unwrap(),
            relay: self.relay.parse().unwrap(),
            active: true,
            once_anothers: once_anothers && self.tenant == "other",
            created_at: time(0),
        }
    }
}

impl Role {
    fn opinion(self) -> Opinion {
        let (word, strength) = match self {
            Self::Listed => (Word::Active, Strength::Listed),
            Self::ListedOut => (Word::Removed, Strength::ListedOut),
            Self::Wrote => (Word::Active, Strength::Sender),
            Self::Added => (Word::Active, Strength::Subject),
            Self::Left => (Word::Left, Strength::Subject),
        };
        Opinion { word, strength }
    }
}

impl Told {
    /// The same event, but with other things in it.
    fn with_words_of(self, other: Self) -> Self {
        let Self { relay, line, id, claimed, key, previous, .. } = self;
        Self { relay, line, id, claimed, key, previous, ..other }
    }

    /// The bare event `id` of the first relay about `key`.
    pub(super) fn plain(id: usize, line: Option<usize>, key: usize) -> Self {
        Self {
            relay: 0,
            line,
            id,
            claimed: 0,
            key: (key, 0),
            previous: None,
            name: None,
            complete: false,
            people: Vec::new(),
            about_line: None,
            about_number: None,
            teaches: Vec::new(),
            behind: 0,
        }
    }

    pub(super) fn with_previous(self, key: usize) -> Self {
        Self { previous: Some(key), ..self }
    }

    pub(super) fn behind(self, steps: usize) -> Self {
        Self { behind: steps, ..self }
    }

    pub(super) fn relay(&self) -> Slug {
        RELAYS[self.relay].parse().unwrap()
    }

    pub(super) fn report(&self) -> Report {
        let handle = |place: usize| Handle::new(HANDLES[place]).unwrap();
        let key = |conversation: usize, spelling: usize| {
            let spellings = KEYS[conversation];
            ConversationKey::new(spellings[spelling % spellings.len()]).unwrap()
        };
        let mention = |(place, role): &(usize, Role)| -> Mention { role.opinion().of(handle(*place)) };
        Report {
            id: EventId::new(EVENTS[self.id]).unwrap(),
            claimed: time(CLAIMED[self.claimed]),
            line: self.line.map(|line| LINES[line].number.parse().unwrap()),
            key: key(self.key.0, self.key.1),
            previous: self.previous.map(|previous| key(previous, 0)),
            client_ref: None,
            says: Says {
                name: self.name.map(|name| DisplayName::of_group(NAMES[name]).unwrap()),
                roster_complete: self.complete,
                people: self.people.iter().map(mention).collect(),
                ..Says::default()
            },
            about_line: self.about_line.map(Role::opinion),
            about_number: self.about_number.map(|(number, is_in)| {
                (RowNumber(number.into()), if is_in { Role::Added } else { Role::Left }.opinion())
            }),
            teaches: self
                .teaches
                .iter()
                .map(|(number, owner)| (RowNumber((*number).into()), handle(*owner)))
                .collect(),
        }
    }
}
