//! EBML, the binary tree in which WebM is written (RFC 8794), as far as a recording needs it.
//!
//! By hand, since no kept crate writes clusters that stand by themselves before there is a file around them: each writes one
//! file from its start, and seeks back to fill lengths in.

/// Elements, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elements(pub Vec<u8>);

impl Elements {
    /// An element of bytes.
    pub fn bytes(&mut self, id: u32, content: &[u8]) -> &mut Self {
        self.begin(id, content.len() as u64);
        self.0.extend_from_slice(content);
        self
    }

    /// An unsigned number in as few bytes as it needs.
    pub fn number(&mut self, id: u32, value: u64) -> &mut Self {
        let length = (64 - value.leading_zeros()).div_ceil(8).max(1) as usize;
        self.bytes(id, &value.to_be_bytes()[8 - length..])
    }

    /// An unsigned number in eight bytes, whatever it is: for positions, which depend on lengths before them.
    pub fn wide(&mut self, id: u32, value: u64) -> &mut Self {
        self.bytes(id, &value.to_be_bytes())
    }

    pub fn float(&mut self, id: u32, value: f64) -> &mut Self {
        self.bytes(id, &value.to_be_bytes())
    }

    pub fn text(&mut self, id: u32, value: &str) -> &mut Self {
        self.bytes(id, value.as_bytes())
    }

    /// An element of elements.
    pub fn parent(&mut self, id: u32, write: impl FnOnce(&mut Elements)) -> &mut Self {
        let mut children = Elements::default();
        write(&mut children);
        self.bytes(id, &children.0)
    }

    /// Id and length of an element whose content follows.
    pub fn begin(&mut self, id: u32, length: u64) {
        let bytes = id.to_be_bytes();
        self.0
            .extend_from_slice(&bytes[id.leading_zeros() as usize / 8..]);
        if length < 0x7f {
            self.0.push(0x80 | length as u8);
        } else if length < 0x3fff {
            self.0.extend_from_slice(&(length as u16 | 1 << 14).to_be_bytes());
        } else {
            self.0.extend_from_slice(&(length | 1 << 56).to_be_bytes());
        }
    }
}

/// One element as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub id: u32,
    /// With id and length.
    pub whole: &'a [u8],
    pub content: &'a [u8],
}

/// Reads elements that lie one behind the other; nothing where the next is cut off or no element.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = Option<Element<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let element = next(rest);
        rest = element.map_or(&[], |element| &rest[element.whole.len()..]);
        Some(element)
    })
}

fn next(bytes: &[u8]) -> Option<Element<'_>> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?;
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let after_id = &bytes[id_length..];
    let length_length = after_id.first()?.leading_zeros() as usize + 1;
    if length_length > 8 {
        return None;
    }
    let length = after_id.get(..length_length)?;
    let marked = length
        .iter()
        .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let length = usize::try_from(marked & !(1 << (7 * length_length))).ok()?;
    let begin = id_length + length_length;
    let content = bytes.get(begin..)?.get(..length)?;
    Some(Element {
        id,
        whole: &bytes[..begin + length],
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_what_the_standard_says() {
        let mut elements = Elements::default();
        elements.number(0x42f7, 1).text(0x4282, "webm").float(0x4489, 1.0);
        assert_eq!(
            hex::encode(&elements.0),
            "42f78101".to_owned() + "4282847765626d" + "4489883ff0000000000000"
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(ids in proptest::collection::vec(prop_oneof![0x81_u32..=0xfe, 0x4001_u32..=0x7ffe, 0x1020_0000_u32..=0x1fff_fffe], 0..5), length in 0_usize..400) {
            let mut elements = Elements::default();
            for id in &ids {
                elements.bytes(*id, &vec![7; length]);
            }
            let found: Vec<(u32, usize)> = read(&elements.0).map(|one| one.map(|one| (one.id, one.content.len())).unwrap()).collect();
            prop_assert_eq!(found, ids.iter().map(|id| (*id, length)).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_that_is_read_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes).for_each(drop);
        }
    }
}
