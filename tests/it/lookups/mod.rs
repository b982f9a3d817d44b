//! The five look-ups of `docs/api.md`.

mod get;
mod isolation;
mod list;
mod pages;
mod participants;
mod remembered;
mod resolve;
mod route;
