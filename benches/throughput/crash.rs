//! After the kill: was what was answered kept?
//!
//! A server was killed with `kill -9` while it was busy. Started again on the same file it must know every
//! event that was answered: posted again, the answer is the same but for its outcome, `duplicate`. This shows
//! what a crash of the process leaves. That the disk keeps what it was told to keep when the power fails is
//! `synchronous=FULL`'s word, which no such test can check.

use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::{
    child::{Contender, Server},
    events::Requests,
    load::{Answered, Connection},
};

/// Posts answered requests again; how many answers were compared.
pub(crate) async fn check(store: &Path, requests: &Requests, answered: &[Answered]) -> anyhow::Result<usize> {
    let server = Server::start(Contender::Ours, store)?;
    let mut connection = Connection::open(server.address).await?;
    for (number, before) in answered {
        let again = connection.post(requests.get(*number).context("no such request")?).await?;
        let again = std::str::from_utf8(again)?;
        let before = std::str::from_utf8(before)?;
        ensure!(
            again == as_repeated(before),
            "request {number} was answered {before} before the crash, and {again} after it"
        );
    }
    Ok(answered.len())
}

/// The answer that a repeated request gets.
fn as_repeated(first: &str) -> String {
    let outcome = |name: &str| format!(r#""outcome":"{name}""#);
    ["unchanged", "updated"]
        .iter()
        .fold(first.to_owned(), |answer, said| answer.replace(&outcome(said), &outcome("duplicate")))
}
