//! What tests stand on: [`TestApp`] is the real service in this process, and everybody who talks to it.
//!
//! - [`app`] starts and stops the service, and [`balancer`] stands before several instances of it; [`directory`] is whom it knows, and how that is changed.
//! - [`request`] is one request with its signature, [`callers`] a method for each endpoint, [`answer`] what
//!   came back; [`raw`] speaks TCP for requests that no HTTP client would send.
//! - [`relay`] is what the service delivers through: a relay that says what it is told to, or a simulated one;
//!   [`mac`] is one that speaks as a BlueBubbles server does, and [`foreign`] are the relays of other systems.
//! - [`event`] makes native events, [`bluebubbles`] and [`linq`] those of other systems, all with the help of
//!   [`pointer`]; [`format`] is what they have in common; [`store`] is what a service keeps, and a look past it, on [`postgres`] where it is
//!   not a file; [`wait`] polls, [`logs`] keeps the log.

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod balancer;
pub(crate) mod bluebubbles;
pub(crate) mod callers;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod foreign;
pub(crate) mod format;
pub(crate) mod linq;
pub(crate) mod logs;
pub(crate) mod mac;
pub(crate) mod pointer;
pub(crate) mod postgres;
pub(crate) mod raw;
pub(crate) mod relay;
pub(crate) mod request;
pub(crate) mod store;
pub(crate) mod wait;

pub(crate) use app::TestApp;
pub(crate) use bluebubbles::BlueBubbles;
pub(crate) use event::Event;
pub(crate) use format::Format;
pub(crate) use linq::Linq;
pub(crate) use relay::{FakeRelay, Say};
