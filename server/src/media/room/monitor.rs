//! What a monitor shows, which has one picture and as many voices as it offered sections for.

use super::Room;
use super::stream::Stream;
use crate::media::name::Source;

impl Room {
    pub(super) fn show_on_monitor(&mut self, viewer: usize) {
        let picture = self.members[viewer].pool.picture();
        let sound_only = self.members[viewer].watch.sound_only;
        let shown = picture
            .filter(|_| !sound_only)
            .and_then(|at| self.pictured(viewer, at));
        let pool = &mut self.members[viewer].pool;
        if let Some(at) = picture {
            if let Some((_, source)) = shown {
                pool.turn(at, source);
            }
            pool.give(at, shown.map(|(member, _)| member));
        }
        self.sound_on_monitor(viewer);
    }

    fn pictured(&self, viewer: usize, at: usize) -> Option<(usize, Source)> {
        let watching = &self.members[viewer];
        let slot = &watching.pool.slots[at];
        let before = slot.holder.map(|holder| (holder, slot.source));
        let spotlight = watching.watch.first.first().copied();
        self.on_stage(spotlight, before, |member, source| {
            let stream = self.shown_stream(member, source);
            let decodes = |stream: &Stream| {
                stream
                    .announced
                    .codec
                    .is_none_or(|codec| slot.codecs[codec as usize])
            };
            member != viewer && stream.is_some_and(decodes)
        })
    }

    /// The sound of a shared screen, in the last section, and before all others whoever speaks. Where there is one section
    /// alone, a screen is heard while nobody has a microphone open.
    fn sound_on_monitor(&mut self, viewer: usize) {
        let sounds = self.members[viewer].pool.sounds();
        let speaker = self.speaker.filter(|speaker| self.voices.has(*speaker));
        let mut heard: Vec<usize> = speaker.into_iter().collect();
        let others = self.voices.iter().filter(|member| Some(*member) != speaker);
        heard.extend(others);
        heard.retain(|member| *member != viewer);
        let has_sound =
            |member: &usize| *member != viewer && self.shown_stream(*member, Source::ScreenAudio).is_some();
        let sharer = self.members.iter().map(|(at, _)| at).find(has_sound);
        let screen = sounds.last().copied().filter(|_| sharer.is_some());
        let screen = screen.filter(|_| sounds.len() > 1 || heard.is_empty());
        let pool = &mut self.members[viewer].pool;
        for at in sounds {
            let is_screen = screen == Some(at);
            pool.turn(
                at,
                if is_screen {
                    Source::ScreenAudio
                } else {
                    Source::Microphone
                },
            );
            if is_screen {
                pool.give(at, sharer);
            }
        }
        heard.truncate(pool.usable(Source::Microphone).len());
        pool.give_voices(&heard);
    }

    fn shown_stream(&self, member: usize, source: Source) -> Option<&Stream> {
        let stream = self.members.get(member)?.streams[source as usize].as_ref();
        stream.filter(|stream| stream.is_shown())
    }
}
