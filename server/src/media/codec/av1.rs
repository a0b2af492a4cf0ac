//! The dependency descriptor of AV1 (AV1 RTP payload specification 1.0, appendix A): which layer a packet
//! belongs to, told in a header extension, with the structure of the layers at each key frame.

use super::{Scalable, Shift};

/// What forwarding looks at or rewrites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    pub begins_key_frame: bool,
    pub frame_number: u16,
    /// Width and height of each spatial layer, where the structure stands in the packet.
    pub sizes: [Option<(u16, u16)>; 3],
    /// Where the stream names its layers.
    pub layers: Option<Scalable>,
}

/// Which layers the templates of a stream stand for, until the next key frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    offset: u8,
    count: u8,
    /// Spatial and temporal layer of each template.
    templates: [(u8, u8); MOST_TEMPLATES],
    sizes: [Option<(u16, u16)>; 3],
}

impl Default for Structure {
    fn default() -> Structure {
        Structure {
            offset: 0,
            count: 0,
            templates: [(0, 0); MOST_TEMPLATES],
            sizes: [None; 3],
        }
    }
}

impl Descriptor {
    /// Reads a payload without the extension: a new coded video sequence is told by its own header.
    pub fn of_payload(payload: &[u8]) -> Descriptor {
        Descriptor {
            begins_key_frame: payload.first().is_some_and(|header| header & NEW_SEQUENCE != 0),
            ..Descriptor::default()
        }
    }

    /// Reads the extension's value by what `structure` says; a structure that stands in it takes that one's
    /// place. `None` where it ends too soon, or names a template that is not known.
    pub fn parse(value: &[u8], structure: &mut Structure) -> Option<Descriptor> {
        let mut bits = Bits { value, at: 0 };
        let (begins, ends) = (bits.flag()?, bits.flag()?);
        let template = bits.take(6)? as u8;
        let frame_number = bits.take(16)? as u16;
        let brings_structure = value.len() > MANDATORY && bits.flag()?;
        if brings_structure {
            // Active targets, custom indications, differences and chains: nothing that is needed here.
            bits.take(4)?;
            *structure = Structure::parse(&mut bits)?;
        }
        let (spatial, temporal) = structure.layers_of(template)?;
        let is_key = brings_structure && begins;
        Some(Descriptor {
            begins_key_frame: is_key,
            frame_number,
            sizes: if brings_structure {
                structure.sizes
            } else {
                [None; 3]
            },
            layers: Some(Scalable {
                spatial,
                temporal,
                begins,
                ends,
                is_key,
            }),
        })
    }

    /// Rewrites the frame number of a copied value.
    pub fn shift(&self, shift: Shift, value: &mut [u8]) {
        if let Some([high, low]) = value.get_mut(1..3) {
            [*high, *low] = self.frame_number.wrapping_add(shift.picture_id).to_be_bytes();
        }
    }
}

impl Structure {
    fn parse(bits: &mut Bits<'_>) -> Option<Structure> {
        let mut structure = Structure {
            offset: bits.take(6)? as u8,
            ..Structure::default()
        };
        let targets = bits.take(5)? + 1;
        structure.read_layers(bits)?;
        let count = u32::from(structure.count);
        // What each template means for each decode target.
        for _ in 0..count * targets {
            bits.take(2)?;
        }
        for _ in 0..count {
            while bits.flag()? {
                bits.take(4)?;
            }
        }
        let chains = bits.below(targets + 1)?;
        if chains > 0 {
            for _ in 0..targets {
                bits.below(chains)?;
            }
            for _ in 0..count * chains {
                bits.take(4)?;
            }
        }
        if bits.flag()? {
            structure.read_sizes(bits)?;
        }
        Some(structure)
    }

    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let (mut spatial, mut temporal) = (0, 0);
        loop {
            *self.templates.get_mut(usize::from(self.count))? = (spatial, temporal);
            self.count += 1;
            match bits.take(2)? {
                0 => {}
                1 => temporal += 1,
                2 => (spatial, temporal) = (spatial + 1, 0),
                _ => return Some(()),
            }
        }
    }

    fn read_sizes(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let highest = usize::from(self.templates[usize::from(self.count - 1)].0);
        for at in 0..=highest {
            // Written less one.
            let (width, height) = (bits.take(16)? as u16, bits.take(16)? as u16);
            if let Some(size) = self.sizes.get_mut(at) {
                *size = Some((width.saturating_add(1), height.saturating_add(1)));
            }
        }
        Some(())
    }

    fn layers_of(&self, template: u8) -> Option<(u8, u8)> {
        let at = (template + MOST_TEMPLATES as u8 - self.offset) % MOST_TEMPLATES as u8;
        (at < self.count).then(|| self.templates[usize::from(at)])
    }
}

