//! The naive server: an event is a transaction.
//!
//! It is meant honestly. It has the same schema, settings, statements and rules as ours, prepared once a
//! connection, and the same durability: `synchronous=FULL`, or PostgreSQL's `fsync`, and the answer after the commit.
//! What it lacks is what several connections cannot have, a shared transaction and a cache of chats in front of the
//! database.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicI64, Ordering},
};

use actix_web::{
    HttpRequest, HttpResponse,
    error::{ErrorBadRequest, ErrorForbidden, ErrorInternalServerError, ErrorUnprocessableEntity},
    http::header::ContentType,
    web::{self, Bytes, Data, ServiceConfig},
};
use anyhow::{Context as _, bail};
use chert_groups::{
    clock::Clock,
    domain::{ids::Slug, report::Report, time::Time},
    registry::{
        command::{Command, Reply},
        ingest::Ingest,
        placement::{self, Placement},
    },
    store::{
        StoreError,
        committer::{Command as _, Engine, Load, Work},
        directory::{Directory, Place},
        postgres::schema::{Opened, open_for_server},
        sqlite::{
            engine::SqliteEngine,
            open::{Upkeep, open},
        },
        url::StoreUrl,
        working::{Moment, Needs, Working},
    },
    stores::{self, OpenError},
    upstream::{
        Parsed, Rejected,
        request::{self, Events},
    },
};
use jiff::SignedDuration;
use r2d2::{ManageConnection, Pool};

use super::serving::{self, Answer, Answers, Shared};
use crate::postgres::writer;

/// How many connections it has to a file, unless the variable says another number. There is one write lock, so more of
/// them (2, 4 and 8 were tried) are no faster; one has the fairest queue.
const TO_A_FILE: u32 = 1;

/// How many it has to a PostgreSQL, where several can commit at once: 16 and 64 were slower, and 32 as fast.
const TO_A_DATABASE: u32 = 48;

/// The variable with another number of connections, for finding the number that serves it best.
const VARIABLE: &str = "CHERT_GROUPS_BENCH_NAIVE_CONNECTIONS";

struct Naive {
    shared: Shared,
    pool: Pool<Writers>,
    /// The last of our own time stamps.
    tick: AtomicI64,
}

/// Makes connections that write. They have no cache: other connections change what it would hold.
enum Writers {
    ToFile(PathBuf),
    ToDatabase(Opened),
}

impl ManageConnection for Writers {
    type Connection = Box<dyn Engine>;
    type Error = OpenError;

    fn connect(&self) -> Result<Box<dyn Engine>, OpenError> {
        Ok(match self {
            Self::ToFile(path) => Box::new(SqliteEngine::new(open(path, Upkeep::LeaveAsItIs)?, 0)?),
            Self::ToDatabase(opened) => Box::new(writer(opened)?),
        })
    }

    fn is_valid(&self, _: &mut Box<dyn Engine>) -> Result<(), OpenError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Box<dyn Engine>) -> bool {
        false
    }
}

/// The directory in a store.
pub(crate) fn directory(store: &StoreUrl) -> anyhow::Result<Directory> {
    Ok(stores::reader(store)?.directory()?)
}

/// Serves until it is killed.
pub(crate) fn run(store: &StoreUrl) -> anyhow::Result<()> {
    let shared = Shared { directory: directory(store)?, clock: Clock::system() };
    let usual = if matches!(store, StoreUrl::Sqlite(_)) { TO_A_FILE } else { TO_A_DATABASE };
    let connections = std::env::var(VARIABLE).map_or(Ok(usual), |number| number.parse())?;
    let pool = Pool::builder().max_size(connections).build(writers(store, connections, &shared.clock)?)?;
    let tick = AtomicI64::new(shared.clock.now().nanos());
    serving::serve(Naive { shared, pool, tick }, |config: &mut ServiceConfig| {
        config.route("/upstream/v1/events", web::post().to(post));
    })
}

fn writers(store: &StoreUrl, connections: u32, clock: &Clock) -> anyhow::Result<Writers> {
    Ok(match store {
        StoreUrl::Sqlite(path) => Writers::ToFile(path.clone()),
        StoreUrl::Postgres(url) => {
            let connections = usize::try_from(connections)?;
            Writers::ToDatabase(open_for_server(url, connections, Upkeep::LeaveAsItIs, clock)?)
        }
    })
}

/// An event with its line.
type Accepted = (Report, Place);

async fn post(naive: Data<Naive>, request: HttpRequest, body: Bytes) -> actix_web::Result<HttpResponse> {
    let relay = naive.shared.relay(&request, &body)?.slug.clone();
    let (parsed, single) = match request::from_json(&body).map_err(ErrorBadRequest)? {
        Events::One(event) => (vec![event], true),
        Events::Many(events) => (events, false),
    };
    let accepted = parsed.into_iter().map(|event| naive.accept(&relay, event));
    let accepted = accepted.collect::<actix_web::Result<Vec<Accepted>>>()?;
    let taken = web::block(move || {
        let take = |(report, place)| naive.take(&relay, report, place);
        accepted.into_iter().map(take).collect::<anyhow::Result<Vec<Taken>>>()
    });
    let taken = taken.await.map_err(ErrorInternalServerError)?.map_err(ErrorUnprocessableEntity)?;
    let answers: Vec<Answer<'_>> = taken.iter().map(Taken::answer).collect();
    let body = match (&*answers, single) {
        ([answer], true) => serving::json(answer, 1)?,
        _ => serving::json(&Answers { results: answers }, taken.len())?,
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// What came of an event.
struct Taken {
    event_id: String,
    chat_id: String,
    outcome: &'static str,
}

impl Taken {
    fn answer(&self) -> Answer<'_> {
        Answer { event_id: &self.event_id, chat_id: &self.chat_id, outcome: self.outcome }
    }
}

impl Naive {
    /// An event with its line, if this relay serves it.
    fn accept(&self, relay: &Slug, event: Result<Parsed, Rejected>) -> actix_web::Result<Accepted> {
        let Ok(Parsed::Speaks(report)) = event else { return Err(ErrorBadRequest("not a plain event")) };
        match placement::place(&self.shared.directory, relay, &report) {
            Placement::On(place) => Ok((*report, place)),
            _ => Err(ErrorForbidden("not your line")),
        }
    }

    fn take(&self, relay: &Slug, report: Report, place: Place) -> anyhow::Result<Taken> {
        let event_id = report.id.as_str().to_owned();
        let moment = self.moment();
        let command = Command::Ingest(Box::new(Ingest::new(report, place, relay.clone(), moment.now)));
        let mut one = One { moment, command: Some(command), reply: None };
        self.pool.get()?.transact(&mut one)?;
        let Some(Reply::Ingested(ingested)) = one.reply else { bail!("the transaction decided nothing") };
        let ingested = ingested?;
        let chat_id = ingested.chat.context("it was parked")?.to_string();
        Ok(Taken { event_id, chat_id, outcome: ingested.outcome.as_str() })
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
