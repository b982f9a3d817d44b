//! The program as several processes on one PostgreSQL, some of which fail.
//!
//! What the tests share: [`load`] are clients that go on whatever happens to those they talk to.

mod load;

mod copies;
mod directory;
mod failover;
mod killed;
mod replica;
mod restarted;
mod roots;
mod unreachable;
