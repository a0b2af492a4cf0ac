//! The media plane from outside: simulated peers on virtual time, real sockets, real browsers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod allocations;
mod audio;
mod bandwidth;
mod browser;
mod browsers;
mod codecs;
mod connecting;
mod encoder;
mod garbage;
mod hostile;
mod links;
mod mixing;
mod peer;
mod relay;
mod scene;
mod simulated;
mod simulcast;
mod span;
mod studio;
mod watching;
mod ways;
