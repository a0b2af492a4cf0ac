//! Who forwards: our own media plane and, where this machine has them, others, each behind the same questions.
//!
//! Differences that stay: the others have all their threads on the core that our media thread has alone and are charged for all
//! of them, viewers report arrivals to ours only, which alone estimates and paces, and what a peer has sent is what its viewers saw.

mod janus;
mod livekit;
mod ours;
mod process;
mod socket;

use std::path::PathBuf;

use anyhow::{Result, bail};
use hoian_benches::media::unix_microseconds;

pub use ours::serve;

/// Rooms by their numbers, each with one publisher.
pub trait Sfu {
    /// Takes the offer of a room's publisher; the answer comes back.
    fn publish(&mut self, room: usize, offer: &str) -> Result<String>;
    /// One more viewer of the room's publisher, who says `answer` to an offer; the last offer comes back.
    fn subscribe(&mut self, room: usize, answer: &dyn Fn(&str) -> String) -> Result<String>;
    fn figures(&mut self) -> Result<Figures>;
}

/// What has come together so far.
#[derive(Default)]
pub struct Figures {
    /// Of the threads that forward.
    pub cpu_ns: u64,
    /// Of the whole process.
    pub process_ns: u64,
    pub memory_bytes: u64,
    /// Packets sent, where it says so.
    pub sent: Option<u64>,
    /// Packets that it did not send because a viewer could not take them.
    pub held_back: u64,
}

/// Starts the one of this name: "hoian", "janus", "livekit".
///
/// # Errors
/// There is none of that name here, or it does not start.
pub fn start(name: &str) -> Result<Box<dyn Sfu>> {
    let livekit = livekit::LiveKit::program();
    match (name, livekit) {
        ("hoian", _) => Ok(Box::new(ours::Remote::start()?)),
        ("janus", _) if janus::Janus::is_here() => Ok(Box::new(janus::Janus::start("media0")?)),
        ("livekit", Some(program)) => Ok(Box::new(livekit::LiveKit::start(program)?)),
        _ => bail!("no {name} here: benches/media/peers/install brings the peers"),
    }
}

/// Where `benches/media/peers/install` builds peers.
fn folder() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(home)?;
    Some(cache.join("hoian/peers"))
}

fn unix_seconds() -> u64 {
    unix_microseconds() / 1_000_000
}
