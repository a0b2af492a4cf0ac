//! The rules of an account: its name, its lock, the single use of a code.

use std::time::Duration;

use unicode_normalization::UnicodeNormalization;

use crate::clock::Timestamp;

/// Wrong attempts in a row after which an account is locked.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// How long it stays locked: long enough to make guessing hopeless, short enough that nobody needs to call for help.
pub const LOCK: Duration = Duration::from_secs(15 * 60);
/// Wrong attempts older than this no longer count.
pub const FAILURES_FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// The shortest password that is accepted (NIST SP 800-63B-4 asks for 8 beside a second factor).
pub const SHORTEST_PASSWORD: usize = 10;

/// A user name as it is compared: NFC, lower case, without surrounding blanks.
pub fn user_name_key(user_name: &str) -> String {
    user_name.trim().nfc().flat_map(char::to_lowercase).collect()
}

/// The wrong attempts made under one user name, known or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub failures: u32,
    pub last_failure: Timestamp,
    pub locked_until: Option<Timestamp>,
}

impl Attempts {
    /// The end of the lock that holds at `now`.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|end| now < *end)
    }

    /// These attempts and one more wrong one at `now`.
    pub fn failed(self, now: Timestamp) -> Self {
        let forgotten = now.since(self.last_failure) >= FAILURES_FORGOTTEN_AFTER;
        let served = self.locked_until.is_some_and(|end| end <= now);
        let failures = if forgotten || served { 1 } else { self.failures + 1 };
        let locked_until = (failures >= FAILURES_BEFORE_LOCK).then(|| now.after(LOCK));
        Self {
            failures,
            last_failure: now,
            locked_until,
        }
    }

    /// These attempts without the last one, which turned out not to be a guess.
    pub fn undone(self) -> Self {
        Self {
            failures: self.failures.saturating_sub(1),
            locked_until: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn fifth_failure_locks_for_fifteen_minutes() {
        let mut now = Timestamp(1_000_000);
        let mut attempts = Attempts::default();
        for _ in 0..4 {
            attempts = attempts.failed(now);
            assert_eq!(attempts.locked(now), None);
            now = now.after(MINUTE);
        }
        attempts = attempts.failed(now);
        assert_eq!(attempts.locked(now), Some(now.after(LOCK)));
        assert_eq!(attempts.locked(now.after(LOCK)), None);
    }

    #[test]
    fn a_served_lock_and_an_old_failure_start_anew() {
        let now = Timestamp(1_000_000);
        let locked = (0..5).fold(Attempts::default(), |attempts, _| attempts.failed(now));
        let after_lock = locked.failed(now.after(LOCK));
        assert_eq!((after_lock.failures, after_lock.locked_until), (1, None));

        let four = (0..4).fold(Attempts::default(), |attempts, _| attempts.failed(now));
        assert_eq!(four.failed(now.after(FAILURES_FORGOTTEN_AFTER)).failures, 1);
    }

    #[test]
    fn user_names_compare_in_one_form() {
        assert_eq!(user_name_key(" ChuTich "), "chutich");
        assert_eq!(user_name_key("ho\u{0300}a"), user_name_key("HÒA"));
    }
}
