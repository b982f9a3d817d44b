//! The load generator: one thread, plain sockets, requests that were signed before.
//!
//! Every connection sends a request, waits for the answer, checks it and sends the next. Every answer must be
//! a 200 that names the events of the request in their order, each with the id of its group's chat.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

use crate::{
    child::Server,
    events::{Requests, group_of, number_of},
    machine::{self, Used},
};

/// Of so many answers one is kept, to be compared with what the store knows after a crash.
const KEEP_EVERY: usize = 512;

/// How many answers each connection should have had, on average, before a turn ends.
const ENOUGH: usize = 3;

/// How many times its length a turn may take for that.
const PATIENCE: u32 = 5;

/// What is to be sent, and for how long.
pub(crate) struct Plan {
    /// The requests.
    pub(crate) requests: Rc<Requests>,
    /// Whether to begin again with the first after the last: only for servers that remember nothing.
    pub(crate) again: bool,
    /// The chat of each group, where answers are to name it.
    pub(crate) chats: Option<Rc<Vec<String>>>,
    /// How many requests are under way at once.
    pub(crate) connections: usize,
    /// How long to send before measuring.
    pub(crate) warm_up: Duration,
    /// How long to measure.
    pub(crate) time: Duration,
}

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Events answered in a second.
    pub(crate) rate: f64,
    /// Half of the requests were answered faster.
    pub(crate) p50: Duration,
    /// All but one of a hundred were.
    pub(crate) p99: Duration,
    /// Processor time of the server for one event.
    pub(crate) cpu: Duration,
    /// The part of the machine's processors that the load generator used.
    pub(crate) load_share: f64,
    /// The part that everything used that has no part in this.
    pub(crate) other_share: f64,
}

/// An answer that was given, for comparison: the request's number and the body.
pub(crate) type Answered = (usize, Vec<u8>);

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

/// What the connections of one run share.
struct Run {
    plan: Plan,
    next: Cell<usize>,
    /// In microseconds, since measuring began.
    latencies: RefCell<Vec<u32>>,
    kept: RefCell<Vec<Answered>>,
    /// Set when the server is about to be killed: from then on connections may break.
    over: Cell<bool>,
}

/// Sends what is planned to a server and measures. Then the server is killed, while it is busy.
///
/// Must run in a [`tokio::task::LocalSet`].
pub(crate) async fn run(plan: Plan, server: &mut Server) -> anyhow::Result<(Measured, Vec<Answered>)> {
    let (warm_up, time, each) = (plan.warm_up, plan.time, plan.requests.each);
    let run = Rc::new(Run {
        next: Cell::new(0),
        latencies: RefCell::new(Vec::with_capacity(plan.requests.len())),
        kept: RefCell::default(),
        over: Cell::new(false),
        plan,
    });
    let mut connections = JoinSet::new();
    for _ in 0..run.plan.connections {
        connections.spawn_local(Rc::clone(&run).keep_busy(server.address));
    }
    ensure!(wait(warm_up, &mut connections).await?, "all requests were answered before measuring began");
    run.latencies.borrow_mut().clear();
    let (started, before) = (Instant::now(), Used::now(server)?);
    // A machine that is busy with other things may need longer for numbers that mean anything.
    let enough = || run.latencies.borrow().len() >= ENOUGH * run.plan.connections;
    let mut more = wait(time, &mut connections).await?;
    while more && !enough() && started.elapsed() < time * PATIENCE {
        more = wait(time, &mut connections).await?;
    }
    let (elapsed, used) = (started.elapsed(), Used::now(server)?.since(before));
    let latencies = std::mem::take(&mut *run.latencies.borrow_mut());
    run.over.set(true);
    server.kill()?;
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok((Measured::new(latencies, each, elapsed, used)?, run.kept.take()))
}

