//! The machine that measures: what it is, and how busy.

use std::{fs, process::Command, time::Duration};

use anyhow::Context as _;

/// The kernel's unit of processor time as it tells it to programs: a hundredth of a second.
const TICK: Duration = Duration::from_millis(10);

/// Processor time used so far.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    /// By this process, which makes the load.
    pub(crate) load: Duration,
    /// By everything on the machine.
    pub(crate) all: Duration,
}

impl Cpu {
    /// The times now.
    pub(crate) fn now() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let total = stat.lines().next().context("/proc/stat is empty")?;
        let times: Vec<u32> = total.split_whitespace().skip(1).filter_map(|time| time.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal: all but idle and iowait is work.
        let idle: u32 = times.iter().skip(3).take(2).sum();
        let all = TICK * times.iter().take(8).sum::<u32>() - TICK * idle;
        Ok(Self { load: cpu_of("self")?, all })
    }
}

/// The processor time that a process has used.
pub(crate) fn cpu_of(process: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in brackets and may hold anything; time is in fields 14 and 15.
    let (_, fields) = stat.rsplit_once(") ").context("an unknown form of stat")?;
    let times = fields.split(' ').skip(11).take(2);
    let ticks = times.map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
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
