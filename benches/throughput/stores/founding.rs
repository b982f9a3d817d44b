//! Filling a file, as quickly as that can be done with rows that are the program's own.
//!
//! Groups are events that were taken: our own parser reads them, our own rules merge them, and the engine of the
//! store saves them, in large transactions that nobody waits for. So chats, keys, participants, changes and the
//! encoded states are what a server would have written. Receipts, of which there are many more and which are the
//! same two columns every time, are inserted with SQL.

use std::{ops::Range, path::Path};

use anyhow::{Context as _, bail};
use chert_groups::{
    clock::Clock,
    domain::{
        ids::{ChatId, Slug},
        time::Time,
    },
    registry::{
        command::{Command, Reply},
        ingest::Ingest,
    },
    store::{
        StoreError,
        committer::{Command as _, Engine, Load, Work},
        directory::Place,
        postgres::schema::open_for_server,
        sqlite::{
            engine::SqliteEngine,
            open::{Upkeep, open},
        },
        url::StoreUrl,
        working::{Moment, Needs, Working},
    },
    upstream::{
        Parsed,
        request::{self, Events},
    },
};
use jiff::SignedDuration;
use rusqlite::{Connection, params};

use super::{RELAY, TENANT};
use crate::{
    events::Composer,
    population::{Population, mix},
    postgres,
};

/// How many groups are founded in one transaction.
const FOUNDED: usize = 5_000;

/// How many receipts are inserted in one.
const INSERTED: usize = 200_000;

/// When groups were founded. Receipts are not that old when the service forgets them.
const FOUNDED_AGO: SignedDuration = SignedDuration::from_hours(20 * 24);

/// The time over which the other receipts are spread, from a day after that on.
const RECEIVED_FOR: SignedDuration = SignedDuration::from_hours(18 * 24);

/// Makes all groups known; the chat of each.
pub(super) fn found_groups(
    engine: &mut dyn Engine,
    population: Population,
    now: Time,
) -> anyhow::Result<Vec<ChatId>> {
    let composer = Composer { population, since: now.plus(-FOUNDED_AGO) };
    let mut chats = Vec::with_capacity(population.groups());
    for first in (0..population.groups()).step_by(FOUNDED) {
        chats.extend(found(engine, first..first + FOUNDED, composer)?);
    }
    Ok(chats)
}

/// What writes groups into a store. It has no cache: nobody comes back to a group.
pub(super) fn writer(store: &StoreUrl) -> anyhow::Result<Box<dyn Engine>> {
    Ok(match store {
        StoreUrl::Sqlite(path) => Box::new(SqliteEngine::new(in_a_hurry(path)?, 0)?),
        StoreUrl::Postgres(url) => {
            let opened = open_for_server(url, 1, Upkeep::LeaveAsItIs, &Clock::system())?;
            Box::new(postgres::writer(&opened)?)
        }
    })
}

/// A connection that does not wait for the disk. The whole file is made durable when it is full.
fn in_a_hurry(path: &Path) -> anyhow::Result<Connection> {
    let connection = open(path, Upkeep::LeaveAsItIs)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576;")?;
    Ok(connection)
}

fn found(engine: &mut dyn Engine, groups: Range<usize>, composer: Composer) -> anyhow::Result<Vec<ChatId>> {
    let now = composer.time_of(groups.start)?;
    let moment = Moment { now, tick: now, receipts_since: Time::from_nanos(0) };
    let commands = groups.map(|group| founding(group, composer)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut founding = Founding { moment, commands, replies: Vec::new() };
    engine.transact(&mut founding)?;
    founding.replies.iter().map(chat_in).collect()
}

/// A transaction of founding events.
struct Founding {
    moment: Moment,
    commands: Vec<Command>,
    replies: Vec<Reply>,
}

impl Work for Founding {
    fn run(&mut self, working: &mut Working, load: &mut Load<'_>) -> Result<(), StoreError> {
        loop {
            let mut needs = Needs::default();
            self.commands.iter().for_each(|command| command.needs(working, &mut needs));
            if needs.is_empty() {
                break;
            }
            load(needs, working)?;
        }
        let decide = |command: Command| command.decide(working, &self.moment, &mut Vec::new());
        self.replies.extend(self.commands.drain(..).map(decide));
        Ok(())
    }
}

fn founding(group: usize, composer: Composer) -> anyhow::Result<Command> {
    let (tenant, relay): (Slug, Slug) = (TENANT.parse()?, RELAY.parse()?);
    let mut body = String::new();
    composer.founding(group, &mut body)?;
    let Events::One(Ok(Parsed::Speaks(report))) = request::from_json(body.as_bytes())? else {
        bail!("a founding event is not understood");
    };
    let line = report.line.clone().context("a founding event names no line")?;
    let place = Place { line, tenant, takes_parked: true };
    let now = report.claimed;
    Ok(Command::Ingest(Box::new(Ingest::new(*report, place, relay, now))))
}

fn chat_in(reply: &Reply) -> anyhow::Result<ChatId> {
    match reply {
        Reply::Ingested(ingested) => (*ingested)?.chat.context("a founding event was parked"),
        _ => bail!("a founding event was taken for something else"),
    }
}

/// Adds receipts of events that nobody will post again.
pub(super) fn add_receipts(path: &Path, count: usize, now: Time) -> anyhow::Result<()> {
    let mut connection = in_a_hurry(path)?;
    let since = now.plus(-FOUNDED_AGO).plus(SignedDuration::from_hours(24)).nanos();
    let step = i64::try_from(RECEIVED_FOR.as_nanos())? / i64::try_from(count.max(1))?;
    for first in (0..count).step_by(INSERTED) {
        let transaction = connection.transaction()?;
        for number in first..count.min(first + INSERTED) {
            transaction
                .prepare_cached("INSERT INTO receipts (claimed, digest) VALUES (?1, ?2)")?
                .execute(params![since + step * i64::try_from(number)?, digest(number as u64)])?;
        }
        transaction.commit()?;
    }
    let counted = "UPDATE meta SET value = value + ?1 WHERE name = 'receipts'";
    connection.execute(counted, [i64::try_from(count)?])?;
    Ok(())
}

/// As much without an order as a hash is.
fn digest(number: u64) -> [u8; 16] {
    (u128::from(mix(number)) << 64 | u128::from(mix(!number))).to_be_bytes()
}
