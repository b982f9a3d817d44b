//! What tests say to a server past the program.

use std::{
    sync::{Arc, LazyLock, Mutex, mpsc},
    time::Duration,
};

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::Row;

/// Longer than any statement of a test takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where sessions live, so that tests of every kind can wait for what they say.
pub(super) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
});

/// A session with a database, begun when it is needed and again after the server was away.
pub(crate) struct Session {
    url: String,
    client: Mutex<Option<Arc<Client>>>,
}

impl Session {
    pub(crate) const fn new(url: String) -> Self {
        Self { url, client: Mutex::new(None) }
    }

    /// The rows of what a statement, or several of them, finds.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub(crate) fn query(&self, statement: &str) -> Vec<Row> {
        self.try_query(statement).unwrap_or_else(|why| panic!("{why:?} at {statement}"))
    }

    /// The same, where a refusal is to be expected.
    pub(crate) fn try_query(&self, statement: &str) -> Result<Vec<Row>, Error> {
        let (client, text) = (self.client()?, statement.to_owned());
        let messages = wait_for(async move { client.simple_query(&text).await })?;
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some(texts(&row)),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    /// Has a statement run some time, whatever comes of it.
    pub(crate) fn tell(&self, statement: String) {
        if let Ok(client) = self.client() {
            RUNTIME.spawn(async move { client.simple_query(&statement).await });
        }
    }

    /// Ends it for now.
    pub(crate) fn end(&self) {
        *self.client.lock().unwrap() = None;
    }

    fn client(&self) -> Result<Arc<Client>, Error> {
        let mut held = self.client.lock().unwrap();
        if let Some(client) = held.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let url = self.url.clone();
        let client = Arc::new(wait_for(async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        })?);
        *held = Some(Arc::clone(&client));
        Ok(client)
    }
}

fn texts(row: &SimpleQueryRow) -> Row {
    (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
}

fn wait_for<T: Send + 'static>(what: impl Future<Output = T> + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    RUNTIME.spawn(async move { tell.send(what.await) });
    told.recv_timeout(PATIENCE).expect("PostgreSQL answers")
}
