//! The program, run to its end.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::log_audit;

/// Longer than any command takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of a command.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) status: Option<i32>,
    pub(super) stdout: String,
    /// What it told people on stderr: all but the log.
    pub(super) told: String,
}

impl Ran {
    /// The one JSON document on stdout of a command that has succeeded.
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.status, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why} in {self:?}"))
    }

    /// The text on stdout of a command that has succeeded.
    pub(super) fn text(&self) -> &str {
        assert_eq!(self.status, Some(0), "{self:?}");
        &self.stdout
    }

    /// The one line on stderr of a command that has failed and printed nothing else.
    pub(super) fn complaint(&self) -> &str {
        assert_eq!((self.status, self.stdout.as_str()), (Some(1), ""), "{self:?}");
        let line = self.told.strip_suffix('\n').expect("a whole line");
        assert!(!line.contains('\n') && line.starts_with("chert-groups: "), "{line}");
        line
    }
}

/// The program, which logs everything and hears nothing from the environment of the tests.
pub(super) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chert-groups"));
    with_settings(&mut command);
    command
}

/// What [`program`] sets, on a command that starts it in another way.
pub(super) fn with_settings(command: &mut Command) {
    command.env("CHERT_GROUPS__LOG__LEVEL", "debug").env_remove("CHERT_GROUPS_RELAY_SECRET");
}

/// Runs a command to its end.
pub(super) fn run(command: &mut Command) -> Ran {
    spawn(command).finish()
}

/// A command that runs.
pub(super) struct Running {
    child: Child,
    stdout: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
}

/// Starts a command.
pub(super) fn spawn(command: &mut Command) -> Running {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    Running { child, stdout: all_of(stdout), stderr: all_of(stderr) }
}

impl Running {
    /// Waits for its end, and keeps its log for the audit.
    pub(super) fn finish(mut self) -> Ran {
        let Ok(stdout) = self.stdout.recv_timeout(PATIENCE) else {
            self.child.kill().unwrap();
            panic!("the command does not end");
        };
        let stderr = self.stderr.recv_timeout(PATIENCE).expect("stderr ends with stdout");
        let status = self.child.wait().unwrap().code();
        let (log, told): (Vec<_>, Vec<_>) =
            stderr.split_inclusive('\n').partition(|line| line.starts_with('{'));
        let mut kept = OpenOptions::new().create(true).append(true).open(log_path("commands")).unwrap();
        kept.write_all(log.concat().as_bytes()).unwrap();
        Ran { status, stdout, told: told.concat() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn all_of(mut output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).expect("output is text");
        // The test may have given up.
        let _ = sender.send(text);
    });
    receiver
}

/// A file for the log of a process that goes on running.
pub(super) fn new_log() -> (PathBuf, File) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let path = log_path(&format!("service-{}", NUMBER.fetch_add(1, Ordering::SeqCst)));
    let file = File::create(&path).unwrap();
    (path, file)
}

fn log_path(name: &str) -> PathBuf {
    let folder = log_audit::folder();
    fs::create_dir_all(&folder).unwrap();
    let test = thread::current().name().unwrap_or("test").replace("::", ".");
    folder.join(format!("{test}-{}-{name}.log", std::process::id()))
}
