//! The servers under test, each a process of its own that is killed by its id whatever happens.
//!
//! - **ours** is the program itself; [`naive`] commits each event on its own; [`ceiling`] has no store at all. The
//!   last two are built on [`serving`].
//! - [`bare`] is no server, but the loop that writes the same facts with nothing around it.
//! - [`programs`] are the program's own helpers: the simulated relay, and the replay.

pub(crate) mod bare;
pub(crate) mod ceiling;
pub(crate) mod naive;
pub(crate) mod programs;
mod serving;

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{machine, stores::Store};

/// A running server.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took until it did.
    pub(crate) start: Duration,
}

/// What is measured against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The program itself, with its defaults.
    Ours,
    /// See [`naive`].
    Naive,
    /// See [`ceiling`], with the sizes of its constant bodies: see [`crate::lookups::Way::ALL`].
    Ceiling([usize; 3]),
}

impl Contender {
    /// The ceiling of ingest.
    pub(crate) const CEILING: Self = Self::Ceiling([0; 3]);

    /// The name in the table, and of the hidden command that runs it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Naive => "naive",
            Self::Ceiling(_) => "ceiling",
        }
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Ours, Self::Naive, Self::CEILING].into_iter().find(|known| known.name() == name)
    }

    fn command(self, store: &str) -> anyhow::Result<Command> {
        let mut command = match self {
            Self::Ours => ours(),
            Self::Naive | Self::Ceiling(_) => Command::new(std::env::current_exe()?),
        };
        match self {
            Self::Ours => command.args(["serve", "--store", store, "--listen", "127.0.0.1:0"]),
            Self::Naive => command.arg(self.name()).arg(store),
            Self::Ceiling(sizes) => {
                command.arg(self.name()).arg(store).args(sizes.map(|size| size.to_string()))
            }
        };
        Ok(command)
    }
}

impl Server {
    /// Starts a server on `store` and waits until it listens.
    pub(crate) fn start(contender: Contender, store: impl Into<Store>) -> anyhow::Result<Self> {
        let Store { url, log } = store.into();
        let started = Instant::now();
        let mut process = contender
            .command(&url)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {}", contender.name()))?;
        let stdout = process.stdout.take();
        // From here on it is killed when this is dropped.
        let mut server = Self { process, address: SocketAddr::from(([0; 4], 0)), start: Duration::ZERO };
        server.address = address_in(&first_line(stdout)?).with_context(|| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{} did not start: {said}", contender.name())
        })?;
        server.start = started.elapsed();
        Ok(server)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The memory that it has in use now, in megabytes.
    pub(crate) fn resident(&self) -> anyhow::Result<f64> {
        machine::resident(self.id())
    }

    /// The most memory that it has had in use at once, in megabytes.
    pub(crate) fn most_resident(&self) -> anyhow::Result<f64> {
        machine::most_resident(self.id())
    }

    /// Has it end in good order, as `kill` without more does, and waits for that.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "a server was told to stop, and ended with {status}");
        Ok(())
    }

    /// `kill -9`, and waits for its end.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, which is what is wanted.
        let _ = self.kill();
    }
}

/// A command of the program itself.
fn ours() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chert-groups"))
}

fn first_line(stdout: Option<ChildStdout>) -> anyhow::Result<String> {
    let mut first = String::new();
    BufReader::new(stdout.context("no stdout")?).read_line(&mut first)?;
    Ok(first)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("listening on http://")?.parse().ok()
}
