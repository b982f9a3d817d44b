//! Events out of files.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Cursor},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::sync::mpsc;

use super::lines::Lines;

/// The most bytes in a batch, well below the largest body that a service takes.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// Files of events, checked to be there.
pub(in crate::cli) struct Source {
    inputs: Vec<Input>,
    bytes: u64,
}

enum Input {
    File(PathBuf),
    Text(&'static str),
}

/// Events that are posted together.
#[derive(Default)]
pub(in crate::cli) struct Batch {
    pub(super) events: Lines,
    /// How much of the input it was.
    pub(super) bytes: u64,
}

impl Batch {
    pub(super) fn len_f64(&self) -> f64 {
        f64::from(u32::try_from(self.events.len()).unwrap_or(u32::MAX))
    }
}

impl Source {
    /// The events in `files`.
    pub(super) fn open(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut bytes = 0;
        for file in files {
            let metadata = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
            if metadata.is_dir() {
                bail!("{} is a folder", file.display());
            }
            bytes += metadata.len();
        }
        Ok(Self { inputs: files.iter().cloned().map(Input::File).collect(), bytes })
    }

    /// The events in NDJSON `texts`.
    pub(in crate::cli) fn of_texts(texts: impl IntoIterator<Item = &'static str>) -> Self {
        let inputs: Vec<_> = texts.into_iter().map(Input::Text).collect();
        Self { inputs, bytes: 0 }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sends batches of up to `size` events, until nobody takes them any more.
    pub(super) fn read(self, size: usize, batches: &mpsc::Sender<Batch>) -> anyhow::Result<()> {
        let mut gatherer = Gatherer { size, batches, batch: Batch::default() };
        for input in self.inputs {
            match input {
                Input::Text(text) => gatherer.take_lines(Cursor::new(text))?,
                Input::File(path) => {
                    gatherer.take_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
                }
            }
        }
        gatherer.send()
    }
}

struct Gatherer<'s> {
    size: usize,
    batches: &'s mpsc::Sender<Batch>,
    batch: Batch,
}

impl Gatherer<'_> {
    fn take_file(&mut self, path: &Path) -> anyhow::Result<()> {
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            for event in events_of(serde_json::from_slice(&fs::read(path)?)?) {
                let event = serde_json::to_vec(&event)?;
                self.take(&event, event.len())?;
            }
            return Ok(());
        }
        self.take_lines(BufReader::with_capacity(1 << 20, File::open(path)?))
    }

    fn take_lines(&mut self, mut lines: impl BufRead) -> anyhow::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let bytes = lines.read_until(b'\n', &mut line)?;
            if bytes == 0 {
                return Ok(());
            }
            line.truncate(line.trim_ascii_end().len());
            if line.is_empty() {
                self.batch.bytes += bytes as u64;
            } else {
                self.take(&line, bytes)?;
            }
        }
    }

    fn take(&mut self, event: &[u8], input_bytes: usize) -> anyhow::Result<()> {
        let waiting = &self.batch.events;
        if waiting.len() >= self.size || waiting.text().len() + event.len() >= MAX_BATCH_BYTES {
            self.send()?;
        }
        self.batch.bytes += input_bytes as u64;
        self.batch.events.push(event);
        Ok(())
    }

    fn send(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        if batch.events.is_empty() {
            return Ok(());
        }
        // The taker goes away when a post has failed for good, and says why itself.
        self.batches.blocking_send(batch).map_err(|_| anyhow::anyhow!("stopped before the end of the input"))
    }
}

/// The events of a JSON document: an array of them, an envelope, or one.
fn events_of(document: Value) -> Vec<Value> {
    match document {
        Value::Array(events) => events,
        Value::Object(mut fields) => match fields.remove("events") {
            Some(Value::Array(events)) => events,
            Some(other) => {
                fields.insert("events".to_owned(), other);
                vec![Value::Object(fields)]
            }
            None => vec![Value::Object(fields)],
        },
        other => vec![other],
    }
}
