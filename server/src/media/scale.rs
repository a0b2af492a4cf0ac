//! Layers within one stream (VP9, AV1): which of them a slot lets through, and how the numbers close over those that it
//! does not.

use super::codec::Scalable;

/// The layers that a slot lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scaler {
    spatial: u8,
    temporal: u8,
}

/// The most that a slot wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    pub spatial: u8,
    pub temporal: u8,
}

impl Scaler {
    /// The highest spatial layer that goes out.
    pub fn spatial(&self) -> u8 {
        self.spatial
    }

    /// A new picture may change what goes out: fewer layers at any picture, since none depends on one above it; more
    /// spatial ones where the picture depends on none before it, more temporal ones at a picture of the lowest.
    pub fn turn(&mut self, packet: &Scalable, most: Most) {
        if !packet.begins || packet.spatial > 0 {
            return;
        }
        if packet.is_key || most.spatial < self.spatial {
            self.spatial = most.spatial;
        }
        if packet.temporal == 0 || most.temporal < self.temporal {
            self.temporal = most.temporal;
        }
    }

    pub fn takes(&self, packet: &Scalable) -> bool {
        packet.spatial <= self.spatial && packet.temporal <= self.temporal
    }

    /// Whether the picture ends for the viewer with this packet, though not for its publisher.
    pub fn ends_picture(&self, packet: &Scalable) -> bool {
        packet.ends && packet.spatial == self.spatial
    }
}

/// Which packets of a stretch were left out on purpose: the numbers close over them, while losses stay gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// All of them, and the newest index that was judged.
    count: u64,
    newest: Option<u64>,
    /// By the low bits of the index.
    recent: [u64; WORDS],
}

impl LeftOut {
    /// Takes note of a packet in the order of the stream: `false` for one that comes late, whose number is given already.
    pub fn judge(&mut self, index: u64, is_left_out: bool) -> bool {
        let ahead = match self.newest {
            Some(newest) if index <= newest => return false,
            Some(newest) => index - newest,
            None => 1,
        };
        for skipped in 1..=ahead.min(MEMORY) {
            self.set(index + 1 - skipped, false);
        }
        self.set(index, is_left_out);
        self.count += u64::from(is_left_out);
        self.newest = Some(index);
        true
    }

    /// How many were left out before this one; `None` where it was itself, or where that is forgotten.
    pub fn before(&self, index: u64) -> Option<u64> {
        let newest = self.newest.unwrap_or(index);
        let back = newest.saturating_sub(index);
        if self.count == 0 {
            return Some(0);
        }
        if back >= MEMORY || (index <= newest && self.is_left_out(index)) {
            return None;
        }
        let since = (index + 1..=newest)
            .filter(|each| self.is_left_out(*each))
            .count();
        Some(self.count - since as u64)
    }

    /// The index at this place when those left out do not count; `first` is the index of place 0.
    pub fn index_at(&self, first: u64, place: u64) -> Option<u64> {
        let newest = self.newest?;
        let oldest = newest.saturating_sub(MEMORY - 1).max(first);
        if self.count == 0 {
            return Some(first + place);
        }
        let mut before = self.count;
        for index in (oldest..=newest).rev() {
            if self.is_left_out(index) {
                before -= 1;
            } else if index - first - before <= place {
                return (index - first - before == place).then_some(index);
            }
        }
        None
    }

    fn set(&mut self, index: u64, is_left_out: bool) {
        let (word, bit) = Self::place(index);
        self.recent[word] = self.recent[word] & !(1 << bit) | u64::from(is_left_out) << bit;
    }

    fn is_left_out(&self, index: u64) -> bool {
        let (word, bit) = Self::place(index);
        self.recent[word] >> bit & 1 == 1
    }

    fn place(index: u64) -> (usize, u32) {
        let at = index % MEMORY;
        ((at / 64) as usize, (at % 64) as u32)
    }
}

/// As far back as viewers ask for losses at 500 packets a second and a second's round trip.
const MEMORY: u64 = 512;
const WORDS: usize = (MEMORY / 64) as usize;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(spatial: u8, temporal: u8, is_key: bool) -> Scalable {
        Scalable {
            spatial,
            temporal,
            begins: true,
            ends: true,
            is_key,
        }
    }

    #[test]
    fn goes_down_at_any_picture_and_up_at_a_key_picture() {
        let mut scaler = Scaler::default();
        let most = |spatial, temporal| Most { spatial, temporal };
        scaler.turn(&packet(0, 0, true), most(2, 2));
        assert!(scaler.takes(&packet(2, 2, false)));
        scaler.turn(&packet(1, 0, false), most(0, 0));
        assert!(scaler.takes(&packet(2, 2, false)), "not within a picture");
        scaler.turn(&packet(0, 2, false), most(1, 0));
        assert!(!scaler.takes(&packet(2, 0, false)) && !scaler.takes(&packet(0, 1, false)));
        assert!(scaler.ends_picture(&packet(1, 0, false)) && !scaler.ends_picture(&packet(0, 0, false)));
        scaler.turn(&packet(0, 1, false), most(2, 2));
        assert!(!scaler.takes(&packet(2, 0, false)) && !scaler.takes(&packet(0, 1, false)));
        scaler.turn(&packet(0, 0, false), most(2, 2));
        assert!(!scaler.takes(&packet(2, 0, false)) && scaler.takes(&packet(1, 2, false)));
        scaler.turn(&packet(0, 0, true), most(2, 2));
        assert!(scaler.takes(&packet(2, 2, false)));
    }

    proptest! {
        /// Whatever is left out and whatever is lost: places rise by one over what is left out, keep a gap for what is
        /// lost, and lead back to their index.
        #[test]
        fn numbers_close_over_what_is_left_out_only(first in 0u64..10_000, fates in proptest::collection::vec(0u8..3, 1..450)) {
            let mut left_out = LeftOut::default();
            let mut expected = 0;
            let mut placed = Vec::new();
            for (at, fate) in fates.iter().enumerate() {
                let index = first + at as u64;
                let (is_lost, is_left_out) = (*fate == 2, *fate == 1);
                if !is_lost {
                    prop_assert!(left_out.judge(index, is_left_out));
                }
                if is_left_out {
                    prop_assert_eq!(left_out.before(index), None);
                } else {
                    if !is_lost {
                        placed.push((index, expected));
                    }
                    expected += 1;
                }
            }
            for (index, place) in placed {
                let before = left_out.before(index).unwrap();
                prop_assert_eq!(index - first - before, place);
                prop_assert_eq!(left_out.index_at(first, place), Some(index));
                prop_assert!(!left_out.judge(index, true), "it comes late");
            }
        }
    }
}
