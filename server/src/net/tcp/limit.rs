//! How many connections there may be, in all and from one place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections by whence they come.
#[derive(Default)]
pub struct Limits(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    all: usize,
    by_place: HashMap<IpAddr, usize>,
}

/// A connection that counts, until it is dropped.
pub struct Permit {
    limits: Arc<Limits>,
    place: IpAddr,
}

impl Limits {
    /// `None` where there are too many already.
    pub fn admit(self: &Arc<Limits>, address: IpAddr) -> Option<Permit> {
        let place = place(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = counts.by_place.get(&place).copied().unwrap_or_default();
        if counts.all >= MOST || from_there >= MOST_EACH {
            return None;
        }
        counts.all += 1;
        counts.by_place.insert(place, from_there + 1);
        Some(Permit {
            limits: self.clone(),
            place,
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.limits.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(count) = counts.by_place.get_mut(&self.place) {
            *count -= 1;
            if *count == 0 {
                counts.by_place.remove(&self.place);
            }
        }
    }
}

/// One customer of the network: with IPv6 somebody has a whole prefix of 64 bits.
#[must_use]
pub fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

/// Each may have 200 kB waiting.
const MOST: usize = 4_000;
/// A province's office behind one address: two connections for each of its people, and those that a browser tries.
const MOST_EACH: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_its_share_and_gives_it_back() {
        let limits = Arc::new(Limits::default());
        let here: IpAddr = "2001:db8::1".parse().unwrap();
        let mut permits: Vec<_> = (0..MOST_EACH).map(|_| limits.admit(here).unwrap()).collect();
        assert!(limits.admit("2001:db8::ffff".parse().unwrap()).is_none());
        let elsewhere = limits.admit("192.0.2.1".parse().unwrap());
        assert!(elsewhere.is_some() && limits.admit("::ffff:192.0.2.1".parse().unwrap()).is_some());
        permits.pop();
        assert!(limits.admit(here).is_some());
        drop((permits, elsewhere));
        assert!(limits.0.lock().unwrap().by_place.is_empty());
    }
}
