//! The naive server: an event is a transaction.
//!
//! It is meant honestly. It has the same schema, settings, statements and rules as ours, prepared once a
//! connection, and the same durability: `synchronous=FULL` and the answer after the commit. What it lacks is
//! what several connections cannot have, a shared transaction and a cache of chats in front of the database.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{
    HttpRequest, HttpResponse,
    error::{ErrorInternalServerError, ErrorUnprocessableEntity},
    web::{self, Bytes, Data},
};
use anyhow::{Context as _, bail};
use chert_groups::{
    clock::Clock,
    domain::{ids::Slug, report::Report, time::Time},
    registry::{
        command::{Command, Reply},
        ingest::Ingest,
    },
    store::{
        StoreError,
        committer::{Command as _, Engine, Load, Work},
        directory::{Directory, Place},
        query::Reader,
        sqlite::{
            engine::SqliteEngine,
            open::{OpenError, Upkeep, open},
            reader::SqliteReader,
        },
        working::{Moment, Needs, Working},
    },
};
use jiff::SignedDuration;
use r2d2::{ManageConnection, Pool};

use crate::serving::{self, Answer, Shared};

/// How many connections it has, unless the variable says another number. There is one write lock, so more of
/// them (2, 4 and 8 were tried) are no faster; one has the fairest queue.
const CONNECTIONS: u32 = 1;

/// The variable with another number of connections, for finding the number that serves it best.
const VARIABLE: &str = "CHERT_GROUPS_BENCH_NAIVE_CONNECTIONS";

struct Naive {
    shared: Shared,
    pool: Pool<Writers>,
    /// The last of our own time stamps.
    tick: AtomicI64,
}

/// Makes connections that write.
struct Writers(PathBuf);

impl ManageConnection for Writers {
    type Connection = SqliteEngine;
    type Error = OpenError;

    fn connect(&self) -> Result<SqliteEngine, OpenError> {
        // No cache: other connections change what it would hold.
        SqliteEngine::new(open(&self.0, Upkeep::LeaveAsItIs)?, 0)
            .map_err(|why| OpenError::Damaged { path: self.0.clone(), why: why.to_string() })
    }

    fn is_valid(&self, _: &mut SqliteEngine) -> Result<(), OpenError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut SqliteEngine) -> bool {
        false
    }
}

/// The directory in a store.
pub(crate) fn directory(store: &Path) -> anyhow::Result<Directory> {
    Ok(SqliteReader::open(store, 1)?.directory()?)
}

/// Serves until it is killed.
pub(crate) fn run(store: &Path) -> anyhow::Result<()> {
    let shared = Shared { directory: directory(store)?, clock: Clock::system() };
    let connections = match std::env::var(VARIABLE) {
        Ok(number) => number.parse()?,
        Err(_) => CONNECTIONS,
    };
    let pool = Pool::builder().max_size(connections).build(Writers(store.to_owned()))?;
    let tick = AtomicI64::new(shared.clock.now().nanos());
    serving::serve(Naive { shared, pool, tick }, post)
}

async fn post(naive: Data<Arc<Naive>>, request: HttpRequest, body: Bytes) -> actix_web::Result<HttpResponse> {
    let accepted = serving::accept(&naive.shared, &request, &body)?;
    let single = accepted.is_single();
    let taken = web::block(move || {
        accepted
            .events
            .into_iter()
            .map(|(report, place)| naive.take(&accepted.relay, report, place))
            .collect()
    });
    let answers: anyhow::Result<Vec<Answer>> = taken.await.map_err(ErrorInternalServerError)?;
    Ok(serving::answer(single, answers.map_err(ErrorUnprocessableEntity)?))
}

impl Naive {
    fn take(&self, relay: &Slug, report: Report, place: Place) -> anyhow::Result<Answer> {
        let event_id = report.id.as_str().to_owned();
        let moment = self.moment();
        let command = Command::Ingest(Box::new(Ingest::new(report, place, relay.clone(), moment.now)));
        let mut one = One { moment, command: Some(command), reply: None };
        self.pool.get()?.transact(&mut one)?;
        let Some(Reply::Ingested(ingested)) = one.reply else { bail!("the transaction decided nothing") };
        let ingested = ingested?;
        let chat_id = ingested.chat.context("it was parked")?.to_string();
        Ok(Answer { event_id, chat_id, outcome: ingested.outcome.as_str() })
    }

    fn moment(&self) -> Moment {
        let now = self.shared.clock.now();
        let before = self.tick.fetch_max(now.nanos(), Ordering::Relaxed);
        let tick =
            if now.nanos() > before { now.nanos() } else { self.tick.fetch_add(1, Ordering::Relaxed) + 1 };
        Moment {
            now,
            tick: Time::from_nanos(tick),
            receipts_since: now.plus(-SignedDuration::from_hours(35 * 24)),
        }
    }
}

/// A transaction of one command.
struct One {
    moment: Moment,
    command: Option<Command>,
    reply: Option<Reply>,
}

impl Work for One {
    fn run(&mut self, working: &mut Working, load: &mut Load<'_>) -> Result<(), StoreError> {
        let Some(command) = self.command.take() else { return Ok(()) };
        loop {
            let mut needs = Needs::default();
            command.needs(working, &mut needs);
            if needs.is_empty() {
                break;
            }
            load(needs, working)?;
        }
        // Nothing is parked here, so nothing follows.
        self.reply = Some(command.decide(working, &self.moment, &mut Vec::new()));
        Ok(())
    }
}
