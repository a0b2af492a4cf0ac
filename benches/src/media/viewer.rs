//! Viewers that take what comes and report on it as browsers do, all on one thread.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hoian_server::clock;
use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::rtp::Header;
use hoian_server::media::transport::Protocol;

use super::client::{Certified, Client, Keys};
use super::inlet::{self, Arrived, Inlet};
use super::{address, unix_microseconds};

/// Where viewers come in, for the thread that speaks with the server.
pub struct Entrance {
    port: u16,
    count: usize,
    viewers: mpsc::Sender<Viewer>,
}

/// All viewers of a meeting, at one port, for the thread that takes what comes.
pub struct Viewers {
    port: u16,
    coming: mpsc::Receiver<Viewer>,
    viewers: Vec<Viewer>,
    began_us: u64,
}

/// A place for viewers, and nobody there yet.
///
/// # Errors
/// No port is free.
pub fn hall() -> Result<(Entrance, Viewers)> {
    let port = inlet::free_port()?;
    let (viewers, coming) = mpsc::channel();
    let entrance = Entrance {
        port,
        count: 0,
        viewers,
    };
    let viewers = Viewers {
        port,
        coming,
        viewers: Vec::new(),
        began_us: unix_microseconds(),
    };
    Ok((entrance, viewers))
}

struct Viewer {
    keys: Keys,
    arrivals: Arrivals,
    /// Payload types of what is sent again (RFC 4588): on the way since long before.
    repeats: Vec<u8>,
    /// A few open what comes, to see how long it was on the way.
    opens: bool,
}

/// What all viewers together have seen.
#[derive(Default)]
pub struct Seen {
    pub packets: u64,
    /// Packets that were sent again.
    pub repeats: u64,
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

impl Entrance {
    /// Connects one more by the server's `description`; gives the socket on which that was done. While that is held it takes what
    /// comes, after that [`Viewers::watch`] does.
    ///
    /// # Errors
    /// No connection comes about.
    pub fn connect(&mut self, certified: &Certified, description: &str) -> Result<UdpSocket> {
        let from = inlet::address(self.count, self.port);
        let client = Client::connect(certified, from, address(description)?, description)?;
        let viewer = Viewer {
            keys: client.keys,
            arrivals: Arrivals::default(),
            repeats: payload_types(description, "rtx"),
            opens: self.count.is_multiple_of(OPEN_ONE_OF),
        };
        self.viewers.send(viewer).context("the viewers are gone")?;
        self.count += 1;
        Ok(client.socket)
    }

    /// The addresses of all who came.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        (0..self.count)
            .map(|number| inlet::address(number, self.port))
            .collect()
    }
}

impl Viewers {
    /// Takes and reports on the calling thread until told to stop; what is seen while it counts comes back.
    ///
    /// # Errors
    /// The socket fails.
    pub fn watch(&mut self, signals: &Signals) -> Result<Seen> {
        let (mut seen, mut before) = (Seen::default(), Seen::default());
        let mut inlet = Inlet::open(self.port)?;
        let (mut at, mut owed_ns, mut turn) = (clock::instant(), 0, 0);
        while !signals.stop.load(Ordering::Relaxed) {
            let seen = if signals.count.load(Ordering::Relaxed) {
                &mut seen
            } else {
                &mut before
            };
            inlet.receive(|arrived| self.take(arrived, seen))?;
            self.viewers.extend(self.coming.try_iter());
            // Each at its own moment of the interval, as people who know nothing of each other.
            let now = clock::instant();
            owed_ns += (now - at).as_nanos() * self.viewers.len() as u128;
            at = now;
            while owed_ns >= REPORT_INTERVAL.as_nanos() {
                owed_ns -= REPORT_INTERVAL.as_nanos();
                turn = (turn + 1) % self.viewers.len();
                self.viewers[turn].report(turn, &inlet);
            }
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
        if viewer.repeats.contains(&header.payload_type) {
            seen.repeats += 1;
            return;
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
        // An empty receiver report (RFC 3550 section 6.4.2): some let go whoever says nothing.
        buffer[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 5]);
        if let Some(length) = self.keys.sealer.seal_rtcp(&mut buffer, 8) {
            inlet.send(number, self.keys.server, &buffer[..length]);
        }
        while let Some(length) = self.arrivals.write(5, 0, &mut buffer) {
            if let Some(length) = self.keys.sealer.seal_rtcp(&mut buffer, length) {
                inlet.send(number, self.keys.server, &buffer[..length]);
            }
        }
    }
}

/// Waits until the first picture is there whole: an SFU begins with a key frame.
///
/// # Errors
/// None comes.
pub fn await_picture(socket: &UdpSocket, description: &str) -> Result<()> {
    let pictures = payload_types(description, "VP8");
    let mut buffer = [0; 1500];
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let until = clock::instant() + PATIENCE;
    while clock::instant() < until {
        let length = socket.recv(&mut buffer)?;
        let datagram = &buffer[..length];
        if Protocol::of(datagram) != Some(Protocol::Rtp) {
            continue;
        }
        if Header::parse(datagram)
            .is_some_and(|header| header.marker && pictures.contains(&header.payload_type))
        {
            return Ok(());
        }
    }
    bail!("no picture came")
}

/// The payload types that a description gives to a codec.
fn payload_types(description: &str, codec: &str) -> Vec<u8> {
    let maps = description
        .lines()
        .filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '));
    let named = maps.filter(|(_, map)| map.split('/').next() == Some(codec));
    named.filter_map(|(number, _)| number.parse().ok()).collect()
}

/// As Chromium does.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);
const OPEN_ONE_OF: usize = 25;
const PATIENCE: Duration = Duration::from_secs(10);
