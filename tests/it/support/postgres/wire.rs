//! A wire to a server on which the answers of some commits are lost.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

use super::session::RUNTIME;

/// The statement that commits, and what is said of one that was. Both end in a zero byte.
const COMMIT: &[u8] = b"COMMIT\0";

/// A wire, which is cut when it goes out of scope.
pub(crate) struct Wire {
    address: SocketAddr,
    /// Of so many commits the answer to one is lost; none while it is zero.
    nth: Arc<AtomicUsize>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Wire {
    /// A wire on which nothing is lost yet.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let nth = Arc::new(AtomicUsize::new(0));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a listener that a runtime can have");
        let commits = Arc::new(AtomicUsize::new(0));
        let loss = Loss { nth: Arc::clone(&nth), commits, is_due: Arc::default() };
        let task = RUNTIME.spawn(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (client, _) = listener.accept().await?;
                tokio::spawn(carry(client, server, Loss { is_due: Arc::default(), ..loss.clone() }));
            }
        });
        Self { address, nth, task }
    }

    /// From now on the answer to each `nth` commit is lost with its connection, after the commit.
    pub(crate) fn lose_each(&self, nth: usize) {
        self.nth.store(nth, SeqCst);
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// When something is lost.
#[derive(Clone)]
struct Loss {
    nth: Arc<AtomicUsize>,
    /// How many there were, on all connections.
    commits: Arc<AtomicUsize>,
    /// Whether the next answer on this connection is to be lost.
    is_due: Arc<AtomicBool>,
}

impl Loss {
    fn sees(&self, said: &[u8]) {
        let nth = self.nth.load(SeqCst);
        if nth > 0 && has_commit(said) && (self.commits.fetch_add(1, SeqCst) + 1).is_multiple_of(nth) {
            self.is_due.store(true, SeqCst);
        }
    }
}

fn has_commit(bytes: &[u8]) -> bool {
    bytes.windows(COMMIT.len()).any(|part| part == COMMIT)
}

async fn carry(client: TcpStream, server: SocketAddr, loss: Loss) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever ends first takes the other along, and the connection with it.
    tokio::select! {
        ended = carry_there(from_client, to_server, loss.clone()) => ended,
        ended = carry_back(from_server, to_client, loss) => ended,
    }
}

async fn carry_there(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, loss: Loss) -> std::io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        loss.sees(&chunk[..length]);
        to.write_all(&chunk[..length]).await?;
    }
}

async fn carry_back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, loss: Loss) -> std::io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 || (loss.is_due.load(SeqCst) && has_commit(&chunk[..length])) {
            return Ok(());
        }
        to.write_all(&chunk[..length]).await?;
    }
}
