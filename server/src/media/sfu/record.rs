//! A room that is recorded or mixed here: whose packets they are, and what is to be seen.

use std::time::Instant;

use super::{Audience, RoomKey, Sfu};
use crate::media::name::{ParticipantId, Source};
use crate::media::recording::{Shown, Taken};
use crate::media::room::Staged;

impl Sfu {
    /// The room is recorded here from now on.
    pub fn record(&mut self, key: RoomKey) {
        if let Ok(room) = self.room(key) {
            room.staged.get_or_insert_with(Staged::default);
            room.unsettled = true;
        }
    }

    /// Whom the conference puts on the stage of the recording.
    pub fn spotlight(&mut self, key: RoomKey, participant: Option<ParticipantId>) {
        if let Ok(room) = self.room(key)
            && let Some(staged) = &mut room.staged
        {
            staged.spotlight = participant;
            room.unsettled = true;
        }
    }

    /// What is to be seen in the recording.
    pub fn stage(&self, now: Instant, key: RoomKey) -> Option<Shown> {
        let room = self.rooms.get(key.at).filter(|room| room.serial == key.serial)?;
        let (member, source, layer) = room.stage(now)?;
        Some(Shown {
            participant: room.members.get(member)?.id,
            source,
            layer,
        })
    }

    /// The recording cannot go on without a key frame of what is to be seen.
    pub fn enter_anew(&mut self, now: Instant, key: RoomKey) {
        if let Ok(room) = self.room(key)
            && let Some((member, source, layer)) = room.stage(now)
            && let Some(layer) = room.layer_mut(member, source, layer)
        {
            layer.key_frames.want();
        }
    }

    /// What the last batch brought to rooms that are recorded or mixed: every picture, and of sound the voices that are heard.
    /// `storage` is the batch's.
    pub fn taken<'a>(&'a self, storage: &'a [u8]) -> impl Iterator<Item = (RoomKey, Taken<'a>)> {
        self.arrivals.iter().filter_map(move |arrival| {
            let room = self.rooms.get(arrival.room)?;
            if room.staged.is_none() && !room.is_mixed {
                return None;
            }
            let member = room.members.get(arrival.member)?;
            let source = arrival.source;
            let is_heard = source != Source::Microphone || room.is_heard(arrival.member);
            if !is_heard || arrival.audience == Audience::WithRedundancy {
                return None;
            }
            let primary = arrival.primary.clone().unwrap_or(0..arrival.length);
            let payload = storage.get(arrival.start + primary.start..arrival.start + primary.end)?;
            let stream = member.streams[source as usize].as_ref()?;
            let layer = stream.layers.get(usize::from(arrival.packet.layer))?;
            let report = layer
                .reception
                .as_ref()
                .and_then(|reception| reception.sender_report());
            let key = RoomKey {
                at: arrival.room,
                serial: room.serial,
            };
            let taken = Taken {
                participant: member.id,
                source,
                packet: arrival.packet,
                payload,
                report: report.copied(),
            };
            Some((key, taken))
        })
    }
}
