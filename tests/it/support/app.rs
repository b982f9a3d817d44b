//! The service in this process.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use chert_groups::{
    clock::Clock,
    config::{self, Overrides, Settings},
    domain::time::Time,
    server::{ServeError, Server, listen},
    store::admin::Admin,
};
use tokio::sync::oneshot;

use super::{
    callers::{Caller, Poster},
    directory::{ACME, Identity, OTHER, RELAY_1, RELAY_2},
    logs,
    relay::FakeRelay,
    request::Request,
    store::TestStore,
};

/// What a manual clock shows at first.
pub(crate) const NOW: &str = "2026-05-31T12:00:00Z";

/// The real service on a free port, with a store of its own or beside another one on its store. Dropping it stops it, and fails the test when it
/// did not end well.
pub(crate) struct TestApp {
    pub(crate) clock: Clock,
    client: Option<reqwest::Client>,
    settings: Settings,
    running: Option<Running>,
    /// Its store, past it.
    pub(crate) store: Arc<TestStore>,
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl TestApp {
    /// A service whose clock stands at [`NOW`] until a test moves it.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, with other settings.
    pub(crate) fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_at(manual(), change, &[])
    }

    /// A service whose clock stands still, and whose relays deliver to these URLs.
    pub(crate) fn start_with_relays(urls: &[(Identity, &str)]) -> Self {
        Self::start_at(manual(), |_| {}, urls)
    }

    /// The same with the first relay only.
    pub(crate) fn start_with_relay(relay: &FakeRelay) -> Self {
        Self::start_with_relays(&[(RELAY_1, &relay.url())])
    }

    /// A service with the system's clock.
    pub(crate) fn start_in_real_time() -> Self {
        Self::start_at(Clock::system(), |_| {}, &[])
    }

    /// The same with this store, whose relays deliver to these URLs.
    pub(crate) fn start_in_real_time_on(store: TestStore, relays: &[(Identity, &str)]) -> Self {
        set_urls(&store, Clock::system().now(), relays);
        Self::start_on(Arc::new(store), Clock::system(), |_| {})
    }

    /// A service whose clock stands at [`NOW`], with this store.
    pub(crate) fn start_with_store(store: TestStore) -> Self {
        Self::start_on(Arc::new(store), manual(), |_| {})
    }

    /// Another instance of this service, on the same store and by the same clock.
    pub(crate) fn start_another(&self) -> Self {
        Self::start_on(Arc::clone(&self.store), self.clock.clone(), |_| {})
    }

    fn start_at(clock: Clock, change: impl FnOnce(&mut Settings), relays: &[(Identity, &str)]) -> Self {
        let store = TestStore::peopled();
        set_urls(&store, clock.now(), relays);
        Self::start_on(Arc::new(store), clock, change)
    }

    fn start_on(store: Arc<TestStore>, clock: Clock, change: impl FnOnce(&mut Settings)) -> Self {
        logs::keep();
        let mut overrides = Overrides::default();
        overrides.set("store.url", Some(store.url()));
        overrides.set("store.isolation", store.isolation());
        overrides.set("server.workers", Some(2));
        overrides.set("server.shutdown_seconds", Some(5));
        let mut settings = config::load(None, &overrides).unwrap();
        change(&mut settings);
        let mut app = Self { clock, client: None, settings, running: None, store };
        app.resume();
        app
    }

    /// Starts again after [`Self::stop`], on the same store.
    pub(crate) fn resume(&mut self) {
        let (settings, clock) = (self.settings.clone(), self.clock.clone());
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let server = Server::start(&settings, clock, listen(([127, 0, 0, 1], 0).into())?, None)?;
            tell.send(server.address()).unwrap();
            // An app that is gone without a word has stopped as well.
            server.run_until(async { drop(stopped.await) }).await
        };
        // A thread of its own, so that a test that blocks does not hold up the service.
        let thread = thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serve)
        });
        match told.recv() {
            Ok(address) => self.running = Some(Running { address, stop, thread }),
            Err(mpsc::RecvError) => panic!("the service did not start: {:?}", thread.join()),
        }
        self.client = Some(new_client());
    }

    /// Stops the service as SIGTERM would.
    ///
    /// # Panics
    ///
    /// When it did not end well.
    pub(crate) fn stop(&mut self) {
        // Open connections would be waited for.
        self.client = None;
        let Some(Running { stop, thread, .. }) = self.running.take() else { return };
        let _ = stop.send(());
        let ended = thread.join().expect("the service does not panic");
        ended.expect("the service ends well");
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.resume();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().expect("the service runs").address
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        self.client.as_ref().expect("the service runs")
    }

    /// An operator's hand, at the clock's time.
    pub(crate) fn admin(&self) -> Admin {
        self.store.admin(self.clock.now())
    }

    /// Moves the clock to `seconds` after [`NOW`].
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.set(Time::parse(NOW).unwrap().plus(jiff::SignedDuration::from_secs(seconds)));
    }

    /// A request with nothing in it yet, credentials included.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request::new(self, method, path)
    }

    pub(crate) fn acme(&self) -> Caller<'_> {
        Caller::new(self, ACME)
    }

    pub(crate) fn other(&self) -> Caller<'_> {
        Caller::new(self, OTHER)
    }

    pub(crate) fn relay_1(&self) -> Poster<'_> {
        Poster::new(self, RELAY_1)
    }

    pub(crate) fn relay_2(&self) -> Poster<'_> {
        Poster::new(self, RELAY_2)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // A second panic would hide what the first one says.
        if !thread::panicking() {
            self.stop();
        }
    }
}

/// Says where relays are reached.
fn set_urls(store: &TestStore, now: Time, relays: &[(Identity, &str)]) {
    for (relay, url) in relays {
        store.admin(now).set_relay_url(&relay.slug(), url).unwrap();
    }
}

fn manual() -> Clock {
    Clock::manual(Time::parse(NOW).unwrap())
}

fn new_client() -> reqwest::Client {
    // Nothing here speaks TLS, but the client wants to know how it would.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().pool_max_idle_per_host(usize::MAX).build().expect("a client")
}
