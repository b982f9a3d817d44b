//! A server under test: a process of its own, killed by its id whatever happens.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use chert_groups::domain::secret::SigningSecret;

/// A running server.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// What is measured against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The program itself.
    Ours,
    /// See [`crate::naive`].
    Naive,
    /// See [`crate::ceiling`].
    Ceiling,
}

impl Contender {
    /// All of them, in the order in which they take turns.
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Naive, Self::Ceiling];

    /// The name in the table, and of the hidden command that runs it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Naive => "naive",
            Self::Ceiling => "ceiling",
        }
    }

    fn command(self, store: &Path) -> anyhow::Result<Command> {
        Ok(match self {
            Self::Ours => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_chert-groups"));
                let url = format!("sqlite:{}", store.display());
                command.args(["serve", "--store", url.as_str(), "--listen", "127.0.0.1:0"]);
                command
            }
            Self::Naive | Self::Ceiling => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg(self.name()).arg(store);
                command
            }
        })
    }
}

/// A running simulated relay.
pub(crate) struct Sim {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Sim {
    /// Starts one that takes `delay` for each create and posts its events to `service`.
    pub(crate) fn start(
        service: SocketAddr,
        secret: &SigningSecret,
        delay: Duration,
    ) -> anyhow::Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_chert-groups"))
            .args(["relay-sim", "--listen", "127.0.0.1:0", "--events", "never", "--exact-delay"])
            .args(["--relay", crate::store::MAKER, "--events-to", &format!("http://{service}")])
            .args(["--delay", &delay.as_millis().to_string()])
            .env("CHERT_GROUPS_RELAY_SECRET", secret.expose())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the simulated relay")?;
        let stdout = process.stdout.take();
        let mut sim = Self { process, address: SocketAddr::from(([0; 4], 0)) };
        let said = first_line(stdout)?;
        sim.address = address_in(&said).context("the simulated relay did not start")?;
        Ok(sim)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may be dead already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn first_line(stdout: Option<ChildStdout>) -> anyhow::Result<String> {
    let mut first = String::new();
    BufReader::new(stdout.context("no stdout")?).read_line(&mut first)?;
    Ok(first)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("listening on http://")?.parse().ok()
}

impl Server {
    /// Starts a server on `store` and waits until it listens.
    pub(crate) fn start(contender: Contender, store: &Path) -> anyhow::Result<Self> {
        let log = store.with_extension("log");
        let mut process = contender
            .command(store)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {}", contender.name()))?;
        let stdout = process.stdout.take();
        // From here on it is killed when this is dropped.
        let mut server = Self { process, address: SocketAddr::from(([0; 4], 0)) };
        server.address = address_in(&first_line(stdout)?).with_context(|| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{} did not start: {said}", contender.name())
        })?;
        Ok(server)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
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
