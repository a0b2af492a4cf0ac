//! Meetings over the running program: who may call and enter one, what is said on the socket, and what hostile
//! messages come to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod board;
mod conference;
mod devices;
mod doors;
mod hostile;
mod invitation;
mod line_test;
mod lines;
mod minutes;
mod person;
mod preparation;
mod procedure;
mod record;
mod recording;
mod rights;
mod secret;
mod story;
mod votes;
mod written;
