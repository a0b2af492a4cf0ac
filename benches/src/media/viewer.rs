//! Viewers that take what comes and report on it as browsers do, all on one thread.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use hoian_server::clock;
use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::rtp::Header;
use hoian_server::media::transport::Protocol;
use hoian_server::net::socket::Inbox;

use super::client::Client;

/// A viewer; the first few open what comes, to see how long it was on the way.
pub struct Viewer {
    pub client: Client,
    arrivals: Arrivals,
    opens: bool,
}

/// What all viewers together have seen.
#[derive(Default)]
pub struct Seen {
    pub packets: u64,
    pub bytes: u64,
    /// From the publisher's send to the viewer's receive, in microseconds.
    pub delays_us: Vec<u32>,
}

impl Viewer {
    pub fn new(client: Client, opens: bool) -> Viewer {
        Viewer {
            client,
            arrivals: Arrivals::default(),
            opens,
        }
    }

    fn take(&mut self, datagram: &mut [u8], began: Instant, seen: &mut Seen) {
        if Protocol::of(datagram) != Some(Protocol::Rtp) {
            return;
        }
        let Some(header) = Header::parse(datagram) else {
            return;
        };
        seen.packets += 1;
        seen.bytes += datagram.len() as u64;
        let now_us = clock::instant().saturating_duration_since(began).as_micros() as u64;
        if let Some(&[high, low]) = header.element(datagram, 3) {
            self.arrivals.arrived(u16::from_be_bytes([high, low]), now_us);
        }
        if !self.opens {
            return;
        }
        let Ok((_, length)) = self.client.opener.open_rtp(datagram, &header) else {
            return;
        };
        // The publisher writes when it sent the packet into the last eight bytes.
        if let Some(sent) = datagram[..length].last_chunk::<8>() {
            let delay = now_us.saturating_sub(u64::from_be_bytes(*sent));
            seen.delays_us.push(u32::try_from(delay).unwrap_or(u32::MAX));
        }
    }

    fn report(&mut self) {
        let mut buffer = [0; 1400];
        while let Some(length) = self.arrivals.write(5, 0, &mut buffer) {
            if let Some(length) = self.client.sealer.seal_rtcp(&mut buffer, length) {
                // A lost report is what networks do.
                let _ = self.client.socket.send(&buffer[..length]);
            }
        }
    }
}

/// When to count, and when to stop.
#[derive(Default)]
pub struct Signals {
    pub count: AtomicBool,
    pub stop: AtomicBool,
}

/// Takes and reports on the calling thread until told to stop; what is seen while it counts comes back.
///
/// # Errors
/// A socket fails.
pub fn watch(mut viewers: Vec<Viewer>, began: Instant, signals: &Signals) -> Result<(Seen, Vec<Viewer>)> {
    let (mut seen, mut before) = (Seen::default(), Seen::default());
    let mut polled: Vec<libc::pollfd> = viewers
        .iter()
        .map(|viewer| libc::pollfd {
            fd: viewer.client.socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let mut next_report = clock::instant();
    let mut inbox = Inbox::new();
    while !signals.stop.load(Ordering::Relaxed) {
        let seen = if signals.count.load(Ordering::Relaxed) {
            &mut seen
        } else {
            &mut before
        };
        // SAFETY: the pointer and the count are those of a live vector.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, 5) };
        for (viewer, polled) in viewers.iter_mut().zip(&polled) {
            if polled.revents == 0 {
                continue;
            }
            inbox.receive(&viewer.client.socket)?;
            for received in &inbox.batch {
                let datagram = &mut inbox.storage[received.start..received.start + received.length];
                viewer.take(datagram, began, seen);
            }
        }
        if clock::instant() >= next_report {
            next_report += Duration::from_millis(100);
            viewers.iter_mut().for_each(Viewer::report);
        }
    }
    Ok((seen, viewers))
}

/// Lets each socket hold what comes while its thread waits for a core.
pub fn raise_buffers(viewers: &[Viewer]) {
    for viewer in viewers {
        let size: libc::c_int = 1 << 20;
        // SAFETY: the option takes an integer of that size.
        unsafe {
            libc::setsockopt(
                viewer.client.socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVBUF,
                (&raw const size).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            );
        }
    }
}

/// The local addresses of all, for the floor.
///
/// # Errors
/// A socket is not bound.
pub fn addresses(viewers: &[Viewer]) -> Result<Vec<SocketAddr>> {
    viewers
        .iter()
        .map(|viewer| Ok(viewer.client.socket.local_addr()?))
        .collect()
}
