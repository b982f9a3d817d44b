//! The bare loop: one thread, the settings and the schema of ours, 512 events a transaction, and nothing around it.
//!
//! It makes durable what ours makes durable when it takes the same events, as lean as we could think of:
//!
//! - for each event its receipt, appended as the schema has it;
//! - for each event its stamp. Nobody can see a stamp, but an older event that comes late must still lose after a
//!   crash. The cheapest record is one row a transaction with some forty bytes for each event: the chat, the time,
//!   who wrote, the event's id, and that it says nothing else that its chat did not know. From them and the chats'
//!   rows, which stay as they are, a start can work out every stamp. ([`Record::Rows`] writes the chats' rows
//!   instead, which is what one would do without such a trick.)
//! - for each visible change, which is one event in fifty, the chat's row as look-ups see it, and its row in `changes`;
//! - the number of receipts, once a transaction.
//!
//! All that is written is ready in memory before the clock starts: no signature, no parsing, no merging.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use chert_groups::{
    clock::Clock,
    domain::{ids::EventId, receipt::ReceiptKey, time::Time},
    store::sqlite::open::{Upkeep, open},
};
use jiff::SignedDuration;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::{
    events::{Composer, RENAME_EVERY, id, name},
    population::{MEMBERS, Population, line},
    stores::TENANT,
};

/// Events in a transaction: as many as ours has at most.
const BATCH: usize = 512;

/// How many events a second are prepared for. A faster loop ends earlier.
const PREPARED: f64 = 700_000.0;

/// How stamps are made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// In one row a transaction.
    Log,
    /// In the chats' rows.
    Rows,
}

impl Record {
    const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Rows => "rows",
        }
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Log, Self::Rows].into_iter().find(|known| known.name() == name)
    }
}

/// How many events a second the loop makes durable in a process of its own, with all that is in the file at `store`
/// known to it.
pub(crate) async fn rate(store: &Path, record: Record, time: Duration) -> anyhow::Result<f64> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", record.name(), &time.as_secs_f64().to_string()]).arg(store).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "the bare loop failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(std::str::from_utf8(&output.stdout)?.trim().parse()?)
}

/// Runs the loop and prints its rate.
pub(crate) fn run(store: &Path, record: Record, time: Duration) -> anyhow::Result<()> {
    let mut connection = open(store, Upkeep::LeaveAsItIs)?;
    connection.execute_batch("CREATE TABLE said (batch INTEGER PRIMARY KEY, events BLOB NOT NULL) STRICT")?;
    let mut chats = chats(&connection)?;
    let facts = facts(time, Clock::system().now().plus(-SignedDuration::from_hours(1)))?;
    let (started, mut done) = (Instant::now(), 0_u32);
    for batch in facts.chunks(BATCH) {
        commit(&mut connection, batch, &mut chats, record)?;
        done += u32::try_from(batch.len())?;
        if started.elapsed() >= time {
            break;
        }
    }
    Ok(writeln!(std::io::stdout(), "{}", f64::from(done) / started.elapsed().as_secs_f64())?)
}

/// A chat as the loop needs it.
struct Chat {
    row: i64,
    id: [u8; 16],
    version: i64,
    state: Vec<u8>,
}

fn chats(connection: &Connection) -> anyhow::Result<Vec<Chat>> {
    let mut statement = connection.prepare("SELECT rowid, id, version, state FROM chats ORDER BY rowid")?;
    let chats = statement.query_map([], |row| {
        Ok(Chat { row: row.get(0)?, id: row.get(1)?, version: row.get(2)?, state: row.get(3)? })
    })?;
    Ok(chats.collect::<Result<_, _>>()?)
}

impl Chat {
    /// Makes the state another one of the same size, as a moved stamp does. A row that is written as it was costs
    /// SQLite nothing. Nobody reads this file any more, so it does not matter where the stamp goes.
    fn move_stamp(&mut self, to: Time) {
        if let Some(stamp) = self.state.last_chunk_mut::<8>() {
            *stamp = to.nanos().to_le_bytes();
        }
    }
}

