//! `POST /upstream/v1/events`: what relays say, and what they are told.

mod bad_events;
mod forms;
mod json_abuse;
mod other_formats;
mod outcomes;
mod rekeys;
mod times;
