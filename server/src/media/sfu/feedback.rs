//! Feedback: what viewers miss is sent again or asked of the publisher; what a publisher says of his
//! clock is kept for the reports to his viewers.

use std::time::{Duration, Instant};

use super::{OUR_SSRC, Sfu, again};
use crate::media::bandwidth::feedback::Report;
use crate::media::name::{RoomId, Side};
use crate::media::relay::{Crossing, What};
use crate::media::room::{Member, Room};
use crate::media::rtcp::{self, Feedback, Writer};
use crate::media::stats::Drop;
use crate::media::transport::outbox::Outbox;

impl Sfu {
    pub(super) fn receive_rtcp(
        &mut self,
        now: Instant,
        at: usize,
        compound: &[u8],
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let (room, member, side) = {
            let connection = &self.connections[at];
            (connection.room, connection.member, connection.side)
        };
        let (mut resend_left, mut is_wanted) = (MOST_RESENT, false);
        let complete = rtcp::read(compound, |feedback| match (side, feedback) {
            (Side::Publish, Feedback::SenderReport { ssrc, ntp, rtp }) => {
                if let Some(room) = self.rooms.get_mut(room) {
                    note_clock(now, room, member, ssrc, ntp, rtp);
                    if let Some(member) = room.members.get(member) {
                        let crossing = Crossing {
                            room: room.id,
                            participant: member.id,
                            what: What::Clock { ssrc, ntp, rtp },
                        };
                        let far = room.far.iter();
                        self.wishes.extend(far.map(|shard| (*shard, crossing)));
                    }
                }
            }
            (Side::Subscribe, Feedback::KeyFrame { ssrc }) => {
                is_wanted = true;
                self.want_key_frame(room, member, ssrc);
            }
            (Side::Subscribe, Feedback::Missing { ssrc, pairs }) => {
                for number in rtcp::missing(pairs).take(resend_left) {
                    resend_left -= 1;
                    self.send_again(now, at, ssrc, number, out);
                }
            }
            (Side::Subscribe, Feedback::Reception(block)) => self.note_reception(room, member, &block),
            (Side::Subscribe, Feedback::Arrivals { information }) => self.take_arrivals(now, at, information),
            _ => {}
        });
        // It looks at everyone, and reports on arrivals come ten times a second from each viewer.
        if is_wanted {
            self.ask_for_key_frames(now, out);
        }
        if complete {
            Ok(())
        } else {
            Err(Drop::MalformedFeedback)
        }
    }

    fn note_reception(&mut self, room: usize, viewer: usize, block: &rtcp::Reception) {
        let member = self
            .rooms
            .get_mut(room)
            .and_then(|room| room.members.get_mut(viewer));
        if let Some(pool) = member.map(|member| &mut member.pool)
            && let Some(at) = pool.by_ssrc(block.ssrc)
        {
            pool.slots[at].reported_loss = block.fraction_lost;
        }
    }

    fn want_key_frame(&mut self, room: usize, viewer: usize, ssrc: u32) {
        let Some(room) = self.rooms.get_mut(room) else {
            return;
        };
        let slot = room.members.get(viewer).and_then(|member| {
            let at = member.pool.by_ssrc(ssrc)?;
            member.pool.slots.get(at)
        });
        let Some((source, holder, layer)) = slot.and_then(|slot| {
            Some((
                slot.source,
                slot.holder?,
                slot.rewriter.shows().or(slot.target.map(|target| target.layer))?,
            ))
        }) else {
            return;
        };
        if let Some(layer) = room.layer_mut(holder, source, layer) {
            layer.key_frames.want();
        }
    }

