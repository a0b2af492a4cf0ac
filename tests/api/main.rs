//! The HTTP interface: log-in, rights, headers, errors, the document that describes it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod administration;
mod api_keys;
mod asking;
mod described;
mod directory;
mod errors;
mod files_away;
mod full_disk;
mod headers;
mod lists;
mod login;
mod metrics;
mod own_account;
mod pages;
mod passkeys;
mod provider;
mod repeated;
mod rights;
mod schema;
mod shell;
mod tls;
mod trust;
mod verifications;
