//! The last packets of an audio slot as they left: what is lost goes out once more, byte for byte.
//!
//! They are kept sealed, since a cipher must never see one index with two contents, and the header of a packet that is
//! written anew would bear another transport-wide number.

/// A ring by the low bits of the sequence number. Takes its memory once.
pub struct Copies {
    entries: Box<[Entry]>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Nothing is kept where the length is 0.
    length: u16,
    number: u16,
    bytes: [u8; LONGEST],
}

impl Default for Copies {
    fn default() -> Copies {
        let nothing = Entry {
            length: 0,
            number: 0,
            bytes: [0; LONGEST],
        };
        Copies {
            entries: vec![nothing; ENTRIES].into_boxed_slice(),
        }
    }
}

impl Copies {
    /// Keeps a datagram that has left; a longer one than speech makes is not kept.
    pub fn keep(&mut self, number: u16, datagram: &[u8]) {
        let entry = &mut self.entries[usize::from(number) % ENTRIES];
        entry.number = number;
        entry.length = 0;
        if let Some(bytes) = entry.bytes.get_mut(..datagram.len()) {
            bytes.copy_from_slice(datagram);
            entry.length = datagram.len() as u16;
        }
    }

    pub fn find(&self, number: u16) -> Option<&[u8]> {
        let entry = &self.entries[usize::from(number) % ENTRIES];
        let is_kept = entry.number == number && entry.length > 0;
        is_kept.then(|| &entry.bytes[..usize::from(entry.length)])
    }
}

/// Speech of 160 ms: what is asked for later comes too late to be heard. A power of two, so that the ring stays whole
/// where the number wraps.
const ENTRIES: usize = 8;
/// Opus at 80 kbit/s in packets of 20 ms with header and tag; a browser's speech takes half of it, in RED all.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_last_packets_across_the_wrap_and_nothing_else() {
        let mut copies = Copies::default();
        assert_eq!(copies.find(0), None);
        for number in (65_520..=65_535).chain(0..8) {
            copies.keep(number, &[number as u8; 200][..100 + usize::from(number % 100)]);
        }
        copies.keep(8, &[1; LONGEST + 1]);
        assert_eq!(copies.find(3).map(<[u8]>::len), Some(103));
        assert_eq!(copies.find(7).map(|found| found[0]), Some(7));
        for forgotten in [65_523, 65_535 - 8, 8, 9, 0] {
            assert_eq!(copies.find(forgotten), None, "{forgotten}");
        }
    }
}
