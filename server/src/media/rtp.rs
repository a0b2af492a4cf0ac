//! Reading and writing RTP headers (RFC 3550 section 5.1, RFC 8285).

use std::ops::Range;

/// The fixed part of a header; what we send has no CSRC.
pub const HEADER_LENGTH: usize = 12;

/// The parts of a received packet; ranges are into the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub padding: bool,
    /// The profile word and where the elements stand.
    pub extension: Option<(u16, Range<usize>)>,
    pub length: usize,
}

impl Header {
    /// `None` where the bytes are no RTP of version 2, or end too soon.
    pub fn parse(bytes: &[u8]) -> Option<Header> {
        let fixed = bytes.get(..HEADER_LENGTH)?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut length = HEADER_LENGTH + 4 * usize::from(fixed[0] & 0x0f);
        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let profile = u16::from_be_bytes(bytes.get(length..length + 2)?.try_into().ok()?);
            let words = u16::from_be_bytes(bytes.get(length + 2..length + 4)?.try_into().ok()?);
            let elements = length + 4..length + 4 + 4 * usize::from(words);
            length = elements.end;
            extension = Some((profile, elements));
        }
        if bytes.len() < length {
            return None;
        }
        Some(Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence_number: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            padding: fixed[0] & 0x20 != 0,
            extension,
            length,
        })
    }

    /// The payload of the decrypted packet without its padding; `None` where the padding is longer
    /// than what it pads.
    pub fn payload(&self, packet: &[u8]) -> Option<Range<usize>> {
        let padding = if self.padding {
            usize::from(*packet.last()?)
        } else {
            0
        };
        let end = packet.len().checked_sub(padding)?;
        (end >= self.length && !(self.padding && padding == 0)).then_some(self.length..end)
    }

    /// The value of the header extension element `id`, in one-byte or two-byte form.
    pub fn element<'p>(&self, packet: &'p [u8], id: u8) -> Option<&'p [u8]> {
        packet.get(self.element_range(packet, id)?)
    }

    /// Where that value stands in the packet.
    pub fn element_range(&self, packet: &[u8], id: u8) -> Option<Range<usize>> {
        let (profile, range) = self.extension.clone()?;
        let end = range.end;
        let mut rest = packet.get(range)?;
        let two_byte = profile & 0xfff0 == 0x1000;
        if !two_byte && profile != 0xbede {
            return None;
        }
        while let Some((&first, tail)) = rest.split_first() {
            if first == 0 {
                rest = tail;
                continue;
            }
            let (found, length, value) = if two_byte {
                let (&length, value) = tail.split_first()?;
                (first, usize::from(length), value)
            } else {
                (first >> 4, usize::from(first & 0x0f) + 1, tail)
            };
            if found == id {
                let start = end - value.len();
                return (length <= value.len()).then_some(start..start + length);
            }
            rest = value.get(length..)?;
        }
        None
    }
}

