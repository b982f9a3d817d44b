//! Applies what is parked when an operator registers the line that it waits for.
//!
//! Lines are registered by other processes, so this looks whenever the directory has changed, and now and then
//! besides: a report may have been parked by somebody who had not heard of the change yet, although its line is
//! registered, or a line knows its conversation, or the owner of a number is known.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Registry, command::Reply, parking::Unpark};
use crate::{
    clock,
    domain::{ids::Slug, phone::PhoneNumber},
    store::{
        StoreError,
        committer::CommitError,
        directory::{Directory, Place, Places},
        parked::{NumberRef, ParkedQuery},
        query::Reader,
        refresh::DirectoryHandle,
    },
};

/// How often it is looked whether the directory has changed.
const GLANCE: Duration = Duration::from_millis(200);

/// How many of those who wait are served in one transaction, so that nobody else waits long for the next.
const AT_ONCE: usize = 4;

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
    /// Applies everything that waits for what is known already, all of it a little at a time.
    async fn unpark(&self, directory: &Arc<Directory>) -> Result<(), StoreError> {
        let known = Arc::clone(directory);
        let ready = self.read(move |reader| ready(reader, &known)).await?;
        let mut left = VecDeque::from(ready);
        while !left.is_empty() {
            let now: Vec<_> = left.drain(..left.len().min(AT_ONCE)).collect();
            let unparks = now
                .iter()
                .map(|(query, places)| Unpark::new(query.clone(), places.clone(), clock::random()).into());
            let replies = self.committer.commit(unparks.collect()).await.map_err(unavailable)?;
            for (waiting, reply) in now.into_iter().zip(replies) {
                if let Reply::Unparked { more: true } = reply.map_err(unavailable)? {
                    left.push_back(waiting);
                }
            }
        }
        Ok(())
    }
}

fn unavailable(why: CommitError) -> StoreError {
    StoreError::Unavailable(why.to_string())
}

/// What may be applied, and to which lines.
pub(super) fn ready(
    reader: &dyn Reader,
    directory: &Directory,
) -> Result<Vec<(ParkedQuery, Vec<Place>)>, StoreError> {
    let (mut ready, mut owned) = (Vec::new(), Vec::new());
    for (relay, _) in reader.parking()? {
        let places = directory.places(&relay);
        for line in reader.awaited_lines(&relay)? {
            match line {
                Some(line) => ready.extend(registered(directory, &relay, line)),
                None => ready.extend(the_only_one(directory, &relay, &places)),
            }
        }
        for (conversation, known) in reader.known_meanwhile(&relay, &places)? {
            ready.push((ParkedQuery::Conversation(relay.clone(), conversation), known));
        }
        for number in reader.owners_known_meanwhile(&relay)? {
            // They have been placed.
            owned.push((ParkedQuery::Owner(NumberRef { relay: relay.clone(), number }), Vec::new()));
        }
    }
    let ready = ready.into_iter().filter_map(|(query, places)| Some((query, takers(places)?)));
    Ok(ready.chain(owned).collect())
}

/// The line that reports wait for, when it is their relay's.
fn registered(directory: &Directory, relay: &Slug, line: PhoneNumber) -> Option<(ParkedQuery, Vec<Place>)> {
    let place = directory.line(&line).filter(|line| line.relay == *relay)?.place();
    Some((ParkedQuery::Line(relay.clone(), line), vec![place]))
}

/// The line that reports without one are about, when their relay has only one and never had another that has left
/// it: then they may be about that one.
fn the_only_one(directory: &Directory, relay: &Slug, places: &Places) -> Option<(ParkedQuery, Vec<Place>)> {
    let only = places.only().filter(|_| !directory.relay(relay).is_some_and(|relay| relay.lost_line))?;
    Some((ParkedQuery::Unplaced(relay.clone()), vec![only.clone()]))
}

/// Those lines to which what was parked may be applied.
fn takers(mut places: Vec<Place>) -> Option<Vec<Place>> {
    places.retain(|place| place.takes_parked);
    (!places.is_empty()).then_some(places)
}
