//! What the conference asks for: rooms, people, descriptions.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Connection, Sfu, TICK};
use crate::media::name::{Event, ParticipantId, RoomId, Side, Source, TrackState};
use crate::media::room::stream::{Announced, Stream};
use crate::media::room::{Member, Room};
use crate::media::sdp::{self, Accepted, Description, Kind, Local, Section, Setup};
use crate::media::transport::ice_lite::Credentials;
use crate::media::transport::outbox::Outbox;
use crate::media::transport::{Change, Transport};

/// A room, told from any other that was or will be at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomKey {
    pub(super) at: usize,
    pub(super) serial: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberKey {
    room: RoomKey,
    at: usize,
    serial: u64,
}

/// Which source the media section with this `a=mid` carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTrack {
    pub mid: String,
    pub source: Source,
}

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Their bytes: the session description cannot be read.
    #[error("malformed session description: {0}")]
    Malformed(String),
    /// We lack it: no common codec, a DTLS role we do not take.
    #[error("unsupported session description: {0}")]
    Unsupported(String),
    /// Limits or order: too many slots, an answer without an offer, a room that drains.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// The room was closed, the participant left or was replaced, or media has stopped.
    #[error("the room or the participant is no longer there")]
    Gone,
}

impl From<sdp::Error> for Error {
    fn from(error: sdp::Error) -> Error {
        match error {
            sdp::Error::Malformed(reason) => Error::Malformed(reason),
            sdp::Error::Unsupported(reason) => Error::Unsupported(reason),
        }
    }
}

impl Sfu {
    /// Opens a room; one that stands under the same id is closed first.
    pub fn open(&mut self, now: Instant, id: RoomId, out: &mut Outbox) -> RoomKey {
        if let Some(&at) = self.by_room.get(&id) {
            let serial = self.rooms[at].serial;
            self.close(now, RoomKey { at, serial }, out);
        }
        self.serial += 1;
        let at = self.rooms.insert(Room::new(id, self.serial));
        self.by_room.insert(id, at);
        RoomKey {
            at,
            serial: self.serial,
        }
    }

    pub fn is_open(&self, key: RoomKey) -> bool {
        self.rooms
            .get(key.at)
            .is_some_and(|room| room.serial == key.serial)
    }

    pub fn close(&mut self, now: Instant, key: RoomKey, out: &mut Outbox) {
        if self.room(key).is_err() {
            return;
        }
        let room = self.rooms.remove(key.at);
        self.by_room.remove(&room.id);
        for (_, member) in room.members {
            self.disconnect(now, &member, out);
        }
    }

    /// Lets a participant in, in place of whoever is there under the same id.
    ///
    /// # Errors
    /// [`Error::Gone`] where the room is no longer open, [`Error::Refused`] where it is full.
    pub fn join(
        &mut self,
        now: Instant,
        room: RoomKey,
        id: ParticipantId,
        out: &mut Outbox,
    ) -> Result<MemberKey, Error> {
        let earlier = self
            .room(room)?
            .members
            .iter()
            .find(|(_, member)| member.id == id);
        if let Some((at, member)) = earlier {
            let serial = member.serial;
            self.leave(now, MemberKey { room, at, serial }, out);
        }
        self.serial += 1;
        let serial = self.serial;
        let room_state = self.room(room)?;
        if room_state.members.len() >= MAXIMUM_MEMBERS {
            return Err(Error::Refused("the room is full"));
        }
        let at = room_state.join(id, serial);
        Ok(MemberKey { room, at, serial })
    }

    pub fn leave(&mut self, now: Instant, key: MemberKey, out: &mut Outbox) {
        if self.member(key).is_err() {
            return;
        }
        let events = &mut self.events;
        let member = self.rooms[key.room.at].leave(key.at, |event| events.push((key.room, event)));
        self.disconnect(now, &member, out);
        self.settle(now, out);
    }

    /// Stops or resumes a source, whatever its owner sends.
    pub fn mute(&mut self, now: Instant, key: MemberKey, source: Source, muted: bool, out: &mut Outbox) {
        let Ok(member) = self.member(key) else { return };
        member.muted[source as usize] = muted;
        if muted && source == Source::Microphone {
            member.loudness.mute();
        }
        let events = &mut self.events;
        self.rooms[key.room.at].observe(now, key.at, |event| events.push((key.room, event)));
        self.settle(now, out);
    }

