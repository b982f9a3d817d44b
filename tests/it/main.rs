//! The service from outside: everything comes in by the front door.

mod log_audit;
mod process;
