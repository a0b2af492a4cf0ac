//! Places for the files of other systems: few at a time, shared among the keys under which they ask, each within its allowance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Error, Result};
use crate::clock::Timestamp;
use crate::domain::allowance::Allowance;

/// Who asks, and how much of what there is they hold.
pub(super) struct Programs {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    per_minute: u32,
    keys: Mutex<HashMap<String, Share>>,
}

/// What a key may have.
struct Share {
    allowance: Allowance,
    questions: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Programs {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            per_minute,
            keys: Mutex::default(),
        }
    }

    /// Room for one more file of the system that this key stands for, which waits for it.
    ///
    /// # Errors
    /// [`Error::TooMany`] where the key has used up its minute or asks too much at once: nobody waits longer for that.
    /// [`Error::Busy`] where too many wait already, or none was free for as long as a program waits.
    pub(super) async fn place(&self, key: &str, now: Timestamp) -> Result<Vec<OwnedSemaphorePermit>> {
        let (question, places) = self.admit(key, now)?;
        let _waits = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| Error::Busy)?;
        let turn = async {
            // Its own share first, so that one key's questions never stand before all places.
            let own = places.acquire_owned().await.map_err(|_| Error::Pool)?;
            let place = Arc::clone(&self.places).acquire_owned().await;
            Ok(vec![question, own, place.map_err(|_| Error::Pool)?])
        };
        tokio::time::timeout(PATIENCE, turn)
            .await
            .map_err(|_| Error::Busy)?
    }

    fn admit(&self, key: &str, now: Timestamp) -> Result<(OwnedSemaphorePermit, Arc<Semaphore>)> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let share = keys.entry(key.to_owned()).or_insert_with(|| Share {
            allowance: Allowance::whole(self.per_minute, now),
            questions: Arc::new(Semaphore::new(QUESTIONS_OF_A_KEY)),
            places: Arc::new(Semaphore::new(PLACES_OF_A_KEY)),
        });
        let question = Arc::clone(&share.questions).try_acquire_owned();
        let question = question.map_err(|_| Error::TooMany(Duration::from_secs(1)))?;
        share
            .allowance
            .take(self.per_minute, now)
            .map_err(Error::TooMany)?;
        Ok((question, Arc::clone(&share.places)))
    }
}

/// Each holds one file of at most `http.upload_limit_bytes`, beside those of the public page, so that neither takes the
/// other's place.
const PLACES: usize = 4;
/// One stays for whoever else comes.
const PLACES_OF_A_KEY: usize = 3;
/// Questions that wait, of all keys; and those of one key that wait or are worked on.
const WAITING: usize = 64;
const QUESTIONS_OF_A_KEY: usize = 16;
/// How long another system waits for its turn.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(0);

    #[tokio::test]
    async fn one_key_leaves_room_for_another_and_is_told_when_it_asks_too_much() {
        let programs = Arc::new(Programs::new(1000));
        let mut held = Vec::new();
        for _ in 0..PLACES_OF_A_KEY {
            held.push(programs.place("a", NOW).await.unwrap());
        }
        let waiting: Vec<_> = (PLACES_OF_A_KEY..QUESTIONS_OF_A_KEY)
            .map(|_| {
                let programs = Arc::clone(&programs);
                tokio::spawn(async move { programs.place("a", NOW).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        let one_more = programs.place("a", NOW).await;
        assert!(matches!(one_more, Err(Error::TooMany(_))), "{one_more:?}");
        let other = programs.place("b", NOW).await.unwrap();
        drop((held, other));
        for turn in waiting {
            turn.await.unwrap().unwrap();
        }
        programs.place("a", NOW).await.unwrap();
    }

    #[tokio::test]
    async fn a_key_over_its_minute_waits_for_nothing() {
        let programs = Programs::new(2);
        for _ in 0..2 {
            programs.place("a", NOW).await.unwrap();
        }
        let refused = programs.place("a", NOW).await;
        assert!(matches!(refused, Err(Error::TooMany(wait)) if wait == Duration::from_secs(30)));
        programs.place("b", NOW).await.unwrap();
        let later = NOW.after(Duration::from_secs(30));
        programs.place("a", later).await.unwrap();
    }
}
