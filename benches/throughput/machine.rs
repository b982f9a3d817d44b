//! The machine that measures: what it is, and how busy.

use std::{
    fmt,
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{report::median, servers::Server};

/// The kernel's unit of processor time as it tells it to programs: a hundredth of a second.
const TICK: Duration = Duration::from_millis(10);

/// A thread that should be running has to do without its processor for at least this long, or it is not counted.
const PAUSE: Duration = Duration::from_micros(500);

/// How long pauses are looked for. Some machines have one a second.
const PAUSES_SOUGHT: Duration = Duration::from_secs(4);

/// Processor time.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    /// Of the server.
    pub(crate) server: Duration,
    /// Of this process, which makes the load.
    pub(crate) load: Duration,
    /// Of everything on the machine.
    pub(crate) all: Duration,
}

impl Used {
    /// What was used until now.
    pub(crate) fn now(server: &Server) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let total = stat.lines().next().context("/proc/stat is empty")?;
        // user nice system idle iowait irq softirq steal: all but idle and iowait is work.
        let times = total.split_whitespace().skip(1).take(8).map(str::parse::<u32>).enumerate();
        let work = times.filter(|(place, _)| !matches!(place, 3 | 4)).map(|(_, time)| time);
        let all = TICK * work.sum::<Result<u32, _>>()?;
        Ok(Self { server: cpu_of(&server.id().to_string())?, load: cpu_of("self")?, all })
    }

    /// What was used since then.
    pub(crate) const fn since(self, then: Self) -> Self {
        Self {
            server: self.server.saturating_sub(then.server),
            load: self.load.saturating_sub(then.load),
            all: self.all.saturating_sub(then.all),
        }
    }
}

/// The processor time that a process has used.
fn cpu_of(process: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in brackets and may hold anything; time is in fields 14 and 15.
    let (_, fields) = stat.rsplit_once(") ").context("an unknown form of stat")?;
    let times = fields.split(' ').skip(11).take(2);
    let ticks = times.map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}

/// The most memory that a process has had in use at once, in megabytes.
pub(crate) fn most_resident(process: u32) -> anyhow::Result<f64> {
    memory(process, "VmHWM:")
}

/// The memory that a process has in use now, in megabytes.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    memory(process, "VmRSS:")
}

fn memory(process: u32, which: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_suffix(" kB"));
    let kibibytes: u32 = line.context("/proc does not tell the memory")?.trim().parse()?;
    Ok(f64::from(kibibytes) / 1024.0)
}

/// Raises the number of files that this process and those that it starts may have open, where it is below `files`.
pub(crate) fn allow_files(files: u64) -> anyhow::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    ensure!(
        maximum.is_none_or(|maximum| maximum >= files),
        "{files} open files are needed, and the hard limit is lower: see `ulimit -Hn`"
    );
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum })?)
}

/// How many processors there are.
pub(crate) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1))
}

/// The model of the processors.
pub(crate) fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.to_owned())
}

/// The commit that is measured, with a mark when the files differ from it.
pub(crate) fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty=, changed"]).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    text.map_or_else(|| "unknown".to_owned(), |text| String::from_utf8_lossy(&text).trim().to_owned())
}

/// The median time of an append of 4 KiB with the call that makes it durable, in seconds.
pub(crate) fn time_of_sync(folder: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(folder.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

/// What a machine takes from programs that it has the processors for.
pub(crate) struct Pauses {
    /// How much of its time a thread that never waits has to do without its processor.
    share: f64,
    /// The longest time at once.
    longest: Duration,
}

impl fmt::Display for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (share, longest) = (self.share * 1e3, self.longest.as_secs_f64() * 1e3);
        write!(
            f,
            "threads that never wait have to do without a processor for {share:.1} ms of a second, up to {longest:.1} ms at once"
        )
    }
}

/// Looks for pauses with one thread for each processor and nothing beside them.
pub(crate) fn pauses() -> anyhow::Result<Pauses> {
    let threads: Vec<_> = (0..cores()).map(|_| thread::spawn(paused)).collect();
    let mut found = Pauses { share: 0.0, longest: Duration::ZERO };
    for thread in threads {
        let paused = thread.join().ok().context("a thread that looked for pauses panicked")?;
        let all: Duration = paused.iter().sum();
        found.share += all.div_duration_f64(PAUSES_SOUGHT) / f64::from(cores());
        found.longest = paused.into_iter().fold(found.longest, Duration::max);
    }
    Ok(found)
}

/// The pauses of this thread.
fn paused() -> Vec<Duration> {
    let started = Instant::now();
    let (mut last, mut pauses) = (started, Vec::new());
    while last.duration_since(started) < PAUSES_SOUGHT {
        let now = Instant::now();
        pauses.extend(Some(now.duration_since(last)).filter(|pause| *pause >= PAUSE));
        last = now;
    }
    pauses
}
