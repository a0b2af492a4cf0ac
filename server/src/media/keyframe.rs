//! Key frame requests to publishers, throttled: a key frame is several times an ordinary frame, and all
//! who need one are served by the same.

use std::time::{Duration, Instant};

#[derive(Default)]
pub struct KeyFrames {
    wanted: bool,
    asked_at: Option<Instant>,
    /// Requests since the last key frame.
    asked: u32,
}

impl KeyFrames {
    pub fn want(&mut self) {
        self.wanted = true;
    }

    pub fn arrived(&mut self) {
        self.wanted = false;
        self.asked = 0;
    }

    /// Whether to ask the publisher now. The wish stands until a key frame has come.
    pub fn is_due(&mut self, now: Instant) -> bool {
        // A key frame under way on a slow line is not to be followed by a second one.
        let interval = SHORTEST_INTERVAL * (1 << self.asked.saturating_sub(1).min(MOST_DOUBLINGS));
        let due = self.wanted && self.asked_at.is_none_or(|at| now.duration_since(at) >= interval);
        if due {
            self.asked_at = Some(now);
            self.asked += 1;
        }
        due
    }
}

const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);
const MOST_DOUBLINGS: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn asks_once_in_half_a_second_until_a_key_frame_comes() {
        let start = Instant::now();
        let mut key_frames = KeyFrames::default();
        assert!(!key_frames.is_due(start));
        key_frames.want();
        assert!(key_frames.is_due(start));
        key_frames.want();
        assert!(!key_frames.is_due(start + Duration::from_millis(499)));
        assert!(key_frames.is_due(start + Duration::from_millis(500)));
        assert!(
            !key_frames.is_due(start + Duration::from_millis(1_499)),
            "then once in a second"
        );
        assert!(key_frames.is_due(start + Duration::from_millis(1_500)));
        key_frames.arrived();
        assert!(!key_frames.is_due(start + Duration::from_secs(5)));
    }
}
