//! What time brings about: flights sent again, consent that ends, reports, requests for lost packets.

use std::time::{Duration, Instant};

use super::{Connection, Numbered, OUR_SSRC, RoomKey, Sfu, TICK, choose};
use crate::media::CONSENT_EXPIRY;
use crate::media::name::Source;
use crate::media::room::{Member, Room};
use crate::media::rtcp::{self, Writer};
use crate::media::sdp::MOST_LAYERS;
use crate::media::transport::Change;
use crate::media::transport::outbox::Outbox;
use slab::Slab;

impl Sfu {
    /// Does what is due. To be called when [`Sfu::next_tick`] has come; earlier does no harm.
    pub fn tick(&mut self, now: Instant, out: &mut Outbox) {
        self.pace(now, out);
        let since = self
            .last_round
            .map_or(TICK, |at| now.saturating_duration_since(at));
        if since >= TICK {
            self.last_round = Some(now);
            self.round(now, out);
        }
        let next = self.last_round.unwrap_or(now) + TICK;
        self.next_tick = (!self.connections.is_empty()).then_some(next);
        self.wake(now);
    }

    fn round(&mut self, now: Instant, out: &mut Outbox) {
        let mut expired = None;
        for (at, connection) in &mut self.connections {
            connection.transport.tick(now, out);
            if now.saturating_duration_since(connection.transport.ice.last_heard()) > CONSENT_EXPIRY {
                expired = Some(at);
            }
        }
        // One at a time: there is a next tick for the next.
        if let Some(at) = expired {
            self.changed(now, at, Some(Change::Closed), out);
        }
        for (at, room) in &mut self.rooms {
            let (key, events) = (
                RoomKey {
                    at,
                    serial: room.serial,
                },
                &mut self.events,
            );
            for member in 0..room.members.capacity() {
                room.observe(now, member, |event| events.push((key, event)));
            }
            room.listen(now, |event| events.push((key, event)));
            choose(now, room, &mut self.connections, &mut self.busy);
            room.tell_of_lines(|event| events.push((key, event)));
            room.tell_of_hearing(now, |event| events.push((key, event)));
            room.ask_for_layers(now, |event| events.push((key, event)));
            self.wishes.append(&mut room.wishes);
            ask_for_missing(now, room, &mut self.connections, out);
        }
        self.report_arrivals(out);
        if self
            .last_report
            .is_none_or(|at| now.saturating_duration_since(at) >= REPORT_INTERVAL)
        {
            self.last_report = Some(now);
            self.report(now, out);
        }
        self.settle(now, out);
        self.ask_for_key_frames(now, out);
    }

    /// Transport-wide feedback to the publishers.
    fn report_arrivals(&mut self, out: &mut Outbox) {
        for (_, connection) in &mut self.connections {
            let Connection {
                transport, arrivals, ..
            } = connection;
            let Some(Numbered { ssrc, arrivals, .. }) = arrivals else {
                continue;
            };
            let mut is_more = true;
            while is_more {
                is_more = transport.send_rtcp(out, |buffer| arrivals.write(OUR_SSRC, *ssrc, buffer));
            }
        }
    }

    /// Receiver reports and the bitrate to publishers, sender reports to viewers.
    fn report(&mut self, now: Instant, out: &mut Outbox) {
        let began = *self.began.get_or_insert(now);
        let bits_per_second = self.settings.publisher_bitrate_kbps.saturating_mul(1_000);
        for (_, room) in &mut self.rooms {
            for (_, member) in &mut room.members {
                if let Some(connection) = member.publish.and_then(|at| self.connections.get_mut(at)) {
                    report_to_publisher(now, member, connection, bits_per_second, out);
                }
            }
            for &viewer in &room.viewers {
                let connection = room.members[viewer]
                    .subscribe
                    .and_then(|at| self.connections.get_mut(at));
                if let Some(connection) = connection {
                    report_to_viewer(now, began, room, viewer, connection, out);
                }
            }
        }
    }
}

fn ask_for_missing(now: Instant, room: &mut Room, connections: &mut Slab<Connection>, out: &mut Outbox) {
    for (_, member) in &mut room.members {
        let Some(connection) = member.publish.and_then(|at| connections.get_mut(at)) else {
            continue;
        };
        ask(now, member, connection, |_| true, out);
    }
}

