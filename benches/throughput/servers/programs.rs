//! Other commands of the program that take part: the simulated relay, and the replay.

use std::{
    fs::File,
    io::Read as _,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use chert_groups::domain::secret::SigningSecret;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde::Deserialize;

use super::{address_in, first_line, ours};
use crate::stores::{MAKER, RELAY};

/// Where both look for the relay's secret.
const SECRET: &str = "CHERT_GROUPS_RELAY_SECRET";

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
        let mut process = ours()
            .args(["relay-sim", "--listen", "127.0.0.1:0", "--events", "never", "--exact-delay"])
            .args(["--relay", MAKER, "--events-to", &format!("http://{service}")])
            .args(["--delay", &delay.as_millis().to_string()])
            .env(SECRET, secret.expose())
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

/// What a replay says of itself in the end.
#[derive(Deserialize)]
pub(crate) struct Replayed {
    /// How many events were answered.
    pub(crate) events: usize,
    /// How many of them in a second.
    pub(crate) events_per_second: f64,
}

/// Replays a file into `service`, with its defaults. On a terminal it draws its progress bar.
pub(crate) async fn replay(
    file: &Path,
    service: SocketAddr,
    secret: &SigningSecret,
    on_a_terminal: bool,
) -> anyhow::Result<Replayed> {
    let mut command = ours();
    command
        .args(["replay", "--json", "--relay", RELAY, "--to", &format!("http://{service}")])
        .arg(file)
        .env(SECRET, secret.expose())
        .stdin(Stdio::null())
        .stderr(if on_a_terminal { terminal()? } else { Stdio::null() });
    let output = tokio::task::spawn_blocking(move || run(command)).await??;
    Ok(serde_json::from_slice(&output)?)
}

fn run(mut command: Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stdout(Stdio::piped()).output().context("cannot start the replay")?;
    ensure!(output.status.success(), "the replay failed: {}", String::from_utf8_lossy(&output.stdout));
    Ok(output.stdout)
}

/// A terminal that nobody looks at. What is written to it is read, or the writer would have to wait.
fn terminal() -> anyhow::Result<Stdio> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let terminal = File::options().read(true).write(true).open(name.to_str()?)?;
    // It ends by itself when the last who writes is gone.
    thread::spawn(move || {
        let mut master = File::from(master);
        let mut read = [0; 4096];
        while master.read(&mut read).is_ok_and(|bytes| bytes > 0) {}
    });
    Ok(terminal.into())
}
