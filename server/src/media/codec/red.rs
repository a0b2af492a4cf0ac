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
        assert_eq!(primary(&[111, 5, 6]), Some(1..3));
        for broken in [&[][..], &[0x80], &[0x80 | 111, 0, 0, 9, 111, 1], &[111]] {
            assert_eq!(primary(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn never_points_outside(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(range) = primary(&bytes) {
                prop_assert!(!bytes[range].is_empty());
            }
        }
    }
}
