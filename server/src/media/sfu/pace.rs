//! What leaves in its own time: packets held back so that a line is not flooded, and probes.

use std::time::{Duration, Instant};

use super::again;
use super::send::Departure;
use super::{Connection, Sfu};
use crate::media::bandwidth::Queued;
use crate::media::room::Room;
use crate::media::rtp::Outgoing;
use crate::media::stats::Drop;
use crate::media::transport::outbox::Outbox;

impl Sfu {
    /// Sees to it that [`Self::pace`] is called soon while a viewer has packets that wait.
    pub(super) fn wake(&mut self, now: Instant) {
        if self.busy.is_empty() {
            return;
        }
        let soon = now + STEP;
        self.next_tick = Some(self.next_tick.map_or(soon, |at| at.min(soon)));
    }

    /// Sends what may leave now.
    pub(super) fn pace(&mut self, now: Instant, out: &mut Outbox) {
        let mut at = 0;
        while let Some(&connection) = self.busy.get(at) {
            if self.pace_one(now, connection, out) {
                at += 1;
            } else {
                self.busy.swap_remove(at);
            }
        }
    }

    /// `true` while there is more to come.
    fn pace_one(&mut self, now: Instant, at: usize, out: &mut Outbox) -> bool {
        let Some(connection) = self.connections.get_mut(at) else {
            return false;
        };
        let (viewer, room) = (connection.member, self.rooms.get_mut(connection.room));
        let (Some(room), Some(_)) = (room, connection.egress.as_ref()) else {
            return false;
        };
        while out.room() > RESERVED {
            let next = connection
                .egress
                .as_mut()
                .and_then(|egress| egress.next_waiting(now));
            let Some(queued) = next else { break };
            let delay = self.settings.playout_delay;
            let sent =
                departure(room, viewer, &queued, delay).is_some_and(|each| each.send(now, connection, out));
            if sent {
                self.stats.forwarded_packets += 1;
            } else {
                connection.count_drop(&mut self.stats, Drop::Overtaken);
            }
        }
        while out.room() > RESERVED
            && connection
                .egress
                .as_ref()
                .is_some_and(|each| each.probe_due(now) > 0)
        {
            if !probe(now, room, viewer, connection, out) {
                if let Some(egress) = &mut connection.egress {
                    egress.give_up_probe();
                }
                break;
            }
            self.stats.probe_packets += 1;
        }
        connection.is_busy()
    }
}

/// A packet that waited, from its publisher's cache; `None` where it is no longer there or the slot shows
/// something else by now.
fn departure<'r>(
    room: &'r Room,
    viewer: usize,
    queued: &Queued,
    playout_delay: Option<[u8; 3]>,
) -> Option<Departure<'r>> {
    let slot = room
        .members
        .get(viewer)?
        .pool
        .slots
        .get(usize::from(queued.slot))?;
    let layer = room.layer(queued.publisher, queued.source, queued.layer)?;
    if slot.holder != Some(queued.publisher) || layer.ssrc != Some(queued.ssrc) {
        return None;
    }
    let kept = layer.cache.as_ref()?.find(queued.index)?;
    let codec = room.codec(queued.publisher, queued.source)?;
    let descriptor = layer.read(codec, kept.payload, kept.extension);
    Some(Departure {
        header: Outgoing {
            marker: queued.placed.marker,
            payload_type: slot.formats.video(codec),
            sequence_number: queued.placed.index as u16,
            timestamp: queued.placed.timestamp,
            ssrc: slot.section.ssrc,
        },
        index: queued.placed.index,
        original: None,
        payload: kept.payload,
        dependency: kept.extension,
        rewrite: Some((queued.placed.shift, descriptor)),
        playout_delay,
    })
}

/// Repeats one of the newest packets of what the viewer sees: a receiver drops what it has, and its report
/// on the arrival is all that is wanted.
fn probe(
    now: Instant,
    room: &mut Room,
    viewer: usize,
    connection: &mut Connection,
    out: &mut Outbox,
) -> bool {
    let Some(member) = room.members.get(viewer) else {
        return false;
    };
    for (at, slot) in member.pool.slots.iter().enumerate() {
        let (Some(holder), Some(layer), Some(_)) =
            (slot.holder, slot.rewriter.stream(), slot.section.repair_ssrc)
        else {
            continue;
        };
        let newest = room
            .layer(holder, slot.source, layer)
            .and_then(|layer| layer.newest);
        let Some(newest) = newest else { continue };
        // Of a stream with layers within it the viewer may have few: those he was not sent are passed over.
        let back = (0..REPEATED).map(|step| (slot.repair_index + step) % REPEATED);
        let again = back
            .filter_map(|back| again::find(room, viewer, at, layer, newest.saturating_sub(back)))
            .find(|again| again.payload.len() >= WORTH_REPEATING);
        if let Some(again) = again {
            if !again.send(now, connection, out) {
                return false;
            }
            room.members[viewer].pool.slots[at].repair_index += 1;
            return true;
        }
    }
    false
}

/// A third of a frame's time at 15 frames a second would be seen; this is not.
const STEP: Duration = Duration::from_millis(2);
/// Room kept for what is more urgent.
const RESERVED: usize = 64;
/// How far back probes repeat.
const REPEATED: u64 = 32;
/// Small packets make too many of them.
const WORTH_REPEATING: usize = 200;
