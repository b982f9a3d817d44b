//! A service that runs.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    http::{self, Answer},
    program::new_log,
};

/// Longer than a start or a stop takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `serve` or `demo`, which is killed when it goes out of scope.
pub(super) struct Service {
    child: Child,
    pub(super) address: SocketAddr,
    /// What it printed before it said where it listens.
    pub(super) printed: Vec<String>,
    /// How long it took until it was ready.
    pub(super) ready_after: Duration,
    stdout: mpsc::Receiver<String>,
    log: PathBuf,
}

impl Service {
    /// Starts it and waits until it is ready.
    pub(super) fn start(command: &mut Command) -> Self {
        let (log, file) = new_log();
        Self::start_logging_to(log, file, command)
    }

    /// The same with its log in `file`, which can be read at `log`.
    pub(super) fn start_logging_to(log: PathBuf, file: File, command: &mut Command) -> Self {
        let mut service = Self::start_until_it_listens(log, file, command);
        let started = Instant::now();
        // With operators' routes elsewhere there is no `/readyz` here.
        let ready = http::get(service.address, "/readyz", &[]);
        assert!([200, 404].contains(&ready.status), "{ready:?}");
        service.ready_after += started.elapsed();
        service
    }

    fn start_until_it_listens(log: PathBuf, file: File, command: &mut Command) -> Self {
        let started = Instant::now();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().expect("the program runs");
        let stdout = lines_of(child.stdout.take().unwrap());
        let mut printed = Vec::new();
        let address = loop {
            let Ok(line) = stdout.recv_timeout(PATIENCE) else {
                let _ = child.kill();
                panic!("it does not serve: {printed:?} {:?}", std::fs::read_to_string(&log));
            };
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.split(';').next().unwrap().parse().expect("an address");
            }
            printed.push(line);
        };
        Self { child, address, printed, ready_after: started.elapsed(), stdout, log }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Where operators' routes are, when apart.
    pub(super) fn ops_address(&self) -> SocketAddr {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("serving operators")).expect("it says so");
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["address"].as_str().and_then(|address| address.parse().ok()).expect("an address")
    }

    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        http::get(self.address, path, headers)
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `kill -TERM`.
    pub(super) fn terminate(&self) {
        self.signal("TERM");
    }

    /// What Ctrl-C does.
    pub(super) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Any signal.
    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until it has ended by itself. What it printed meanwhile, and its exit status.
    pub(super) fn ended(&mut self) -> (Vec<String>, Option<i32>) {
        let mut printed = Vec::new();
        loop {
            match self.stdout.recv_timeout(PATIENCE) {
                Ok(line) => printed.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {}", self.log()),
            }
        }
        (printed, self.child.wait().unwrap().code())
    }

    /// SIGTERM, and an end that is none of a failure.
    pub(super) fn stop(mut self) {
        self.terminate();
        assert_eq!(self.ended(), (vec![], Some(0)));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(output: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            if sender.send(line.expect("output is text")).is_err() {
                return;
            }
        }
    });
    receiver
}