    /// Sends one packet again.
    fn send_again(&mut self, now: Instant, at: usize, ssrc: u32, number: u16, out: &mut Outbox) {
        let connection = &mut self.connections[at];
        let viewer = connection.member;
        let Some(room) = self.rooms.get_mut(connection.room) else {
            return;
        };
        let egress = connection.egress.as_ref();
        let round_trip = egress.map_or(ROUND_TRIP, |egress| egress.round_trip());
        if egress.is_some_and(|egress| !egress.may_repeat()) {
            return connection.count_drop(&mut self.stats, Drop::RepeatedTooMuch);
        }
        let slot = room.members.get_mut(viewer).and_then(|member| {
            let at = member.pool.by_ssrc(ssrc)?;
            let repeated = &mut member.pool.slots[at].repeated;
            Some(at).filter(|_| repeated.may_repeat(now, number, round_trip))
        });
        let Some(slot) = slot else {
            return connection.count_drop(&mut self.stats, Drop::RepeatedTooMuch);
        };
        if let Some(copies) = &room.members[viewer].pool.slots[slot].copies {
            let sent = copies
                .find(number)
                .is_some_and(|sealed| connection.send_copy(sealed, out));
            match sent {
                true => self.stats.retransmitted_packets += 1,
                false => self.stats.retransmission_misses += 1,
            }
            return;
        }
        let Some(again) = again::find_by_number(room, viewer, slot, number) else {
            self.stats.retransmission_misses += 1;
            return;
        };
        if again.send(now, connection, out) {
            self.stats.retransmitted_packets += 1;
            room.members[viewer].pool.slots[slot].repair_index += 1;
        }
    }

    fn take_arrivals(&mut self, now: Instant, at: usize, information: &[u8]) {
        if let (Some(egress), Some(report)) = (&mut self.connections[at].egress, Report::parse(information)) {
            egress.report(now, &report);
        }
    }

    /// Sends the picture-loss indications that are due.
    pub(super) fn ask_for_key_frames(&mut self, now: Instant, out: &mut Outbox) {
        for (_, room) in &mut self.rooms {
            for (_, member) in &mut room.members {
                if let Some(home) = member.home {
                    wish_for_key_frames(now, room.id, member, |crossing| {
                        self.wishes.push((home, crossing))
                    });
                    continue;
                }
                let Some(connection) = member.publish.and_then(|at| self.connections.get_mut(at)) else {
                    continue;
                };
                for layer in member
                    .streams
                    .iter_mut()
                    .flatten()
                    .flat_map(|each| &mut each.layers)
                {
                    let Some(ssrc) = layer.ssrc else { continue };
                    if connection.transport.is_connected() && layer.key_frames.is_due(now) {
                        self.stats.key_frame_requests += 1;
                        connection.transport.send_rtcp(out, |buffer| {
                            let mut writer = Writer::new(buffer);
                            writer.receiver_report(OUR_SSRC, &[]);
                            writer.picture_loss(OUR_SSRC, ssrc);
                            writer.finish()
                        });
                    }
                }
            }
        }
    }
}

/// Of the home of a member who is only mirrored here.
fn wish_for_key_frames(now: Instant, room: RoomId, member: &mut Member, mut wish: impl FnMut(Crossing)) {
    for stream in member.streams.iter_mut().flatten() {
        let source = stream.announced.source;
        for (layer, state) in stream.layers.iter_mut().enumerate() {
            if state.key_frames.is_due(now) {
                wish(Crossing {
                    room,
                    participant: member.id,
                    what: What::KeyFrame {
                        source,
                        layer: layer as u8,
                    },
                });
            }
        }
    }
}

pub(super) fn note_clock(now: Instant, room: &mut Room, member: usize, ssrc: u32, ntp: u64, rtp: u32) {
    let Some(member) = room.members.get_mut(member) else {
        return;
    };
    let layer = member
        .streams
        .iter_mut()
        .flatten()
        .flat_map(|stream| &mut stream.layers)
        .find(|layer| layer.ssrc == Some(ssrc));
    if let Some(reception) = layer.and_then(|layer| layer.reception.as_mut()) {
        reception.heard_sender_report(now, ntp, rtp);
    }
}

/// One compound packet asks for no more than this again: a NACK of 1,400 bytes could name 5,900.
const MOST_RESENT: usize = 64;
/// Of viewers whose browser reports no arrivals.
const ROUND_TRIP: Duration = Duration::from_millis(50);
