//! Who speaks, from the audio levels that browsers write into their packets (RFC 6464).

use std::time::{Duration, Instant};

/// How loud one participant has lately been.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loudness {
    /// 0 (silence) to 127 (overload), smoothed.
    score: f32,
    /// What the microphone hears all the time: it falls with every quieter packet and rises slowly.
    noise: f32,
    /// Packets of speech since the last one without.
    loud: u32,
    heard: Option<Instant>,
    spoke: Option<Instant>,
    /// Seconds of speech, the louder the more, as they stood when he last spoke.
    said: f32,
}

impl Loudness {
    /// Takes a packet's level: its low seven bits are the loudness in −dBov.
    pub fn hear(&mut self, now: Instant, level: u8) {
        let level = f32::from(127 - (level & 0x7f));
        self.noise = level.min(self.noise + NOISE_RISE);
        let speech = SPEECH.max(self.noise + ABOVE_NOISE);
        self.loud = if level >= speech {
            self.loud.saturating_add(1)
        } else {
            0
        };
        self.score += (level - self.score) * RISE;
        let passed = self
            .heard
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.heard = Some(now);
        if self.score >= speech {
            let weight = 1.0 + (self.score - SPEECH) / (LOUDEST - SPEECH);
            self.said = self.said(now) + passed.min(LONGEST_PACKET).as_secs_f32() * weight;
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
            self.loud = 0;
        }
    }

    pub fn mute(&mut self) {
        *self = Loudness {
            spoke: self.spoke,
            said: self.said,
            ..Loudness::default()
        };
    }

    /// When this participant last spoke.
    pub fn spoke(&self) -> Option<Instant> {
        self.spoke
    }

    /// How much he has lately said: seconds of speech, a loud one up to twice as much as a quiet one, of which half is
    /// forgotten in ten seconds.
    pub fn said(&self, now: Instant) -> f32 {
        let since = |at| now.saturating_duration_since(at).as_secs_f32();
        self.spoke
            .map_or(0.0, |at| self.said * (-since(at) / HALF_LIFE).exp2())
    }

    /// Whether he is beginning to speak or goes on: known sooner than that he has spoken.
    pub fn speaks_up(&self) -> bool {
        self.loud >= WORD_PACKETS
    }

    fn silence(&self, now: Instant) -> Duration {
        self.spoke
            .map_or(Duration::MAX, |at| now.saturating_duration_since(at))
    }
}

/// Whose voices go out, by their place in the room. With more open microphones than [`MOST_VOICES`], those who speak are
/// heard, and nobody is cut off in a word: a place is taken only from who has been silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voices([Option<usize>; MOST_VOICES]);

