//! Inward: datagrams to connections, media decrypted where it lies.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

use slab::Slab;

use super::cross::Leaving;
use super::tick::ask_for_sound;
use super::{Arrival, Audience, Connection, MOST_ARRIVALS, Sfu};
use crate::media::codec::{Codec, red};
use crate::media::forward::{Clocks, Incoming};
use crate::media::name::{ParticipantId, RoomId, Side, Source};
use crate::media::room::stream::{Layer, Stream};
use crate::media::room::{Member, Room};
use crate::media::rtp;
use crate::media::sdp::payload_type;
use crate::media::stats::Drop;
use crate::media::transport::Protocol;
use crate::media::transport::ice_lite::Request;
use crate::media::transport::outbox::Outbox;
use crate::media::transport::path::Path;

/// A datagram in the batch's storage.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    pub from: Path,
    pub start: usize,
    pub length: usize,
}

impl Sfu {
    /// Takes a batch. Answers go into `out`; media waits, decrypted in `storage`, for [`Sfu::forward`].
    pub fn receive(&mut self, now: Instant, storage: &mut [u8], batch: &[Received], out: &mut Outbox) {
        self.began.get_or_insert(now);
        self.arrivals.clear();
        self.leaving.clear();
        self.cursor = Default::default();
        for received in batch {
            let Some(datagram) = storage.get_mut(received.start..received.start + received.length) else {
                continue;
            };
            self.stats.received_packets += 1;
            if let Err(reason) = self.receive_one(now, received, datagram, out) {
                self.drop_of(received.from, reason);
            }
        }
        self.settle(now, out);
    }