    /// Takes an offer of what a client sends; gives the answer.
    ///
    /// # Errors
    /// Every kind of [`Error`]; nothing has changed then.
    pub fn publish(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &str,
        tracks: &[PublishedTrack],
        out: &mut Outbox,
    ) -> Result<String, Error> {
        self.member(key)?;
        let offer = Description::parse(offer)?;
        let wanted = wanted(&offer, tracks)?;
        // A dry run: it fails where the answer would.
        let credentials = Credentials::generate(&mut self.random);
        let sections: Vec<usize> = wanted.iter().map(|(section, _)| *section).collect();
        self.write_answer(&offer, &sections, &credentials, 0)?;
        let connection = self.publishing(now, key, &offer, credentials, out);
        let version = self.describe(key)?;
        let local = self.connections[connection].transport.ice.local.clone();
        let (answer, accepted) = self.write_answer(&offer, &sections, &local, version)?;
        self.announce(now, key, &offer, &wanted, &accepted)?;
        self.settle(now, out);
        Ok(answer)
    }

    /// Offers places; `fresh` begins a new connection in place of the one that stands.
    ///
    /// # Errors
    /// [`Error::Refused`] for a number of seats that cannot be, [`Error::Gone`].
    pub fn subscribe(
        &mut self,
        now: Instant,
        key: MemberKey,
        seats: usize,
        fresh: bool,
        out: &mut Outbox,
    ) -> Result<String, Error> {
        if !(1..=MAXIMUM_SEATS).contains(&seats) {
            return Err(Error::Refused("between 1 and 25 seats"));
        }
        let standing = self.member(key)?.subscribe;
        if let Some(at) = standing.filter(|_| fresh) {
            self.drop_connection(now, at, out);
            let room = self.room(key.room)?;
            room.viewers.retain(|viewer| *viewer != key.at);
            room.members[key.at].pool = Default::default();
        }
        let connection = match self.member(key)?.subscribe {
            Some(connection) => connection,
            None => {
                let credentials = Credentials::generate(&mut self.random);
                self.connect(now, key, Side::Subscribe, credentials)
            }
        };
        let version = self.describe(key)?;
        let member = &mut self.rooms[key.room.at].members[key.at];
        member.pool.grow(seats, &mut self.random);
        let sections: Vec<_> = member
            .pool
            .slots
            .iter()
            .map(|slot| slot.section.clone())
            .collect();
        let local = Local {
            credentials: &self.connections[connection].transport.ice.local,
            fingerprint: &self.identity.fingerprint,
            addresses: &self.settings.addresses,
            setup: "actpass",
        };
        Ok(sdp::offer(&sections, &local, version))
    }

    /// Takes the answer to the last offer.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Refused`] without an offer, [`Error::Gone`].
    pub fn accept(
        &mut self,
        now: Instant,
        key: MemberKey,
        answer: &str,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Some(connection) = self.member(key)?.subscribe else {
            return Err(Error::Refused("an answer without an offer"));
        };
        let answer = Description::parse(answer)?;
        if answer.setup != Setup::Active {
            return Err(Error::Unsupported(
                "the client must take the active DTLS role".to_owned(),
            ));
        }
        let room = self.room(key.room)?;
        for slot in &mut room.members[key.at].pool.slots {
            slot.usable = answer
                .sections
                .iter()
                .any(|section| takes(section, &slot.section.mid));
        }
        if !room.viewers.contains(&key.at) {
            room.viewers.push(key.at);
        }
        room.unsettled = true;
        let transport = &mut self.connections[connection].transport;
        let change = transport.begin(now, &self.identity, answer.fingerprints, out);
        self.changed(now, connection, change, out);
        self.settle(now, out);
        Ok(())
    }

    fn room(&mut self, key: RoomKey) -> Result<&mut Room, Error> {
        self.rooms
            .get_mut(key.at)
            .filter(|room| room.serial == key.serial)
            .ok_or(Error::Gone)
    }

    fn member(&mut self, key: MemberKey) -> Result<&mut Member, Error> {
        let room = self.room(key.room)?;
        room.members
            .get_mut(key.at)
            .filter(|member| member.serial == key.serial)
            .ok_or(Error::Gone)
    }

