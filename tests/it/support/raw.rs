//! TCP, for what no HTTP client would send.

use std::time::Duration;

use chert_groups::auth::hmac_v1;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    answer::Answer,
    app::TestApp,
    directory::{Identity, RELAY_1},
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that sends bytes as they are.
pub(crate) struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(app: &TestApp) -> Self {
        Self { stream: TcpStream::connect(app.address()).await.expect("a connection"), unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the bytes are taken");
    }

    /// Sends as long as anybody listens: who is refused early may find the connection closed.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, used)) = parse(&self.unread) {
                self.unread.drain(..used);
                return answer;
            }
            assert!(self.more().await, "cut off: {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    /// Whether the service closes the connection without a further word.
    pub(crate) async fn is_closed(&mut self) -> bool {
        !self.more().await && self.unread.is_empty()
    }

    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        // A reset is an end as well.
        read.expect("something in time").unwrap_or(0) > 0
    }
}

/// The head of a `POST` of events whose body will be `body`, without the headers that say how long it is.
pub(crate) fn events_head(app: &TestApp, body: &[u8]) -> String {
    head(app, RELAY_1, "POST /upstream/v1/events", body)
}

/// The head of a request with its signature. The caller adds what else there is and the blank line.
pub(crate) fn head(app: &TestApp, signer: Identity, route: &str, body: &[u8]) -> String {
    let Identity { header, slug, .. } = signer;
    let signature = hmac_v1::sign(&signer.secret(), body, app.clock.now());
    format!("{route} HTTP/1.1\r\nhost: test\r\n{header}: {slug}\r\nx-chert-signature: {signature}\r\n")
}

/// An answer and its length, once all of it is there.
fn parse(bytes: &[u8]) -> Option<(Answer, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut lines = std::str::from_utf8(&bytes[..end]).expect("a head in ASCII").split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let body = bytes.get(end..end + length)?.to_vec();
    Some((Answer { status, headers, body }, end + length))
}
