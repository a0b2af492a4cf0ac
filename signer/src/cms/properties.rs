//! What must hold whatever is read: what is written is read back, and BER says the same as the DER it stands for.

use proptest::collection::vec;
use proptest::prelude::*;

use super::ber::{self, Reader, tag};
use super::{SignedData, TimeStamp};

/// An element's tree: its tag, and bytes or elements.
#[derive(Debug, Clone)]
enum Tree {
    Primitive(u8, Vec<u8>),
    Constructed(u8, Vec<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let primitive = prop_oneof![
        Just(tag::INTEGER),
        Just(tag::OCTET_STRING),
        Just(tag::OBJECT_IDENTIFIER),
        Just(0x80)
    ];
    let leaf = (primitive, vec(any::<u8>(), 0..200)).prop_map(|(tag, bytes)| Tree::Primitive(tag, bytes));
    leaf.prop_recursive(5, 40, 6, |inner| {
        let constructed = prop_oneof![Just(tag::SEQUENCE), Just(tag::SET), Just(0xA0), Just(0xA1)];
        (constructed, vec(inner, 0..6)).prop_map(|(tag, items)| Tree::Constructed(tag, items))
    })
}

impl Tree {
    fn der(&self) -> Vec<u8> {
        match self {
            Tree::Primitive(tag, bytes) => ber::element(*tag, bytes),
            Tree::Constructed(tag, items) => {
                ber::element(*tag, &items.iter().flat_map(Tree::der).collect::<Vec<_>>())
            }
        }
    }

    /// Indefinite lengths where the bits say so (X.690 clause 8.1.3.6).
    fn ber(&self, bits: &mut impl Iterator<Item = bool>) -> Vec<u8> {
        match self {
            Tree::Primitive(..) => self.der(),
            Tree::Constructed(tag, items) => {
                let indefinite = bits.next().unwrap_or_default();
                let content: Vec<u8> = items.iter().flat_map(|item| item.ber(bits)).collect();
                if indefinite {
                    [&[*tag, 0x80][..], &content, &[0, 0]].concat()
                } else {
                    ber::element(*tag, &content)
                }
            }
        }
    }

    fn is_read_from(&self, reader: &mut Reader<'_>) -> bool {
        match (self, reader.any()) {
            (Tree::Primitive(tag, bytes), Ok(read)) => read.tag == *tag && read.content == bytes,
            (Tree::Constructed(tag, items), Ok(read)) => {
                let mut inside = read.inside();
                read.tag == *tag
                    && items.iter().all(|item| item.is_read_from(&mut inside))
                    && inside.is_empty()
            }
            _ => false,
        }
    }
}

proptest! {
    #[test]
    fn elements_written_are_read_back(tree in tree()) {
        let der = tree.der();
        let mut reader = Reader::new(&der);
        prop_assert!(tree.is_read_from(&mut reader));
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn indefinite_lengths_become_the_definite_ones(tree in tree(), bits in vec(any::<bool>(), 0..40), padding in 0_usize..9) {
        let der = tree.der();
        let mut file = tree.ber(&mut bits.into_iter());
        let length = file.len();
        file.resize(length + padding, 0);
        let (element, read) = ber::definite(&file).unwrap();
        prop_assert_eq!(&*element, &der[..]);
        prop_assert_eq!(read, length);
    }

    #[test]
    fn never_panics_on_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        let _ = SignedData::parse(&bytes).is_ok();
        let _ = TimeStamp::parse(&bytes).is_ok();
        let _ = ber::definite(&bytes).is_ok();
    }
}
