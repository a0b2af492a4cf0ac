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
    /// Of the header extension that is kept in front of the payload.
    extension: u8,
    timestamp: u32,
    marker: bool,
}

/// A packet found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<'c> {
    pub payload: &'c [u8],
    /// The dependency descriptor; empty where the codec has none.
    pub extension: &'c [u8],
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

    /// Keeps a packet, its payload and an extension of up to 255 bytes. It does not wrap around the ring's end: the
    /// rest of a turn stays unused.
    pub fn keep(&mut self, index: u64, timestamp: u32, marker: bool, extension: &[u8], payload: &[u8]) {
        let whole = extension.len() + payload.len();
        let (Ok(length), Ok(extension_length)) = (u16::try_from(whole), u8::try_from(extension.len())) else {
            return;
        };
        let capacity = self.bytes.len();
        let to_end = capacity - (self.written % capacity as u64) as usize;
        if whole > to_end {
            self.written += to_end as u64;
        }
        let start = self.written;
        let (first, second) = self.bytes[Self::place(capacity, start, length)].split_at_mut(extension.len());
        first.copy_from_slice(extension);
        second.copy_from_slice(payload);
        self.written += u64::from(length);
        self.entries[Self::slot(index)] = Entry {
            index,
            start,
            length,
            extension: extension_length,
            timestamp,
            marker,
        };
    }

    pub fn find(&self, index: u64) -> Option<Kept<'_>> {
        let entry = &self.entries[Self::slot(index)];
        if entry.index != index || self.written - entry.start > self.bytes.len() as u64 {
            return None;
        }
        let whole = &self.bytes[Self::place(self.bytes.len(), entry.start, entry.length)];
        let (extension, payload) = whole.split_at(usize::from(entry.extension));
        Some(Kept {
            payload,
            extension,
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
                cache.keep(index, index as u32, at % 2 == 0, &[at as u8; 7][..at % 8], &vec![index as u8; *size]);
            }
            for (at, size) in sizes.iter().enumerate() {
                let index = first + at as u64;
                let found = cache.find(index);
                if let Some(kept) = found {
                    prop_assert_eq!(kept.payload, &vec![index as u8; *size][..]);
                    prop_assert_eq!(kept.extension, &[at as u8; 7][..at % 8]);
                    prop_assert_eq!(kept.timestamp, index as u32);
                }
                prop_assert!(found.is_some() || at + 300 < sizes.len());
            }
        }
    }
}
