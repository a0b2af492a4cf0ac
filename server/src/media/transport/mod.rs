//! One connection's way through the network: ICE-lite, DTLS, SRTP.

pub mod dtls;
pub mod ice_lite;
pub mod outbox;
pub mod path;
pub mod srtp;

use std::time::Instant;

use dtls::{Dtls, Fingerprint, Identity, Outcome};
use ice_lite::{Credentials, IceLite};
use outbox::Outbox;
use path::Path;
use srtp::{Opener, Sealer};

use super::rtp;
use super::stats::Drop;

/// What a datagram is, by its first byte (RFC 7983 section 7) and, for RTCP, its second (RFC 5761
/// section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

impl Protocol {
    pub fn of(datagram: &[u8]) -> Option<Protocol> {
        match (datagram.first()?, datagram.get(1)?) {
            (0..=3, _) => Some(Protocol::Stun),
            (20..=63, _) => Some(Protocol::Dtls),
            (128..=191, 192..=223) => Some(Protocol::Rtcp),
            (128..=191, _) => Some(Protocol::Rtp),
            _ => None,
        }
    }
}

/// A change in a connection's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Connected,
    Closed,
}

pub struct Transport {
    pub ice: IceLite,
    dtls: Dtls,
    crypto: Option<(Opener, Sealer)>,
    /// The other end's certificates and ICE user fragment, as it last described them.
    fingerprints: Vec<Fingerprint>,
    remote_fragment: String,
    /// Every way that a check has proven, so that they can be forgotten together.
    pub paths: Vec<Path>,
}

impl Transport {
    pub fn new(credentials: Credentials, now: Instant) -> Transport {
        Transport {
            ice: IceLite::new(credentials, now),
            dtls: Dtls::held(),
            crypto: None,
            fingerprints: Vec::new(),
            remote_fragment: String::new(),
            paths: Vec::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.crypto.is_some()
    }

    /// Whether a description speaks of the end we already talk to.
    pub fn is_same_peer(&self, fingerprints: &[Fingerprint]) -> bool {
        self.fingerprints == fingerprints
    }

    /// Takes note of the other end's user fragment; another than before asks for an ICE restart.
    pub fn restarts(&mut self, user_fragment: &str) -> bool {
        let before = std::mem::replace(&mut self.remote_fragment, user_fragment.to_owned());
        !before.is_empty() && before != user_fragment
    }

    /// The other end's description has come: the handshake may go on.
    pub fn begin(
        &mut self,
        now: Instant,
        identity: &Identity,
        expected: Vec<Fingerprint>,
        out: &mut Outbox,
    ) -> Option<Change> {
        self.fingerprints.clone_from(&expected);
        let outcome = self.dtls.begin(now, identity, expected);
        self.flush_dtls(self.ice.remote(), out);
        self.apply(outcome)
    }

    pub fn receive_dtls(
        &mut self,
        now: Instant,
        from: Path,
        datagram: &[u8],
        out: &mut Outbox,
    ) -> Result<Option<Change>, Drop> {
        let outcome = self.dtls.receive(now, datagram);
        self.flush_dtls(Some(from), out);
        Ok(self.apply(outcome?))
    }

    pub fn open_rtp(
        &mut self,
        now: Instant,
        packet: &mut [u8],
        header: &rtp::Header,
    ) -> Result<(u64, usize), Drop> {
        let (opener, _) = self.crypto.as_mut().ok_or(Drop::NoKeys)?;
        let opened = opener.open_rtp(packet, header)?;
        self.ice.heard(now);
        Ok(opened)
    }

    pub fn open_rtcp(&mut self, now: Instant, packet: &mut [u8]) -> Result<usize, Drop> {
        let (opener, _) = self.crypto.as_mut().ok_or(Drop::NoKeys)?;
        let length = opener.open_rtcp(packet)?;
        self.ice.heard(now);
        Ok(length)
    }

    /// Where to send and by what to seal, once media can flow.
    pub fn sender(&mut self) -> Option<(Path, &mut Sealer)> {
        Some((self.ice.remote()?, &mut self.crypto.as_mut()?.1))
    }

    /// Seals and sends the RTCP that `write` puts into the buffer.
    pub fn send_rtcp(&mut self, out: &mut Outbox, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let Some((to, sealer)) = self.sender() else {
            return false;
        };
        out.write(to, |buffer| {
            let length = write(buffer)?;
            sealer.seal_rtcp(buffer, length)
        })
    }

    pub fn tick(&mut self, now: Instant, out: &mut Outbox) {
        self.dtls.tick(now);
        self.flush_dtls(self.ice.remote(), out);
    }

    pub fn close(&mut self, now: Instant, out: &mut Outbox) {
        self.dtls.close(now);
        self.flush_dtls(self.ice.remote(), out);
    }

    fn flush_dtls(&mut self, to: Option<Path>, out: &mut Outbox) {
        if let Some(to) = to {
            self.dtls.flush(to, out);
        }
    }

    fn apply(&mut self, outcome: Outcome) -> Option<Change> {
        match outcome {
            Outcome::Nothing => None,
            Outcome::Connected(keys) => {
                self.crypto = Some(*keys);
                Some(Change::Connected)
            }
            Outcome::Closed => Some(Change::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_protocols_apart_by_their_first_bytes() {
        for (bytes, protocol) in [
            (&[0u8, 1][..], Some(Protocol::Stun)),
            (&[22, 254], Some(Protocol::Dtls)),
            (&[0x80, 96], Some(Protocol::Rtp)),
            (&[0x80, 0x80 | 111], Some(Protocol::Rtp)),
            (&[0x81, 200], Some(Protocol::Rtcp)),
            (&[0x81, 206], Some(Protocol::Rtcp)),
            (&[64, 0], None),
            (&[0x80], None),
            (&[], None),
        ] {
            assert_eq!(Protocol::of(bytes), protocol, "{bytes:?}");
        }
    }
}
