//! The VP8 payload descriptor (RFC 7741 section 4.2).

use super::{PictureId, Shift, WIDE};

/// The parts of a descriptor that forwarding looks at or rewrites. Offsets are into the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    pub picture_id: Option<PictureId>,
    pub tl0_index: Option<(u8, u8)>,
    /// The byte whose low five bits are KEYIDX.
    pub key_index: Option<(u8, u8)>,
    /// The packet begins a key frame: from here a decoder can start.
    pub begins_key_frame: bool,
    /// Width and height, where a key frame begins (RFC 6386 section 9.1).
    pub size: Option<(u16, u16)>,
    /// Where the frame's bytes begin, behind the descriptor.
    pub frame: u8,
}

impl Descriptor {
    /// `None` where the payload ends inside the descriptor or holds no frame.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let first = *payload.first()?;
        let mut at = 1;
        let mut descriptor = Descriptor::default();
        if first & EXTENDED != 0 {
            let flags = *payload.get(at)?;
            at += 1;
            if flags & HAS_PICTURE_ID != 0 {
                descriptor.picture_id = Some(PictureId::parse(payload, at)?);
                at += if payload.get(at)? & WIDE != 0 { 2 } else { 1 };
            }
            if flags & HAS_TL0_INDEX != 0 {
                descriptor.tl0_index = Some((at as u8, *payload.get(at)?));
                at += 1;
            }
            if flags & (HAS_TEMPORAL_ID | HAS_KEY_INDEX) != 0 {
                let byte = *payload.get(at)?;
                descriptor.key_index = (flags & HAS_KEY_INDEX != 0).then_some((at as u8, byte));
                at += 1;
            }
        }
        // The frame's first byte: its lowest bit says that it is no key frame (RFC 6386 section 9.1).
        let frame = *payload.get(at)?;
        descriptor.frame = at as u8;
        let begins_frame = first & START_OF_PARTITION != 0 && first & PARTITION == 0;
        descriptor.begins_key_frame = begins_frame && frame & 1 == 0;
        if descriptor.begins_key_frame
            && let Some([_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1]) = payload.get(at..at + 10)
        {
            let side = |low: u8, high: u8| u16::from_le_bytes([low, high]) & 0x3fff;
            descriptor.size = Some((side(*w0, *w1), side(*h0, *h1)));
        }
        Some(descriptor)
    }

    /// Rewrites the counters of a copied payload; its length does not change.
    pub fn shift(&self, shift: Shift, payload: &mut [u8]) {
        if let Some(id) = self.picture_id {
            id.shift(shift.picture_id, payload);
        }
        if let Some((at, index)) = self.tl0_index
            && let Some(byte) = payload.get_mut(usize::from(at))
        {
            *byte = index.wrapping_add(shift.tl0_index);
        }
        if let Some((at, whole)) = self.key_index
            && let Some(byte) = payload.get_mut(usize::from(at))
        {
            *byte = whole & !KEY_INDEX | whole.wrapping_add(shift.key_index) & KEY_INDEX;
        }
    }
}

const EXTENDED: u8 = 0x80;
const START_OF_PARTITION: u8 = 0x10;
const PARTITION: u8 = 0x0f;
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0_INDEX: u8 = 0x40;
const HAS_TEMPORAL_ID: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
const KEY_INDEX: u8 = 0x1f;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_chromium_and_firefox_send() {
        for (payload, wide, picture, tl0, key) in [
            (
                &[0x90, 0x80, 0x80 | 0x12, 0x34, 0x10][..],
                true,
                0x1234,
                None,
                true,
            ),
            (
                &[0x90, 0xe0, 0x80 | 0x01, 0x02, 0x07, 0x20, 0x11],
                true,
                0x0102,
                Some((4, 7)),
                false,
            ),
            (&[0x80, 0x80, 0x05, 0x10], false, 5, None, false),
        ] {
            let descriptor = Descriptor::parse(payload).unwrap();
            let id = descriptor.picture_id.unwrap();
            assert_eq!(
                (
                    id.wide,
                    id.value,
                    descriptor.tl0_index,
                    descriptor.begins_key_frame
                ),
                (wide, picture, tl0, key)
            );
        }
        assert!(Descriptor::parse(&[0x10, 0x00]).unwrap().begins_key_frame);
        let key_frame = [0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02];
        assert_eq!(Descriptor::parse(&key_frame).unwrap().size, Some((1280, 720)));
    }

    proptest! {
        #[test]
        fn shifting_there_and_back_is_the_identity(bytes in proptest::collection::vec(any::<u8>(), 0..20), picture_id in any::<u16>(), tl0_index in any::<u8>(), key_index in any::<u8>()) {
            if let Some(descriptor) = Descriptor::parse(&bytes) {
                let mut copy = bytes.clone();
                descriptor.shift(Shift { picture_id, tl0_index, key_index }, &mut copy);
                let shifted = Descriptor::parse(&copy).unwrap();
                prop_assert_eq!(shifted.begins_key_frame, descriptor.begins_key_frame);
                shifted.shift(Shift { picture_id: picture_id.wrapping_neg(), tl0_index: tl0_index.wrapping_neg(), key_index: key_index.wrapping_neg() }, &mut copy);
                prop_assert_eq!(copy, bytes);
            }
        }
    }
}
