//! The people of a meeting as a load: one who sends what Chromium was seen to send, many who take it and report on it.

pub mod client;
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