/// An event, as far as it must be written.
struct Fact {
    number: usize,
    chat: usize,
    receipt: ReceiptKey,
    stamp: [u8; 40],
}

fn facts(time: Duration, since: Time) -> anyhow::Result<Vec<Fact>> {
    let composer = Composer { population: Population::of(crate::population::GROUPS), since };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of events")]
    let count = (PREPARED * time.as_secs_f64()) as usize;
    let tenant = TENANT.parse()?;
    let lines = (0..crate::population::LINES).map(|number| line(number).parse());
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let fact = |number: usize| {
        let chat = composer.population.group_of(number);
        let line = lines.get(composer.population.line_of(chat)).context("no such line")?;
        let (id, claimed) = (id(number), composer.time_of(number)?);
        let receipt = ReceiptKey::new(&tenant, line, claimed, &EventId::new(&id)?);
        Ok(Fact { number, chat, receipt, stamp: stamp(chat, claimed, number % MEMBERS, &id)? })
    };
    (0..count).map(fact).collect()
}

/// Chat, time, writer, and the event's id.
fn stamp(chat: usize, claimed: Time, writer: usize, id: &str) -> anyhow::Result<[u8; 40]> {
    let mut stamp = [0; 40];
    let mut rest = &mut stamp[..];
    rest.write_all(&u32::try_from(chat)?.to_le_bytes())?;
    rest.write_all(&claimed.nanos().to_le_bytes())?;
    rest.write_all(&[u8::try_from(writer)?, u8::try_from(id.len())?])?;
    rest.write_all(id.as_bytes())?;
    Ok(stamp)
}

fn commit(
    connection: &mut Connection,
    batch: &[Fact],
    chats: &mut [Chat],
    record: Record,
) -> anyhow::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    append_receipts(&transaction, batch)?;
    if record == Record::Log {
        let said: Vec<u8> = batch.iter().flat_map(|fact| fact.stamp).collect();
        transaction.prepare_cached("INSERT INTO said (events) VALUES (?1)")?.execute([said])?;
    }
    for fact in batch {
        let chat = chats.get_mut(fact.chat).context("no such chat")?;
        if fact.number.is_multiple_of(RENAME_EVERY) {
            rename(&transaction, fact, chat)?;
        } else if record == Record::Rows {
            chat.move_stamp(fact.receipt.claimed);
            transaction
                .prepare_cached("UPDATE chats SET state = ?2 WHERE rowid = ?1")?
                .execute(params![chat.row, chat.state])?;
        }
    }
    transaction
        .prepare_cached("UPDATE meta SET value = value + ?1 WHERE name = 'receipts'")?
        .execute([batch.len()])?;
    Ok(transaction.commit()?)
}

fn append_receipts(connection: &Connection, batch: &[Fact]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached("INSERT INTO receipts (claimed, digest) VALUES (?1, ?2)")?;
    batch.iter().try_for_each(|Fact { receipt, .. }| {
        insert.execute(params![receipt.claimed.nanos(), receipt.digest]).map(drop)
    })
}

fn rename(connection: &Connection, fact: &Fact, chat: &mut Chat) -> rusqlite::Result<()> {
    let at = fact.receipt.claimed.nanos();
    chat.version += 1;
    chat.move_stamp(fact.receipt.claimed);
    connection
        .prepare_cached("UPDATE chats SET updated_at = ?2, version = ?3, state = ?4 WHERE rowid = ?1")?
        .execute(params![chat.row, at, chat.version, chat.state])?;
    let changes = format!(r#"[{{"type":"renamed","display_name":"{}"}}]"#, name(fact.number));
    connection
        .prepare_cached(
            "INSERT INTO changes (tenant, chat_id, version, at, event_id, event_time, changes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6)",
        )?
        .execute(params![TENANT, chat.id, chat.version, at, id(fact.number), changes])?;
    Ok(())
}
