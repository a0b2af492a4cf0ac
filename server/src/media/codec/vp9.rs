//! The VP9 payload descriptor (RFC 9628 section 4.2), with the layers of scalable streams.

use super::{PictureId, Scalable, Shift};

/// The parts of a descriptor that forwarding looks at or rewrites. Offsets are into the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    pub picture_id: Option<PictureId>,
    pub tl0_index: Option<(u8, u8)>,
    /// The packet begins a key picture: from here a decoder can start.
    pub begins_key_frame: bool,
    /// Width and height of each spatial layer, where the scalability structure stands in the packet.
    pub sizes: [Option<(u16, u16)>; 3],
    /// Where the stream names its layers.
    pub layers: Option<Scalable>,
}

impl Descriptor {
    /// `None` where the payload ends inside the descriptor.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let flags = *payload.first()?;
        let mut reader = Reader { payload, at: 1 };
        let mut descriptor = Descriptor::default();
        if flags & HAS_PICTURE_ID != 0 {
            let id = PictureId::parse(payload, reader.at)?;
            reader.at += 1 + usize::from(id.wide);
            descriptor.picture_id = Some(id);
        }
        let (is_predicted, begins, ends) = (
            flags & IS_PREDICTED != 0,
            flags & BEGINS_FRAME != 0,
            flags & ENDS_FRAME != 0,
        );
        let mut spatial = 0;
        if flags & HAS_LAYERS != 0 {
            let layers = reader.byte()?;
            spatial = layers >> 1 & 0x07;
            descriptor.layers = Some(Scalable {
                spatial,
                temporal: layers >> 5,
                begins,
                ends,
                is_key: begins && !is_predicted && spatial == 0,
            });
            if flags & IS_FLEXIBLE == 0 {
                descriptor.tl0_index = Some((reader.at as u8, reader.byte()?));
            }
        }
        if flags & IS_FLEXIBLE != 0 && is_predicted {
            reader.references()?;
        }
        if flags & HAS_STRUCTURE != 0 {
            descriptor.sizes = reader.structure()?;
        }
        descriptor.begins_key_frame = begins && !is_predicted && spatial == 0;
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
    }
}

struct Reader<'p> {
    payload: &'p [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.payload.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// Up to three reference indices, each with a bit that says whether another follows.
    fn references(&mut self) -> Option<()> {
        for _ in 0..3 {
            if self.byte()? & 1 == 0 {
                break;
            }
        }
        Some(())
    }

    /// The sizes of the layers; what follows of the group of pictures is not needed.
    fn structure(&mut self) -> Option<[Option<(u16, u16)>; 3]> {
        let head = self.byte()?;
        let mut sizes = [None; 3];
        if head & HAS_SIZES != 0 {
            for at in 0..usize::from(head >> 5) + 1 {
                let size = (self.word()?, self.word()?);
                if let Some(place) = sizes.get_mut(at) {
                    *place = Some(size);
                }
            }
        }
        Some(sizes)
    }
}

const HAS_PICTURE_ID: u8 = 0x80;
const IS_PREDICTED: u8 = 0x40;
const HAS_LAYERS: u8 = 0x20;
const IS_FLEXIBLE: u8 = 0x10;
const BEGINS_FRAME: u8 = 0x08;
const ENDS_FRAME: u8 = 0x04;
const HAS_STRUCTURE: u8 = 0x02;
const HAS_SIZES: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// I, L, B, E, V: a key picture's lowest layer, with two layers of 320 by 180 and 640 by 360.
    const KEY: [u8; 16] = [
        0xae,
        0x80 | 0x12,
        0x34,
        0x00,
        0x07,
        0x30,
        0x01,
        0x40,
        0x00,
        0xb4,
        0x02,
        0x80,
        0x01,
        0x68,
        0x82,
        0x49,
    ];

    #[test]
    fn reads_a_key_picture_with_its_structure() {
        let descriptor = Descriptor::parse(&KEY).unwrap();
        assert!(descriptor.begins_key_frame);
        assert_eq!(descriptor.picture_id.unwrap().value, 0x1234);
        assert_eq!(descriptor.tl0_index, Some((4, 7)));
        assert_eq!(descriptor.sizes, [Some((320, 180)), Some((640, 360)), None]);
        let layers = descriptor.layers.unwrap();
        assert_eq!((layers.spatial, layers.temporal, layers.is_key), (0, 0, true));
    }

    #[test]
    fn reads_upper_layers_in_either_mode() {
        // Not flexible: picture id of seven bits, temporal layer 2, spatial layer 1, predicted, ends its frame.
        let upper = Descriptor::parse(&[0xe4, 0x11, 2 << 5 | 1 << 1, 9, 0xff]).unwrap();
        let layers = upper.layers.unwrap();
        assert_eq!(
            (layers.spatial, layers.temporal, layers.begins, layers.ends),
            (1, 2, false, true)
        );
        assert_eq!(upper.tl0_index, Some((3, 9)));
        // Flexible, predicted from two pictures: no index of the base layer.
        let flexible = Descriptor::parse(&[0xf8, 0x11, 1 << 1, 0x03, 0x04, 0xff]).unwrap();
        assert_eq!(flexible.tl0_index, None);
        assert!(flexible.layers.unwrap().begins && !flexible.begins_key_frame);
        // The upper layer of a key picture: a decoder cannot start there.
        let second = Descriptor::parse(&[0xac, 0x11, 1 << 1 | 1, 9, 0xff]).unwrap();
        assert!(!second.begins_key_frame && !second.layers.unwrap().is_key);
        assert_eq!(Descriptor::parse(&[0xa0, 0x11]), None);
    }

    proptest! {
        #[test]
        fn shifting_there_and_back_is_the_identity(bytes in proptest::collection::vec(any::<u8>(), 0..24), picture_id in any::<u16>(), tl0_index in any::<u8>()) {
            if let Some(descriptor) = Descriptor::parse(&bytes) {
                let mut copy = bytes.clone();
                descriptor.shift(Shift { picture_id, tl0_index, key_index: 0 }, &mut copy);
                let shifted = Descriptor::parse(&copy).unwrap();
                prop_assert_eq!(shifted.layers, descriptor.layers);
                shifted.shift(Shift { picture_id: picture_id.wrapping_neg(), tl0_index: tl0_index.wrapping_neg(), key_index: 0 }, &mut copy);
                prop_assert_eq!(copy, bytes);
            }
        }
    }
}
