//! Writing transport-wide feedback: when each packet of a publisher arrived.

use super::feedback::{DELTA_US, REFERENCE_US};
use crate::media::rtp;

/// The arrivals since the last report.
pub struct Arrivals {
    /// By sequence number: microseconds since the connection began, plus one; 0 where nothing came.
    times: Box<[u64]>,
    /// The first not yet reported.
    base: u64,
    highest: Option<u64>,
    number: u8,
}

impl Default for Arrivals {
    fn default() -> Arrivals {
        Arrivals {
            times: vec![0; CAPACITY as usize].into_boxed_slice(),
            base: 0,
            highest: None,
            number: 0,
        }
    }
}

impl Arrivals {
    pub fn arrived(&mut self, sequence: u16, at_us: u64) {
        let Some(highest) = self.highest else {
            self.base = u64::from(sequence);
            self.highest = Some(self.base);
            self.times[Self::place(self.base)] = at_us + 1;
            return;
        };
        let index = rtp::extend(highest, sequence);
        if index < self.base {
            return;
        }
        if index >= self.base + CAPACITY {
            // The publisher was away, or numbers anew: begin anew as well.
            self.times.fill(0);
            self.base = index;
        }
        self.times[Self::place(index)] = at_us + 1;
        self.highest = Some(highest.max(index));
    }

    /// Writes one RTCP packet on what has come since the last; gives its length. To be called until it
    /// gives `None`, which says that there is nothing to report.
    pub fn write(&mut self, sender: u32, media: u32, buffer: &mut [u8]) -> Option<usize> {
        let highest = self.highest.filter(|highest| *highest >= self.base)?;
        let first = (self.base..=highest).find(|index| self.at(*index).is_some())?;
        let reference = (self.at(first)? as i64) / REFERENCE_US;
        let mut last_us = reference * REFERENCE_US;
        let (mut symbols, mut deltas) = ([0u8; MOST], [0u8; 2 * MOST]);
        let (mut count, mut used) = (0, 0);
        for index in self.base..=highest.min(self.base + MOST as u64 - 1) {
            if let Some(at) = self.at(index) {
                let delta = (at as i64 - last_us).div_euclid(DELTA_US);
                if let Ok(small) = u8::try_from(delta) {
                    symbols[count] = 1;
                    deltas[used] = small;
                    used += 1;
                } else if let Ok(large) = i16::try_from(delta) {
                    symbols[count] = 2;
                    deltas[used..used + 2].copy_from_slice(&large.to_be_bytes());
                    used += 2;
                } else {
                    // Too far apart for one report.
                    break;
                }
                last_us += delta * DELTA_US;
            }
            count += 1;
        }
        let chunks = count.div_ceil(7);
        let unpadded = HEADER + 2 * chunks + used;
        let length = unpadded.next_multiple_of(4);
        let out = buffer.get_mut(..length)?;
        out.fill(0);
        out[..2].copy_from_slice(&[0x80 | TRANSPORT_WIDE, TRANSPORT_FEEDBACK]);
        out[2..4].copy_from_slice(&(length as u16 / 4 - 1).to_be_bytes());
        out[4..8].copy_from_slice(&sender.to_be_bytes());
        out[8..12].copy_from_slice(&media.to_be_bytes());
        out[12..14].copy_from_slice(&(self.base as u16).to_be_bytes());
        out[14..16].copy_from_slice(&(count as u16).to_be_bytes());
        out[16..19].copy_from_slice(&(reference as u32).to_be_bytes()[1..]);
        out[19] = self.number;
        for (seven, to) in symbols[..count].chunks(7).zip(out[HEADER..].chunks_exact_mut(2)) {
            let vector = seven.iter().enumerate();
            let chunk = vector.fold(0xc000, |chunk, (at, symbol)| {
                chunk | u16::from(*symbol) << (12 - 2 * at)
            });
            to.copy_from_slice(&chunk.to_be_bytes());
        }
        out[HEADER + 2 * chunks..unpadded].copy_from_slice(&deltas[..used]);
        if length > unpadded {
            out[0] |= 0x20;
            out[length - 1] = (length - unpadded) as u8;
        }
        for index in self.base..self.base + count as u64 {
            self.times[Self::place(index)] = 0;
        }
        self.base += count as u64;
        self.number = self.number.wrapping_add(1);
        Some(length)
    }

    fn at(&self, index: u64) -> Option<u64> {
        self.times[Self::place(index)].checked_sub(1)
    }

    fn place(index: u64) -> usize {
        (index % CAPACITY) as usize
    }
}

const CAPACITY: u64 = 2048;
/// Packets in one report; with two bytes a delta it still fits a datagram.
const MOST: usize = 400;
const HEADER: usize = 20;
const TRANSPORT_WIDE: u8 = 15;
const TRANSPORT_FEEDBACK: u8 = 205;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::bandwidth::feedback::Report;
    use proptest::prelude::*;

    proptest! {
        /// Whatever came, in whatever order, is read back from the reports to a quarter of a millisecond.
        #[test]
        fn reads_back_what_it_writes(
            first in any::<u16>(),
            steps in proptest::collection::vec((proptest::bool::weighted(0.8), 0u64..90_000), 1..900),
        ) {
            let (mut arrivals, mut at_us, mut expected) = (Arrivals::default(), 5_000_000, Vec::new());
            for (place, (came, step)) in steps.iter().enumerate() {
                at_us += step;
                if *came || place == 0 {
                    let number = first.wrapping_add(place as u16);
                    arrivals.arrived(number, at_us);
                    expected.push((number, at_us));
                }
            }
            let mut found = Vec::new();
            let mut buffer = [0; 1400];
            while let Some(length) = arrivals.write(1, 2, &mut buffer) {
                prop_assert_eq!(length % 4, 0);
                let report = Report::parse(&buffer[12..length]).unwrap();
                let reference = i64::from(report.reference) * REFERENCE_US;
                report.each(|number, arrival| {
                    if let Some(arrival) = arrival {
                        found.push((number, (reference + arrival) as u64));
                    }
                });
            }
            prop_assert_eq!(found.len(), expected.len());
            for ((number, at), (wanted, wanted_at)) in found.iter().zip(&expected) {
                prop_assert_eq!(number, wanted);
                prop_assert!(at.abs_diff(*wanted_at) <= 250);
            }
        }
    }

    /// The judge is rtc-rtcp, which knows nothing of this module.
    #[test]
    fn another_reader_understands_it() {
        let mut arrivals = Arrivals::default();
        for number in [7, 8, 10] {
            arrivals.arrived(number, 64_000 * 3 + u64::from(number) * 1_000);
        }
        let mut buffer = [0; 100];
        let length = arrivals.write(1, 2, &mut buffer).unwrap();
        let packets = rtc_rtcp::packet::unmarshal(&mut &buffer[..length]).unwrap();
        let text = format!("{packets:?}");
        assert!(
            text.contains("base_sequence_number: 7") && text.contains("packet_status_count: 4"),
            "{text}"
        );
        assert!(text.contains("reference_time: 3"), "{text}");
    }
}