    fn describe(&mut self, key: MemberKey) -> Result<u64, Error> {
        let member = self.member(key)?;
        member.descriptions += 1;
        Ok(member.descriptions)
    }

    fn write_answer(
        &self,
        offer: &Description,
        sections: &[usize],
        credentials: &Credentials,
        version: u64,
    ) -> Result<(String, Vec<Accepted>), Error> {
        let local = Local {
            credentials,
            fingerprint: &self.identity.fingerprint,
            addresses: &self.settings.addresses,
            setup: "passive",
        };
        Ok(sdp::answer(
            offer,
            sections,
            &local,
            version,
            self.settings.publisher_bitrate_kbps,
        )?)
    }

    /// The connection that an offer is about: the one that stands, that one with ICE restarted, or, where
    /// the certificate is another, a new one.
    fn publishing(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &Description,
        credentials: Credentials,
        out: &mut Outbox,
    ) -> usize {
        let standing = self.rooms[key.room.at].members[key.at].publish;
        if let Some(at) = standing {
            let transport = &mut self.connections[at].transport;
            if transport.is_same_peer(&offer.fingerprints) {
                if transport.restarts(&offer.user_fragment) {
                    self.by_user_fragment
                        .insert(credentials.user_fragment.clone(), at);
                    transport.ice.restart(credentials);
                }
                return at;
            }
            self.drop_connection(now, at, out);
        }
        let at = self.connect(now, key, Side::Publish, credentials);
        let transport = &mut self.connections[at].transport;
        transport.restarts(&offer.user_fragment);
        transport.begin(now, &self.identity, offer.fingerprints.clone(), out);
        at
    }

    fn announce(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &Description,
        wanted: &[(usize, Source)],
        accepted: &[Accepted],
    ) -> Result<(), Error> {
        let member = self.member(key)?;
        let mut gone = Vec::new();
        for source in Source::ALL {
            let section = wanted
                .iter()
                .find(|(_, wanted)| *wanted == source)
                .map(|(section, _)| *section);
            let kept = section.and_then(|at| {
                Some((
                    &offer.sections[at],
                    accepted.iter().find(|each| each.section == at)?,
                ))
            });
            let announced = kept
                .filter(|(section, _)| section.direction.sends() && !section.rejected)
                .map(|(section, accepted)| announced(source, section, accepted));
            let standing = &mut member.streams[source as usize];
            if standing.as_ref().map(|stream| &stream.announced) == announced.as_ref() {
                continue;
            }
            if standing.as_ref().is_some_and(Stream::is_shown) {
                gone.push(Event::Track {
                    participant: member.id,
                    source,
                    state: TrackState::Gone,
                });
            }
            *standing = announced.map(Stream::new);
        }
        let room = self.room(key.room)?;
        room.unsettled = true;
        room.observe(now, key.at, |event| gone.push(event));
        self.events
            .extend(gone.into_iter().map(|event| (key.room, event)));
        Ok(())
    }

    fn connect(&mut self, now: Instant, key: MemberKey, side: Side, credentials: Credentials) -> usize {
        let user_fragment = credentials.user_fragment.clone();
        let transport = Transport::new(credentials, now);
        let connection = Connection {
            transport,
            room: key.room.at,
            member: key.at,
            side,
        };
        let at = self.connections.insert(connection);
        self.by_user_fragment.insert(user_fragment, at);
        let member = &mut self.rooms[key.room.at].members[key.at];
        match side {
            Side::Publish => member.publish = Some(at),
            Side::Subscribe => member.subscribe = Some(at),
        }
        self.next_tick.get_or_insert(now + TICK);
        at
    }

    /// Ends a connection whose member stays.
    pub(super) fn drop_connection(&mut self, now: Instant, at: usize, out: &mut Outbox) {
        let Some(mut connection) = self.connections.try_remove(at) else {
            return;
        };
        connection.transport.close(now, out);
        self.by_address.retain(|_, bound| *bound != at);
        self.by_user_fragment.retain(|_, bound| *bound != at);
        let member = self
            .rooms
            .get_mut(connection.room)
            .and_then(|room| room.members.get_mut(connection.member));
        if let Some(member) = member {
            match connection.side {
                Side::Publish => member.publish = member.publish.filter(|publish| *publish != at),
                Side::Subscribe => member.subscribe = member.subscribe.filter(|subscribe| *subscribe != at),
            }
        }
    }

