//! Whether a viewer hears the others each by himself or all in one stream, mixed.
//!
//! One voice costs a line some 60 kbit/s with all headers, five of them more than many a line has; mixed they cost as much as
//! one. Mixing is begun soon, since a line that is too full loses what is said, and ended late.
//!
//! In the stream that is for all who are silent everybody is heard. It is given to nobody whose own sound goes out or has just
//! gone out, and that is decided here, at the home of the viewer, where it goes out first: so nobody ever hears himself.

use std::time::{Duration, Instant};

use super::thin::Belief;
use super::{Member, Room};
use crate::media::name::{Event, MixedSound, Source};
use crate::media::relay::Mix;

/// How one viewer hears the others.
#[derive(Debug, Default)]
pub struct Hearing {
    is_asked: bool,
    thin: Belief,
    /// When separate voices were last tried on a line of which no more was known than that it carries the mix.
    tried: Option<Instant>,
    /// How often that went wrong, one time after the other.
    failures: u32,
    /// Since when a mix is wanted and there is none.
    missing: Option<Instant>,
    /// Where the mix stands that the viewer is given.
    given: Option<usize>,
    /// What separate voices would take, in bits a second.
    separate: u64,
    told: MixedSound,
}

/// What is known of a viewer's line.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Bits a second.
    pub estimate: u64,
    /// Nothing is delayed, nor was a moment ago.
    pub is_calm: bool,
    /// The estimate has grown as far as what was sent can prove, and nothing is delayed.
    pub has_headroom: bool,
}

impl Hearing {
    pub fn is_wanted(&self) -> bool {
        self.is_asked || self.thin.is_held()
    }

    /// Takes note of what the viewer asks for, of the line and of what separate voices need; `true` where from now on
    /// something else is wanted.
    pub fn note(&mut self, now: Instant, is_asked: bool, line: Option<Line>, separate: u64) -> bool {
        let before = self.is_wanted();
        self.is_asked = is_asked;
        self.separate = separate;
        self.judge(now, line);
        let is_news = self.is_wanted() != before;
        if is_news {
            self.missing = self.is_wanted().then_some(now);
        }
        is_news
    }

    fn judge(&mut self, now: Instant, line: Option<Line>) {
        let Some(line) = line else { return };
        if !self.thin.is_held() {
            // What was tried is not yet proven, and is to be let prove itself.
            let is_new = self.tried.is_some_and(|at| within(now, at, PROVEN_AFTER));
            let looks_thin = line.estimate < self.separate && !(is_new && line.is_calm);
            if self.thin.note(now, looks_thin, THIN_AFTER) {
                let is_failure = self.tried.is_some_and(|at| within(now, at, TRIAL));
                self.failures = if is_failure { self.failures + 1 } else { 0 };
            }
            return;
        }
        let is_wide = line.estimate >= self.separate * WIDE_PERCENT / 100;
        let patience = match is_wide {
            true => WIDE_AFTER,
            false => TRIED_AFTER * 2u32.pow(self.failures.min(MOST_DOUBLED)),
        };
        let looks_thin = !is_wide && !line.has_headroom;
        if self.thin.note(now, looks_thin, patience) {
            self.tried = (!is_wide).then_some(now);
        }
    }

    /// What the line is to be asked for: as much as would let the viewer hear the voices one by one.
    pub fn demand(&self) -> u64 {
        let is_for_the_line = self.thin.is_held() && !self.is_asked;
        if is_for_the_line {
            self.separate * WIDE_PERCENT / 100
        } else {
            0
        }
    }

    pub fn state(&self, now: Instant) -> MixedSound {
        let is_missing = |since: Instant| !within(now, since, GIVEN_WITHIN);
        match self.missing {
            _ if !self.is_wanted() => MixedSound::Off,
            Some(since) if is_missing(since) => MixedSound::Full,
            _ if self.is_asked => MixedSound::Asked,
            _ => MixedSound::ThinLine,
        }
    }

    /// Where the mix stands that the viewer is given.
    pub fn given(&self) -> Option<usize> {
        self.given
    }

    /// Between two streams there may be a moment without one.
    pub(super) fn give(&mut self, now: Instant, mix: Option<usize>) {
        self.given = mix;
        self.missing = match mix {
            None if self.is_wanted() => self.missing.or(Some(now)),
            _ => None,
        };
    }