    /// Counts a drop, for its connection as well where one is known by the address.
    fn drop_of(&mut self, from: Path, reason: Drop) {
        let at = self.by_path.get(&from);
        match at.and_then(|at| self.connections.get_mut(*at)) {
            Some(connection) => connection.count_drop(&mut self.stats, reason),
            None => self.stats.count(reason),
        }
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
        let at = *self.by_path.get(&received.from).ok_or(Drop::UnknownAddress)?;
        let connection = self.connections.get_mut(at).ok_or(Drop::UnknownAddress)?;
        match protocol {
            Protocol::Dtls => {
                let change = connection
                    .transport
                    .receive_dtls(now, received.from, datagram, out)?;
                self.changed(now, at, change, out);
                Ok(())
            }
            Protocol::Rtp => self.receive_rtp(now, at, received.start, datagram, out),
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
        from: Path,
        datagram: &[u8],
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let mut request = Request::parse(datagram).ok_or(Drop::StrayStun)?;
        let at = *self
            .by_user_fragment
            .get(&request.user_fragment)
            .ok_or(Drop::StrayStun)?;
        let connection = self.connections.get_mut(at).ok_or(Drop::StrayStun)?;
        if from.is_relayed() && !is_relayed_for(&self.relayed, &self.rooms, connection, from) {
            return Err(Drop::OthersSeat);
        }
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
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let header = rtp::Header::parse(datagram).ok_or(Drop::Truncated)?;
        let connection = &mut self.connections[at];
        if connection.side != Side::Publish {
            return Err(Drop::UnknownStream);
        }
        let (index, length) = connection.transport.open_rtp(now, datagram, &header)?;
        let packet = &datagram[..length];
        note_arrival(now, self.began, connection, &header, packet);
        let place = (connection.room, connection.member);
        let room = self.rooms.get_mut(place.0).ok_or(Drop::UnknownStream)?;
        let member = room.members.get_mut(place.1).ok_or(Drop::UnknownStream)?;
        let media = Media::take(now, member, &header, packet, index)?;
        if media.is_first {
            let (at, serial) = (place.0, room.serial);
            let key = super::RoomKey { at, serial };
            room.observe(now, place.1, |event| self.events.push((key, event)));
        }
        let member = &mut room.members[place.1];
        if media.leaves_gap {
            ask_for_sound(now, member, &mut self.connections[at], out);
        }
        if member.muted[media.source as usize] {
            return Err(Drop::Muted);
        }
        if media.source.is_audio() {
            member.sounded = Some(now);
        }
        if !room.far.is_empty() {
            self.leaving
                .push(Leaving::new(place, &media, index, start, length));
        }
        self.arrive(now, place, media, &header, packet, start)
    }

    /// Puts a packet of a member, understood, where [`Sfu::forward`] finds it.
    pub(super) fn arrive(
        &mut self,
        now: Instant,
        (room_at, member_at): (usize, usize),
        media: Media,
        header: &rtp::Header,
        packet: &[u8],
        start: usize,
    ) -> Result<(), Drop> {
        let source = media.source;
        let member = self
            .rooms
            .get_mut(room_at)
            .and_then(|room| room.members.get_mut(member_at))
            .ok_or(Drop::UnknownStream)?;
        if source == Source::Microphone
            && let Some(level) = audio_level(&member.streams, header, packet)
        {
            member.loudness.hear(now, level);
        }
        let arrival = |packet, audience, primary, payload: Range<usize>| Arrival {
            room: room_at,
            member: member_at,
            source,
            packet,
            ssrc: media.ssrc,
            clocks: media.clocks,
            codec: media.codec,
            dependency: start + media.dependency.start..start + media.dependency.end,
            audience,
            primary,
            is_usual_opus: media.is_usual_opus,
            start: start + payload.start,
            length: payload.len(),
        };
        for (packet, frame) in media.restored.into_iter().flatten() {
            if self.arrivals.len() + 1 < MOST_ARRIVALS {
                let restored = arrival(packet, Audience::WithoutRedundancy, None, frame);
                self.arrivals.push(restored);
            }
        }
        if self.arrivals.len() == MOST_ARRIVALS {
            return Err(Drop::NoRoom);
        }
        self.arrivals.push(arrival(
            media.packet,
            media.audience,
            media.primary,
            media.payload,
        ));
        Ok(())
    }
}

type Restored = [Option<(Incoming, Range<usize>)>; MOST_RESTORED];

/// A decrypted packet, understood.
pub(super) struct Media {
    pub source: Source,
    pub packet: Incoming,
    pub is_repair: bool,
    ssrc: u32,
    clocks: Clocks,
    codec: Option<Codec>,
    /// Empty without one.
    dependency: Range<usize>,
    payload: Range<usize>,
    primary: Option<Range<usize>>,
    /// Lost packets of which it has copies, and where those stand in the packet.
    restored: Restored,
    audience: Audience,
    /// Sound before it is missing, and cannot wait for the next round.
    leaves_gap: bool,
    is_usual_opus: bool,
    /// Nothing was reported of the stream before.
    is_first: bool,
}

impl Media {
    /// Finds the stream and layer of a packet and lets them take note of it.
    fn take(
        now: Instant,
        member: &mut Member,
        header: &rtp::Header,
        packet: &[u8],
        index: u64,
    ) -> Result<Media, Drop> {
        let found = member.streams.iter_mut().flatten().find_map(|stream| {
            let (layer, is_repair) = stream.find(header, packet)?;
            Some((stream, layer, is_repair))
        });
        let (stream, layer, is_repair) = found.ok_or(Drop::UnknownStream)?;
        Media::of(now, stream, (layer, is_repair), header, packet, index)
    }

