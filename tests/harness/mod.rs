//! What the tests across crates share: the program in this process, people who are logged in, PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod attacker;
pub mod authenticator;
pub mod binary;
pub mod blind;
pub mod desktop_tool;
pub mod fixture;
pub mod forms;
pub mod hostile;
pub mod hsm;
pub mod identity_provider;
pub mod link;
pub mod mail;
pub mod mailbox;
pub mod network;
pub mod object_store;
pub mod paper;
pub mod people;
pub mod postgres;
pub mod remote_service;
pub mod server;
pub mod signing;
pub mod slapd;
pub mod tls;
pub mod token;
pub mod verifying;

pub use people::{Client, PASSWORD};
pub use server::Server;
