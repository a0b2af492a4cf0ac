//! Feedback: what viewers miss is sent again or asked of the publisher; what a publisher says of his
//! clock is kept for the reports to his viewers.

use std::time::Instant;

use super::{OUR_SSRC, Sfu};
use crate::media::codec::vp8;
use crate::media::forward::Incoming;
use crate::media::name::Side;
use crate::media::room::Room;
use crate::media::rtcp::{self, Feedback, Writer};
use crate::media::rtp::{self, Outgoing};
use crate::media::sdp::payload_type;
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
        let mut resend_left = MOST_RESENT;
        let complete = rtcp::read(compound, |feedback| match (side, feedback) {
            (Side::Publish, Feedback::SenderReport { ssrc, ntp, rtp }) => {
                if let Some(room) = self.rooms.get_mut(room) {
                    note_clock(now, room, member, ssrc, ntp, rtp);
                }
            }
            (Side::Subscribe, Feedback::KeyFrame { ssrc }) => self.want_key_frame(room, member, ssrc),
            (Side::Subscribe, Feedback::Missing { ssrc, pairs }) => {
                for number in rtcp::missing(pairs).take(resend_left) {
                    resend_left -= 1;
                    self.send_again(at, room, member, ssrc, number, out);
                }
            }
            _ => {}
        });
        self.ask_for_key_frames(now, out);
        if complete {
            Ok(())
        } else {
            Err(Drop::MalformedFeedback)
        }
    }

    fn want_key_frame(&mut self, room: usize, viewer: usize, ssrc: u32) {
        let Some(room) = self.rooms.get_mut(room) else {
            return;
        };
        let Some(pool) = room.members.get(viewer).map(|member| &member.pool) else {
            return;
        };
        let Some(slot) = pool.by_ssrc(ssrc).map(|at| &pool.slots[at]) else {
            return;
        };
        let (Some(holder), source) = (slot.holder, slot.source) else {
            return;
        };
        if let Some(stream) = room.stream_mut(holder, source) {
            stream.key_frames.want();
        }
    }

    /// Sends one packet again on the slot's repair stream (RFC 4588).
    fn send_again(
        &mut self,
        at: usize,
        room: usize,
        viewer: usize,
        ssrc: u32,
        number: u16,
        out: &mut Outbox,
    ) {
        let again = self
            .rooms
            .get(room)
            .and_then(|room| find_again(room, viewer, ssrc, number));
        let Some(again) = again else {
            self.stats.retransmission_misses += 1;
            return;
        };
        let transport = &mut self.connections[at].transport;
        let Some((to, sealer)) = transport.sender() else {
            return;
        };
        let sent = out.write(to, |buffer| {
            let length = again.write(buffer)?;
            sealer.seal_rtp(buffer, length, again.header.ssrc, again.repair_index)
        });
        if sent {
            self.stats.retransmitted_packets += 1;
            let slot = again.slot;
            self.rooms[room].members[viewer].pool.slots[slot].repair_index += 1;
        }
    }

    /// Sends the picture-loss indications that are due.
    pub(super) fn ask_for_key_frames(&mut self, now: Instant, out: &mut Outbox) {
        for (_, room) in &mut self.rooms {
            for (_, member) in &mut room.members {
                let Some(connection) = member.publish.and_then(|at| self.connections.get_mut(at)) else {
                    continue;
                };
                for stream in member.streams.iter_mut().flatten() {
                    let Some(ssrc) = stream.announced.ssrc else {
                        continue;
                    };
                    if connection.transport.is_connected() && stream.key_frames.is_due(now) {
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

fn note_clock(now: Instant, room: &mut Room, member: usize, ssrc: u32, ntp: u64, rtp: u32) {
    let Some(member) = room.members.get_mut(member) else {
        return;
    };
    let stream = member
        .streams
        .iter_mut()
        .flatten()
        .find(|stream| stream.announced.ssrc == Some(ssrc));
    if let Some(reception) = stream.and_then(|stream| stream.reception.as_mut()) {
        reception.heard_sender_report(now, ntp, rtp);
    }
}

/// A packet found in its publisher's cache, with the header of its repair.
struct Again<'c> {
    slot: usize,
    header: Outgoing,
    repair_index: u64,
    original: u16,
    payload: &'c [u8],
    shift: vp8::Shift,
    descriptor: vp8::Descriptor,
}

impl Again<'_> {
    fn write(&self, buffer: &mut [u8]) -> Option<usize> {
        let body = rtp::HEADER_LENGTH + 2;
        let length = body + self.payload.len();
        self.header.write(buffer.first_chunk_mut()?);
        buffer
            .get_mut(rtp::HEADER_LENGTH..body)?
            .copy_from_slice(&self.original.to_be_bytes());
        let payload = buffer.get_mut(body..length)?;
        payload.copy_from_slice(self.payload);
        self.shift.apply(&self.descriptor, payload);
        Some(length)
    }
}

fn find_again(room: &Room, viewer: usize, ssrc: u32, number: u16) -> Option<Again<'_>> {
    let pool = &room.members.get(viewer)?.pool;
    let at = pool.by_ssrc(ssrc)?;
    let slot = &pool.slots[at];
    let index = slot.rewriter.index_of(number)?;
    let stream = room.members.get(slot.holder?)?.streams[slot.source as usize].as_ref()?;
    let kept = stream.cache.as_ref()?.find(index)?;
    let descriptor = vp8::Descriptor::parse(kept.payload).unwrap_or_default();
    let packet = Incoming {
        index,
        timestamp: kept.timestamp,
        marker: kept.marker,
        vp8: Some(descriptor),
    };
    let placed = slot.rewriter.place_again(&packet)?;
    Some(Again {
        slot: at,
        header: Outgoing {
            marker: kept.marker,
            payload_type: payload_type::VP8_REPAIR,
            sequence_number: slot.repair_index as u16,
            timestamp: placed.timestamp,
            ssrc: slot.section.repair_ssrc?,
        },
        repair_index: slot.repair_index,
        original: number,
        payload: kept.payload,
        shift: placed.shift,
        descriptor,
    })
}

/// One compound packet asks for no more than this again: a NACK of 1,400 bytes could name 5,900.
const MOST_RESENT: usize = 64;
