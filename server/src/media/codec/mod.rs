//! What forwarding must know of a codec: where a picture can be entered, which counters must stay continuous when a
//! slot changes its stream, and to which layer of a scalable stream a packet belongs.

pub mod av1;
pub mod h264;
pub mod red;
pub mod vp8;
pub mod vp9;

/// The video codecs that are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    Vp8,
    Vp9,
    H264,
    Av1,
}

impl Codec {
    /// In the order in which a publisher's offer is searched: what every browser decodes comes first.
    pub const ALL: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

    /// As `a=rtpmap` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Vp8 => "VP8",
            Codec::Vp9 => "VP9",
            Codec::H264 => "H264",
            Codec::Av1 => "AV1",
        }
    }

    /// Reads a packet: its payload and, of AV1, its dependency descriptor, by the structure of its stream. What cannot
    /// be read is passed on as it is and never entered.
    pub fn read(self, payload: &[u8], dependency: &[u8], structure: &mut av1::Structure) -> Descriptor {
        match self {
            Codec::Vp8 => Descriptor::Vp8(vp8::Descriptor::parse(payload).unwrap_or_default()),
            Codec::Vp9 => Descriptor::Vp9(vp9::Descriptor::parse(payload).unwrap_or_default()),
            Codec::H264 => Descriptor::H264(h264::Descriptor::parse(payload).unwrap_or_default()),
            Codec::Av1 if dependency.is_empty() => Descriptor::Av1(av1::Descriptor::of_payload(payload)),
            Codec::Av1 => Descriptor::Av1(av1::Descriptor::parse(dependency, structure).unwrap_or_default()),
        }
    }
}

/// What forwarding looks at in a video packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    Vp8(vp8::Descriptor),
    Vp9(vp9::Descriptor),
    H264(h264::Descriptor),
    Av1(av1::Descriptor),
}

impl Descriptor {
    /// From here a decoder can start.
    pub fn begins_key_frame(&self) -> bool {
        match self {
            Descriptor::Vp8(vp8) => vp8.begins_key_frame,
            Descriptor::Vp9(vp9) => vp9.begins_key_frame,
            Descriptor::H264(h264) => h264.begins_key_frame,
            Descriptor::Av1(av1) => av1.begins_key_frame,
        }
    }

    /// Width and height of each spatial layer, or of the whole picture, where the packet tells.
    pub fn sizes(&self) -> [Option<(u16, u16)>; 3] {
        match self {
            Descriptor::Vp8(vp8) => [vp8.size, None, None],
            Descriptor::Vp9(vp9) => vp9.sizes,
            Descriptor::H264(_) => [None; 3],
            Descriptor::Av1(av1) => av1.sizes,
        }
    }

    /// Where the stream has layers within it.
    pub fn layers(&self) -> Option<Scalable> {
        match self {
            Descriptor::Vp9(vp9) => vp9.layers,
            Descriptor::Av1(av1) => av1.layers,
            Descriptor::Vp8(_) | Descriptor::H264(_) => None,
        }
    }

    /// The counters as the publisher wrote them; 0 for what the packet lacks.
    pub fn counters(&self) -> Shift {
        let of =
            |picture_id: Option<PictureId>, tl0_index: Option<(u8, u8)>, key_index: Option<(u8, u8)>| Shift {
                picture_id: picture_id.map_or(0, |id| id.value),
                tl0_index: tl0_index.map_or(0, |(_, index)| index),
                key_index: key_index.map_or(0, |(_, index)| index),
            };
        match self {
            Descriptor::Vp8(vp8) => of(vp8.picture_id, vp8.tl0_index, vp8.key_index),
            Descriptor::Vp9(vp9) => of(vp9.picture_id, vp9.tl0_index, None),
            Descriptor::H264(_) => Shift::default(),
            Descriptor::Av1(av1) => Shift {
                picture_id: av1.frame_number,
                ..Shift::default()
            },
        }
    }
}

/// To which layer of a scalable stream a packet belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scalable {
    pub spatial: u8,
    pub temporal: u8,
    /// The first or last packet of its layer's frame.
    pub begins: bool,
    pub ends: bool,
    /// The picture depends on none before it.
    pub is_key: bool,
}

/// A picture's number in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    pub offset: u8,
    /// 15 bits wide, else 7.
    pub wide: bool,
    pub value: u16,
}

impl PictureId {
    fn parse(payload: &[u8], at: usize) -> Option<PictureId> {
        let high = *payload.get(at)?;
        let wide = high & WIDE != 0;
        let value = if wide {
            u16::from(high & !WIDE) << 8 | u16::from(*payload.get(at + 1)?)
        } else {
            u16::from(high)
        };
        Some(PictureId {
            offset: at as u8,
            wide,
            value,
        })
    }

    fn shift(self, by: u16, payload: &mut [u8]) {
        let value = self.value.wrapping_add(by);
        let at = usize::from(self.offset);
        match (self.wide, payload.get_mut(at..at + 1 + usize::from(self.wide))) {
            (true, Some([high, low])) => {
                *high = WIDE | (value >> 8) as u8 & 0x7f;
                *low = value as u8;
            }
            (false, Some([byte])) => *byte = value as u8 & 0x7f,
            _ => {}
        }
    }
}

/// What is added to the counters of one stream while it is shown in one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    pub picture_id: u16,
    pub tl0_index: u8,
    pub key_index: u8,
}

impl Shift {
    /// What leads from `from` to the numbers after `last`.
    pub fn after(last: Shift, from: Shift) -> Shift {
        Shift {
            picture_id: last.picture_id.wrapping_add(1).wrapping_sub(from.picture_id),
            tl0_index: last.tl0_index.wrapping_add(1).wrapping_sub(from.tl0_index),
            key_index: last.key_index.wrapping_add(1).wrapping_sub(from.key_index),
        }
    }

    /// These counters as the viewer sees them.
    pub fn of(self, counters: Shift) -> Shift {
        Shift {
            picture_id: counters.picture_id.wrapping_add(self.picture_id),
            tl0_index: counters.tl0_index.wrapping_add(self.tl0_index),
            key_index: counters.key_index.wrapping_add(self.key_index),
        }
    }

    /// Rewrites the counters of a copied payload and of its copied dependency descriptor; no length changes.
    pub fn apply(self, descriptor: &Descriptor, payload: &mut [u8], dependency: &mut [u8]) {
        match descriptor {
            Descriptor::Vp8(vp8) => vp8.shift(self, payload),
            Descriptor::Vp9(vp9) => vp9.shift(self, payload),
            Descriptor::H264(_) => {}
            Descriptor::Av1(av1) => av1.shift(self, dependency),
        }
    }
}

const WIDE: u8 = 0x80;