    pub fn forget_told(&mut self) {
        self.told = MixedSound::Off;
    }

    fn news(&mut self, now: Instant) -> Option<MixedSound> {
        let state = self.state(now);
        let is_news = self.told != state;
        self.told = state;
        is_news.then_some(state)
    }
}

impl Room {
    /// Decides for one viewer; nothing is known of the lines of those whose browsers report no arrivals.
    pub fn judge_hearing(&mut self, now: Instant, viewer: usize, line: Option<Line>) {
        let separate = self.separate_voices(viewer);
        let member = &mut self.members[viewer];
        let asks = member.watch.mixed_sound;
        if member.hearing.note(now, asks, line, separate) {
            member.is_news = true;
            self.unsettled = true;
        }
        if self.mix_for(now, viewer) != self.members[viewer].hearing.given() {
            self.unsettle(viewer);
        }
    }

    /// The mix that a viewer is to hear: one without his own voice, or that of all who are silent while he is.
    pub(super) fn mix_for(&self, now: Instant, viewer: usize) -> Option<usize> {
        let member = &self.members[viewer];
        if !member.hearing.is_wanted() {
            return None;
        }
        let live = |wanted: Mix| {
            let mut members = self.members.iter();
            let is_meant = |mix: &Member| mix.mix == Some(wanted) && mix.sends_sound(now);
            members.find(|(_, mix)| is_meant(mix)).map(|(at, _)| at)
        };
        let own = live(Mix::AllBut(member.id));
        own.or_else(|| live(Mix::Everyone).filter(|_| !member.may_be_heard(now)))
    }

    /// What a viewer's line would have to carry of voices one by one, in bits a second; nothing where there is one at most,
    /// since mixing would spare nothing.
    fn separate_voices(&self, viewer: usize) -> u64 {
        let rate = |member: usize, source: Source| {
            let stream = self.members.get(member)?.streams[source as usize].as_ref()?;
            stream
                .is_shown()
                .then_some(stream.rates[0].max(USUAL_BITS_PER_SECOND))
        };
        let others = |source: Source| {
            let members = self.members.iter().map(|(at, _)| at);
            members
                .filter(move |at| *at != viewer && (source != Source::Microphone || self.is_heard(*at)))
                .filter_map(move |at| rate(at, source))
        };
        let voices = || others(Source::Microphone).chain(others(Source::ScreenAudio));
        if voices().count() < 2 { 0 } else { voices().sum() }
    }

    /// Tells of viewers who are heard to from now on in another way.
    pub fn tell_of_hearing(&mut self, now: Instant, mut event: impl FnMut(Event)) {
        for &viewer in &self.viewers {
            let member = &mut self.members[viewer];
            if let Some(state) = member.hearing.news(now) {
                event(Event::MixedSound {
                    viewer: member.id,
                    state,
                });
            }
        }
    }
}

impl Member {
    /// Own sound goes out, or may still be in what others are about to hear.
    fn may_be_heard(&self, now: Instant) -> bool {
        let is_open = [Source::Microphone, Source::ScreenAudio]
            .iter()
            .any(|source| self.shown()[*source as usize]);
        is_open || self.sounded.is_some_and(|at| within(now, at, ECHOES))
    }

    fn sends_sound(&self, now: Instant) -> bool {
        let stream = self.streams[Source::Microphone as usize].as_ref();
        stream.is_some_and(|stream| stream.is_shown() && stream.layers[0].is_live(now))
    }
}

fn within(now: Instant, at: Instant, duration: Duration) -> bool {
    now.saturating_duration_since(at) < duration
}

