//! Outward: each packet of a batch into the slots of all who watch it.
//!
//! Viewer by viewer, and within a viewer packet by packet, so that one viewer's burst lies side by side
//! in the outbox and becomes one segmented send.

use std::time::Instant;

use super::{Arrival, Connection, Sfu};
use crate::media::room::pool::{Pool, Slot};
use crate::media::rtp::{self, Outgoing};
use crate::media::sdp::payload_type;
use crate::media::transport::outbox::Outbox;
use crate::media::transport::srtp::Sealer;

/// Whether a batch is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Done,
    /// The outbox is full: send it, clear it and go on.
    More,
}

/// Where forwarding goes on: the first arrival of a room not yet done, and the viewer in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    arrival: usize,
    viewer: usize,
}

impl Sfu {
    /// Writes the batch that [`Sfu::receive`] took into `out`. `storage` is the batch's.
    pub fn forward(&mut self, now: Instant, storage: &[u8], out: &mut Outbox) -> Progress {
        while let Some(first) = self.arrivals.get(self.cursor.arrival) {
            let room_at = first.room;
            let is_done = self.arrivals[..self.cursor.arrival]
                .iter()
                .any(|before| before.room == room_at);
            let room = self.rooms.get_mut(room_at).filter(|_| !is_done);
            let viewers = room.as_ref().map_or(0, |room| room.viewers.len());
            if let Some(room) = room {
                while let Some(&viewer) = room.viewers.get(self.cursor.viewer) {
                    if out.room() < self.arrivals.len().max(1) && !out.datagrams().is_empty() {
                        return Progress::More;
                    }
                    let member = &mut room.members[viewer];
                    let connection = member.subscribe.and_then(|at| self.connections.get_mut(at));
                    if let Some(connection) = connection {
                        self.stats.forwarded_packets += show(
                            now,
                            &self.arrivals,
                            room_at,
                            connection,
                            &mut member.pool,
                            storage,
                            out,
                        );
                    }
                    self.cursor.viewer += 1;
                }
            }
            debug_assert!(self.cursor.viewer >= viewers);
            self.cursor = Cursor {
                arrival: self.cursor.arrival + 1,
                viewer: 0,
            };
        }
        Progress::Done
    }
}

/// Writes what one viewer watches; gives how many packets.
fn show(
    now: Instant,
    arrivals: &[Arrival],
    room: usize,
    connection: &mut Connection,
    pool: &mut Pool,
    storage: &[u8],
    out: &mut Outbox,
) -> u64 {
    let Some((to, sealer)) = connection.transport.sender() else {
        return 0;
    };
    let mut written = 0;
    for arrival in arrivals.iter().filter(|arrival| arrival.room == room) {
        let Some(at) = pool.place_of(arrival.member, arrival.source) else {
            continue;
        };
        let slot = &mut pool.slots[at];
        let payload = &storage[arrival.start..arrival.start + arrival.length];
        if out.write(to, |buffer| write(now, arrival, slot, sealer, payload, buffer)) {
            written += 1;
        }
    }
    written
}

fn write(
    now: Instant,
    arrival: &Arrival,
    slot: &mut Slot,
    sealer: &Sealer,
    payload: &[u8],
    buffer: &mut [u8],
) -> Option<usize> {
    let length = rtp::HEADER_LENGTH + payload.len();
    let body = buffer.get_mut(rtp::HEADER_LENGTH..length)?;
    let placed = slot.rewriter.place(now, &arrival.packet)?;
    body.copy_from_slice(payload);
    if let Some(descriptor) = &arrival.packet.vp8 {
        placed.shift.apply(descriptor, body);
    }
    let ssrc = slot.section.ssrc;
    Outgoing {
        marker: arrival.packet.marker,
        payload_type: if slot.source.is_audio() {
            payload_type::OPUS
        } else {
            payload_type::VP8
        },
        sequence_number: placed.index as u16,
        timestamp: placed.timestamp,
        ssrc,
    }
    .write(buffer.first_chunk_mut()?);
    slot.packets = slot.packets.wrapping_add(1);
    slot.octets = slot.octets.wrapping_add(payload.len() as u32);
    sealer.seal_rtp(buffer, length, ssrc, placed.index)
}