    /// Reads a packet of a known layer, or of its repairs, and lets the stream take note of it.
    pub fn of(
        now: Instant,
        stream: &mut Stream,
        (layer, is_repair): (usize, bool),
        header: &rtp::Header,
        packet: &[u8],
        index: u64,
    ) -> Result<Media, Drop> {
        let mut payload = header.payload(packet).ok_or(Drop::Truncated)?;
        let index = if is_repair {
            // The original's sequence number stands before its payload (RFC 4588 section 4).
            let layer = &stream.layers[layer];
            let original = packet.get(payload.start..payload.start + 2);
            let original = original.ok_or(Drop::Padding)?;
            if payload.len() <= 2 {
                return Err(Drop::Padding);
            }
            if layer.reception.is_none() {
                return Err(Drop::UnknownStream);
            }
            payload.start += 2;
            layer.index_of_repaired(u16::from_be_bytes([original[0], original[1]]))
        } else {
            index
        };
        let source = stream.announced.source;
        let bytes = &packet[payload.clone()];
        let (codec, extension) = (stream.announced.codec, stream.announced.dependency_extension);
        let dependency = extension
            .and_then(|id| header.element_range(packet, id))
            .unwrap_or_default();
        let newest = stream.layers[layer].newest;
        let structure = &mut stream.layers[layer].structure;
        let incoming = Incoming {
            layer: layer as u8,
            index,
            timestamp: header.timestamp,
            marker: header.marker,
            picture: codec.map(|codec| codec.read(bytes, &packet[dependency.clone()], structure)),
        };
        // Padding alone probes for bandwidth; the gap it leaves would be asked for, so it counts as arrived.
        if !stream.arrived(now, layer, &incoming, &packet[dependency.clone()], bytes) {
            return Err(Drop::Replayed);
        }
        let is_redundant = stream.announced.redundancy_payload_type == Some(header.payload_type);
        let primary = match is_redundant {
            true => Some(red::primary(bytes).ok_or(Drop::MalformedRedundancy)?),
            false => None,
        };
        let layer_state = &mut stream.layers[layer];
        let audience = match layer_state.was_restored(index) {
            true => Audience::WithRedundancy,
            false => Audience::All,
        };
        let restored = match is_redundant {
            true => restored(now, layer_state, &incoming, payload.start, bytes),
            false => Restored::default(),
        };
        Ok(Media {
            source,
            packet: incoming,
            is_repair,
            ssrc: stream.layers[layer].ssrc.unwrap_or_default(),
            clocks: if stream.layers.len() > 1 && incoming.is_entry() {
                stream.on_other_clocks(layer, header.timestamp)
            } else {
                Clocks::default()
            },
            codec,
            dependency,
            payload,
            primary,
            restored,
            audience,
            leaves_gap: codec.is_none() && newest.is_some_and(|newest| index > newest + 1),
            is_usual_opus: stream.announced.payload_type == payload_type::OPUS,
            is_first: stream.state.is_none(),
        })
    }
}

/// The packets before `packet` that have not come and of which its payload has copies.
fn restored(now: Instant, layer: &mut Layer, packet: &Incoming, start: usize, payload: &[u8]) -> Restored {
    let mut restored = Restored::default();
    let found = red::copied(payload).filter_map(|copied| {
        let index = packet.index.checked_sub(copied.packets_ago)?;
        let is_frame = copied.ticks_ago > 0 && !copied.frame.is_empty();
        let earlier = Incoming {
            index,
            timestamp: packet.timestamp.wrapping_sub(copied.ticks_ago),
            marker: false,
            ..*packet
        };
        let frame = start + copied.frame.start..start + copied.frame.end;
        (is_frame && layer.restores(now, index)).then_some((earlier, frame))
    });
    for (place, found) in restored.iter_mut().zip(found) {
        *place = Some(found);
    }
    restored
}

/// Whether a relay may reach this connection: its owner has to sit where the connection leads.
fn is_relayed_for(
    relayed: &HashMap<u64, (RoomId, ParticipantId)>,
    rooms: &Slab<Room>,
    connection: &Connection,
    from: Path,
) -> bool {
    let seat = rooms.get(connection.room).and_then(|room| {
        let member = room.members.get(connection.member)?;
        Some((room.id, member.id))
    });
    seat.is_some() && relayed.get(&from.stream).copied() == seat
}

fn note_arrival(
    now: Instant,
    began: Option<Instant>,
    connection: &mut Connection,
    header: &rtp::Header,
    packet: &[u8],
) {
    let Some(numbered) = &mut connection.arrivals else {
        return;
    };
    if let (Some(&[high, low]), Some(began)) = (header.element(packet, numbered.extension), began) {
        let at_us = now.saturating_duration_since(began).as_micros() as u64;
        numbered.arrivals.arrived(u16::from_be_bytes([high, low]), at_us);
        numbered.ssrc = header.ssrc;
    }
}

fn audio_level(streams: &[Option<Stream>; 4], header: &rtp::Header, packet: &[u8]) -> Option<u8> {
    let stream = streams[Source::Microphone as usize].as_ref()?;
    header
        .element(packet, stream.announced.audio_level?)?
        .first()
        .copied()
}

/// Browsers copy one packet, three where they are told to.
const MOST_RESTORED: usize = 3;
