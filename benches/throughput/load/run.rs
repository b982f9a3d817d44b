//! What each connection does, and what they share.

use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use tokio::sync::{Barrier, Semaphore};

use super::{
    Plan,
    connection::{Answer, Connection},
    timer::Timer,
};

/// Of so many answers one is remembered, to be compared with what the store knows after a crash.
const KEEP_EVERY: usize = 512;

/// How many connections are opened at once. The system keeps 128 waiting until a server accepts them, and lets the rest
/// try again after a second.
const OPENING: usize = 64;

/// What the connections of one load share.
pub(super) struct Run {
    pub(super) plan: Plan,
    /// When the first request is due.
    started: Instant,
    /// Held while a connection is opened, until its first answer is there.
    opening: Semaphore,
    /// How many have had their first answer.
    open: Cell<usize>,
    /// Where they wait for each other: those that are open would be in the way of those that are not.
    all_open: Barrier,
    next: Cell<usize>,
    /// How many requests have been answered, from the start.
    answered: Cell<usize>,
    /// In microseconds, since measuring began.
    latencies: RefCell<Vec<u32>>,
    refused: Cell<u32>,
    kept: RefCell<Vec<usize>>,
    /// Set at the end: from then on nothing more is sent, and connections may break.
    over: Cell<bool>,
}

impl Run {
    /// One that begins now.
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            all_open: Barrier::new(plan.connections),
            plan,
            started: Instant::now(),
            opening: Semaphore::new(OPENING),
            open: Cell::new(0),
            next: Cell::new(0),
            answered: Cell::new(0),
            latencies: RefCell::default(),
            refused: Cell::new(0),
            kept: RefCell::default(),
            over: Cell::new(false),
        }
    }

    /// Whether all connections have had an answer.
    pub(super) fn is_open(&self) -> bool {
        self.open.get() >= self.plan.connections
    }

    /// Begins to measure anew; the latencies until now, in microseconds.
    pub(super) fn forget(&self) -> Vec<u32> {
        self.refused.set(0);
        self.latencies.take()
    }

    /// How many requests were answered since measuring began.
    pub(super) fn answered(&self) -> usize {
        self.latencies.borrow().len()
    }

    /// How many were refused since then.
    pub(super) fn refused(&self) -> u32 {
        self.refused.get()
    }

    /// Lets no connection begin another request, and lets them break.
    pub(super) fn end(&self) {
        self.over.set(true);
    }

    /// The numbers of some requests that were answered.
    pub(super) fn kept(&self) -> Vec<usize> {
        self.kept.take()
    }

    /// What one connection does.
    pub(super) async fn keep_busy(self: Rc<Self>, address: SocketAddr) -> anyhow::Result<()> {
        let timer = self.plan.pace.map(|_| Timer::new()).transpose()?;
        let mut opening = Some(self.opening.acquire().await?);
        let mut connection = Connection::open(address).await?;
        let mut last = None;
        while !self.over.get()
            && let Some((number, request)) = self.take_next()
        {
            let began = self.begin(number, timer.as_ref()).await?;
            match self.ask(&mut connection, number, request).await {
                // The server was killed. What it still answers must be right.
                Err(why) if self.over.get() && why.is::<io::Error>() => break,
                answered => {
                    if !answered? {
                        break;
                    }
                }
            }
            self.note(number, began)?;
            last = Some(number);
            if let Some(permit) = opening.take() {
                self.open.set(self.open.get() + 1);
                drop(permit);
                self.all_open.wait().await;
            }
        }
        // What was answered last before the crash is what is lost first.
        self.kept.borrow_mut().extend(last);
        Ok(())
    }

    fn note(&self, number: usize, began: Instant) -> anyhow::Result<()> {
        self.answered.set(self.answered.get() + 1);
        self.latencies.borrow_mut().push(u32::try_from(began.elapsed().as_micros())?);
        if number.is_multiple_of(KEEP_EVERY.div_ceil(self.plan.talk.weight())) {
            self.kept.borrow_mut().push(number);
        }
        Ok(())
    }

    fn take_next(&self) -> Option<(usize, &[u8])> {
        let number = self.next.get();
        let request = self.plan.talk.request(number)?;
        self.next.set(number + 1);
        Some((number, request))
    }

    /// Waits until a request may be sent; the moment from which its latency counts.
    async fn begin(&self, number: usize, timer: Option<&Timer>) -> anyhow::Result<Instant> {
        let (Some(due), Some(timer)) = (self.due(number), timer) else { return Ok(Instant::now()) };
        timer.until(due).await?;
        Ok(due)
    }

    /// When a request is due, where they are.
    fn due(&self, number: usize) -> Option<Instant> {
        let number = u32::try_from(number).ok()?;
        Some(self.started + Duration::from_secs_f64(f64::from(number) / self.plan.pace?))
    }

    /// How long those have waited that were due and have no answer, in microseconds. They would be left out when the
    /// server stalls in the end. The last ones stand for all of them, as if answers came in order.
    pub(super) fn overdue(&self) -> Vec<u32> {
        let waited = |number| self.due(number).map(|due| due.elapsed().as_micros());
        let waits = (self.answered.get()..).map_while(waited).take_while(|waited| *waited > 0);
        waits.map(|waited| u32::try_from(waited).unwrap_or(u32::MAX)).collect()
    }

    /// Asks until it is answered; `false` when it is over before.
    async fn ask(&self, connection: &mut Connection, number: usize, request: &[u8]) -> anyhow::Result<bool> {
        loop {
            let answer = connection.exchange(request).await?;
            match answer.status {
                200 => return self.plan.talk.check(number, answer.body).map(|()| true),
                503 if self.plan.refusals => check_refusal(&answer)?,
                status => bail!("{status} to request {number}: {}", String::from_utf8_lossy(answer.body)),
            }
            self.refused.set(self.refused.get() + 1);
            if self.over.get() {
                return Ok(false);
            }
        }
    }
}

/// A refusal must say that it is one, and when to come again.
fn check_refusal(answer: &Answer<'_>) -> anyhow::Result<()> {
    let body: serde_json::Value = serde_json::from_slice(answer.body)?;
    let says_so = body.pointer("/error/code") == Some(&3002.into())
        && body.pointer("/error/retryable") == Some(&true.into())
        && answer.head.contains("retry-after: ");
    ensure!(says_so, "a refusal says {}", String::from_utf8_lossy(answer.body));
    Ok(())
}
