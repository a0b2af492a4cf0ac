//! The people of a meeting as a load: one who sends what Chromium was seen to send, many who take it and report on it.

mod channels;
pub mod client;
mod handshake;
pub mod inlet;
pub mod publisher;
pub mod viewer;

use std::net::SocketAddr;

use anyhow::{Context, Result};

/// The first candidate of a description.
///
/// # Errors
/// It has none.
pub fn address(description: &str) -> Result<SocketAddr> {
    let line = description
        .lines()
        .find_map(|line| line.strip_prefix("a=candidate:"))
        .context("a candidate")?;
    let mut words = line.split(' ').skip(4);
    let ip = words.next().context("an address")?.parse()?;
    Ok(SocketAddr::new(ip, words.next().context("a port")?.parse()?))
}

/// Now, in microseconds since the Unix epoch: what the kernel's stamps on arriving packets are compared with.
pub fn unix_microseconds() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}
