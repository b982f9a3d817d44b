//! Creating groups: how many a second, and whether those that wait for a slow relay are in anybody's way.
//!
//! The relay is our own simulated one, in a process of its own.

use std::{
    cell::Cell,
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chert_groups::{
    clock::Clock,
    domain::secret::SigningSecret,
    store::sqlite::{
        admin::Admin,
        open::{Upkeep, open},
    },
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    child::{Contender, Server, Sim},
    load::Connection,
    store::MAKER_LINE,
};

/// How many creates are under way at once when they are counted.
const CONNECTIONS: usize = 32;

/// How many creates wait for the slow relay.
pub(crate) const WAITING: usize = 50;

/// How long the slow relay takes for each.
const SLOW: Duration = Duration::from_secs(5);

/// Creates that go on in the background until this is dropped.
pub(crate) struct Creating {
    tasks: JoinSet<anyhow::Result<()>>,
    done: Rc<Cell<u32>>,
    _sim: Sim,
}

impl Creating {
    /// Keeps [`WAITING`] creates waiting for a relay that takes [`SLOW`] for each.
    pub(crate) fn slowly(server: &Server, path: &Path, template: &Keys<'_>) -> anyhow::Result<Self> {
        Self::start(server, path, template, WAITING, SLOW)
    }

    fn start(
        server: &Server,
        path: &Path,
        keys: &Keys<'_>,
        connections: usize,
        delay: Duration,
    ) -> anyhow::Result<Self> {
        let sim = Sim::start(server.address, keys.relay_secret, delay)?;
        let mut admin = Admin::new(open(path, Upkeep::LeaveAsItIs)?, keys.clock.now());
        admin.set_relay_url(&crate::store::MAKER.parse()?, &format!("http://{}", sim.address))?;
        let done = Rc::new(Cell::new(0));
        let mut tasks = JoinSet::new();
        for worker in 0..connections {
            tasks.spawn_local(create_on(server.address, keys.bearer.to_owned(), worker, Rc::clone(&done)));
        }
        Ok(Self { tasks, done, _sim: sim })
    }

    /// How many creators are at it; fails when one has failed.
    pub(crate) fn waiting(&mut self) -> anyhow::Result<usize> {
        self.check()?;
        Ok(self.tasks.len())
    }

    /// Fails when one of the creates did.
    fn check(&mut self) -> anyhow::Result<()> {
        match self.tasks.try_join_next() {
            Some(ended) => ended?.and_then(|()| anyhow::bail!("a creator stopped")),
            None => Ok(()),
        }
    }
}

/// What creating needs to know of the store.
pub(crate) struct Keys<'k> {
    /// What the tenant presents.
    pub(crate) bearer: &'k str,
    /// What the relay that makes groups signs with.
    pub(crate) relay_secret: &'k SigningSecret,
    /// The time.
    pub(crate) clock: &'k Clock,
}

/// Creates a second, against a relay that answers at once.
pub(crate) async fn rate(
    path: &Path,
    keys: &Keys<'_>,
    warm_up: Duration,
    time: Duration,
) -> anyhow::Result<f64> {
    let server = Server::start(Contender::Ours, path)?;
    let mut creating = Creating::start(&server, path, keys, CONNECTIONS, Duration::ZERO)?;
    // The server hears of the relay's address within a second; until then creates find nobody there.
    tokio::time::sleep(warm_up + Duration::from_secs(1)).await;
    creating.done.set(0);
    let started = Instant::now();
    tokio::time::sleep(time).await;
    creating.check()?;
    Ok(f64::from(creating.done.get()) / started.elapsed().as_secs_f64())
}

/// Creates one group after the other, each with a name of its own.
async fn create_on(
    address: std::net::SocketAddr,
    bearer: String,
    worker: usize,
    done: Rc<Cell<u32>>,
) -> anyhow::Result<()> {
    // Before the server has heard of the relay's address there is nothing to create through.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut connection = Connection::open(address).await?;
    for number in 0_u32.. {
        let body = format!(
            r#"{{"from":"{MAKER_LINE}","to":["+14155550111","+14155550112"],"message":{{"subject":"Group {number}","#
        ) + &format!(
            r#""parts":[{{"type":"text","value":"Shall we?"}}],"idempotency_key":"{worker}-{number}"}}}}"#
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
