//! Whether a viewer's line carries any picture at all.

use std::time::{Duration, Instant};

/// What is believed once it has lasted.
#[derive(Debug, Default)]
pub struct Belief {
    is_held: bool,
    /// Since when it has looked otherwise.
    otherwise: Option<Instant>,
}

impl Belief {
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Takes note of how it looks at this moment; `true` where it is now believed otherwise, because it has looked so for
    /// `patience`.
    pub fn note(&mut self, now: Instant, looks_so: bool, patience: Duration) -> bool {
        if looks_so == self.is_held {
            self.otherwise = None;
            return false;
        }
        let since = *self.otherwise.get_or_insert(now);
        let has_lasted = now.saturating_duration_since(since) >= patience;
        if has_lasted {
            (self.is_held, self.otherwise) = (looks_so, None);
        }
        has_lasted
    }
}

/// What is believed of one line: it takes a while to be believed, and longer to be taken back.
#[derive(Debug, Default)]
pub struct ThinLine {
    belief: Belief,
    told: bool,
}

impl ThinLine {
    /// Takes note of how the line looks at this moment.
    pub fn note(&mut self, now: Instant, looks_thin: bool) {
        let patience = if looks_thin { BELIEVED_AFTER } else { WIDE_AFTER };
        self.belief.note(now, looks_thin, patience);
    }

    /// What is to be told, once.
    pub fn news(&mut self) -> Option<bool> {
        let is_thin = self.belief.is_held();
        let is_news = self.told != is_thin;
        self.told = is_thin;
        is_news.then_some(is_thin)
    }

    /// Whoever was told may not have heard it.
    pub fn forget_told(&mut self) {
        self.told = false;
    }
}

/// A burst of loss is shorter.
const BELIEVED_AFTER: Duration = Duration::from_secs(3);
const WIDE_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn a_line_is_thin_once_it_has_lasted_and_each_change_is_told_once() {
        let start = Instant::now();
        let mut line = ThinLine::default();
        let mut at = |seconds: u64, looks_thin| {
            line.note(start + Duration::from_secs(seconds), looks_thin);
            line.news()
        };
        assert_eq!((at(0, true), at(2, true), at(2, false)), (None, None, None));
        assert_eq!(
            (at(3, true), at(5, true), at(6, true), at(7, true)),
            (None, None, Some(true), None)
        );
        assert_eq!(
            (at(8, false), at(12, false), at(13, false)),
            (None, None, Some(false))
        );
    }
}
