//! Viewers that take what comes and report on it as browsers do, all on one thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use hoian_server::clock;
use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::rtp::Header;
use hoian_server::media::transport::Protocol;

use super::client::{Certified, Client, Keys};
use super::inlet::{Arrived, Inlet};
use super::{address, unix_microseconds};

/// All viewers of a meeting, at one port.
pub struct Viewers {
    port: u16,
    viewers: Vec<Viewer>,
    began_us: u64,
}

struct Viewer {
    keys: Keys,
    arrivals: Arrivals,
    /// A few open what comes, to see how long it was on the way.
    opens: bool,
}

/// What all viewers together have seen.
#[derive(Default)]
pub struct Seen {
    pub packets: u64,
    pub bytes: u64,
    /// From the publisher's send until the kernel had it for the viewer, in microseconds.
    pub delays_us: Vec<u32>,
}

/// When to count, and when to stop.
#[derive(Default)]
pub struct Signals {
    pub count: AtomicBool,
    pub stop: AtomicBool,
}

impl Viewers {
    /// Nobody yet.
    ///
    /// # Errors
    /// No port is free.
    pub fn new() -> Result<Viewers> {
        Ok(Viewers {
            port: Inlet::free_port()?,
            viewers: Vec::new(),
            began_us: unix_microseconds(),
        })
    }

    /// Connects one more by the server's `description`.
    ///
    /// # Errors
    /// No connection comes about.
    pub fn connect(&mut self, certified: &Certified, description: &str) -> Result<()> {
        let from = Inlet::address(self.viewers.len(), self.port);
        let client = Client::connect(certified, from, address(description)?, description)?;
        self.viewers.push(Viewer {
            keys: client.keys,
            arrivals: Arrivals::default(),
            opens: self.viewers.len().is_multiple_of(OPEN_ONE_OF),
        });
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.viewers.len()
    }

    /// The port that all share.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes and reports on the calling thread until told to stop; what is seen while it counts comes back.
    ///
    /// # Errors
    /// The socket fails.
    pub fn watch(&mut self, signals: &Signals) -> Result<Seen> {
        let (mut seen, mut before) = (Seen::default(), Seen::default());
        let mut inlet = Inlet::open(self.port)?;
        let began = clock::instant();
        let mut reported = 0;
        while !signals.stop.load(Ordering::Relaxed) {
            let seen = if signals.count.load(Ordering::Relaxed) {
                &mut seen
            } else {
                &mut before
            };
            inlet.receive(|arrived| self.take(arrived, seen))?;
            // Each at its own moment of the interval, as people who know nothing of each other.
            let due = began.elapsed().as_nanos() * self.viewers.len() as u128 / REPORT_INTERVAL.as_nanos();
            for turn in reported..due as usize {
                let number = turn % self.viewers.len();
                self.viewers[number].report(number, &inlet);
            }
            reported = due as usize;
        }
        Ok(seen)
    }

    fn take(&mut self, arrived: Arrived<'_>, seen: &mut Seen) {
        let Some(viewer) = self.viewers.get_mut(arrived.number) else {
            return;
        };
        if Protocol::of(arrived.bytes) != Some(Protocol::Rtp) {
            return;
        }
        let Some(header) = Header::parse(arrived.bytes) else {
            return;
        };
        seen.packets += 1;
        seen.bytes += arrived.bytes.len() as u64;
        if let Some(&[high, low]) = header.element(arrived.bytes, 3) {
            let at_us = arrived.at_us.saturating_sub(self.began_us);
            viewer.arrivals.arrived(u16::from_be_bytes([high, low]), at_us);
        }
        if !viewer.opens {
            return;
        }
        let Ok((_, length)) = viewer.keys.opener.open_rtp(arrived.bytes, &header) else {
            return;
        };
        // The publisher writes when it sent the packet into the last eight bytes.
        if let Some(sent) = arrived.bytes[..length].last_chunk::<8>() {
            let delay = arrived.at_us.saturating_sub(u64::from_be_bytes(*sent));
            seen.delays_us.push(u32::try_from(delay).unwrap_or(u32::MAX));
        }
    }
}

impl Viewer {
    fn report(&mut self, number: usize, inlet: &Inlet) {
        let mut buffer = [0; 1400];
        while let Some(length) = self.arrivals.write(5, 0, &mut buffer) {
            if let Some(length) = self.keys.sealer.seal_rtcp(&mut buffer, length) {
                inlet.send(number, self.keys.server, &buffer[..length]);
            }
        }
    }
}

/// As Chromium does.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);
const OPEN_ONE_OF: usize = 25;
