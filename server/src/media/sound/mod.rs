//! The voices of a room put in order, decoded and mixed: for its recording, and for those whose lines take one stream alone.

pub mod clock;
mod mixer;
mod voice;

use std::collections::HashMap;

use super::name::{ParticipantId, Source};
pub use mixer::Mixer;
use voice::Voice;

/// The voices of a room, each decoded once.
#[derive(Default)]
pub struct Voices {
    voices: HashMap<(ParticipantId, Source), Voice>,
    read: Vec<Heard>,
}

/// 20 ms of one voice.
pub struct Heard {
    pub participant: ParticipantId,
    pub samples: [f32; FRAME],
}

impl Voices {
    /// Keeps a packet until its time, the place `at` of its first sample. A voice for which there is no memory, or one of
    /// more than there ever are, is left out.
    pub fn take(
        &mut self,
        (participant, source): (ParticipantId, Source),
        index: u64,
        at: i64,
        frame: &[u8],
    ) {
        let is_full = self.voices.len() >= MOST_DECODED;
        let voice = match self.voices.entry((participant, source)) {
            std::collections::hash_map::Entry::Occupied(voice) => voice.into_mut(),
            std::collections::hash_map::Entry::Vacant(_) if is_full => return,
            std::collections::hash_map::Entry::Vacant(place) => match Voice::new() {
                Ok(voice) => place.insert(voice),
                Err(_) => return,
            },
        };
        voice.take(index, at, frame);
    }

    /// Everyone's 20 ms from `from` on. Of whom nothing has come for long is forgotten after it.
    pub fn read(&mut self, from: i64) -> &[Heard] {
        self.read.clear();
        for ((participant, _), voice) in &mut self.voices {
            let mut samples = [0.0; FRAME];
            voice.read(from, &mut samples);
            self.read.push(Heard {
                participant: *participant,
                samples,
            });
        }
        self.voices.retain(|_, voice| !voice.is_forgotten(from));
        &self.read
    }

    /// Nothing more is heard of those of whom `is_kept` is not true, not even what has come already.
    pub fn retain(&mut self, mut is_kept: impl FnMut(ParticipantId, Source) -> bool) {
        self.voices
            .retain(|(participant, source), _| is_kept(*participant, *source));
    }

    pub fn clear(&mut self) {
        self.voices.clear();
    }

    pub fn count(&self) -> usize {
        self.voices.len()
    }
}

/// Of a room half a minute's speakers: five are heard at once, and the sound of shared screens.
const MOST_DECODED: usize = 64;
pub const SAMPLES_PER_MS: i64 = 48;
pub const FRAME_MS: u64 = 20;
/// Samples of one frame of sound.
pub const FRAME: usize = 960;
