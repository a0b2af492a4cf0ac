//! What is seen of a room in its recording.

use std::time::Instant;

use super::Room;
use crate::media::codec::Codec;
use crate::media::name::{ParticipantId, Source};

/// The picture of a recording, chosen anew whenever the seating is.
#[derive(Default)]
pub struct Staged {
    /// Whom the conference has put on everyone's stage.
    pub spotlight: Option<ParticipantId>,
    /// Whose place in the room it is.
    shown: Option<(usize, Source)>,
}

impl Staged {
    /// Whoever gets this place next is another.
    pub fn forget(&mut self, member: usize) {
        self.shown = self.shown.filter(|(shown, _)| *shown != member);
    }
}

impl Room {
    /// Chooses what the recording shows.
    pub fn choose_stage(&mut self) {
        let Some(staged) = &self.staged else { return };
        let shown = self.on_stage(staged.spotlight, staged.shown, |member, source| {
            self.can_stage(member, source)
        });
        if let Some(staged) = &mut self.staged {
            staged.shown = shown;
        }
    }

    /// What is seen where there is one picture: a shared screen, else who is on the stage, else who speaks, else whoever was
    /// shown before, else the first who can be seen.
    pub(super) fn on_stage(
        &self,
        spotlight: Option<ParticipantId>,
        before: Option<(usize, Source)>,
        is_seen: impl Fn(usize, Source) -> bool,
    ) -> Option<(usize, Source)> {
        let places = || self.members.iter().map(|(at, _)| at);
        let before = |source: Source| {
            let shown = before.filter(|(_, shown)| *shown == source);
            shown.map(|(member, _)| member).filter(|at| is_seen(*at, source))
        };
        let with_face = |at: &usize| is_seen(*at, Source::Camera);
        let spotlight = spotlight.and_then(|id| places().find(|at| self.members[*at].id == id));
        let screen = before(Source::Screen).or_else(|| places().find(|at| is_seen(*at, Source::Screen)));
        let face = || {
            let chosen = spotlight.filter(with_face);
            let chosen = chosen.or_else(|| self.speaker.filter(with_face));
            let chosen = chosen.or_else(|| before(Source::Camera));
            chosen.or_else(|| places().find(with_face))
        };
        match screen {
            Some(member) => Some((member, Source::Screen)),
            None => face().map(|member| (member, Source::Camera)),
        }
    }

    /// A WebM track has one codec, the one that every browser sends where it is asked first.
    fn can_stage(&self, member: usize, source: Source) -> bool {
        let member = self.members.get(member);
        let stream = member.and_then(|member| member.streams[source as usize].as_ref());
        stream.is_some_and(|stream| stream.is_shown() && stream.announced.codec == Some(Codec::Vp8))
    }

    /// The picture of the recording, with its best layer that comes.
    pub fn stage(&self, now: Instant) -> Option<(usize, Source, u8)> {
        let (member, source) = self.staged.as_ref()?.shown?;
        let stream = self.members.get(member)?.streams[source as usize].as_ref()?;
        let best = stream.layers.iter().rposition(|layer| layer.is_live(now));
        let layer = best.unwrap_or(stream.layers.len() - 1);
        Some((member, source, layer as u8))
    }

    /// What the recording has use for counts like what viewers have.
    pub(super) fn measure_stage(&mut self) {
        let shown = self.staged.as_ref().and_then(|staged| staged.shown);
        let Some((member, source)) = shown else { return };
        let stream = self
            .members
            .get(member)
            .and_then(|one| one.streams[source as usize].as_ref());
        if let (Some(stream), Some(needed)) = (stream, self.needed.get_mut(member)) {
            let needed = &mut needed[source as usize];
            *needed = (*needed).max(stream.layers.len() as u8);
        }
    }
}
