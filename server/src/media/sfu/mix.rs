//! A room whose voices are mixed here: who listens, and the streams that are made for them.

use rand::Rng;
use std::time::Instant;

use super::cross::Leaving;
use super::{Error, MemberKey, RoomKey, Sfu};
use crate::media::name::{ParticipantId, Source, TrackState};
use crate::media::relay::{Crossing, Mix, What};
use crate::media::room::stream::{Announced, AnnouncedLayer, Stream};
use crate::media::sdp::payload_type;
use crate::media::transport::outbox::Outbox;
use uuid::Uuid;

impl Sfu {
    /// The room's voices are mixed here from now on.
    pub fn mix(&mut self, key: RoomKey) {
        if let Ok(room) = self.room(key) {
            room.is_mixed = true;
        }
    }

    /// Those who are to hear the others mixed, and whether they can be heard themselves.
    pub fn mix_listeners(&self, key: RoomKey) -> impl Iterator<Item = (ParticipantId, bool)> {
        let room = self.rooms.get(key.at).filter(|room| room.serial == key.serial);
        let members = room.into_iter().flat_map(|room| room.members.iter());
        let listeners = members.filter(|(_, member)| member.home.is_some() && member.listens_to_mix);
        listeners.map(|(_, member)| {
            let is_open = |source: Source| {
                let stream = member.streams[source as usize].as_ref();
                stream.is_some_and(Stream::is_shown)
            };
            let is_open = is_open(Source::Microphone) || is_open(Source::ScreenAudio);
            (member.id, is_open)
        })
    }

    /// Whether somebody is heard now: in the room, not muted, and with his voice among those that go out.
    pub fn is_audible(&self, key: RoomKey, participant: ParticipantId, source: Source) -> bool {
        let room = self.rooms.get(key.at).filter(|room| room.serial == key.serial);
        room.is_some_and(|room| {
            let found = room.members.iter().find(|(_, member)| member.id == participant);
            found.is_some_and(|(at, member)| {
                let stream = member.streams[source as usize].as_ref();
                stream.is_some_and(Stream::is_shown) && (source != Source::Microphone || room.is_heard(at))
            })
        })
    }

    /// A new stream of the mixer, with its SSRC.
    ///
    /// # Errors
    /// [`Error::Gone`] where the room is no longer open.
    pub fn open_mix(
        &mut self,
        now: Instant,
        key: RoomKey,
        mix: Mix,
        out: &mut Outbox,
    ) -> Result<(MemberKey, u32), Error> {
        let id = ParticipantId(Uuid::from_u128(self.random.random()));
        let ssrc = self.random.random_range(2..=u32::MAX);
        self.serial += 1;
        let serial = self.serial;
        let room = self.room(key)?;
        let at = room.join(id, serial, now);
        let member = &mut room.members[at];
        let mut stream = Stream::new(announced(ssrc));
        stream.state = Some(TrackState::Live);
        member.streams[Source::Microphone as usize] = Some(stream);
        member.mix = Some(mix);
        room.unsettled = true;
        self.settle(now, out);
        Ok((MemberKey::new(key, at, serial), ssrc))
    }

    /// A packet of a mixed stream, which [`Sfu::cross`] is to be given as the first bytes of its storage.
    pub fn send_mix(&mut self, key: MemberKey, index: u64, length: usize) {
        if self.member(key).is_ok() {
            self.leaving
                .push(Leaving::made((key.room.at, key.at), index, length));
        }
    }

    /// At this moment the stream's time-stamp is `rtp`.
    pub fn tell_mix_clock(&mut self, key: MemberKey, ssrc: u32, rtp: u32) {
        let Ok(room) = self.room(key.room) else { return };
        let Some(member) = room.members.get(key.at) else {
            return;
        };
        let crossing = Crossing {
            room: room.id,
            participant: member.id,
            what: What::Clock { ssrc, ntp: 0, rtp },
        };
        let far = room.far.clone();
        self.wishes.extend(far.into_iter().map(|shard| (shard, crossing)));
    }
}

fn announced(ssrc: u32) -> Announced {
    Announced {
        source: Source::Microphone,
        mid: "mix".to_owned(),
        codec: None,
        layers: vec![AnnouncedLayer {
            rid: None,
            ssrc: Some(ssrc),
        }],
        repairs: Vec::new(),
        payload_type: payload_type::OPUS,
        repair_payload_type: None,
        redundancy_payload_type: None,
        clock_rate: 48_000,
        audio_level: None,
        mid_extension: None,
        rid_extension: None,
        repaired_rid_extension: None,
        dependency_extension: None,
    }
}
