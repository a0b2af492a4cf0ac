//! Reading transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

/// One report, checked as far as its statuses go; arrival times are read as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'p> {
    base: u16,
    count: u16,
    /// In units of 64 ms, 24 bits.
    pub reference: u32,
    chunks: &'p [u8],
    deltas: &'p [u8],
}

impl<'p> Report<'p> {
    /// `information` is what follows the two SSRCs. `None` where it ends too soon.
    pub fn parse(information: &'p [u8]) -> Option<Report<'p>> {
        let (head, rest) = information.split_at_checked(8)?;
        let count = u16::from_be_bytes([head[2], head[3]]);
        let (mut covered, mut used) = (0, 0);
        while covered < usize::from(count) {
            let chunk = rest.get(used..used + 2)?;
            covered += symbols(u16::from_be_bytes([chunk[0], chunk[1]]));
            used += 2;
        }
        let (chunks, deltas) = rest.split_at(used);
        Some(Report {
            base: u16::from_be_bytes([head[0], head[1]]),
            count,
            reference: u32::from_be_bytes([0, head[4], head[5], head[6]]),
            chunks,
            deltas,
        })
    }

    /// Each packet in rising order, with the microseconds from the reference time to its arrival, or
    /// nothing where it did not arrive. Ends early where the deltas do.
    pub fn each(&self, mut packet: impl FnMut(u16, Option<i64>)) {
        let (mut deltas, mut arrival, mut at) = (self.deltas, 0i64, 0u16);
        for chunk in self.chunks.chunks_exact(2) {
            let chunk = u16::from_be_bytes([chunk[0], chunk[1]]);
            for place in 0..symbols(chunk) {
                if at == self.count {
                    return;
                }
                let delta = match symbol(chunk, place) {
                    1 => match deltas.split_first() {
                        Some((delta, rest)) => {
                            deltas = rest;
                            Some(i64::from(*delta))
                        }
                        None => return,
                    },
                    2 => match deltas.split_at_checked(2) {
                        Some((delta, rest)) => {
                            deltas = rest;
                            Some(i64::from(i16::from_be_bytes([delta[0], delta[1]])))
                        }
                        None => return,
                    },
                    _ => None,
                };
                if let Some(delta) = delta {
                    arrival += delta * DELTA_US;
                }
                packet(self.base.wrapping_add(at), delta.map(|_| arrival));
                at += 1;
            }
        }
    }
}

/// How many packets a chunk speaks of.
fn symbols(chunk: u16) -> usize {
    match chunk >> 14 {
        0 | 1 => usize::from(chunk & 0x1fff),
        2 => 14,
        _ => 7,
    }
}

fn symbol(chunk: u16, place: usize) -> u16 {
    match chunk >> 14 {
        0 | 1 => chunk >> 13 & 3,
        2 => chunk >> (13 - place) & 1,
        _ => chunk >> (12 - 2 * place) & 3,
    }
}

/// Deltas count in 250 µs.
pub const DELTA_US: i64 = 250;
/// The reference time counts in 64 ms.
pub const REFERENCE_US: i64 = 64_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(report: Report<'_>) -> Vec<(u16, Option<i64>)> {
        let mut found = Vec::new();
        report.each(|number, arrival| found.push((number, arrival)));
        found
    }

    #[test]
    fn reads_runs_and_vectors() {
        let information = [
            0xff, 0xff, 0, 5, 0, 0, 2, 9, // base 65535, five packets, reference 2
            0x20, 0x02, // a run of two small deltas
            0xc2, 0x40, // a vector: large, none, small, then padding
            4, 8, 0xff, 0xfc, 4,
        ];
        let mut chunks = information.to_vec();
        // Two-bit symbols 2, 0, 1 in front.
        chunks[10] = 0b1110_0001;
        chunks[11] = 0b0000_0000;
        let report = Report::parse(&chunks).unwrap();
        assert_eq!(report.reference, 2);
        assert_eq!(
            all(report),
            [
                (65_535, Some(1_000)),
                (0, Some(3_000)),
                (1, Some(2_000)),
                (2, None),
                (3, Some(3_000))
            ]
        );
        assert!(Report::parse(&chunks[..9]).is_none());
    }

    proptest! {
        #[test]
        fn never_panics_on_garbage(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(report) = Report::parse(&bytes) {
                prop_assert!(all(report).len() <= usize::from(report.count));
            }
        }
    }
}
