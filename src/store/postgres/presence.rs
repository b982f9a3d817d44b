//! Who uses a database: what servers say, so that no copy is made of what they write, and what copies say, so that no
//! server comes to what is being copied.
//!
//! Each has a row and renews it. Whoever comes says so first and looks for others then: of two that come at once, one at
//! least finds the other. The rows serve those who follow the registry on a replica as well: see [`super::ticks`].

use std::time::Duration;

use deadpool_postgres::Client;
use tokio::{task::JoinHandle, time::sleep};
use uuid::Uuid;

use super::{
    failure::{self, Failure},
    link::Link,
    rows,
};
use crate::{clock, store::StoreError};

/// What somebody uses a database for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Copy,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Copy => "copy",
        }
    }
}

/// How often a row is renewed.
const RENEWAL: Duration = Duration::from_secs(2);

/// How long the end of one is waited for.
const GOODBYE: Duration = Duration::from_secs(2);

/// Says that somebody is there, by the clock of the database when this transaction began. Those that were killed are
/// forgotten on the way.
const RENEW: &str = "INSERT INTO instances (id, role, seen_at) VALUES ($1, $2, now())
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
const FORGET: &str = "DELETE FROM instances WHERE seen_at < now() - INTERVAL '1 hour'";
const LEAVE: &str = "DELETE FROM instances WHERE id = $1";
/// Who has not missed several renewals is there.
const OTHERS: &str =
    "SELECT 1 FROM instances WHERE role = $1 AND seen_at > now() - INTERVAL '10 seconds' LIMIT 1";

/// Somebody who uses a database, until this is dropped.
pub struct Presence {
    link: Link,
    id: Uuid,
    renewing: JoinHandle<()>,
}

impl Presence {
    /// Says so from now on.
    pub(super) fn begin(link: &Link, role: Role) -> Result<Self, StoreError> {
        let id = Uuid::from_bytes(clock::random());
        failure::repeat(|_| link.ask(come(link.clone(), id, role)))?;
        let renewing = link.spawn(keep_renewing(link.clone(), id, role))?;
        Ok(Self { link: link.clone(), id, renewing })
    }

    /// Whether there is somebody else in this role.
    pub(super) fn meets(&self, role: Role) -> Result<bool, StoreError> {
        failure::repeat(|_| self.link.ask(is_there(self.link.clone(), role)))
    }
}

async fn come(link: Link, id: Uuid, role: Role) -> Result<(), Failure> {
    let client = link.connection().await?;
    // A server on a replica can say nothing, and write nothing, until the replica is promoted.
    if role == Role::Server && takes_no_writes(&client).await? {
        return Ok(());
    }
    client.execute(FORGET, &[]).await?;
    drop(client);
    renew(&link, id, role).await
}

async fn takes_no_writes(client: &Client) -> Result<bool, Failure> {
    let answer = client.query_one("SHOW transaction_read_only", &[]).await?;
    Ok(rows::get::<&str>(&answer, "transaction_read_only")? == "on")
}

async fn is_there(link: Link, role: Role) -> Result<bool, Failure> {
    Ok(link.connection().await?.query_opt(OTHERS, &[&role.name()]).await?.is_some())
}

async fn renew(link: &Link, id: Uuid, role: Role) -> Result<(), Failure> {
    link.connection().await?.execute(RENEW, &[&id, &role.name()]).await?;
    Ok(())
}

async fn keep_renewing(link: Link, id: Uuid, role: Role) {
    loop {
        sleep(RENEWAL).await;
        // Who cannot say that it is there can write nothing either.
        if let Err(why) = renew(&link, id, role).await {
            tracing::debug!(why = why.told(), "the database was not told that we are here");
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.renewing.abort();
        let (link, id) = (self.link.clone(), self.id);
        let leave = async move {
            link.connection().await?.execute(LEAVE, &[&id]).await?;
            Ok(())
        };
        if let Err(why) = self.link.wait_for(GOODBYE, leave) {
            tracing::debug!(%why, "the database was not told that we are gone; it will notice");
        }
    }
}
