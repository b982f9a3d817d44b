//! Relays: one that says what a test tells it to say, and the simulated one that keeps the protocol.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use chert_groups::{
    auth::hmac_v1::Signature,
    clock::Clock,
    relay_sim::{Behaviour, Sim, Upstream},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, oneshot},
};

use super::{app::TestApp, balancer::Balancer, directory::Identity, store::TestStore, wait::until};

/// Longer than it takes until a request comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a relay says to one request.
#[derive(Clone)]
pub(crate) enum Say {
    /// The group is made: 200 with the key that this delivery always has.
    Made,
    /// 200 with this key.
    Key(&'static str),
    /// A BlueBubbles server's 200, with a chat of this guid.
    Chat(&'static str),
    /// 202.
    Queued,
    /// A status with no body.
    Status(u16),
    /// A status with `Retry-After`.
    RetryAfter(u16, &'static str),
    /// These bytes, and then the end of the connection.
    Bytes(&'static str),
    /// A body without an end.
    Endless,
    /// Nothing, for as long as anybody waits.
    Nothing,
    /// Something, once the gate is open.
    Held(Gate, Box<Say>),
}

impl Say {
    /// An answer that breaks off in its body.
    pub(crate) const CUT: Self =
        Self::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"conversation_key\":\"iMess");

    pub(crate) fn held(self, gate: &Gate) -> Self {
        Self::Held(gate.clone(), Box::new(self))
    }
}

/// Holds answers back until it is opened.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self) {
        self.0.close();
    }
}

/// A request that a relay has got.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) first_line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a request in JSON")
    }

    pub(crate) fn client_ref(&self) -> String {
        self.json()["client_ref"].as_str().expect("a client_ref").to_owned()
    }

    pub(crate) fn idempotency_key(&self) -> &str {
        &self.headers["idempotency-key"]
    }

    /// The key that [`Say::Made`] gives to this group.
    pub(crate) fn conversation_key(&self) -> String {
        let order = self.json();
        match order["to"].as_array().expect("numbers").as_slice() {
            [number] => format!("iMessage;-;{}", number.as_str().expect("a number")),
            _ => format!("iMessage;+;chat{}", u128::from_str_radix(self.idempotency_key(), 16).unwrap()),
        }
    }

    /// Whether it is signed as this relay's requests are.
    pub(crate) fn is_signed_by(&self, relay: Identity, clock: &Clock) -> bool {
        let signature = Signature::parse(self.headers["x-chert-signature"].as_bytes()).expect("a signature");
        signature.verify([&relay.secret()], &self.body, clock.now()).is_ok()
    }
}

/// A relay that says what it is told to say, and [`Say::Made`] when it was told nothing. It lives on a thread
/// of its own, and ends when it is dropped.
pub(crate) struct FakeRelay {
    address: SocketAddr,
    state: Arc<State>,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Say>>,
    otherwise: Mutex<Option<Say>>,
    seen: Mutex<Vec<Seen>>,
}

