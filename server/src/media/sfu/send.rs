//! One packet on its way to a viewer, whatever the reason for which it is sent.

use std::time::Instant;

use super::Connection;
use crate::media::codec::{Descriptor, Shift};
use crate::media::rtp::{Elements, Outgoing};
use crate::media::transport::outbox::Outbox;

/// A packet as it will stand on the wire, before it is sealed.
pub(super) struct Departure<'p> {
    pub header: Outgoing,
    /// The endless sequence number of its SSRC.
    pub index: u64,
    /// Of a repair: the number of the packet it repeats (RFC 4588 section 4).
    pub original: Option<u16>,
    pub payload: &'p [u8],
    /// The dependency descriptor as its publisher wrote it; empty where there is none.
    pub dependency: &'p [u8],
    pub rewrite: Option<(Shift, Descriptor)>,
    pub playout_delay: Option<[u8; 3]>,
}

impl Departure<'_> {
    /// Writes it into the outbox, sealed; `false` where there is no way or no room.
    pub fn send(&self, now: Instant, connection: &mut Connection, out: &mut Outbox) -> bool {
        let Some((to, sealer)) = connection.transport.sender() else {
            return false;
        };
        let mut dependency = [0; MOST_DEPENDENCY];
        let ids = connection.extensions;
        let elements = Elements {
            dependency: ids.dependency.zip(self.dependency(&mut dependency)),
            transport_sequence: connection
                .egress
                .as_ref()
                .map(|egress| (ids.transport_cc, egress.next_number())),
            playout_delay: ids.playout_delay.zip(self.playout_delay),
        };
        let mut length = 0;
        let sent = out.write(to, |buffer| {
            let (header_length, plain) = self.write(&elements, buffer)?;
            length = sealer.seal_rtp(buffer, header_length, plain, self.header.ssrc, self.index)?;
            Some(length)
        });
        if let Some(egress) = connection.egress.as_mut().filter(|_| sent) {
            egress.sent(now, length);
        }
        sent
    }

    /// The dependency descriptor as the viewer is to see it.
    fn dependency<'s>(&self, scratch: &'s mut [u8; MOST_DEPENDENCY]) -> Option<&'s [u8]> {
        let value = scratch
            .get_mut(..self.dependency.len())
            .filter(|value| !value.is_empty())?;
        value.copy_from_slice(self.dependency);
        if let Some((shift, descriptor)) = &self.rewrite {
            shift.apply(descriptor, &mut [], value);
        }
        Some(value)
    }

    fn write(&self, elements: &Elements<'_>, buffer: &mut [u8]) -> Option<(usize, usize)> {
        let header_length = self.header.write_with(elements, buffer)?;
        let mut start = header_length;
        if let Some(original) = self.original {
            buffer
                .get_mut(start..start + 2)?
                .copy_from_slice(&original.to_be_bytes());
            start += 2;
        }
        let end = start + self.payload.len();
        let body = buffer.get_mut(start..end)?;
        body.copy_from_slice(self.payload);
        if let Some((shift, descriptor)) = &self.rewrite {
            shift.apply(descriptor, body, &mut []);
        }
        Some((header_length, end))
    }
}

/// Of the two-byte form of header extensions.
const MOST_DEPENDENCY: usize = 255;
