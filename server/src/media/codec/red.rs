//! Redundant audio (RFC 2198): each packet carries copies of the ones before it.

use std::ops::Range;

/// Where the newest frame stands, so that a receiver without RED can be given it alone. `None` where the
/// block headers do not agree with the length, or the newest frame is empty.
pub fn primary(payload: &[u8]) -> Option<Range<usize>> {
    let (mut at, mut copies) = (0, 0);
    while payload.get(at)? & FOLLOWED != 0 {
        let header = payload.get(at..at + 4)?;
        copies += usize::from(header[2] & 0x03) << 8 | usize::from(header[3]);
        at += 4;
    }
    let start = at + 1 + copies;
    (start < payload.len()).then_some(start..payload.len())
}

/// An earlier frame in a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many packets ago it was the newest.
    pub packets_ago: u64,
    /// How far its time-stamp lies before that of the packet.
    pub ticks_ago: u32,
    pub frame: Range<usize>,
}

/// The earlier frames of a payload of which [`primary`] is known, the oldest first. Browsers copy the packets that went
/// before, without leaving one out, so the place says which packet it was.
pub fn copied(payload: &[u8]) -> impl Iterator<Item = Copied> {
    let headers = payload
        .chunks_exact(4)
        .take_while(|header| header[0] & FOLLOWED != 0);
    let count = headers.clone().count();
    let mut start = 4 * count + 1;
    headers.enumerate().map(move |(at, header)| {
        let length = usize::from(header[2] & 0x03) << 8 | usize::from(header[3]);
        let frame = start..start + length;
        start = frame.end;
        Copied {
            packets_ago: (count - at) as u64,
            ticks_ago: u32::from(header[1]) << 6 | u32::from(header[2]) >> 2,
            frame,
        }
    })
}

/// Another block header follows.
const FOLLOWED: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_newest_frame_behind_its_copies() {
        let two_copies = [
            0x80 | 111,
            0x1e,
            0x00,
            2,
            0x80 | 111,
            0x0f,
            0x00,
            3,
            111,
            1,
            1,
            2,
            2,
            2,
            9,
            9,
            9,
            9,
        ];
        assert_eq!(primary(&two_copies), Some(14..18));
        let copied: Vec<Copied> = copied(&two_copies).collect();
        let older = |packets_ago, ticks_ago, frame| Copied {
            packets_ago,
            ticks_ago,
            frame,
        };
        assert_eq!(copied, [older(2, 1_920, 9..11), older(1, 960, 11..14)]);
        assert_eq!(primary(&[111, 5, 6]), Some(1..3));
        for broken in [&[][..], &[0x80], &[0x80 | 111, 0, 0, 9, 111, 1], &[111]] {
            assert_eq!(primary(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn never_points_outside(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(range) = primary(&bytes) {
                prop_assert!(!bytes[range.clone()].is_empty());
                let mut end = None;
                for copied in copied(&bytes) {
                    prop_assert!(bytes.get(copied.frame.clone()).is_some());
                    end = Some(copied.frame.end);
                }
                prop_assert!(end.is_none_or(|end| end == range.start));
            }
        }
    }
}
