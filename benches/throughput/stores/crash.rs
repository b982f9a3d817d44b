//! After the kill: was what was answered kept?
//!
//! A server was killed with `kill -9` while it was busy. Started again on the same file it must know every event
//! that was answered: posted again, it is answered with the chat of its group as before, and is a `duplicate`. This
//! shows what a crash of the process leaves. That the disk keeps what it was told to keep when the power fails is
//! `synchronous=FULL`'s word, which no such test can check.

use std::time::Duration;

use anyhow::Context as _;

use crate::{
    ingest::Ingest,
    load::connection::Connection,
    servers::{Contender, Server},
    stores::Store,
};

/// What a check has shown, besides that nothing is lost.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    /// How many requests were posted again.
    pub(crate) compared: usize,
    /// How long the server took to start after the crash.
    pub(crate) start: Duration,
}

/// Posts requests again that were answered.
pub(crate) async fn check(
    store: impl Into<Store>,
    ingest: &Ingest,
    answered: &[usize],
) -> anyhow::Result<Kept> {
    let server = Server::start(Contender::Ours, store)?;
    let mut connection = Connection::open(server.address).await?;
    for number in answered {
        let again = connection.post(ingest.posts.get(*number)?).await?;
        ingest
            .check_repeated(*number, again)
            .with_context(|| format!("request {number} was answered before the crash"))?;
    }
    Ok(Kept { compared: answered.len(), start: server.start })
}
