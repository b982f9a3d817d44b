//! Connections to a database, and the threads that drive them.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, mpsc},
    time::Duration,
};

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime as PoolRuntime,
};
use tokio::{runtime::Runtime, task::JoinHandle, time::timeout};
use tokio_postgres::{Client, Config, Connection, Error, Socket, config::SslMode, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    failure::Failure,
    security::Attempts,
    tls::{self, TlsError},
    url::PostgresUrl,
};
use crate::store::StoreError;

/// How long one step may take, when the server does not even say that it took too long.
pub(super) const PATIENCE: Duration = Duration::from_secs(12);

/// How long anybody waits for a connection: as long as two servers take that do not answer.
const CONNECTING: Duration = Duration::from_secs(7);

/// What is set for every connection, as far as the engine knows it: how long the server lets a statement run, a lock be
/// waited for, and a transaction be idle, so that one of a server that is gone or stopped holds up nobody for long.
///
/// All that is asked for is found by an index. A plan that was made while a table was small would not do so, and would be
/// kept until the table is analyzed, however much it grows meanwhile; so what such plans are made of is off. Costs mean
/// nothing then, and nothing is to be compiled because of them.
const SESSION: &str = "SELECT set_config(wanted.name, wanted.value, FALSE)
     FROM (VALUES ('statement_timeout', '10s'), ('lock_timeout', '4s'),
                  ('idle_in_transaction_session_timeout', '3s'), ('client_min_messages', 'error'),
                  ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'))
         AS wanted (name, value)
     JOIN pg_settings ON pg_settings.name = wanted.name";

/// A pool of connections to a database. Clones share it.
#[derive(Clone)]
pub struct Link {
    threads: Arc<Threads>,
    pool: Pool,
}

/// The threads that connections live on, apart from everybody who waits for them.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Whoever drops this may be on a thread that must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why there can be no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// TLS is impossible.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system has no threads to spare.
    #[error("no threads for the connections: {0}")]
    Threads(String),
}

impl Link {
    /// A pool of up to `connections` connections, none of which is made yet.
    ///
    /// # Errors
    ///
    /// As `LinkError` says.
    pub fn new(url: &PostgresUrl, connections: usize) -> Result<Self, LinkError> {
        let threads = |why: &dyn std::fmt::Display| LinkError::Threads(why.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|why| threads(&why))?;
        let connector = Connector { tls: tls::connector(&url.security)?, attempts: url.security.attempts };
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_connect(url.config.clone(), connector, recycling))
            .max_size(connections)
            // Whoever comes gets the connection that has prepared most.
            .queue_mode(QueueMode::Lifo)
            .runtime(PoolRuntime::Tokio1)
            .build()
            .map_err(|why| threads(&why))?;
        Ok(Self { threads: Arc::new(Threads(Some(runtime))), pool })
    }

    /// A connection.
    pub(super) async fn connection(&self) -> Result<Object, Failure> {
        match timeout(CONNECTING, self.pool.get()).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(Failure::lost("no connection in time")),
        }
    }

    /// Runs `task` on the threads of the connections, and waits for it on this one, whichever it is.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.wait_for(PATIENCE, task)
    }

    /// The same, for up to so long.
    pub(super) fn wait_for<T: Send + 'static>(
        &self,
        patience: Duration,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.ask_for(patience, task)?)
    }

    /// The same as [`Link::wait`], for who may begin anew.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        self.ask_for(PATIENCE, task)
    }

    fn ask_for<T: Send + 'static>(
        &self,
        patience: Duration,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let (done, result) = mpsc::sync_channel(1);
        let run = async move {
            let result = timeout(patience, task).await;
            // Whoever has stopped waiting needs no result.
            let _ = done.send(result.unwrap_or_else(|_| Err(Failure::lost("no answer in time"))));
        };
        drop(self.spawn(run)?);
        let gone = |_| StoreError::Unavailable("what was asked of the database came to no end".to_owned());
        result.recv().map_err(gone)?
    }

    /// Has a task run on the threads of the connections.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<JoinHandle<()>, StoreError> {
        match &self.threads.0 {
            Some(runtime) => Ok(runtime.spawn(task)),
            None => Err(StoreError::Unavailable("the connections are closed".to_owned())),
        }
    }

    /// Runs a step on this thread, which is none of a runtime.
    pub(super) fn step<T>(&self, step: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let Some(runtime) = &self.threads.0 else { return Err(Failure::lost("the connections are closed")) };
        let result = runtime.block_on(async { timeout(PATIENCE, step).await });
        result.unwrap_or_else(|_| Err(Failure::lost("no answer in time")))
    }
}

/// Makes connections, with TLS or without.
struct Connector {
    tls: MakeRustlsConnect,
    attempts: Attempts,
}

type Connected<'c> = Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'c>>;

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Connected<'_> {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = self.attempt(config).await?;
            let driven = tokio::spawn(async move {
                // Whoever uses the connection is told, too, and says what it means.
                if let Err(why) = connection.await {
                    tracing::debug!(why = Failure::from(why).told(), "a connection to the database ended");
                }
            });
            client.batch_execute(SESSION).await?;
            Ok((client, driven))
        })
    }
}

type Secured = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

impl Connector {
    async fn attempt(&self, mut config: Config) -> Result<(Client, Connection<Socket, Secured>), Error> {
        let refusal = match config.ssl_mode(self.attempts.first).connect(self.tls.clone()).await {
            Err(why) if tls::is_about_tls(&why) => why,
            ended => return ended,
        };
        let Some(mode) = self.attempts.second else { return Err(refusal) };
        match config.ssl_mode(mode).connect(self.tls.clone()).await {
            // Why it was refused with TLS says more than why it was refused without.
            Err(why) if mode == SslMode::Disable && tls::is_about_tls(&why) => Err(refusal),
            ended => ended,
        }
    }
}