/// A burst of loss is shorter; the queue of a line that is too full is not much longer.
const THIN_AFTER: Duration = Duration::from_secs(1);
/// What the estimate has to exceed for separate voices to come back, and for how long.
const WIDE_PERCENT: u64 = 125;
const WIDE_AFTER: Duration = Duration::from_secs(15);
/// An estimate cannot grow beyond what is sent: after so long it is tried, and after each failure twice as long.
const TRIED_AFTER: Duration = Duration::from_secs(60);
const MOST_DOUBLED: u32 = 4;
const TRIAL: Duration = Duration::from_secs(60);
/// An estimate grows by eight percent a second.
const PROVEN_AFTER: Duration = Duration::from_secs(20);
/// The thread that mixes answers within a tenth of a second.
const GIVEN_WITHIN: Duration = Duration::from_secs(3);
/// Longer than any mix is held back, and on its way.
const ECHOES: Duration = Duration::from_secs(2);
/// A voice that is silent now speaks up in a moment.
const USUAL_BITS_PER_SECOND: u64 = 40_000;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
mod tests {
    use super::*;

    /// Judged twenty times a second, as the rounds do.
    struct Judge {
        now: Instant,
        hearing: Hearing,
    }

    impl Judge {
        fn new() -> Judge {
            Judge {
                now: Instant::now(),
                hearing: Hearing::default(),
            }
        }

        /// For how long the line has to look so until something else is wanted; nothing where it never is within `most` seconds.
        fn turns_after(&mut self, estimate: u64, has_headroom: bool, most: u64) -> Option<u64> {
            let line = Line {
                estimate,
                is_calm: has_headroom,
                has_headroom,
            };
            (0..most * 20).find_map(|round| {
                self.now += Duration::from_millis(50);
                self.hearing
                    .note(self.now, false, Some(line), SEPARATE)
                    .then_some(round / 20)
            })
        }
    }

    const SEPARATE: u64 = 200_000;

    #[test]
    fn a_line_is_found_thin_soon_and_wide_late() {
        let mut judge = Judge::new();
        assert_eq!(judge.turns_after(190_000, false, 1), None);
        assert_eq!(judge.turns_after(210_000, false, 60), None, "a moment is nothing");
        assert_eq!(judge.turns_after(190_000, false, 60), Some(1));
        assert_eq!(judge.hearing.state(judge.now), MixedSound::ThinLine);
        assert_eq!(judge.turns_after(240_000, false, 60), None, "hardly enough");
        assert_eq!(judge.turns_after(260_000, false, 10), None);
        assert_eq!(judge.turns_after(240_000, false, 60), None);
        assert_eq!(judge.turns_after(260_000, false, 60), Some(15));
        assert_eq!(judge.hearing.state(judge.now), MixedSound::Off);
    }

    #[test]
    fn a_line_of_which_no_more_can_be_known_is_tried_and_less_often_where_that_fails() {
        let mut judge = Judge::new();
        judge.turns_after(100_000, false, 60);
        assert_eq!(judge.turns_after(100_000, true, 600), Some(60));
        assert_eq!(judge.turns_after(100_000, false, 600), Some(1), "it was too thin");
        assert_eq!(judge.turns_after(100_000, true, 600), Some(120));
        assert_eq!(judge.turns_after(100_000, false, 600), Some(1));
        assert_eq!(judge.turns_after(100_000, true, 600), Some(240));
        // The line is calm, so there is time for the estimate to grow, but not for ever.
        assert_eq!(judge.turns_after(100_000, true, 600), Some(20));
        assert_eq!(judge.turns_after(100_000, true, 600), Some(480));
        // It holds for long: later trouble is another.
        assert_eq!(judge.turns_after(300_000, false, 100), None);
        assert_eq!(judge.turns_after(100_000, false, 600), Some(1));
        assert_eq!(judge.turns_after(100_000, true, 600), Some(60));
    }

    #[test]
    fn who_asks_is_given_it_at_once_whatever_the_line_and_told_where_there_is_none() {
        let mut judge = Judge::new();
        let Judge { now, hearing } = &mut judge;
        assert!(hearing.note(*now, true, None, 0));
        assert_eq!(hearing.state(*now), MixedSound::Asked);
        *now += Duration::from_secs(4);
        assert_eq!(hearing.state(*now), MixedSound::Full);
        hearing.give(*now, Some(3));
        assert_eq!(hearing.state(*now), MixedSound::Asked);
        hearing.give(*now, None);
        assert_eq!(hearing.state(*now), MixedSound::Asked, "between two streams");
        assert!(hearing.note(*now, false, None, 0));
        assert_eq!(hearing.state(*now), MixedSound::Off);
    }
}