impl Voices {
    /// Whoever is heard now.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.into_iter().flatten()
    }

    pub fn has(&self, member: usize) -> bool {
        self.0.contains(&Some(member))
    }

    /// Decides anew among those whose microphones are open.
    pub fn choose(&mut self, now: Instant, open: &[(usize, Loudness)]) {
        let find = |member: usize| open.iter().find(|each| each.0 == member);
        for place in &mut self.0 {
            *place = place.filter(|member| find(*member).is_some());
        }
        for _ in 0..MOST_VOICES {
            let waiting = open.iter().filter(|each| !self.has(each.0));
            let rank = |each: &(usize, Loudness)| (each.1.speaks_up(), each.1.score);
            // Of equals the first, so that an empty place is not given to one after the other.
            let next = waiting.reduce(|best, each| {
                let is_before = rank(each).partial_cmp(&rank(best));
                if is_before == Some(std::cmp::Ordering::Greater) {
                    each
                } else {
                    best
                }
            });
            let Some(next) = next else { return };
            let silence = |member: usize| find(member).map_or(Duration::MAX, |each| each.1.silence(now));
            let free = self.0.iter().position(Option::is_none);
            let at = free.or_else(|| {
                let quiet = |at: &usize| {
                    let holder = self.0[*at].and_then(find);
                    holder.is_some_and(|each| !each.1.speaks_up() && each.1.silence(now) > PAUSE_IN_SPEECH)
                };
                let quiet = (0..MOST_VOICES).filter(quiet);
                quiet
                    .max_by_key(|at| self.0[*at].map(silence))
                    .filter(|_| next.1.speaks_up())
            });
            let Some(at) = at else { return };
            self.0[at] = Some(next.0);
        }
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
const LOUDEST: f32 = 127.0;
const MARGIN: f32 = 6.0;
/// A fan that runs all the time is taken for what it is after half a minute; between words it falls at once.
const NOISE_RISE: f32 = 0.04;
const ABOVE_NOISE: f32 = 6.0;
/// Three packets of 20 ms: a click is shorter.
const WORD_PACKETS: u32 = 3;
/// Longer than the gaps between the words of a sentence.
const PAUSE_IN_SPEECH: Duration = Duration::from_millis(700);
/// Seconds.
const HALF_LIFE: f32 = 10.0;
/// What comes after a longer pause was not spoken all that time.
const LONGEST_PACKET: Duration = Duration::from_millis(60);
/// More at once nobody understands, and each costs every line of the room.
pub const MOST_VOICES: usize = 5;
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

    /// Ten packets a turn: those in `speaking` at their level, all others quiet.
    struct Hall {
        now: Instant,
        people: Vec<(usize, Loudness)>,
        voices: Voices,
    }

    impl Hall {
        #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
        fn of(people: usize) -> Hall {
            Hall {
                now: Instant::now(),
                people: (0..people).map(|at| (at, Loudness::default())).collect(),
                voices: Voices::default(),
            }
        }

        fn turn(&mut self, speaking: &[(usize, u8)]) -> Vec<usize> {
            for _ in 0..10 {
                self.now += Duration::from_millis(20);
                for (at, loudness) in &mut self.people {
                    let level = speaking.iter().find(|(who, _)| who == at);
                    loudness.hear(self.now, level.map_or(100, |(_, level)| *level));
                }
                self.voices.choose(self.now, &self.people);
            }
            let mut heard: Vec<usize> = self.voices.iter().collect();
            heard.sort_unstable();
            heard
        }
    }

    #[test]
    fn of_many_open_microphones_a_few_are_heard_and_whoever_speaks_is_among_them() {
        let mut hall = Hall::of(250);
        assert_eq!(
            hall.turn(&[]),
            [0, 1, 2, 3, 4],
            "nobody speaks: the first, and they stay"
        );
        assert_eq!(hall.turn(&[]), [0, 1, 2, 3, 4]);
        let heard = hall.turn(&[(200, 30), (100, 30)]);
        assert!(heard.contains(&200) && heard.contains(&100) && heard.len() == MOST_VOICES);
        assert_eq!(hall.turn(&[(200, 30)]), heard, "a pause takes no place away");
    }

    #[test]
    fn nobody_is_cut_off_in_a_word_by_a_louder_one_and_the_louder_comes_in_at_the_pause() {
        let mut hall = Hall::of(9);
        let five = [(0, 40), (1, 40), (2, 40), (3, 40), (4, 40)];
        let louder: Vec<(usize, u8)> = five.into_iter().chain([(8, 10)]).collect();
        for _ in 0..5 {
            hall.turn(&five);
        }
        for _ in 0..10 {
            assert_eq!(hall.turn(&louder), [0, 1, 2, 3, 4]);
        }
        let paused: Vec<(usize, u8)> = louder.iter().copied().filter(|each| each.0 != 2).collect();
        for _ in 0..5 {
            hall.turn(&paused);
        }
        assert_eq!(hall.turn(&paused), [0, 1, 3, 4, 8]);
    }

    #[test]
    fn noise_that_never_ends_is_no_speech_and_a_cough_is_less_than_a_sentence() {
        let mut hall = Hall::of(3);
        for _ in 0..300 {
            hall.turn(&[(0, 40)]);
        }
        assert!(
            hall.people[0].1.silence(hall.now) > Duration::from_secs(10),
            "a fan"
        );
        hall.turn(&[(1, 20)]);
        hall.turn(&[]);
        for _ in 0..20 {
            hall.turn(&[(2, 30)]);
        }
        let said = |at: usize| hall.people[at].1.said(hall.now);
        assert!(said(2) > 3.0 && said(1) < 1.0, "{} {}", said(2), said(1));
    }

    #[test]
    fn whoever_closes_the_microphone_gives_the_place_up() {
        let mut hall = Hall::of(6);
        hall.turn(&[]);
        hall.people.remove(0);
        assert_eq!(hall.turn(&[]), [1, 2, 3, 4, 5]);
    }
}