/// What is heard, ahead of the round.
pub(super) fn ask_for_sound(
    now: Instant,
    member: &mut Member,
    connection: &mut Connection,
    out: &mut Outbox,
) {
    ask(now, member, connection, Source::is_audio, out);
}

fn ask(
    now: Instant,
    member: &mut Member,
    connection: &mut Connection,
    of: impl Fn(Source) -> bool,
    out: &mut Outbox,
) {
    let streams = member.streams.iter_mut().flatten();
    for layer in streams
        .filter(|stream| of(stream.announced.source))
        .flat_map(|stream| &mut stream.layers)
    {
        let mut numbers = [0; 64];
        let count = layer.gaps.due(now, &mut numbers);
        let (Some(ssrc), true) = (layer.ssrc, count > 0) else {
            continue;
        };
        connection.transport.send_rtcp(out, |buffer| {
            let mut writer = Writer::new(buffer);
            writer.receiver_report(OUR_SSRC, &[]);
            writer.missing(OUR_SSRC, ssrc, &numbers[..count]);
            writer.finish()
        });
    }
}

fn report_to_publisher(
    now: Instant,
    member: &mut Member,
    connection: &mut Connection,
    bits_per_second: u32,
    out: &mut Outbox,
) {
    let mut blocks = [rtcp::Reception::default(); 4 * MOST_LAYERS];
    let (mut count, mut video, mut videos) = (0, [0; 2 * MOST_LAYERS], 0);
    for stream in member.streams.iter_mut().flatten() {
        for layer in &mut stream.layers {
            let Some(reception) = &mut layer.reception else {
                continue;
            };
            blocks[count] = reception.report(now);
            count += 1;
            if !stream.announced.source.is_audio() {
                video[videos] = layer.ssrc.unwrap_or_default();
                videos += 1;
            }
        }
    }
    let estimates_itself = connection.arrivals.is_some();
    if count == 0 {
        return;
    }
    connection.transport.send_rtcp(out, |buffer| {
        let mut writer = Writer::new(buffer);
        writer.receiver_report(OUR_SSRC, &blocks[..count]);
        if videos > 0 && !estimates_itself {
            writer.maximum_bitrate(OUR_SSRC, bits_per_second, &video[..videos]);
        }
        writer.finish()
    });
}

/// The publisher's clock in the slot's time-stamps: with both sections of a seat on one clock the
/// browser plays lips and voice in step. Where voices are mixed it is our own clock for all of them: what arrived here together
/// belongs together.
fn report_to_viewer(
    now: Instant,
    began: Instant,
    room: &Room,
    viewer: usize,
    connection: &mut Connection,
    out: &mut Outbox,
) {
    let ours = room.members[viewer].hearing.given().map(|_| ntp(began, now));
    connection.transport.send_rtcp(out, |buffer| {
        let mut writer = Writer::new(buffer);
        for slot in &room.members[viewer].pool.slots {
            let shown = slot.holder.zip(slot.rewriter.shows());
            let layer = shown.and_then(|(holder, layer)| room.layer(holder, slot.source, layer));
            let report = layer
                .and_then(|layer| layer.reception.as_ref())
                .and_then(|reception| reception.sender_report());
            let Some(report) = report else { continue };
            let clock_rate = if slot.source.is_audio() { 48_000 } else { 90_000 };
            let (ntp, rtp) = report.at(now, clock_rate);
            if let Some(rtp) = slot.rewriter.timestamp_of(rtp) {
                let ntp = ours.unwrap_or(ntp);
                writer.sender_report(slot.section.ssrc, ntp, rtp, slot.packets, slot.octets);
            }
        }
        writer.finish()
    });
}

/// Our own clock as an NTP time: of use only beside others of its kind.
fn ntp(began: Instant, now: Instant) -> u64 {
    let passed = now.saturating_duration_since(began);
    let fraction = (u64::from(passed.subsec_nanos()) << 32) / 1_000_000_000;
    OUR_TIME + (passed.as_secs() << 32) + fraction
}

/// The year 2020 in NTP's era: receivers take a time near 0 for none.
const OUR_TIME: u64 = 3_786_825_600 << 32;
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
