//! What the conference asks for: rooms, people, descriptions.

use std::time::Instant;

use super::{Connection, Sfu, TICK};
use crate::media::layer::Viewport;
use crate::media::name::{Event, ParticipantId, RoomId, Side, Source, Watch};
use crate::media::room::{Member, Room};
use crate::media::sdp;
use crate::media::stats::{Drops, Reported};
use crate::media::transport::ice_lite::Credentials;
use crate::media::transport::outbox::Outbox;
use crate::media::transport::path::Path;
use crate::media::transport::{Change, Transport};

/// A room, told from any other that was or will be at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomKey {
    pub(super) at: usize,
    pub(super) serial: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberKey {
    pub(super) room: RoomKey,
    pub(super) at: usize,
    serial: u64,
}

impl MemberKey {
    pub(super) fn new(room: RoomKey, at: usize, serial: u64) -> MemberKey {
        MemberKey { room, at, serial }
    }

    pub(super) fn serial(self) -> u64 {
        self.serial
    }
}

/// Which source the media section with this `a=mid` carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTrack {
    pub mid: String,
    pub source: Source,
}

/// What an offer to a viewer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The first one, or more seats on the connection that stands.
    Grow,
    /// The connection that stands looks for another way through the network; the old one carries on
    /// until it has found it.
    RestartIce,
    /// A new connection in place of the one that stands.
    Anew,
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

    /// The room that stands under this id.
    pub fn find(&self, id: RoomId) -> Option<RoomKey> {
        let at = *self.by_room.get(&id)?;
        let serial = self.rooms.get(at)?.serial;
        Some(RoomKey { at, serial })
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
            // Of a mirror as well: whoever joins here is at home here from now on.
            let serial = member.serial;
            self.leave(now, MemberKey { room, at, serial }, out);
        }
        self.serial += 1;
        let serial = self.serial;
        let room_state = self.room(room)?;
        if room_state.members.len() >= MAXIMUM_MEMBERS {
            return Err(Error::Refused("the room is full"));
        }
        let at = room_state.join(id, serial, now);
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

    /// Takes note of how large a viewer's page shows the sections; those not named stay as they were.
    pub fn view(&mut self, now: Instant, key: MemberKey, views: &[(String, Viewport)], out: &mut Outbox) {
        let Ok(member) = self.member(key) else { return };
        for slot in &mut member.pool.slots {
            if let Some((_, viewport)) = views.iter().find(|(mid, _)| *mid == slot.section.mid) {
                slot.viewport = Some(*viewport);
            }
        }
        self.rooms[key.room.at].unsettle(key.at);
        self.settle(now, out);
    }

    /// Takes note of what a viewer wants of the others. `true` where the connection has fewer seats than that takes, and
    /// more are to be offered.
    ///
    /// # Errors
    /// [`Error::Gone`].
    pub fn watch(
        &mut self,
        now: Instant,
        key: MemberKey,
        watch: Watch,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        let member = self.member(key)?;
        let wanted = watch.pictures.unwrap_or(0).min(MAXIMUM_SEATS);
        let lacks = member.subscribe.is_some() && wanted > member.pool.seats();
        member.watch = watch;
        self.rooms[key.room.at].unsettle(key.at);
        self.settle(now, out);
        Ok(lacks)
    }

    /// Takes note of what a client says of its line.
    pub fn hear_report(&mut self, now: Instant, key: MemberKey, reported: Reported) {
        if let Ok(member) = self.member(key) {
            member.hear_report(now, reported);
        }
    }

    /// Reports once more what a viewer's slots carry and which of his own layers are needed.
    pub fn tell_again(&mut self, now: Instant, key: MemberKey, out: &mut Outbox) {
        let Ok(member) = self.member(key) else { return };
        member.forget_told();
        self.rooms[key.room.at].unsettle(key.at);
        self.settle(now, out);
    }

    pub(super) fn room(&mut self, key: RoomKey) -> Result<&mut Room, Error> {
        self.rooms
            .get_mut(key.at)
            .filter(|room| room.serial == key.serial)
            .ok_or(Error::Gone)
    }

    pub(super) fn member(&mut self, key: MemberKey) -> Result<&mut Member, Error> {
        let room = self.room(key.room)?;
        room.members
            .get_mut(key.at)
            .filter(|member| member.serial == key.serial)
            .ok_or(Error::Gone)
    }

    pub(super) fn connect(
        &mut self,
        now: Instant,
        key: MemberKey,
        side: Side,
        credentials: Credentials,
    ) -> usize {
        let user_fragment = credentials.user_fragment.clone();
        let transport = Transport::new(credentials, now);
        let connection = Connection {
            transport,
            room: key.room.at,
            member: key.at,
            side,
            dropped: Drops::default(),
            arrivals: None,
            egress: None,
            extensions: sdp::Extensions::OFFERED,
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
        self.by_path.retain(|_, bound| *bound != at);
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
            self.by_path.retain(|_, bound| *bound != at);
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
        room_state.unsettle(member);
        if change == Change::Closed {
            room_state.withdraw(member, side, |event| self.events.push((key, event)));
        }
    }

    /// A way through a relay comes from now on, for this seat alone.
    pub fn relay_for(&mut self, stream: u64, seat: (RoomId, ParticipantId)) {
        self.relayed.insert(stream, seat);
    }

    /// A way that is no UDP is gone; another may be proven in its place.
    pub fn forget(&mut self, path: Path) {
        self.relayed.remove(&path.stream);
        let at = self.by_path.remove(&path);
        if let Some(connection) = at.and_then(|at| self.connections.get_mut(at)) {
            connection.transport.paths.retain(|bound| *bound != path);
            connection.transport.ice.forget(path);
        }
    }

    pub(super) fn bind(&mut self, path: Path, at: usize) {
        let earlier = self.by_path.insert(path, at);
        if earlier == Some(at) {
            return;
        }
        // A check under another user name proves that the address is now that peer's (a reload behind the
        // same port, a NAT that gave the port to someone else).
        if let Some(before) = earlier.and_then(|before| self.connections.get_mut(before)) {
            before.transport.paths.retain(|bound| *bound != path);
        }
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let paths = &mut connection.transport.paths;
        paths.push(path);
        if paths.len() > MAXIMUM_PATHS {
            let oldest = paths.remove(0);
            self.by_path.remove(&oldest);
        }
    }
}

/// A province's largest meeting is a few hundred; more would be split over shards.
const MAXIMUM_MEMBERS: usize = 2_000;
/// On one viewer's connection.
pub const MAXIMUM_SEATS: usize = 25;
/// A client with several networks proves several ways.
const MAXIMUM_PATHS: usize = 8;
