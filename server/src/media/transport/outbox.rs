//! Where outgoing datagrams are written, one behind the other, for one batched send.

use super::path::Path;

/// A fixed slab of bytes with the datagrams in it. Datagrams to one address that lie side by side and
/// have one size become a single segmented send.
pub struct Outbox {
    bytes: Vec<u8>,
    used: usize,
    datagrams: Vec<Outgoing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub to: Path,
    pub start: usize,
    pub length: usize,
}

impl Outbox {
    /// Room for `datagrams` of the largest size; never grows afterwards.
    pub fn with_room_for(datagrams: usize) -> Outbox {
        Outbox {
            bytes: vec![0; datagrams * MAXIMUM_DATAGRAM],
            used: 0,
            datagrams: Vec::with_capacity(datagrams),
        }
    }

    /// How many more datagrams of the largest size fit.
    pub fn room(&self) -> usize {
        let by_bytes = (self.bytes.len() - self.used) / MAXIMUM_DATAGRAM;
        by_bytes.min(self.datagrams.capacity() - self.datagrams.len())
    }

    /// Lets `write` fill a buffer of [`MAXIMUM_DATAGRAM`] bytes and keeps the length it gives. Nothing is
    /// kept where it gives `None`; `false` says that nothing was kept.
    pub fn write(&mut self, to: Path, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        if self.room() == 0 {
            return false;
        }
        let buffer = &mut self.bytes[self.used..self.used + MAXIMUM_DATAGRAM];
        let Some(length) = write(buffer).filter(|length| *length <= MAXIMUM_DATAGRAM) else {
            return false;
        };
        self.datagrams.push(Outgoing {
            to,
            start: self.used,
            length,
        });
        self.used += length;
        true
    }

    /// Copies a datagram in; `false` where it does not fit.
    pub fn push(&mut self, to: Path, datagram: &[u8]) -> bool {
        self.write(to, |buffer| {
            buffer.get_mut(..datagram.len())?.copy_from_slice(datagram);
            Some(datagram.len())
        })
    }

    /// The datagram that was written last.
    pub fn last(&self) -> Option<&[u8]> {
        let last = self.datagrams.last()?;
        self.bytes.get(last.start..last.start + last.length)
    }

    pub fn datagrams(&self) -> &[Outgoing] {
        &self.datagrams
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    pub fn clear(&mut self) {
        self.used = 0;
        self.datagrams.clear();
    }
}

/// An Ethernet frame's payload without IPv4 and UDP headers; nothing we forward is larger than what a
/// browser sent (1,200 bytes of RTP payload and its headers).
pub const MAXIMUM_DATAGRAM: usize = 1472;
