//! The five look-ups of CONTRACT 2.1.

mod get;
mod isolation;
mod list;
mod pages;
mod participants;
mod resolve;
mod route;
