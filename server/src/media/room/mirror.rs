//! Members who are at home on another shard, and what the shards of a room tell each other.

use super::stream::{Announced, Stream};
use super::{Member, Room};
use crate::media::name::{ParticipantId, RoomId, Source, TrackState};
use crate::media::relay::{Crossing, Far, Notice, ShardId, What};

impl Notice {
    fn of(room: RoomId, member: &Member, streams: Option<Vec<(Announced, Option<TrackState>)>>) -> Self {
        Self {
            room,
            participant: member.id,
            joined: member.joined,
            streams,
            mix: member.mix,
            wants_mix: member.hearing.is_wanted(),
        }
    }
}

impl Room {
    /// The room spans this shard as well: it is told of everyone here.
    pub fn link(&mut self, shard: ShardId) {
        if !self.far.contains(&shard) {
            self.far.push(shard);
        }
        for (_, member) in &mut self.members {
            member.is_news = true;
        }
        self.unsettled = true;
    }

    /// The room no longer spans this shard: nothing is needed there.
    pub fn unlink(&mut self, shard: ShardId) {
        self.far.retain(|one| *one != shard);
        let streams = self
            .members
            .iter_mut()
            .flat_map(|(_, member)| &mut member.streams);
        for far in streams.flatten().filter_map(|stream| stream.far.get_mut(shard.0)) {
            *far = Far::default();
        }
        self.unsettled = true;
    }

    /// Where the mirror of somebody stands whose home is `home`.
    pub fn mirror(&self, home: ShardId, id: ParticipantId) -> Option<usize> {
        let at = *self.mirrors.get(&id)?;
        (self.members.get(at)?.home == Some(home)).then_some(at)
    }

    /// Where somebody stands who is at home here.
    pub fn resident(&self, id: ParticipantId) -> Option<usize> {
        let is_meant = |member: &Member| member.id == id && member.home.is_none();
        let found = self.members.iter().find(|(_, member)| is_meant(member));
        found.map(|(at, _)| at)
    }

    /// Takes the truth about a member of another shard; `serial` is for a new mirror. Whoever is at home here, or joined
    /// later elsewhere, stays as he is.
    pub fn take_notice(&mut self, from: ShardId, notice: Notice, serial: u64) {
        let standing = self
            .members
            .iter()
            .find(|(_, member)| member.id == notice.participant);
        let mut at = None;
        if let Some((place, member)) = standing {
            if member.home.is_none() || member.joined > notice.joined {
                return;
            }
            let is_same = member.home == Some(from) && member.joined == notice.joined;
            if is_same && notice.streams.is_some() {
                at = Some(place);
            } else {
                self.leave(place, |_| {});
            }
        }
        let Some(streams) = notice.streams else { return };
        let at = at.unwrap_or_else(|| {
            let at = self.join(notice.participant, serial, notice.joined);
            self.members[at].home = Some(from);
            self.mirrors.insert(notice.participant, at);
            at
        });
        let member = &mut self.members[at];
        (member.mix, member.listens_to_mix) = (notice.mix, notice.wants_mix);
        for source in Source::ALL {
            let given = streams.iter().find(|(announced, _)| announced.source == source);
            let standing = &mut member.streams[source as usize];
            if standing.as_ref().map(|stream| &stream.announced) != given.map(|(announced, _)| announced) {
                *standing = given.map(|(announced, _)| Stream::mirrored(announced.clone()));
            }
            if let (Some(stream), Some((_, state))) = (standing, given) {
                stream.state = *state;
            }
        }
        self.unsettled = true;
    }

    /// Writes to every other shard what it does not know yet of those who are at home here.
    pub fn tell_far(&mut self) {
        let Room {
            id,
            members,
            far,
            notices,
            ..
        } = self;
        let news = |member: &mut Member| std::mem::take(&mut member.is_news) && member.home.is_none();
        for (_, member) in members.iter_mut().filter(|_| !far.is_empty()) {
            if !news(member) {
                continue;
            }
            let streams = member.streams.iter().flatten();
            let streams: Vec<_> = streams
                .map(|stream| (stream.announced.clone(), stream.state))
                .collect();
            let notice = Notice::of(*id, member, Some(streams));
            notices.extend(far.iter().map(|shard| (*shard, notice.clone())));
        }
    }

    /// A member is no longer there.
    pub(super) fn forget(&mut self, member: &Member) {
        if member.home.is_some() {
            self.mirrors.remove(&member.id);
            return;
        }
        let notice = Notice::of(self.id, member, None);
        let told = self.far.iter().map(|shard| (*shard, notice.clone()));
        self.notices.extend(told);
    }

    /// Another shard needs so many layers of a stream of somebody here.
    pub fn is_needed(&mut self, by: ShardId, id: ParticipantId, source: Source, layers: u8) {
        let Some(at) = self.resident(id) else { return };
        let stream = self.members[at].streams[source as usize].as_mut();
        if let Some(far) = stream.and_then(|stream| stream.far.get_mut(by.0)) {
            far.needs = layers;
        }
    }

    pub(super) fn wish(&mut self, home: ShardId, participant: ParticipantId, what: What) {
        let crossing = Crossing {
            room: self.id,
            participant,
            what,
        };
        self.wishes.push((home, crossing));
    }
}

/// How many layers other shards need of a stream.
pub(super) fn needed_far(stream: &Stream) -> u8 {
    stream.far.iter().map(|far: &Far| far.needs).max().unwrap_or(0)
}
