//! Creating groups, which belongs to no target: how many a second, and whether those that wait for a slow relay are
//! in anybody's way.
//!
//! The relay is our own simulated one, in a process of its own.

use std::{
    cell::Cell,
    net::SocketAddr,
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use chert_groups::{
    store::{upkeep::Upkeep, url::StoreUrl},
    stores,
};
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    bench::{self, Bench, WARM_UP},
    ingest::Posts,
    load::{Load, Plan, connection::Connection, measured::Measured},
    report::{Row, Unit},
    servers::{Contender, Server, programs::Sim},
    shape::ONE_64,
    stores::{MAKER, MAKER_LINE},
};

/// How many creates are under way at once when they are counted.
const CONNECTIONS: usize = 32;

/// How many creates wait for the slow relay.
const WAITING: usize = 50;

/// How long the slow relay takes for each.
const SLOW: Duration = Duration::from_secs(5);

/// How long it takes at most until a server has heard of a relay's address. Until then creates find nobody there.
const HEARD: Duration = Duration::from_secs(1);

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut rates, mut parts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.size.rounds {
        let posts = bench.posts(&bench.empty, ONE_64, bench.size.turn)?;
        let alone = bench.turn(Contender::Ours, &bench.empty, ONE_64, &posts).await?.measured;
        let together = beside_creates(bench, &posts).await?;
        let rate = rate(bench).await?;
        kept.push(together.rate / alone.rate);
        parts.push(rate / alone.rate);
        rates.push(rate);
    }
    Ok(vec![
        Row::new("", "creates through a relay that answers at once", Unit::PerSecond, rates),
        Row::new("", "the same", Unit::Ratio, parts).of("target 1's rate"),
        Row::new("", format!("ingest while {WAITING} creates wait for a slow relay"), Unit::Ratio, kept)
            .of("without them"),
    ])
}

/// Ingest while creates wait.
async fn beside_creates(bench: &Bench, posts: &Rc<Posts>) -> anyhow::Result<Measured> {
    let path = bench.empty.file()?;
    let mut server = Server::start(Contender::Ours, &path)?;
    let mut creating = Creating::start(bench, &server, &path, (WAITING, SLOW))?;
    // All of them are waiting by then.
    sleep(2 * HEARD).await;
    ensure!(creating.at_it()? == WAITING, "creates are to wait meanwhile");
    let ingest = bench::ingest(Contender::Ours, &bench.empty, posts);
    let plan =
        Plan { talk: Rc::clone(&ingest) as _, connections: ONE_64.connections, pace: None, refusals: false };
    let mut load = Load::start(plan, server.address);
    let measured = load.measure(&server, WARM_UP, bench.size.turn).await?;
    drop(creating);
    let answered = load.kill(&mut server).await?;
    bench.check_kept(&path, &ingest, &answered).await?;
    Ok(measured)
}

/// Creates a second, against a relay that answers at once.
async fn rate(bench: &Bench) -> anyhow::Result<f64> {
    let path = bench.empty.file()?;
    let server = Server::start(Contender::Ours, &path)?;
    let mut creating = Creating::start(bench, &server, &path, (CONNECTIONS, Duration::ZERO))?;
    sleep(HEARD + WARM_UP).await;
    creating.done.set(0);
    let started = Instant::now();
    sleep(bench.size.turn).await;
    creating.at_it()?;
    Ok(f64::from(creating.done.get()) / started.elapsed().as_secs_f64())
}

/// Creates that go on in the background until this is dropped.
struct Creating {
    tasks: JoinSet<anyhow::Result<()>>,
    done: Rc<Cell<u32>>,
    _sim: Sim,
}

impl Creating {
    /// So many creators, each through a relay that takes so long for each group.
    fn start(
        bench: &Bench,
        server: &Server,
        path: &Path,
        (creators, delay): (usize, Duration),
    ) -> anyhow::Result<Self> {
        let sim = Sim::start(server.address, &bench.secrets.maker, delay)?;
        let mut admin =
            stores::admin(&StoreUrl::Sqlite(path.to_owned()), Upkeep::LeaveAsItIs, bench.clock.now())?;
        admin.set_relay_url(&MAKER.parse()?, &format!("http://{}", sim.address))?;
        let done = Rc::new(Cell::new(0));
        let mut tasks = JoinSet::new();
        for creator in 0..creators {
            let bearer = bench.secrets.tenant.expose().to_owned();
            tasks.spawn_local(create_on(server.address, bearer, creator, Rc::clone(&done)));
        }
        Ok(Self { tasks, done, _sim: sim })
    }

    /// How many creators are at it; fails when one has failed.
    fn at_it(&mut self) -> anyhow::Result<usize> {
        match self.tasks.try_join_next() {
            Some(ended) => ended?.and_then(|()| bail!("a creator stopped")),
            None => Ok(self.tasks.len()),
        }
    }
}

/// Creates one group after the other, each with a name of its own.
async fn create_on(
    address: SocketAddr,
    bearer: String,
    creator: usize,
    done: Rc<Cell<u32>>,
) -> anyhow::Result<()> {
    // Before the server has heard of the relay's address there is nothing to create through.
    sleep(HEARD).await;
    let mut connection = Connection::open(address).await?;
    for number in 0_u32.. {
        let body = format!(
            r#"{{"from":"{MAKER_LINE}","to":["+14155550111","+14155550112"],"message":{{"subject":"Group {number}","#
        ) + &format!(
            r#""parts":[{{"type":"text","value":"Shall we?"}}],"idempotency_key":"{creator}-{number}"}}}}"#
        );
        let head = format!(
            "POST /api/v1/chats HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             authorization: Bearer {bearer}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = connection.post((head + &body).as_bytes()).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        answer.pointer("/chat/id").and_then(Value::as_str).context("a create without a chat")?;
        done.set(done.get() + 1);
    }
    Ok(())
}
