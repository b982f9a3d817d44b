//! Several instances of the service on one PostgreSQL: whatever one is told, all of them know. And how they come to
//! it: [`tls`].

mod conflicts;
mod creates;
mod days;
mod keys;
mod lookups;
mod lost_answers;
mod opened_at_once;
mod parking;
mod stamps;
pub(crate) mod tls;
mod updates;

use crate::support::{TestApp, store::TestStore};

/// So many instances on one database, which knows everybody.
fn instances<const N: usize>() -> [TestApp; N] {
    spread(TestApp::start_with_store(TestStore::peopled_database()))
}

/// So many instances, of which this is the first.
fn spread<const N: usize>(first: TestApp) -> [TestApp; N] {
    let others: Vec<_> = (1..N).map(|_| first.start_another()).collect();
    let all: Vec<_> = std::iter::once(first).chain(others).collect();
    all.try_into().unwrap_or_else(|_| unreachable!("so many"))
}