/// What is written in front of a forwarded payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Outgoing {
    pub fn write(&self, to: &mut [u8; HEADER_LENGTH]) {
        to[0] = 0x80;
        to[1] = u8::from(self.marker) << 7 | self.payload_type;
        to[2..4].copy_from_slice(&self.sequence_number.to_be_bytes());
        to[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        to[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// Writes the header with its extension; gives the length of both, `None` where they do not fit.
    pub fn write_with(&self, elements: &Elements<'_>, to: &mut [u8]) -> Option<usize> {
        self.write(to.first_chunk_mut()?);
        let length = elements.write(to.get_mut(HEADER_LENGTH..)?)?;
        if length > 0 {
            to[0] |= 0x10;
        }
        Some(HEADER_LENGTH + length)
    }
}

/// The header extension of what we send, each element with its id, in one-byte form (RFC 8285 section 4.2) where all
/// of them fit that, else in two-byte form. Packets of one stream carry the same elements, so that they have as equal a size as can be:
/// segmentation offload wants equal sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elements<'d> {
    /// The connection-wide number by which the receiver reports arrival times.
    pub transport_sequence: Option<(u8, u16)>,
    /// The least and the most time to hold a picture back, 12 bits each in units of 10 ms.
    pub playout_delay: Option<(u8, [u8; 3])>,
    /// What the packet depends on, of AV1.
    pub dependency: Option<(u8, &'d [u8])>,
}

impl Elements<'_> {
    fn write(&self, to: &mut [u8]) -> Option<usize> {
        let mut used = 4;
        let is_long = self
            .dependency
            .is_some_and(|(_, value)| !(1..=16).contains(&value.len()));
        let mut element = |id: u8, value: &[u8]| {
            let head = if is_long { 2 } else { 1 };
            let end = used + head + value.len();
            let at = to.get_mut(used..end)?;
            if is_long {
                (at[0], at[1]) = (id, u8::try_from(value.len()).ok()?);
            } else {
                at[0] = id << 4 | (value.len() - 1) as u8;
            }
            at[head..].copy_from_slice(value);
            used = end;
            Some(())
        };
        if let Some((id, number)) = self.transport_sequence {
            element(id, &number.to_be_bytes())?;
        }
        if let Some((id, value)) = self.playout_delay {
            element(id, &value)?;
        }
        if let Some((id, value)) = self.dependency {
            element(id, value)?;
        }
        if used == 4 {
            return Some(0);
        }
        let length = used.next_multiple_of(4);
        to.get_mut(used..length)?.fill(0);
        let profile: u16 = if is_long { 0x1000 } else { 0xbede };
        to[..2].copy_from_slice(&profile.to_be_bytes());
        to[2..4].copy_from_slice(&(length as u16 / 4 - 1).to_be_bytes());
        Some(length)
    }
}

/// A 16-bit sequence number placed on an endless line: the value nearest to `near` whose low bits
/// are `sequence_number` (RFC 3711 section 3.3.1, without the 48-bit limit).
pub fn extend(near: u64, sequence_number: u16) -> u64 {
    let step = sequence_number.wrapping_sub(near as u16) as i16;
    let extended = near.wrapping_add_signed(i64::from(step));
    if step < 0 && extended > near {
        u64::from(sequence_number)
    } else {
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_back_what_it_writes() {
        let outgoing = Outgoing {
            marker: true,
            payload_type: 96,
            sequence_number: 7,
            timestamp: 90_000,
            ssrc: 0xfeed,
        };
        let mut bytes = [0; HEADER_LENGTH];
        outgoing.write(&mut bytes);
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(
            (
                header.marker,
                header.payload_type,
                header.sequence_number,
                header.timestamp,
                header.ssrc
            ),
            (true, 96, 7, 90_000, 0xfeed)
        );
        assert_eq!(header.length, HEADER_LENGTH);
    }

    #[test]
    fn reads_back_the_elements_it_writes() {
        let outgoing = Outgoing {
            marker: false,
            payload_type: 96,
            sequence_number: 7,
            timestamp: 1,
            ssrc: 2,
        };
        let elements = Elements {
            transport_sequence: Some((3, 0x1234)),
            playout_delay: Some((6, [0, 1, 2])),
            dependency: None,
        };
        let mut bytes = [0xff; 30];
        assert_eq!(outgoing.write_with(&elements, &mut bytes), Some(24));
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(header.length, 24);
        assert_eq!(header.element(&bytes, 3), Some(&[0x12, 0x34][..]));
        assert_eq!(header.element(&bytes, 6), Some(&[0, 1, 2][..]));
        assert_eq!(outgoing.write_with(&elements, &mut bytes[..23]), None);
        for length in [3, 16, 17, 90] {
            let value = vec![length as u8; length];
            let dependency = Some((8, &value[..]));
            let mut bytes = [0xff; 150];
            let written = outgoing.write_with(
                &Elements {
                    dependency,
                    ..elements
                },
                &mut bytes,
            );
            let header = Header::parse(&bytes).unwrap();
            assert_eq!(Some(header.length), written);
            assert_eq!(header.element(&bytes, 3), Some(&[0x12, 0x34][..]));
            assert_eq!(header.element(&bytes, 8), Some(&value[..]));
        }
        assert_eq!(outgoing.write_with(&Elements::default(), &mut bytes), Some(12));
    }

    #[test]
    fn finds_an_element_in_either_form() {
        let one_byte = [
            0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0,
        ];
        let header = Header::parse(&one_byte).unwrap();
        assert_eq!(header.element(&one_byte, 1), Some(&[0x55][..]));
        assert_eq!(header.element(&one_byte, 2), None);
        let two_byte = [
            0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 5, 2, 0xaa, 0xbb,
        ];
        let header = Header::parse(&two_byte).unwrap();
        assert_eq!(header.element(&two_byte, 5), Some(&[0xaa, 0xbb][..]));
    }

    #[test]
    fn refuses_padding_longer_than_the_packet() {
        let mut bytes = [0u8; 14];
        bytes[0] = 0xa0;
        bytes[13] = 3;
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(header.payload(&bytes), None);
        bytes[13] = 2;
        assert_eq!(header.payload(&bytes), Some(12..12));
        bytes[13] = 0;
        assert_eq!(header.payload(&bytes), None);
    }

    #[test]
    fn extends_across_the_wrap_and_back() {
        assert_eq!(extend(65_535, 0), 65_536);
        assert_eq!(extend(65_536, 65_535), 65_535);
        assert_eq!(extend(0, 65_535), 65_535, "nothing stands before the beginning");
    }

    proptest! {
        #[test]
        fn never_panics_on_garbage(bytes in proptest::collection::vec(any::<u8>(), 0..200), id in any::<u8>()) {
            if let Some(header) = Header::parse(&bytes) {
                let _ = header.payload(&bytes);
                let _ = header.element(&bytes, id);
            }
        }
    }
}
