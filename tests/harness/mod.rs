//! What the tests across crates share: the program in this process, people who are logged in, PostgreSQL.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

pub mod people;
pub mod postgres;
pub mod server;
pub mod signing;

pub use people::{Client, PASSWORD};
pub use server::Server;
