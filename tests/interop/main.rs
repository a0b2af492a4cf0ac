//! Our files and answers in front of other programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod archival;
mod authority;
mod clauses;
mod devices;
mod dss;
mod encryption;
mod folders;
mod hsm;
mod levels;
mod matrix;
mod online;
mod papers;
mod relay;
mod reports;
mod seeds;
mod signatures;
mod training_pki;