    fn disconnect(&mut self, now: Instant, member: &Member, out: &mut Outbox) {
        for at in [member.publish, member.subscribe].into_iter().flatten() {
            if let Some(mut connection) = self.connections.try_remove(at) {
                connection.transport.close(now, out);
            }
            self.by_address.retain(|_, bound| *bound != at);
            self.by_user_fragment.retain(|_, bound| *bound != at);
        }
    }

    /// Acts upon a change in a connection's life.
    pub(super) fn changed(&mut self, now: Instant, at: usize, change: Option<Change>, out: &mut Outbox) {
        let (Some(change), Some(connection)) = (change, self.connections.get(at)) else {
            return;
        };
        let (room, member, side) = (connection.room, connection.member, connection.side);
        if change == Change::Closed {
            self.drop_connection(now, at, out);
        }
        let Some(room_state) = self.rooms.get_mut(room) else {
            return;
        };
        let Some(found) = room_state.members.get_mut(member) else {
            return;
        };
        let participant = found.id;
        let key = RoomKey {
            at: room,
            serial: room_state.serial,
        };
        self.events.push((
            key,
            match change {
                Change::Connected => Event::Connected { participant, side },
                Change::Closed => Event::Lost { participant, side },
            },
        ));
        room_state.unsettled = true;
        if change == Change::Closed {
            room_state.withdraw(member, side, |event| self.events.push((key, event)));
        }
    }

    pub(super) fn bind(&mut self, address: SocketAddr, at: usize) {
        let earlier = self.by_address.insert(address, at);
        if earlier == Some(at) {
            return;
        }
        // A check under another user name proves that the address is now that peer's (a reload behind the
        // same port, a NAT that gave the port to someone else).
        if let Some(before) = earlier.and_then(|before| self.connections.get_mut(before)) {
            before.transport.addresses.retain(|bound| *bound != address);
        }
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let addresses = &mut connection.transport.addresses;
        addresses.push(address);
        if addresses.len() > MAXIMUM_ADDRESSES {
            let oldest = addresses.remove(0);
            self.by_address.remove(&oldest);
        }
    }
}

/// The sections that carry the tracks, with their sources.
fn wanted(offer: &Description, tracks: &[PublishedTrack]) -> Result<Vec<(usize, Source)>, Error> {
    let mut wanted: Vec<(usize, Source)> = Vec::new();
    for track in tracks {
        let at = offer.sections.iter().position(|section| section.mid == track.mid);
        let at = at.ok_or_else(|| Error::Malformed(format!("no media section has mid {:?}", track.mid)))?;
        let kind = if track.source.is_audio() {
            Kind::Audio
        } else {
            Kind::Video
        };
        if offer.sections[at].kind != kind {
            return Err(Error::Malformed(format!(
                "section {:?} is of another kind than its source",
                track.mid
            )));
        }
        if wanted
            .iter()
            .any(|(section, source)| *section == at || *source == track.source)
        {
            return Err(Error::Malformed(
                "a source or a section is named twice".to_owned(),
            ));
        }
        wanted.push((at, track.source));
    }
    Ok(wanted)
}

fn announced(source: Source, section: &Section, accepted: &Accepted) -> Announced {
    let ssrc = section.ssrcs.first().copied();
    let repair = |ssrc: u32| {
        section
            .repairs
            .iter()
            .find(|(main, _)| *main == ssrc)
            .map(|(_, repair)| *repair)
    };
    Announced {
        source,
        mid: section.mid.clone(),
        ssrc,
        repair_ssrc: ssrc.and_then(repair),
        payload_type: accepted.payload_type,
        repair_payload_type: accepted.repair_payload_type,
        clock_rate: accepted.clock_rate,
        audio_level: accepted.audio_level,
        mid_extension: accepted.mid,
    }
}

/// Whether the viewer's answer takes the section.
fn takes(section: &Section, mid: &str) -> bool {
    section.mid == mid && !section.rejected && section.direction != sdp::Direction::Inactive
}

/// A province's largest meeting is a few hundred; more would be split over shards.
const MAXIMUM_MEMBERS: usize = 2_000;
const MAXIMUM_SEATS: usize = 25;
/// A client with several networks proves several addresses.
const MAXIMUM_ADDRESSES: usize = 8;