struct Bits<'v> {
    value: &'v [u8],
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        let mut taken = 0;
        for _ in 0..count {
            let byte = *self.value.get(self.at / 8)?;
            taken = taken << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(taken)
    }

    /// A number below `count`, in as few bits as can be: `ns(n)` of the AV1 specification, section 4.10.7.
    fn below(&mut self, count: u32) -> Option<u32> {
        let width = u32::BITS - count.leading_zeros();
        let short = (1 << width) - count;
        let value = self.take(width - 1)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.take(1)?)
    }
}

const MANDATORY: usize = 3;
const MOST_TEMPLATES: usize = 64;
/// The N bit of the aggregation header (section 4.4).
const NEW_SEQUENCE: u8 = 0x08;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes bits, as the other end does.
    #[derive(Default)]
    struct Ink(Vec<bool>);

    impl Ink {
        fn put(mut self, value: u32, count: u32) -> Ink {
            self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
            self
        }

        fn bytes(self) -> Vec<u8> {
            let byte =
                |bits: &[bool]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&true)));
            self.0.chunks(8).map(byte).collect()
        }
    }

    /// Two spatial layers of two temporal ones each: four templates, four targets, two chains.
    fn key_frame(template: u32, number: u32) -> Vec<u8> {
        let mut ink = Ink::default().put(0b10, 2).put(template, 6).put(number, 16);
        ink = ink.put(0b10000, 5).put(60, 6).put(3, 5);
        for next in [1, 2, 1, 3] {
            ink = ink.put(next, 2);
        }
        ink = ink.put(0, 2 * 16);
        for _ in 0..4 {
            ink = ink.put(0b10011, 5).put(0b1, 1).put(0b0000, 4).put(0, 1);
        }
        // Two chains: ns(5) = 2 in two bits; each target by ns(2) in one bit.
        ink = ink.put(2, 2).put(0b0011, 4).put(0, 4 * 8);
        ink = ink.put(1, 1).put(319, 16).put(179, 16).put(639, 16).put(359, 16);
        ink.bytes()
    }

    #[test]
    fn reads_the_structure_of_a_key_frame_and_then_packets_by_it() {
        let mut structure = Structure::default();
        assert_eq!(
            Descriptor::parse(&[0x80, 0, 1], &mut structure),
            None,
            "no template is known yet"
        );
        let key = Descriptor::parse(&key_frame(60, 500), &mut structure).unwrap();
        assert!(key.begins_key_frame);
        assert_eq!(key.frame_number, 500);
        assert_eq!(key.sizes, [Some((320, 180)), Some((640, 360)), None]);
        for (template, spatial, temporal) in [(60, 0, 0), (61, 0, 1), (62, 1, 0), (63, 1, 1)] {
            let packet = [0x40 | template, 1, 0xf5];
            let next = Descriptor::parse(&packet, &mut structure).unwrap();
            let layers = next.layers.unwrap();
            assert_eq!((layers.spatial, layers.temporal), (spatial, temporal));
            assert!(layers.ends && !layers.begins && !next.begins_key_frame);
            assert_eq!(next.frame_number, 0x01f5);
        }
        assert_eq!(Descriptor::parse(&[0x40 | 2, 0, 0], &mut structure), None);
    }

    #[test]
    fn shifts_the_frame_number_and_nothing_else() {
        let mut structure = Structure::default();
        let mut value = key_frame(60, 65_530);
        let key = Descriptor::parse(&value, &mut structure).unwrap();
        let shift = Shift {
            picture_id: 10,
            ..Shift::default()
        };
        key.shift(shift, &mut value);
        assert_eq!(value, key_frame(60, 4));
    }

    proptest! {
        #[test]
        fn never_panics_on_garbage(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 1..4)) {
            let mut structure = Structure::default();
            for value in values {
                let _ = Descriptor::parse(&value, &mut structure);
            }
        }
    }
}
