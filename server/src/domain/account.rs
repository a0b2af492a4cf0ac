//! The rules of an account: its name, its lock, the single use of a code, the life of a link for a new password.

use std::time::Duration;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::search::fold;
use crate::clock::Timestamp;

/// Wrong attempts in a row after which an account is locked.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// How long it stays locked: long enough to make guessing hopeless, short enough that nobody needs to call for help.
pub const LOCK: Duration = Duration::from_secs(15 * 60);
/// Wrong attempts older than this no longer count.
pub const FAILURES_FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// The shortest password that is accepted (NIST SP 800-63B-4 asks for 8 beside a second factor).
pub const SHORTEST_PASSWORD: usize = 10;

/// The longest password that is looked at, in bytes: beyond it somebody tries to keep the program busy.
pub const LONGEST_PASSWORD_BYTES: usize = 1000;
/// How long a link for a new password opens anything: a working day and the night after it.
pub const RESET: Duration = Duration::from_secs(24 * 60 * 60);

/// What is wrong with what is said of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("a user name has from 2 to 60 letters, figures, points, hyphens, underscores or @")]
    UserName,
    #[error("a full name has from 1 to 50 characters")]
    FullName,
    #[error("a position has from 1 to 100 characters")]
    Position,
    #[error("the mail address is no address")]
    MailAddress,
    #[error("the name of a passkey has from 1 to 50 characters")]
    PasskeyName,
}

/// A user name in the form in which it is kept, if it may be one.
///
/// # Errors
/// [`Fault::UserName`].
pub fn user_name(typed: &str) -> Result<String, Fault> {
    let name = user_name_key(typed);
    let plain = |letter: char| letter.is_alphanumeric() || ".-_@".contains(letter);
    let fits = (2..=60).contains(&name.chars().count()) && name.chars().all(plain);
    fits.then_some(name).ok_or(Fault::UserName)
}

/// A full name in composed form, with single blanks: 50 characters as annex VI of Nghị định 30/2020 has them.
///
/// # Errors
/// [`Fault::FullName`].
pub fn full_name(typed: &str) -> Result<String, Fault> {
    line(typed, 50).ok_or(Fault::FullName)
}

/// A position in composed form, with single blanks: 100 characters as annex VI has them.
///
/// # Errors
/// [`Fault::Position`].
pub fn position(typed: &str) -> Result<String, Fault> {
    line(typed, 100).ok_or(Fault::Position)
}

/// What somebody calls a passkey, in composed form, with single blanks.
///
/// # Errors
/// [`Fault::PasskeyName`].
pub fn passkey_name(typed: &str) -> Result<String, Fault> {
    line(typed, 50).ok_or(Fault::PasskeyName)
}

/// One line of text without control characters, NFC, its blanks single; none where it is empty or too long.
pub(super) fn line(typed: &str, most: usize) -> Option<String> {
    let words: Vec<&str> = typed.split_whitespace().collect();
    let text: String = words.join(" ").nfc().collect();
    let fits = !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// What people are ordered and found by: the given name first, as Vietnamese lists have it, folded, then the user name.
pub fn name_key(full_name: &str, user_name: &str) -> String {
    let folded = fold(full_name);
    let mut words: Vec<&str> = folded.split_whitespace().collect();
    if let Some(given) = words.pop() {
        words.insert(0, given);
    }
    let folded = fold(user_name);
    words.extend(folded.split_whitespace());
    words.join(" ")
}

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

    #[test]
    fn people_are_ordered_by_their_given_name_and_found_without_marks() {
        assert_eq!(
            name_key("Nguyễn Thị Minh Hà", "ChuTich"),
            "ha nguyen thi minh chutich"
        );
        assert_eq!(name_key("Đỗ", "do.sonv"), "do do sonv");
        assert_eq!(name_key("", ""), "");
    }

    #[test]
    fn names_are_lines_of_text_within_their_limits() {
        assert_eq!(user_name(" ChuTich.AnPhu "), Ok("chutich.anphu".to_owned()));
        for wrong in ["", "a", "có dấu cách", "a/b", "=1+1", &"a".repeat(61)] {
            assert_eq!(user_name(wrong), Err(Fault::UserName), "{wrong}");
        }
        assert_eq!(full_name("  Lê   Thị\tHoa "), Ok("Lê Thị Hoa".to_owned()));
        assert_eq!(full_name("L\u{0065}\u{0302}"), Ok("Lê".to_owned()));
        for wrong in ["", " \n ", "a\u{7}", &"a".repeat(51)] {
            assert_eq!(full_name(wrong), Err(Fault::FullName), "{wrong:?}");
        }
        assert_eq!(position(&"a".repeat(101)), Err(Fault::Position));
    }
}
