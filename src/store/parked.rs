//! A report that waits until it can be placed.

use sha2::{Digest, Sha256};

use super::{StoreError, codec, stored};
use crate::domain::{
    conversation_key::Conversation,
    ids::Slug,
    parking::Usage,
    phone::PhoneNumber,
    report::{Report, RowNumber},
    time::Time,
};

/// How many of many parked reports are taken at once: however many wait, few are in memory.
pub(super) const SLICE: usize = 256;

/// A report that waits.
#[derive(Clone, Debug)]
pub struct Parked {
    /// What tells it from all others: the same report parked again is the same one.
    pub id: ParkedId,
    /// Whose it is.
    pub relay: Slug,
    /// When it first reached us: the time that it counts for when its own lies in the future.
    pub arrived: Time,
    /// What it waits for.
    pub awaits: Awaits,
    /// The report.
    pub report: Report,
    /// The report as it is stored.
    pub encoded: Vec<u8>,
}

/// A hash of a parked report and its relay.
pub type ParkedId = [u8; 16];

/// What a parked report waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// It names no line: a line of its relay must come to know its conversation, or become the relay's only one.
    Conversation,
    /// The line that it names must become one of its relay's.
    Line(PhoneNumber),
    /// It is placed already, on a line of this tenant, and is about somebody whom it names by number only.
    Owner {
        /// Whose line that was.
        tenant: Slug,
        /// The line.
        line: PhoneNumber,
        /// The number.
        number: RowNumber,
    },
}

/// What those of a relay's parked reports wait for that wait for the same, and how much they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// What they wait for.
    pub awaits: Awaited,
    /// How much they are.
    pub usage: Usage,
    /// When the first of them arrived.
    pub oldest: Time,
}

/// [`Awaits`], as far as an operator can do something about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// That a line knows a conversation.
    Conversation,
    /// That this line becomes the relay's.
    Line(PhoneNumber),
    /// That the owner of a number is told.
    Owner,
}

/// A number that means something to one relay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NumberRef {
    /// To whom.
    pub relay: Slug,
    /// The number.
    pub number: RowNumber,
}

/// Which parked reports are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ParkedQuery {
    /// Those that await that a line of the relay knows this conversation.
    Conversation(Slug, Conversation),
    /// Those that await this line of the relay.
    Line(Slug, PhoneNumber),
    /// Those of the relay that name no line.
    Unplaced(Slug),
    /// Those that await the owner of a number.
    Owner(NumberRef),
}

impl Parked {
    /// A report of `relay` that arrived at `arrived` and has to wait.
    #[must_use]
    pub fn new(relay: Slug, arrived: Time, awaits: Awaits, report: Report) -> Self {
        let encoded = codec::report::encode(&report);
        Self { id: id_of(&relay, &awaits, &encoded), relay, arrived, awaits, report, encoded }
    }

    /// A report as it was stored.
    pub(super) fn from_columns(columns: Columns) -> Result<Self, StoreError> {
        let Columns { id, relay, arrived_at, tenant, line, number, report } = columns;
        let tenant = tenant.map(|tenant| stored::slug("parked", "tenant", &tenant)).transpose()?;
        let line = line.map(|line| stored::number("parked", "line", &line)).transpose()?;
        Ok(Self {
            id,
            relay: stored::slug("parked", "relay", &relay)?,
            arrived: Time::from_nanos(arrived_at),
            awaits: match (line, tenant, number.map(RowNumber)) {
                (Some(line), Some(tenant), Some(number)) => Awaits::Owner { tenant, line, number },
                (Some(line), ..) => Awaits::Line(line),
                (None, ..) => Awaits::Conversation,
            },
            report: codec::report::decode(&report)?,
            encoded: report,
        })
    }

    /// How many bytes of its relay's share it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.encoded.len() as u64
    }

    /// The queries that find it.
    #[must_use]
    pub fn queries(&self) -> Vec<ParkedQuery> {
        let relay = || self.relay.clone();
        match &self.awaits {
            Awaits::Conversation => vec![
                ParkedQuery::Conversation(relay(), self.report.key.conversation()),
                ParkedQuery::Unplaced(relay()),
            ],
            Awaits::Line(line) => vec![ParkedQuery::Line(relay(), line.clone())],
            Awaits::Owner { number, .. } => {
                vec![ParkedQuery::Owner(NumberRef { relay: relay(), number: *number })]
            }
        }
    }
}

/// A parked report as its row has it.
pub(super) struct Columns {
    pub(super) id: ParkedId,
    pub(super) relay: String,
    pub(super) arrived_at: i64,
    pub(super) tenant: Option<String>,
    pub(super) line: Option<String>,
    pub(super) number: Option<i64>,
    pub(super) report: Vec<u8>,
}

impl Awaits {
    /// The columns that say so: tenant, line and number.
    pub(super) fn columns(&self) -> (Option<&str>, Option<&str>, Option<i64>) {
        match self {
            Self::Conversation => (None, None, None),
            Self::Line(line) => (None, Some(line.as_str()), None),
            Self::Owner { tenant, line, number } => {
                (Some(tenant.as_str()), Some(line.as_str()), Some(number.0))
            }
        }
    }
}

fn id_of(relay: &Slug, awaits: &Awaits, encoded: &[u8]) -> ParkedId {
    let tenant = match awaits {
        Awaits::Conversation | Awaits::Line(_) => "",
        Awaits::Owner { tenant, .. } => tenant.as_str(),
    };
    let mut hash = Sha256::new();
    // Slugs contain no line feed, so the parts cannot run into each other.
    for part in [relay.as_str().as_bytes(), b"\n", tenant.as_bytes(), b"\n", encoded] {
        hash.update(part);
    }
    let full: [u8; 32] = hash.finalize().into();
    full.first_chunk().copied().unwrap_or_default()
}
