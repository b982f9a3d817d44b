//! The service, put together from its parts.
//!
//! Listeners and clock come from outside, so tests start the same server on a free port and at a time of
//! their choosing.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use socket2::{Domain, Socket, Type};
use tokio::{runtime::Handle, sync::watch, task::JoinHandle};
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    config::{ServerSettings, Settings},
    http::{
        self, api_routes,
        flood::Flood,
        ops_routes,
        state::{AppState, BodyLimits, Draining},
        trace,
    },
    registry::{attendant::attend, command::Command},
    relay::Relays,
    store::{
        StoreError,
        committer::{Health, Writer},
        refresh::DirectoryHandle,
    },
    stores::{self, Claim, OpenError, Served},
    telemetry,
};

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections may wait to be accepted. The system has a limit of its own (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// How often the metrics are tidied. Until then each request has left a sample of its own: with as many as there may be in
/// five seconds this would take megabytes, and milliseconds in which a processor is missing.
const METRICS_UPKEEP: Duration = Duration::from_secs(1);

/// A running service.
pub struct Server {
    address: SocketAddr,
    ops_address: Option<SocketAddr>,
    handles: Vec<ServerHandle>,
    http: Vec<JoinHandle<std::io::Result<()>>>,
    background: Vec<JoinHandle<()>>,
    draining: Draining,
    creates: TaskTracker,
    shutdown: Duration,
    health: watch::Receiver<Health>,
    damage: watch::Receiver<Health>,
    writer: Writer<Command>,
    claim: Claim,
}

/// Why a service did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store cannot be opened, or another server has it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// Relays cannot be called from here.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The HTTP server failed.
    #[error("the HTTP server failed: {0}")]
    Http(#[from] std::io::Error),
}

/// Opens a listener.
///
/// # Errors
///
/// When the address is in use or not ours.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    bind(address).map_err(|why| ServeError::Listen { address, why })
}

/// The standard library's listeners let 128 connections wait; those after them try again a second later.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Server {
    /// Opens the store and begins to serve on `api`, and on `ops` what is for operators when it is given. Must
    /// be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`ServeError`] says.
    pub fn start(
        settings: &Settings,
        clock: Clock,
        api: TcpListener,
        ops: Option<TcpListener>,
    ) -> Result<Self, ServeError> {
        let metrics = telemetry::metrics();
        let Served { registry, reader, writer, mut claim } = stores::serve(&settings.store, &clock)?;
        let (directory, refresher) = DirectoryHandle::start(reader)?;
        let draining = Draining::default();
        let (health, damage) = (registry.committer().health(), registry.damage());
        let upkeep = tokio::spawn(keep_metrics(metrics.clone()));
        let attendant = tokio::spawn(attend(registry.clone(), directory.clone()));
        let creates = TaskTracker::new();
        let state = web::Data::new(AppState {
            registry,
            relays: Relays::new(clock.clone())?,
            creates: creates.clone(),
            runtime: Handle::current(),
            directory,
            clock,
            limits: BodyLimits { bytes: settings.server.body_limit, time: settings.server.body_timeout },
            unavailable: Flood::default(),
            metrics,
            queue: settings.store.queue,
            draining: draining.clone(),
        });
        let address = api.local_addr()?;
        if let Claim::Lock(lock) = &mut claim {
            lock.note_address(&format!("http://{address}"));
        }
        let ops_address = ops.as_ref().map(TcpListener::local_addr).transpose()?;
        let mut server = Self {
            address,
            ops_address,
            handles: Vec::new(),
            http: Vec::new(),
            background: vec![refresher, upkeep, attendant],
            draining,
            creates,
            shutdown: settings.server.shutdown,
            health,
            damage,
            writer,
            claim,
        };
        server.serve(&settings.server, api, &state, if ops.is_some() { Routes::Api } else { Routes::All })?;
        if let Some(ops) = ops {
            server.serve(&settings.server, ops, &state, Routes::Ops)?;
        }
        Ok(server)
    }

    /// Where the API listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators' routes listen, when apart.
    #[must_use]
    pub const fn ops_address(&self) -> Option<SocketAddr> {
        self.ops_address
    }

    /// Serves until `shutdown` is ready, then finishes what was begun.
    ///
    /// # Errors
    ///
    /// When the store breaks or the HTTP server fails meanwhile.
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let broken = tokio::select! {
            () = shutdown => None,
            why = broken(self.health.clone()) => Some(why),
            why = broken(self.damage.clone()) => Some(why),
        };
        self.drain().await?;
        let Self { writer, claim, .. } = self;
        // The writer's last transaction may take as long as a disk does; the store is ours until then.
        let stopped = tokio::task::spawn_blocking(move || {
            writer.stop();
            drop(claim);
        });
        if stopped.await.is_err() {
            tracing::error!("stopping the writer panicked");
        }
        tracing::info!("stopped");
        match broken {
            Some(why) => Err(StoreError::Broken(why).into()),
            None => Ok(()),
        }
    }

    async fn drain(&mut self) -> Result<(), ServeError> {
        tracing::info!("draining");
        self.draining.begin();
        for handle in &self.handles {
            handle.stop(true).await;
        }
        for server in self.http.drain(..) {
            server.await.unwrap_or(Ok(()))?;
        }
        self.creates.close();
        if tokio::time::timeout(self.shutdown, self.creates.wait()).await.is_err() {
            tracing::warn!("creates that are under way are given up; their callers may ask again");
        }
        self.background.drain(..).for_each(|task| task.abort());
        Ok(())
    }

    fn serve(
        &mut self,
        settings: &ServerSettings,
        listener: TcpListener,
        state: &web::Data<AppState>,
        routes: Routes,
    ) -> Result<(), ServeError> {
        let state = state.clone();
        let app = move || {
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(trace::around))
                .configure(|config| routes.configure(config))
                .default_service(http::not_found())
        };
        let mut server = HttpServer::new(app)
            .keep_alive(settings.keep_alive)
            .client_request_timeout(HEAD_TIMEOUT)
            .shutdown_timeout(settings.shutdown.as_secs())
            .disable_signals();
        if let Some(workers) = settings.workers {
            server = server.workers(workers);
        }
        let running = server.listen(listener)?.run();
        self.handles.push(running.handle());
        self.http.push(tokio::spawn(running));
        Ok(())
    }
}

/// Waits until the store is broken, and says why.
async fn broken(mut health: watch::Receiver<Health>) -> String {
    // Copied out: what `wait_for` lends must not be held while waiting further.
    let broken =
        health.wait_for(|health| matches!(health, Health::Broken(_))).await.map(|health| health.clone());
    match broken {
        Ok(Health::Broken(why)) => why,
        // Whoever could have said so is gone.
        _ => "its writer has stopped".to_owned(),
    }
}

/// Which routes a listener has.
#[derive(Clone, Copy)]
enum Routes {
    Api,
    Ops,
    All,
}

impl Routes {
    fn configure(self, config: &mut web::ServiceConfig) {
        if matches!(self, Self::Api | Self::All) {
            api_routes(config);
        }
        if matches!(self, Self::Ops | Self::All) {
            ops_routes(config);
        }
    }
}

async fn keep_metrics(handle: metrics_exporter_prometheus::PrometheusHandle) {
    loop {
        tokio::time::sleep(METRICS_UPKEEP).await;
        handle.run_upkeep();
    }
}
