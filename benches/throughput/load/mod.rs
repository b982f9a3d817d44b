//! The load generator: one thread, plain sockets, requests that were signed before.
//!
//! Every connection sends a request, waits for the answer, checks it and sends the next: at once, which finds out
//! how much a server can take, or when its time has come, which finds out how long it takes when it could do more.
//!
//! - [`run`] is what each connection does, [`connection`] the HTTP; [`timer`] waits for a point in time.
//! - [`measured`] is what comes of it.

pub(crate) mod connection;
pub(crate) mod measured;
mod run;
mod timer;

use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::{task::JoinSet, time::sleep};

use crate::{machine::Used, servers::Server};
use measured::{Measured, Sample};
use run::Run;

/// How many answers each connection should have had, on average, before a turn ends.
const ENOUGH: usize = 3;

/// How many times its length a turn may take for that.
const PATIENCE: u32 = 5;

/// What is sent, and what must come back.
pub(crate) trait Talk {
    /// The request with this number. There may be an end to them.
    fn request(&self, number: usize) -> Option<&[u8]>;

    /// Checks the body of the 200 that answers it.
    fn check(&self, number: usize, body: &[u8]) -> anyhow::Result<()>;

    /// How much one request counts for.
    fn weight(&self) -> usize;
}

/// How the talk goes.
pub(crate) struct Plan {
    /// Requests and answers.
    pub(crate) talk: Rc<dyn Talk>,
    /// How many requests are under way at once.
    pub(crate) connections: usize,
    /// How many requests are due in a second. Without it each connection sends the next when it has the answer.
    ///
    /// A latency then counts from the moment when a request was due, whether or not a connection was free to
    /// send it: a server that stalls would otherwise not be asked just when it is slow, and nobody would see it.
    pub(crate) pace: Option<f64>,
    /// Whether 503 is an answer, too. What was refused is sent again, at once.
    pub(crate) refusals: bool,
}

/// A load that is going on.
pub(crate) struct Load {
    run: Rc<Run>,
    connections: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Begins to send. Must be called in a [`tokio::task::LocalSet`].
    pub(crate) fn start(plan: Plan, address: SocketAddr) -> Self {
        let run = Rc::new(Run::new(plan));
        let mut connections = JoinSet::new();
        for _ in 0..run.plan.connections {
            connections.spawn_local(Rc::clone(&run).keep_busy(address));
        }
        Self { run, connections }
    }

    /// Waits until all connections are in use.
    pub(crate) async fn opened(&mut self) -> anyhow::Result<()> {
        while !self.run.is_open() {
            ensure!(
                self.wait(Duration::from_millis(1)).await?,
                "there were not even requests for each connection"
            );
        }
        Ok(())
    }

    /// Waits until so many requests have been answered.
    pub(crate) async fn answers(&mut self, count: usize) -> anyhow::Result<()> {
        while self.run.answered() < count {
            ensure!(self.wait(Duration::from_millis(1)).await?, "there were not even {count} requests");
        }
        Ok(())
    }

    /// Lets it go on for `warm_up` with all connections, and then measures for `time`.
    pub(crate) async fn measure(
        &mut self,
        server: &Server,
        warm_up: Duration,
        time: Duration,
    ) -> anyhow::Result<Measured> {
        self.opened().await?;
        ensure!(self.wait(warm_up).await?, "all requests were answered before measuring began");
        self.run.forget();
        let (started, before) = (Instant::now(), Used::now(server)?);
        let mut more = self.wait(time).await?;
        while more && !self.has_enough(started.elapsed(), time) {
            more = self.wait(time).await?;
        }
        Measured::of(Sample {
            elapsed: started.elapsed(),
            used: Used::now(server)?.since(before),
            overdue: self.run.overdue(),
            refused: self.run.refused(),
            latencies: self.run.forget(),
            weight: self.run.plan.talk.weight(),
            resident: server.most_resident()?,
        })
    }

    /// Whether there are numbers that mean anything. A machine that is busy with other things, or a slow disk, may
    /// need longer for them.
    fn has_enough(&self, elapsed: Duration, time: Duration) -> bool {
        match self.run.answered() {
            0 => false,
            answered => answered >= ENOUGH * self.run.plan.connections || elapsed >= time * PATIENCE,
        }
    }

    /// Kills the server while it is busy; the numbers of some requests that it had answered.
    pub(crate) async fn kill(self, server: &mut Server) -> anyhow::Result<Vec<usize>> {
        self.run.end();
        server.kill()?;
        self.end().await
    }

    /// Sends no more, and waits for the answers that are due.
    pub(crate) async fn end(mut self) -> anyhow::Result<Vec<usize>> {
        self.run.end();
        while let Some(ended) = self.connections.join_next().await {
            ended??;
        }
        Ok(self.run.kept())
    }

    /// Waits for this time, or until there is nothing left to send; whether there is.
    async fn wait(&mut self, time: Duration) -> anyhow::Result<bool> {
        tokio::select! {
            () = sleep(time) => Ok(true),
            Some(ended) = self.connections.join_next() => ended?.map(|()| false),
        }
    }
}
