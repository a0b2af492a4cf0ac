//! Who speaks, from the audio levels that browsers write into their packets (RFC 6464).

use std::time::{Duration, Instant};

/// How loud one participant has lately been.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loudness {
    /// 0 (silence) to 127 (overload), smoothed.
    score: f32,
    heard: Option<Instant>,
    spoke: Option<Instant>,
}

impl Loudness {
    /// Takes a packet's level: its low seven bits are the loudness in −dBov.
    pub fn hear(&mut self, now: Instant, level: u8) {
        self.score += (f32::from(127 - (level & 0x7f)) - self.score) * RISE;
        self.heard = Some(now);
        if self.score >= SPEECH {
            self.spoke = Some(now);
        }
    }

    /// Silence by discontinued transmission sends nothing that could lower the score.
    pub fn settle(&mut self, now: Instant) {
        if self
            .heard
            .is_some_and(|at| now.saturating_duration_since(at) > Duration::from_millis(200))
        {
            self.score *= 0.8;
        }
    }

    pub fn mute(&mut self) {
        *self = Loudness {
            spoke: self.spoke,
            ..Loudness::default()
        };
    }

    /// When this participant last spoke.
    pub fn spoke(&self) -> Option<Instant> {
        self.spoke
    }
}

/// The dominant speaker among `loudness`: whoever holds the floor keeps it until someone is clearly
/// louder, or he was silent for a second and a half.
pub fn dominant(now: Instant, current: Option<usize>, loudness: &[(usize, Loudness)]) -> Option<usize> {
    let speaking = |each: &&(usize, Loudness)| {
        each.1
            .spoke
            .is_some_and(|at| now.saturating_duration_since(at) < PATIENCE)
    };
    let loudest = loudness
        .iter()
        .filter(speaking)
        .max_by(|a, b| a.1.score.total_cmp(&b.1.score));
    let holder = loudness
        .iter()
        .filter(speaking)
        .find(|each| Some(each.0) == current);
    match (holder, loudest) {
        (Some(holder), Some(loudest)) if loudest.1.score < holder.1.score + MARGIN => Some(holder.0),
        (_, loudest) => loudest.map(|each| each.0),
    }
}

/// A fifth of the way with every packet of 20 ms: a cough does not take the floor.
const RISE: f32 = 0.2;
/// −50 dBov: above the noise of a room, below quiet speech.
const SPEECH: f32 = 77.0;
const MARGIN: f32 = 6.0;
const PATIENCE: Duration = Duration::from_millis(1500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn the_floor_passes_when_the_holder_falls_silent() {
        let start = Instant::now();
        let mut people = [(0, Loudness::default()), (1, Loudness::default())];
        assert_eq!(dominant(start, None, &people), None);
        for packet in 0..50 {
            people[0].1.hear(start + Duration::from_millis(20 * packet), 30);
            people[1].1.hear(start + Duration::from_millis(20 * packet), 32);
        }
        let now = start + Duration::from_secs(1);
        assert_eq!(
            dominant(now, Some(1), &people),
            Some(1),
            "hardly louder is not enough"
        );
        assert_eq!(dominant(now, None, &people), Some(0));
        for packet in 50..150 {
            people[1].1.hear(start + Duration::from_millis(20 * packet), 127);
            people[0].1.hear(start + Duration::from_millis(20 * packet), 30);
        }
        assert_eq!(
            dominant(start + Duration::from_secs(3), Some(1), &people),
            Some(0)
        );
        assert_eq!(dominant(start + Duration::from_secs(9), Some(0), &people), None);
    }
}
