//! A room over several shards: what leaves for them, and what comes from them.

use std::time::Instant;

use super::feedback::note_clock;
use super::receive::Media;
use super::{Error, Room, RoomKey, Sfu};
use crate::media::name::{ParticipantId, RoomId, Source};
use crate::media::relay::{Crossing, FAR_SHARDS, Mailboxes, Notice, ShardId, What};
use crate::media::rtp;
use crate::media::stats::Drop;
use crate::media::transport::outbox::Outbox;

/// What another shard has said, its bytes in the batch's storage.
#[derive(Clone, Copy, Debug)]
pub struct Crossed {
    pub from: ShardId,
    pub crossing: Crossing,
    pub start: usize,
    pub length: usize,
}

/// A packet that other shards may have use for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    room: usize,
    member: usize,
    source: Source,
    layer: u8,
    is_repair: bool,
    /// As it came, of a repair its own.
    index: u64,
    is_entry: bool,
    marker: bool,
    /// The decrypted packet's place in the batch's storage.
    start: usize,
    length: usize,
}

impl Leaving {
    pub fn new(
        (room, member): (usize, usize),
        media: &Media,
        index: u64,
        start: usize,
        length: usize,
    ) -> Leaving {
        Leaving {
            room,
            member,
            source: media.source,
            layer: media.packet.layer,
            is_repair: media.is_repair,
            index,
            is_entry: media.packet.is_entry(),
            marker: media.packet.marker,
            start,
            length,
        }
    }

    /// A packet of `length` bytes that was made here.
    pub fn made((room, member): (usize, usize), index: u64, length: usize) -> Leaving {
        Leaving {
            room,
            member,
            source: Source::Microphone,
            layer: 0,
            is_repair: false,
            index,
            is_entry: true,
            marker: false,
            start: 0,
            length,
        }
    }
}

impl Sfu {
    /// The room spans another shard as well.
    ///
    /// # Errors
    /// [`Error::Gone`] where it is no longer open, [`Error::Refused`] for a shard that rooms cannot span.
    pub fn link(
        &mut self,
        now: Instant,
        key: RoomKey,
        shard: ShardId,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if shard.0 >= FAR_SHARDS {
            return Err(Error::Refused("a room spans no more shards"));
        }
        self.room(key)?.link(shard);
        self.settle(now, out);
        Ok(())
    }

    /// The room no longer spans that shard.
    pub fn unlink(&mut self, now: Instant, key: RoomKey, shard: ShardId, out: &mut Outbox) {
        if let Ok(room) = self.room(key) {
            room.unlink(shard);
            self.settle(now, out);
        }
    }

    /// Opens a room that another shard has opened first.
    pub fn open_branch(&mut self, now: Instant, id: RoomId, out: &mut Outbox) -> RoomKey {
        let key = self.open(now, id, out);
        if let Some(room) = self.rooms.get_mut(key.at) {
            room.is_branch = true;
        }
        key
    }

    /// Lets go whoever is at home here under this id: he joins on another shard.
    pub fn expel(&mut self, now: Instant, key: RoomKey, id: ParticipantId, out: &mut Outbox) {
        let Ok(room) = self.room(key) else { return };
        let resident = room
            .resident(id)
            .and_then(|at| room.members.get(at).map(|member| (at, member.serial)));
        if let Some((at, serial)) = resident {
            self.leave(now, super::MemberKey::new(key, at, serial), out);
        }
    }

    /// Takes what another shard says of one of its members.
    pub fn take_notice(&mut self, now: Instant, from: ShardId, notice: Notice, out: &mut Outbox) {
        self.serial += 1;
        let serial = self.serial;
        let at = self.by_room.get(&notice.room);
        if let Some(room) = at.and_then(|at| self.rooms.get_mut(*at)) {
            room.take_notice(from, notice, serial);
            self.settle(now, out);
        }
    }

