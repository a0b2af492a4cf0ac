//! What authorities said a moment ago: thousands of files of the same signers ask once, and a responder that is out of reach holds
//! up a file now and then instead of each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Timestamp;

/// Address and question.
type Asked = (String, Vec<u8>);

/// Answers that are kept in memory for some minutes. They are about signers of files that somebody shows; a key that is to sign is
/// always asked about anew.
#[derive(Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// None where nobody answered.
    answers: HashMap<Asked, (Timestamp, Option<Bytes>)>,
    size_bytes: usize,
}

impl Answers {
    /// What was answered, or that nobody did; `None` where it must be asked.
    pub(super) fn recent(&self, asked: &Asked, now: Timestamp) -> Option<Option<Bytes>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = kept.answers.get(asked)?;
        let lasts = if answer.is_some() { HEARD } else { SILENT };
        (now.since(*at) < lasts).then(|| answer.clone())
    }

    /// Keeps an answer, or that there was none.
    pub(super) fn keep(&self, asked: Asked, now: Timestamp, answer: Option<Bytes>) {
        let size = asked.0.len() + asked.1.len() + answer.as_ref().map_or(0, Bytes::len);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Beyond the limit all of it goes: whatever is needed is asked for again.
        if kept.answers.len() >= MOST || kept.size_bytes + size > MOST_BYTES {
            *kept = Kept::default();
        }
        if size <= MOST_BYTES {
            kept.size_bytes += size;
            kept.answers.insert(asked, (now, answer));
        }
    }
}

/// Far less than responders let their answers be used.
const HEARD: Duration = Duration::from_secs(300);
const SILENT: Duration = Duration::from_secs(30);
/// Room for the lists of a few authorities; hostile files may name many.
const MOST: usize = 4096;
const MOST_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn answers_and_silence_are_known_for_a_while() {
        let answers = Answers::default();
        let [one, other] = ["a", "b"].map(|address| (address.to_owned(), vec![1]));
        answers.keep(one.clone(), at(0), Some(Bytes::from_static(b"good")));
        answers.keep(other.clone(), at(0), None);
        assert_eq!(
            answers.recent(&one, at(299)),
            Some(Some(Bytes::from_static(b"good")))
        );
        assert_eq!(answers.recent(&one, at(300)), None);
        assert_eq!(answers.recent(&other, at(29)), Some(None));
        assert_eq!(answers.recent(&other, at(30)), None);
        assert_eq!(answers.recent(&("a".to_owned(), vec![2]), at(0)), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let answers = Answers::default();
        let list = Bytes::from(vec![0; 20 << 20]);
        for number in 0..20 {
            answers.keep((number.to_string(), Vec::new()), at(0), Some(list.clone()));
        }
        for number in 0..10_000 {
            answers.keep((number.to_string(), vec![7]), at(0), None);
        }
        let kept = answers.0.lock().unwrap();
        assert!(kept.answers.len() <= MOST && kept.size_bytes <= MOST_BYTES);
    }
}
