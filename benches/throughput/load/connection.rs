//! One connection, kept open: just enough HTTP.

use std::{io, net::SocketAddr, ops::Range};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to a server.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, whatever it says.
pub(crate) struct Answer<'a> {
    /// Its status.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: &'a str,
    /// Its body.
    pub(crate) body: &'a [u8],
}

/// Where the parts of an answer lie in the buffer.
struct Parts {
    status: u16,
    head: usize,
    body: Range<usize>,
}

impl Connection {
    /// Connects to a server.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(2048) })
    }

    /// Sends a request and reads the body of its answer, which must be a 200.
    pub(crate) async fn post(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        let Answer { status, body, .. } = self.exchange(request).await?;
        ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
        Ok(body)
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let Parts { status, head, body } = loop {
            self.read_more().await?;
            if let Some(parts) = parts_of(&self.buffer)? {
                break parts;
            }
        };
        while self.buffer.len() < body.end {
            self.read_more().await?;
        }
        Ok(Answer {
            status,
            head: std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?,
            body: self.buffer.get(body).context("an answer without an end")?,
        })
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)).context("the connection was closed"),
            _ => Ok(()),
        }
    }
}

/// The parts of an answer, once its head is complete.
fn parts_of(answer: &[u8]) -> anyhow::Result<Option<Parts>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("an answer without content-length")?.parse()?;
    Ok(Some(Parts {
        status: status.context("an answer without a status")?.parse()?,
        head,
        body: head + 4..head + 4 + length,
    }))
}