    /// What other shards are to be told of members here.
    pub fn take_notices(&mut self) -> std::vec::Drain<'_, (ShardId, Notice)> {
        self.notices.drain(..)
    }

    /// Puts into `mailboxes` what other shards have use for. `storage` is that of the batch which was last received.
    pub fn cross(&mut self, storage: &[u8], mailboxes: &mut impl Mailboxes) {
        for at in 0..self.leaving.len() {
            let leaving = self.leaving[at];
            let bytes = storage.get(leaving.start..leaving.start + leaving.length);
            let room = self.rooms.get_mut(leaving.room);
            if let (Some(room), Some(bytes)) = (room, bytes) {
                let left_out = send(room, &leaving, bytes, mailboxes);
                let publisher = room.members.get(leaving.member).and_then(|member| member.publish);
                let connection = publisher.and_then(|at| self.connections.get_mut(at));
                if let Some(connection) = connection {
                    for _ in 0..left_out {
                        connection.count_drop(&mut self.stats, Drop::ShardBusy);
                    }
                }
            }
        }
        self.leaving.clear();
        // A key frame is asked for again while it is missing, and clocks come every second; the need for a layer is said once.
        self.wishes.retain(|(to, crossing)| {
            let is_put = mailboxes.put(*to, crossing, &[]);
            !is_put && matches!(crossing.what, What::Needs { .. })
        });
    }

    /// Takes a batch from other shards, as [`Sfu::receive`] takes one from the network.
    pub fn receive_crossed(&mut self, now: Instant, storage: &[u8], batch: &[Crossed], out: &mut Outbox) {
        self.began.get_or_insert(now);
        self.arrivals.clear();
        self.leaving.clear();
        self.cursor = Default::default();
        let mut is_wanted = false;
        for crossed in batch {
            let Crossing {
                room: id,
                participant,
                what,
            } = crossed.crossing;
            let Some((at, room)) = self
                .by_room
                .get(&id)
                .and_then(|at| Some((*at, self.rooms.get_mut(*at)?)))
            else {
                continue;
            };
            match what {
                What::Packet { .. } => {
                    self.stats.crossed_packets += 1;
                    if let Err(reason) = self.receive_packet(now, at, crossed, storage) {
                        self.stats.count(reason);
                    }
                }
                What::Clock { ssrc, ntp, rtp } => {
                    if let Some(member) = room.mirror(crossed.from, participant) {
                        note_clock(now, room, member, ssrc, ntp, rtp);
                    }
                }
                What::Needs { source, layers } => room.is_needed(crossed.from, participant, source, layers),
                What::KeyFrame { source, layer } => {
                    let resident = room.resident(participant);
                    if let Some(layer) = resident.and_then(|at| room.layer_mut(at, source, layer)) {
                        layer.key_frames.want();
                        is_wanted = true;
                    }
                }
            }
        }
        if is_wanted {
            self.ask_for_key_frames(now, out);
        }
        self.settle(now, out);
    }

    fn receive_packet(
        &mut self,
        now: Instant,
        at: usize,
        crossed: &Crossed,
        storage: &[u8],
    ) -> Result<(), Drop> {
        let What::Packet {
            source,
            layer,
            is_repair,
            index,
        } = crossed.crossing.what
        else {
            return Ok(());
        };
        let packet = storage
            .get(crossed.start..crossed.start + crossed.length)
            .ok_or(Drop::Truncated)?;
        let header = rtp::Header::parse(packet).ok_or(Drop::Truncated)?;
        let room = self.rooms.get_mut(at).ok_or(Drop::UnknownStream)?;
        let member = room
            .mirror(crossed.from, crossed.crossing.participant)
            .ok_or(Drop::UnknownStream)?;
        let stream = room.members[member].streams[source as usize].as_mut();
        let stream = stream.ok_or(Drop::UnknownStream)?;
        let layer = usize::from(layer);
        if layer >= stream.layers.len() {
            return Err(Drop::UnknownStream);
        }
        stream.is_known_as(layer, is_repair, header.ssrc);
        let media = Media::of(now, stream, (layer, is_repair), &header, packet, index)?;
        self.arrive(now, (at, member), media, &header, packet, crossed.start)
    }
}

/// Puts a packet into the mailbox of each shard that has use for it; gives how many could not take it.
fn send(room: &mut Room, leaving: &Leaving, bytes: &[u8], mailboxes: &mut impl Mailboxes) -> u32 {
    let mut left_out = 0;
    let Room { members, far, id, .. } = room;
    let Some(member) = members.get_mut(leaving.member) else {
        return 0;
    };
    let crossing = Crossing {
        room: *id,
        participant: member.id,
        what: What::Packet {
            source: leaving.source,
            layer: leaving.layer,
            is_repair: leaving.is_repair,
            index: leaving.index,
        },
    };
    let Some(stream) = member.streams[leaving.source as usize].as_mut() else {
        return 0;
    };
    for &shard in far.iter() {
        let Some(far) = stream.far.get_mut(shard.0) else {
            continue;
        };
        if leaving.source.is_audio() {
            left_out += u32::from(!mailboxes.put(shard, &crossing, bytes));
            continue;
        }
        if leaving.layer >= far.needs {
            continue;
        }
        let room = mailboxes.room(shard);
        let takes = match leaving.is_repair {
            true => room > 0 && !far.is_held(leaving.layer),
            false => far.takes(leaving.layer, leaving.is_entry, leaving.marker, room),
        };
        if takes && mailboxes.put(shard, &crossing, bytes) {
            continue;
        }
        far.hold(leaving.layer);
        left_out += 1;
        if let Some(layer) = stream.layers.get_mut(usize::from(leaving.layer)) {
            layer.key_frames.want();
        }
    }
    left_out
}
