//! Who tests a line: a place among few is given with a word, which opens one socket soon or lapses.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::allowance::Allowance;
use crate::domain::id::PersonId;
use crate::net::tcp;

/// On whose account a test goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asker {
    /// One customer of the network.
    Address(IpAddr),
    Person(PersonId),
}

impl Asker {
    /// Whoever comes from this address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(tcp::place(address))
    }

    fn per_minute(&self) -> u32 {
        match self {
            Self::Address(_) => ADDRESS_PER_MINUTE,
            Self::Person(_) => PERSON_PER_MINUTE,
        }
    }

    fn at_once(&self) -> usize {
        match self {
            Self::Address(_) => ADDRESS_AT_ONCE,
            Self::Person(_) => PERSON_AT_ONCE,
        }
    }
}

/// Why nobody tests a line now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// The next one is given in so long.
    TooOften(Duration),
    /// All places are taken, or all that this asker may have.
    Full,
}

/// The places, shared.
#[derive(Default)]
pub(crate) struct Places(Mutex<Given>);

#[derive(Default)]
struct Given {
    shares: HashMap<Asker, (Allowance, Timestamp)>,
    /// Places whose word has opened nothing yet.
    waiting: HashMap<String, Waiting>,
    taken: HashMap<Asker, usize>,
    all: usize,
}

struct Waiting {
    askers: Vec<Asker>,
    until: Timestamp,
}

/// A place that is taken, until it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    askers: Vec<Asker>,
}

impl Places {
    /// Keeps a place under `word` for [`WORD`].
    ///
    /// # Errors
    /// [`NoPlace`]; nothing is kept then.
    pub fn ask(&self, askers: Vec<Asker>, word: String, now: Timestamp) -> Result<(), NoPlace> {
        let mut given = self.given();
        given.sweep(now);
        for asker in &askers {
            given.count(asker, now)?;
        }
        let is_free = |asker: &Asker| given.taken.get(asker).copied().unwrap_or_default() < asker.at_once();
        if given.all >= AT_ONCE || !askers.iter().all(is_free) {
            return Err(NoPlace::Full);
        }
        given.take(&askers);
        let until = now.after(WORD);
        given.waiting.insert(word, Waiting { askers, until });
        Ok(())
    }

    /// The place kept under `word`, once; `None` where there is none any more.
    pub fn take(self: &Arc<Self>, word: &str, now: Timestamp) -> Option<Place> {
        let mut given = self.given();
        given.sweep(now);
        let Waiting { askers, .. } = given.waiting.remove(word)?;
        Some(Place {
            places: Arc::clone(self),
            askers,
        })
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    /// Forgets words that have lapsed, and whoever has not asked for so long that all of their share is back.
    fn sweep(&mut self, now: Timestamp) {
        let lapsed: Vec<String> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.until <= now)
            .map(|(word, _)| word.clone())
            .collect();
        for word in lapsed {
            if let Some(waiting) = self.waiting.remove(&word) {
                self.give_back(&waiting.askers);
            }
        }
        self.shares
            .retain(|_, (_, asked)| now.since(*asked) < Duration::from_secs(60));
    }

    fn count(&mut self, asker: &Asker, now: Timestamp) -> Result<(), NoPlace> {
        let per_minute = asker.per_minute();
        let share = self.shares.entry(asker.clone());
        let (allowance, asked) = share.or_insert_with(|| (Allowance::whole(per_minute, now), now));
        *asked = now;
        allowance.take(per_minute, now).map_err(NoPlace::TooOften)
    }

    fn take(&mut self, askers: &[Asker]) {
        self.all += 1;
        for asker in askers {
            *self.taken.entry(asker.clone()).or_default() += 1;
        }
    }

    fn give_back(&mut self, askers: &[Asker]) {
        self.all -= 1;
        for asker in askers {
            if let Some(count) = self.taken.get_mut(asker) {
                *count -= 1;
                if *count == 0 {
                    self.taken.remove(asker);
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.given().give_back(&self.askers);
    }
}

/// At 2.5 Mbit/s each way they take what two meetings of ten sites take.
const AT_ONCE: usize = 8;
/// An office behind one address does not take all of them.
const ADDRESS_AT_ONCE: usize = 4;
/// One that was left behind by a reload, and the next.
const PERSON_AT_ONCE: usize = 2;
const ADDRESS_PER_MINUTE: u32 = 20;
const PERSON_PER_MINUTE: u32 = 6;
/// A page opens the socket at once; a slow line needs some seconds.
const WORD: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(0);

    fn person(name: &str) -> Asker {
        Asker::Person(PersonId(name.to_owned()))
    }

    fn at(last: u8) -> Asker {
        Asker::at(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_word_opens_once_and_lapses() {
        let places = Arc::new(Places::default());
        places.ask(vec![at(1)], "one".into(), NOW).unwrap();
        assert!(places.take("other", NOW).is_none());
        let place = places.take("one", NOW).unwrap();
        assert!(places.take("one", NOW).is_none());
        drop(place);
        places.ask(vec![at(1)], "two".into(), NOW).unwrap();
        assert!(places.take("two", NOW.after(WORD)).is_none());
        assert_eq!(places.given().all, 0, "a lapsed word keeps no place");
    }

    #[test]
    fn few_test_at_once_and_a_place_comes_back() {
        let places = Arc::new(Places::default());
        let ask = |asker: Asker, word: &str| places.ask(vec![asker], word.to_owned(), NOW);
        for number in 0..PERSON_AT_ONCE {
            ask(person("a"), &format!("a{number}")).unwrap();
        }
        assert_eq!(ask(person("a"), "more"), Err(NoPlace::Full));
        for number in 0..AT_ONCE - PERSON_AT_ONCE {
            ask(person(&format!("b{number}")), &format!("b{number}")).unwrap();
        }
        assert_eq!(ask(person("c"), "c"), Err(NoPlace::Full));
        drop(places.take("a0", NOW));
        ask(person("c"), "c").unwrap();
    }

    #[test]
    fn an_address_and_a_person_have_their_share_a_minute() {
        let places = Arc::new(Places::default());
        let ask = |askers: Vec<Asker>, now| {
            let asked = places.ask(askers, "word".to_owned(), now);
            drop(places.take("word", now));
            asked
        };
        for _ in 0..PERSON_PER_MINUTE {
            ask(vec![at(1), person("a")], NOW).unwrap();
        }
        let refused = ask(vec![at(1), person("a")], NOW);
        assert_eq!(refused, Err(NoPlace::TooOften(Duration::from_secs(10))));
        ask(vec![at(1), person("b")], NOW).unwrap();
        ask(vec![at(1), person("a")], NOW.after(Duration::from_secs(10))).unwrap();
        for _ in 0..ADDRESS_PER_MINUTE {
            ask(vec![at(2)], NOW).unwrap();
        }
        assert!(matches!(ask(vec![at(2)], NOW), Err(NoPlace::TooOften(_))));
        ask(vec![at(3)], NOW.after(Duration::from_secs(120))).unwrap();
        assert_eq!(
            places.given().shares.len(),
            1,
            "who has all of it back is forgotten"
        );
    }
}