impl FakeRelay {
    pub(crate) fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    /// Starts one at an address that was free a moment ago.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let state = Arc::clone(&shared);
                tokio::spawn(async move { drop(state.serve(stream).await) });
            }
        };
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! { () = serve => {}, _ = stopped => {} }
            });
        });
        Self { address, state, _stop: stop }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it says next, in order.
    pub(crate) fn will(&self, says: impl IntoIterator<Item = Say>) {
        self.state.script.lock().unwrap().extend(says);
    }

    /// What it says from now on, when it has nothing else to say.
    pub(crate) fn always(&self, say: Say) {
        *self.state.otherwise.lock().unwrap() = Some(say);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The last of `count` requests, which must come soon.
    pub(crate) async fn request(&self, count: usize) -> Seen {
        until(PATIENCE, async || self.seen().len() >= count).await;
        self.seen()[count - 1].clone()
    }

    /// How many groups a relay that keeps the protocol would have made at most.
    pub(crate) fn groups(&self) -> usize {
        let seen = self.seen();
        for request in &seen {
            assert_eq!(request.idempotency_key(), request.client_ref());
        }
        seen.iter().map(Seen::idempotency_key).collect::<HashSet<_>>().len()
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(seen) = read(&mut stream).await? else { return Ok(()) };
        let mut say = {
            self.seen.lock().unwrap().push(seen.clone());
            let next = self.script.lock().unwrap().pop_front();
            next.or_else(|| self.otherwise.lock().unwrap().clone()).unwrap_or(Say::Made)
        };
        while let Say::Held(gate, then) = say {
            // An error is how the gate says that it is open.
            let _ = gate.0.acquire().await;
            say = *then;
        }
        let made = |key: &str| {
            let body = json!({"conversation_key": key, "message": {"id": "m1", "status": "sent"}});
            answer(200, "content-type: application/json\r\n", &body.to_string())
        };
        let chat = |guid: &str| {
            let chat = json!({"guid": guid, "style": 43, "participants": [], "displayName": ""});
            answer(200, "", &json!({"status": 200, "message": "Success", "data": chat}).to_string())
        };
        let bytes = match say {
            Say::Made => made(&seen.conversation_key()),
            Say::Key(key) => made(key),
            Say::Chat(guid) => chat(guid),
            Say::Queued => answer(202, "", r#"{"status":"queued"}"#),
            Say::Status(status) => answer(status, "", ""),
            Say::RetryAfter(status, after) => answer(status, &format!("retry-after: {after}\r\n"), ""),
            Say::Bytes(bytes) => bytes.to_owned(),
            Say::Endless => return endless(&mut stream).await,
            Say::Nothing | Say::Held(..) => return std::future::pending().await,
        };
        stream.write_all(bytes.as_bytes()).await?;
        stream.shutdown().await
    }
}

async fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await?;
    loop {
        stream.write_all(&[b' '; 4096]).await?;
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// A request; `None` when there is none.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(seen) = parse(&bytes) {
            return Ok(Some(seen));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Seen> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut lines = std::str::from_utf8(&bytes[..end]).unwrap().split("\r\n");
    let first_line = lines.next()?.to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let body = bytes.get(end..end + length)?.to_vec();
    Some(Seen { at: Instant::now(), first_line, headers, body })
}

/// An address that nobody listens at.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port")
}

/// A service of one or more instances that delivers through a simulated relay.
pub(crate) struct Simulated {
    /// The first instance.
    pub(crate) app: TestApp,
    others: Vec<TestApp>,
    /// The relay's way to all of them.
    _balancer: Balancer,
    sim: Sim,
}

impl Simulated {
    /// A service in real time whose first relay behaves like this.
    pub(crate) fn start(relay: Identity, behaviour: Behaviour, seed: u64) -> Self {
        Self::start_on(TestStore::peopled(), 1, relay, behaviour, seed)
    }

    /// The same of several instances on one store.
    pub(crate) fn start_on(
        store: TestStore,
        instances: usize,
        relay: Identity,
        behaviour: Behaviour,
        seed: u64,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = TestApp::start_in_real_time_on(store, &[(relay, &url)]);
        let others: Vec<_> = (1..instances).map(|_| app.start_another()).collect();
        let balancer = Balancer::before([&app].into_iter().chain(&others));
        let upstream = Upstream { url: balancer.url(), relay: relay.slug(), secret: relay.secret() };
        let sim = Sim::start(listener, upstream, behaviour, seed, app.clock.clone()).unwrap();
        Self { app, others, _balancer: balancer, sim }
    }

    /// One of the instances, by turns.
    pub(crate) fn instance(&self, number: usize) -> &TestApp {
        match number % (1 + self.others.len()) {
            0 => &self.app,
            other => &self.others[other - 1],
        }
    }

    /// Changes what the relay does from now on.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.sim.behave(behaviour);
    }

    /// All groups that the relay has made.
    pub(crate) async fn groups(&self) -> Vec<Value> {
        let url = format!("http://{}/v1/groups", self.sim.address());
        let body = self.app.client().get(url).send().await.unwrap().bytes().await.unwrap();
        let listed: Value = serde_json::from_slice(&body).unwrap();
        listed["groups"].as_array().unwrap().clone()
    }

    pub(crate) async fn stop(self) {
        self.sim.stop().await;
    }
}
