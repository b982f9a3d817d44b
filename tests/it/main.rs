//! The service from outside: everything comes in by the front door.

mod access_changes;
mod api_auth;
mod fixtures;
mod log_audit;
mod lookups;
mod process;
mod relay_auth;
mod support;
mod upstream;
