//! Inward: datagrams to connections, media decrypted where it lies.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Arrival, BATCH, Connection, Sfu};
use crate::media::codec::vp8;
use crate::media::forward::Incoming;
use crate::media::name::{Side, Source};
use crate::media::room::stream::Stream;
use crate::media::rtp;
use crate::media::stats::Drop;
use crate::media::transport::Protocol;
use crate::media::transport::ice_lite::Request;
use crate::media::transport::outbox::Outbox;

/// A datagram in the batch's storage.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    pub from: SocketAddr,
    pub start: usize,
    pub length: usize,
}

impl Sfu {
    /// Takes a batch. Answers go into `out`; media waits, decrypted in `storage`, for [`Sfu::forward`].
    pub fn receive(&mut self, now: Instant, storage: &mut [u8], batch: &[Received], out: &mut Outbox) {
        self.arrivals.clear();
        self.cursor = Default::default();
        for received in batch {
            let Some(datagram) = storage.get_mut(received.start..received.start + received.length) else {
                continue;
            };
            self.stats.received_packets += 1;
            if let Err(reason) = self.receive_one(now, received, datagram, out) {
                self.stats.count(reason);
            }
        }
        self.settle(now, out);
    }

    fn receive_one(
        &mut self,
        now: Instant,
        received: &Received,
        datagram: &mut [u8],
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let protocol = Protocol::of(datagram).ok_or(Drop::NotOurs)?;
        if protocol == Protocol::Stun {
            return self.receive_stun(now, received.from, datagram, out);
        }
        let at = *self.by_address.get(&received.from).ok_or(Drop::UnknownAddress)?;
        let connection = self.connections.get_mut(at).ok_or(Drop::UnknownAddress)?;
        match protocol {
            Protocol::Dtls => {
                let change = connection
                    .transport
                    .receive_dtls(now, received.from, datagram, out)?;
                self.changed(now, at, change, out);
                Ok(())
            }
            Protocol::Rtp => self.receive_rtp(now, at, received.start, datagram),
            _ => {
                let length = connection.transport.open_rtcp(now, datagram)?;
                self.receive_rtcp(now, at, &datagram[..length], out)
            }
        }
    }

    /// The user name says which connection is meant; the address is bound to it once the password has
    /// proven the check.
    fn receive_stun(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let mut request = Request::parse(datagram).ok_or(Drop::StrayStun)?;
        let at = *self
            .by_user_fragment
            .get(&request.user_fragment)
            .ok_or(Drop::StrayStun)?;
        let connection = self.connections.get_mut(at).ok_or(Drop::StrayStun)?;
        connection
            .transport
            .ice
            .answer(now, from, &mut request, self.identity.crypto.as_ref(), out)?;
        self.bind(from, at);
        Ok(())
    }

    fn receive_rtp(
        &mut self,
        now: Instant,
        at: usize,
        start: usize,
        datagram: &mut [u8],
    ) -> Result<(), Drop> {
        let header = rtp::Header::parse(datagram).ok_or(Drop::Truncated)?;
        let Connection {
            transport,
            room,
            member,
            side,
        } = &mut self.connections[at];
        if *side != Side::Publish {
            return Err(Drop::UnknownStream);
        }
        let (index, length) = transport.open_rtp(now, datagram, &header)?;
        let packet = &datagram[..length];
        let payload = header.payload(packet).ok_or(Drop::Truncated)?;
        let (room_at, member_at) = (*room, *member);
        let room = self.rooms.get_mut(room_at).ok_or(Drop::UnknownStream)?;
        let member = room.members.get_mut(member_at).ok_or(Drop::UnknownStream)?;
        let (source, is_repair) = find(&mut member.streams, &header, packet).ok_or(Drop::UnknownStream)?;
        let stream = member.streams[source as usize]
            .as_mut()
            .ok_or(Drop::UnknownStream)?;
        let (index, payload) = if is_repair {
            // The original's sequence number stands before its payload (RFC 4588 section 4).
            let original = packet
                .get(payload.start..payload.start + 2)
                .ok_or(Drop::Truncated)?;
            if stream.reception.is_none() || payload.len() == 2 {
                return Err(Drop::UnknownStream);
            }
            let original = u16::from_be_bytes([original[0], original[1]]);
            (stream.index_of_repaired(original), payload.start + 2..payload.end)
        } else {
            (index, payload)
        };
        // Padding alone probes for bandwidth; the gap it leaves would be asked for, so it counts as arrived.
        let bytes = &packet[payload.clone()];
        let descriptor = if source.is_audio() {
            None
        } else {
            Some(vp8::Descriptor::parse(bytes).unwrap_or_default())
        };
        let incoming = Incoming {
            index,
            timestamp: header.timestamp,
            marker: header.marker,
            vp8: descriptor,
        };
        if !stream.arrived(now, &incoming, bytes) {
            return Err(Drop::Replayed);
        }
        if stream.state.is_none() {
            let (key, events) = (
                super::RoomKey {
                    at: room_at,
                    serial: room.serial,
                },
                &mut self.events,
            );
            room.observe(now, member_at, |event| events.push((key, event)));
        }
        let member = &mut room.members[member_at];
        if member.muted[source as usize] {
            return Err(Drop::Muted);
        }
        if source == Source::Microphone
            && let Some(level) = audio_level(&member.streams, &header, packet)
        {
            member.loudness.hear(now, level);
        }
        if self.arrivals.len() == BATCH {
            return Err(Drop::NoRoom);
        }
        let (start, length) = (start + payload.start, payload.len());
        self.arrivals.push(Arrival {
            room: room_at,
            member: member_at,
            source,
            packet: incoming,
            start,
            length,
        });
        Ok(())
    }
}

/// Which stream a packet belongs to, and whether it repairs it: by its SSRC, or by the MID it carries
/// while the SSRC is not yet known.
fn find(streams: &mut [Option<Stream>; 4], header: &rtp::Header, packet: &[u8]) -> Option<(Source, bool)> {
    for stream in streams.iter().flatten() {
        let announced = &stream.announced;
        if announced.ssrc == Some(header.ssrc) && announced.payload_type == header.payload_type {
            return Some((announced.source, false));
        }
        if announced.repair_ssrc == Some(header.ssrc)
            && announced.repair_payload_type == Some(header.payload_type)
        {
            return Some((announced.source, true));
        }
    }
    streams.iter_mut().flatten().find_map(|stream| {
        let announced = &mut stream.announced;
        let mid = header.element(packet, announced.mid_extension?)?;
        let is_new = mid == announced.mid.as_bytes() && announced.ssrc.is_none();
        if !is_new || announced.payload_type != header.payload_type {
            return None;
        }
        announced.ssrc = Some(header.ssrc);
        Some((announced.source, false))
    })
}

fn audio_level(streams: &[Option<Stream>; 4], header: &rtp::Header, packet: &[u8]) -> Option<u8> {
    let stream = streams[Source::Microphone as usize].as_ref()?;
    header
        .element(packet, stream.announced.audio_level?)?
        .first()
        .copied()
}