impl Measured {
    fn new(latencies: Vec<u32>, each: usize, elapsed: Duration, used: Used) -> anyhow::Result<Self> {
        let whole = elapsed.as_secs_f64() * f64::from(machine::cores());
        let events = u32::try_from(latencies.len() * each)?;
        let (p50, p99) = quantiles(latencies)?;
        Ok(Self {
            rate: f64::from(events) / elapsed.as_secs_f64(),
            p50,
            p99,
            cpu: used.server / events,
            load_share: used.load.as_secs_f64() / whole,
            other_share: used.all.saturating_sub(used.server + used.load).as_secs_f64() / whole,
        })
    }
}

/// Waits for this time, or until there is nothing left to send; whether there is.
async fn wait(time: Duration, connections: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<bool> {
    tokio::select! {
        () = sleep(time) => Ok(true),
        Some(ended) = connections.join_next() => ended?.map(|()| false),
    }
}

fn quantiles(mut latencies: Vec<u32>) -> anyhow::Result<(Duration, Duration)> {
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let found = latencies.get(latencies.len() * hundredths / 100);
        found.map(|micros| Duration::from_micros(u64::from(*micros))).context("nothing was answered")
    };
    Ok((at(50)?, at(99)?))
}

impl Run {
    async fn keep_busy(self: Rc<Self>, address: SocketAddr) -> anyhow::Result<()> {
        let mut connection = Connection::open(address).await?;
        let mut last = Answered::default();
        while let Some((number, request)) = self.take_next() {
            let started = Instant::now();
            let body = match connection.post(request).await {
                Err(_) if self.over.get() => break,
                answer => answer?,
            };
            let micros = u32::try_from(started.elapsed().as_micros())?;
            self.latencies.borrow_mut().push(micros);
            check(body, number * self.plan.requests.each, &self.plan)?;
            last.0 = number;
            last.1.clear();
            last.1.extend_from_slice(body);
            if number.is_multiple_of(KEEP_EVERY.div_ceil(self.plan.requests.each)) {
                self.kept.borrow_mut().push(last.clone());
            }
        }
        // What was answered last before the crash is what is lost first.
        self.kept.borrow_mut().extend(Some(last).filter(|(_, body)| !body.is_empty()));
        Ok(())
    }

    fn take_next(&self) -> Option<(usize, &[u8])> {
        let number = self.next.get();
        let position = if self.plan.again { number % self.plan.requests.len() } else { number };
        let request = self.plan.requests.get(position)?;
        self.next.set(number + 1);
        Some((position, request))
    }
}

fn check(body: &[u8], first: usize, plan: &Plan) -> anyhow::Result<()> {
    if plan.requests.each == 1 {
        return check_one(&serde_json::from_slice(body)?, first, plan);
    }
    let Answers { results } = serde_json::from_slice(body)?;
    ensure!(results.len() == plan.requests.each, "{} results", results.len());
    results.iter().zip(first..).try_for_each(|(answer, number)| check_one(answer, number, plan))
}

fn check_one(answer: &Answer<'_>, number: usize, plan: &Plan) -> anyhow::Result<()> {
    ensure!(number_of(answer.event_id) == Some(number), "event {number} was answered as {}", answer.event_id);
    ensure!(matches!(answer.outcome, "unchanged" | "updated"), "event {number} was {}", answer.outcome);
    match &plan.chats {
        Some(chats) => ensure!(
            chats.get(group_of(number)).is_some_and(|chat| chat == answer.chat_id),
            "event {number} was answered with the chat of another group"
        ),
        None => ensure!(answer.chat_id.len() == 36, "event {number} was answered without a chat"),
    }
    Ok(())
}

/// One connection, kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to a server.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the body of its answer, which must be a 200.
    pub(crate) async fn post(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let body = loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection was closed");
            if let Some(body) = body_in(&self.buffer)? {
                break body;
            }
        };
        while self.buffer.len() < body.end {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection was closed");
        }
        ensure!(self.buffer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&self.buffer));
        self.buffer.get(body).context("an answer without an end")
    }
}

/// Where the body of an answer lies, once its head is complete.
fn body_in(answer: &[u8]) -> anyhow::Result<Option<std::ops::Range<usize>>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("an answer without content-length")?.parse()?;
    Ok(Some(head + 4..head + 4 + length))
}
