//! Relayed addresses: names alone, by which the shards tell relays apart.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::credential::Seat;

/// All relays of the process, and where they lead.
pub struct Relays {
    /// The media ports, shard by shard.
    media: Vec<SocketAddr>,
    taken: HashSet<SocketAddr>,
    by_seat: HashMap<Seat, usize>,
    /// Where the search for a free port begins.
    next: u16,
}

/// Why there is no relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Media has no address of the family.
    Family,
    /// The seat has as many as it may have.
    Quota,
    /// All are taken.
    Capacity,
}

impl Relays {
    pub fn new(media: Vec<SocketAddr>) -> Relays {
        Relays {
            media,
            taken: HashSet::new(),
            by_seat: HashMap::new(),
            next: FIRST_PORT,
        }
    }

    /// Whether a peer is a media port of ours.
    pub fn reaches(&self, peer: SocketAddr) -> bool {
        self.media.contains(&peer)
    }

    /// The same of an address whose port is not known yet.
    pub fn reaches_host(&self, host: IpAddr) -> bool {
        self.media.iter().any(|media| media.ip() == host)
    }

    pub(super) fn take(&mut self, seat: Seat, is_v6: bool, is_even: bool) -> Result<SocketAddr, Refusal> {
        let mut hosts = self.media.iter().map(SocketAddr::ip);
        let host = hosts.find(|ip| ip.is_ipv6() == is_v6).ok_or(Refusal::Family)?;
        if self.by_seat.get(&seat).is_some_and(|count| *count >= MOST_EACH) {
            return Err(Refusal::Quota);
        }
        let range = u16::MAX - FIRST_PORT;
        let ports = (0..=range).map(|step| FIRST_PORT + (self.next - FIRST_PORT + step) % range);
        let free = ports
            .filter(|port| !is_even || port % 2 == 0)
            .map(|port| SocketAddr::new(host, port))
            .find(|relayed| !self.taken.contains(relayed) && !self.media.contains(relayed));
        let relayed = free.ok_or(Refusal::Capacity)?;
        self.next = FIRST_PORT + (relayed.port() - FIRST_PORT + 1) % range;
        self.taken.insert(relayed);
        *self.by_seat.entry(seat).or_default() += 1;
        Ok(relayed)
    }

    pub(super) fn give_back(&mut self, seat: Seat, relayed: SocketAddr) {
        if !self.taken.remove(&relayed) {
            return;
        }
        if let Some(count) = self.by_seat.get_mut(&seat) {
            *count -= 1;
            if *count == 0 {
                self.by_seat.remove(&seat);
            }
        }
    }
}

/// Those that the system gives to clients (RFC 8656 section 7.2).
const FIRST_PORT: u16 = 49_152;
/// Two connections over four networks, and as many of a page that was just closed.
const MOST_EACH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{ParticipantId, RoomId};
    use uuid::Uuid;

    fn seat(number: u128) -> Seat {
        (RoomId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(number)))
    }

    #[test]
    fn a_seat_has_so_many_relays_and_no_more_and_each_is_its_own() {
        let mut relays = Relays::new(vec!["192.0.2.1:8081".parse().unwrap()]);
        let taken: HashSet<SocketAddr> = (0..MOST_EACH)
            .map(|_| relays.take(seat(1), false, false).unwrap())
            .collect();
        assert_eq!(taken.len(), MOST_EACH);
        assert_eq!(relays.take(seat(1), false, false), Err(Refusal::Quota));
        assert_eq!(relays.take(seat(1), true, false), Err(Refusal::Family));
        assert_eq!(relays.take(seat(2), false, true).unwrap().port() % 2, 0);
        for relayed in taken {
            relays.give_back(seat(1), relayed);
            relays.give_back(seat(1), relayed);
        }
        assert!(relays.take(seat(1), false, false).is_ok());
        assert_eq!(relays.taken.len(), 2);
    }

    #[test]
    fn all_may_be_taken() {
        let mut relays = Relays::new(vec!["192.0.2.1:8081".parse().unwrap()]);
        let mut count = 0;
        while relays.take(seat(count), false, false).is_ok() {
            count += 1;
        }
        assert_eq!(count, u128::from(u16::MAX - FIRST_PORT));
        assert_eq!(relays.take(seat(count), false, false), Err(Refusal::Capacity));
    }
}
