//! Applies what is parked when an operator registers the line that it waits for.
//!
//! Lines are registered by other processes, so this looks whenever the directory has changed, and now and then
//! besides: a report may have been parked by somebody who had not heard of the change yet.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Registry,
    command::{Command, Reply},
    parking::Unpark,
};
use crate::{
    clock,
    domain::{ids::Slug, phone::PhoneNumber},
    store::{
        StoreError,
        directory::{Directory, Place},
        parked::ParkedQuery,
        refresh::DirectoryHandle,
    },
};

/// How often it is looked whether the directory has changed.
const GLANCE: Duration = Duration::from_millis(200);

/// How often it is looked without a reason.
const ROUND: Duration = Duration::from_secs(5);

/// Attends to parked reports until it is dropped.
pub async fn attend(registry: Registry, directory: DirectoryHandle) {
    let mut seen = None;
    let mut next_round = Instant::now();
    loop {
        let current = Arc::clone(&directory.now());
        if seen != Some(current.revision) || Instant::now() >= next_round {
            if let Err(why) = registry.unpark(&current).await {
                tracing::warn!(%why, "parked reports cannot be looked after now");
            }
            seen = Some(current.revision);
            next_round = Instant::now() + ROUND;
        }
        sleep(GLANCE).await;
    }
}

impl Registry {
    /// Applies everything that waits for a line which `directory` has.
    async fn unpark(&self, directory: &Arc<Directory>) -> Result<(), StoreError> {
        let known = Arc::clone(directory);
        let ready = self
            .read(move |reader| {
                let mut ready = Vec::new();
                for (relay, _) in reader.parking()? {
                    let lines = reader.awaited_lines(&relay)?;
                    ready.extend(lines.into_iter().filter_map(|line| find(&known, &relay, line)));
                }
                Ok(ready)
            })
            .await?;
        for (query, place) in ready {
            while self.unpark_slice(&query, &place).await? > 0 {}
        }
        Ok(())
    }

    async fn unpark_slice(&self, query: &ParkedQuery, place: &Place) -> Result<usize, StoreError> {
        let unpark = Unpark::new(query.clone(), place.clone(), clock::random());
        let unavailable = |why: &dyn std::fmt::Display| StoreError::Unavailable(why.to_string());
        match self.commit_one(Command::Unpark(Box::new(unpark))).await {
            Ok(Reply::Unparked(count)) => Ok(count),
            Ok(_) => Ok(0),
            Err(why) => Err(unavailable(&why)),
        }
    }
}

/// Where reports of `relay` may be applied that wait for `line`, or for some line when they name none.
fn find(directory: &Directory, relay: &Slug, line: Option<PhoneNumber>) -> Option<(ParkedQuery, Place)> {
    let (query, place) = match line {
        Some(line) => {
            let place = directory.line(&line).filter(|line| line.relay == *relay)?.place();
            (ParkedQuery::Line(relay.clone(), line), place)
        }
        None => match &*directory.places(relay) {
            [only] if directory.relay(relay).is_some_and(|relay| !relay.lost_line) => {
                (ParkedQuery::Unplaced(relay.clone()), only.clone())
            }
            _ => return None,
        },
    };
    place.takes_parked.then_some((query, place))
}
