//! Outward: each packet of a batch into the slots of all who watch it.
//!
//! Viewer by viewer, and within a viewer packet by packet, so that one viewer's burst lies side by side
//! in the outbox and becomes one segmented send.

use std::time::Instant;

use super::send::Departure;
use super::{Arrival, Audience, Connection, Sfu};
use crate::media::bandwidth::Queued;
use crate::media::forward::Placed;
use crate::media::room::pool::{Pool, Slot};
use crate::media::rtp::Outgoing;
use crate::media::sdp::payload_type::RED;
use crate::media::stats::{Drop, Stats};
use crate::media::transport::outbox::Outbox;

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
            if let Some(room) = room {
                while let Some(&viewer) = room.viewers.get(self.cursor.viewer) {
                    if out.room() < self.arrivals.len().max(1) && !out.datagrams().is_empty() {
                        return Progress::More;
                    }
                    let member = &mut room.members[viewer];
                    let at = member.subscribe.filter(|at| self.connections.contains(*at));
                    if let Some(at) = at {
                        let mut showing = Showing {
                            now,
                            connection: &mut self.connections[at],
                            playout_delay: self.settings.playout_delay,
                            stats: &mut self.stats,
                            out,
                        };
                        if showing.show(&self.arrivals, room_at, &mut member.pool, storage) {
                            self.busy.push(at);
                        }
                    }
                    self.cursor.viewer += 1;
                }
            }
            self.cursor = Cursor {
                arrival: self.cursor.arrival + 1,
                viewer: 0,
            };
        }
        self.wake(now);
        Progress::Done
    }
}

impl Arrival {
    /// Whether the slot's viewer is given RED as it came.
    fn is_redundant_for(&self, slot: &Slot) -> bool {
        slot.redundancy && self.is_usual_opus
    }

    fn is_for(&self, slot: &Slot) -> bool {
        match self.audience {
            Audience::All => true,
            Audience::WithRedundancy => self.is_redundant_for(slot),
            Audience::WithoutRedundancy => !self.is_redundant_for(slot),
        }
    }
}

/// One viewer's turn.
struct Showing<'s> {
    now: Instant,
    connection: &'s mut Connection,
    playout_delay: Option<[u8; 3]>,
    stats: &'s mut Stats,
    out: &'s mut Outbox,
}

impl Showing<'_> {
    /// Writes what the viewer watches; `true` where packets have begun to wait for their time.
    fn show(&mut self, arrivals: &[Arrival], room: usize, pool: &mut Pool, storage: &[u8]) -> bool {
        if !self.connection.transport.is_connected() {
            return false;
        }
        let was_busy = self.connection.is_busy();
        for arrival in arrivals.iter().filter(|arrival| arrival.room == room) {
            let Some(at) = pool.place_of(arrival.member, arrival.source) else {
                continue;
            };
            let slot = &mut pool.slots[at];
            if !arrival.is_for(slot) {
                continue;
            }
            let placed = slot
                .rewriter
                .place(self.now, &arrival.packet, slot.target, &arrival.clocks);
            let Some(placed) = placed else { continue };
            slot.packets = slot.packets.wrapping_add(1);
            slot.octets = slot.octets.wrapping_add(arrival.length as u32);
            let is_open = match &mut self.connection.egress {
                Some(egress) if !slot.source.is_audio() => egress.is_open(self.now),
                _ => true,
            };
            if is_open {
                self.send(arrival, slot, placed, storage);
            } else {
                self.wait(arrival, at, placed);
            }
        }
        !was_busy && self.connection.is_busy()
    }

    fn send(&mut self, arrival: &Arrival, slot: &mut Slot, placed: Placed, storage: &[u8]) {
        let (formats, whole) = (&slot.formats, (0, arrival.length));
        let ((start, length), payload_type, is_redundant) = match &arrival.primary {
            _ if let Some(codec) = arrival.codec => (whole, formats.video(codec), false),
            Some(primary) if !arrival.is_redundant_for(slot) => {
                ((primary.start, primary.len()), formats.opus, false)
            }
            Some(_) => (whole, RED, true),
            None => (whole, formats.opus, false),
        };
        let start = arrival.start + start;
        let departure = Departure {
            header: Outgoing {
                marker: placed.marker,
                payload_type,
                sequence_number: placed.index as u16,
                timestamp: placed.timestamp,
                ssrc: slot.section.ssrc,
            },
            index: placed.index,
            original: None,
            payload: &storage[start..start + length],
            dependency: &storage[arrival.dependency.clone()],
            rewrite: arrival.packet.picture.map(|picture| (placed.shift, picture)),
            playout_delay: self.playout_delay.filter(|_| !slot.source.is_audio()),
        };
        if departure.send(self.now, self.connection, self.out) {
            self.stats.forwarded_packets += 1;
            self.copy(placed.index as u16, is_redundant, slot);
        } else {
            self.drop(Drop::NoRoom);
        }
    }

    /// What RED does for others: on a line that loses, the packet before goes out once more behind this one.
    fn copy(&mut self, number: u16, is_redundant: bool, slot: &mut Slot) {
        let (Some(copies), Some(sealed)) = (&mut slot.copies, self.out.last()) else {
            return;
        };
        copies.keep(number, sealed);
        let egress = self.connection.egress.as_ref();
        if !is_redundant
            && egress.is_some_and(|egress| egress.is_lossy(self.now))
            && let Some(before) = copies.find(number.wrapping_sub(1))
            && self.connection.send_copy(before, self.out)
        {
            self.stats.retransmitted_packets += 1;
        }
    }

    fn drop(&mut self, reason: Drop) {
        self.connection.count_drop(self.stats, reason);
    }

    fn wait(&mut self, arrival: &Arrival, slot: usize, placed: Placed) {
        let queued = Queued {
            slot: slot as u8,
            publisher: arrival.member,
            source: arrival.source,
            layer: arrival.packet.layer,
            ssrc: arrival.ssrc,
            index: arrival.packet.index,
            placed,
        };
        let waits = self
            .connection
            .egress
            .as_mut()
            .is_some_and(|egress| egress.wait(queued));
        if !waits {
            self.drop(Drop::TooManyWait);
        }
    }
}
