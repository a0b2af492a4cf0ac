//! The last packets of one published video stream, in the clear, shared by all its viewers.

use std::ops::Range;

/// A ring of payload bytes with an index by sequence number. Takes its memory once.
pub struct Cache {
    bytes: Box<[u8]>,
    /// How many bytes were ever written; the ring holds the last of them.
    written: u64,
    entries: Box<[Entry]>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    index: u64,
    start: u64,
    length: u16,
    timestamp: u32,
    marker: bool,
}

/// A packet found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<'c> {
    pub payload: &'c [u8],
    pub timestamp: u32,
    pub marker: bool,
}

impl Cache {
    /// A ring of `capacity` bytes, at least that of the largest payload.
    pub fn new(capacity: usize) -> Cache {
        Cache {
            bytes: vec![0; capacity.max(LEAST)].into_boxed_slice(),
            written: 0,
            entries: vec![
                Entry {
                    index: u64::MAX,
                    ..Entry::default()
                };
                ENTRIES
            ]
            .into_boxed_slice(),
        }
    }

    /// Keeps a packet. A payload does not wrap around the ring's end: the rest of a turn stays unused.
    pub fn keep(&mut self, index: u64, timestamp: u32, marker: bool, payload: &[u8]) {
        let Ok(length) = u16::try_from(payload.len()) else {
            return;
        };
        let capacity = self.bytes.len();
        let to_end = capacity - (self.written % capacity as u64) as usize;
        if payload.len() > to_end {
            self.written += to_end as u64;
        }
        let start = self.written;
        self.bytes[Self::place(capacity, start, length)].copy_from_slice(payload);
        self.written += u64::from(length);
        self.entries[Self::slot(index)] = Entry {
            index,
            start,
            length,
            timestamp,
            marker,
        };
    }

    pub fn find(&self, index: u64) -> Option<Kept<'_>> {
        let entry = &self.entries[Self::slot(index)];
        if entry.index != index || self.written - entry.start > self.bytes.len() as u64 {
            return None;
        }
        let payload = &self.bytes[Self::place(self.bytes.len(), entry.start, entry.length)];
        Some(Kept {
            payload,
            timestamp: entry.timestamp,
            marker: entry.marker,
        })
    }

    fn slot(index: u64) -> usize {
        (index % ENTRIES as u64) as usize
    }

    fn place(capacity: usize, start: u64, length: u16) -> Range<usize> {
        let at = (start % capacity as u64) as usize;
        at..at + usize::from(length)
    }
}

/// `keep` takes lengths of 16 bits.
const LEAST: usize = 64 * 1024;
const ENTRIES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is found is what was kept under that number; the last packets are always found.
        #[test]
        fn finds_only_what_was_kept(sizes in proptest::collection::vec(1usize..1400, 1..1500), first in 0u64..200_000) {
            let mut cache = Cache::new(512 * 1024);
            for (at, size) in sizes.iter().enumerate() {
                let index = first + at as u64;
                cache.keep(index, index as u32, at % 2 == 0, &vec![index as u8; *size]);
            }
            for (at, size) in sizes.iter().enumerate() {
                let index = first + at as u64;
                let found = cache.find(index);
                if let Some(kept) = found {
                    prop_assert_eq!(kept.payload, &vec![index as u8; *size][..]);
                    prop_assert_eq!(kept.timestamp, index as u32);
                }
                prop_assert!(found.is_some() || at + 300 < sizes.len());
            }
        }
    }
}
