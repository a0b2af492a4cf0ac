//! DER, written by hand: what we sign must keep other people's bytes (certificates, names, tokens) exactly as they came,
//! which typed structures that decode and encode again do not promise.

use der::asn1::ObjectIdentifier;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// A constructed, context-specific tag.
pub(crate) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// Tag, length, and the parts one after another.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let octets = length.to_be_bytes();
        let skipped = octets.iter().take_while(|octet| **octet == 0).count();
        bytes.push(0x80 | (octets.len() - skipped) as u8);
        bytes.extend(&octets[skipped..]);
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// A `SET OF` in DER order (X.690, 11.6).
pub(crate) fn set_of(tag: u8, mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    tlv(tag, &elements.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

pub(crate) fn oid(identifier: ObjectIdentifier) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, &[identifier.as_bytes()])
}

/// A non-negative INTEGER.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let skipped = octets
        .iter()
        .take_while(|octet| **octet == 0)
        .count()
        .min(octets.len() - 1);
    let sign: &[u8] = if octets[skipped] & 0x80 != 0 { &[0] } else { &[] };
    tlv(INTEGER, &[sign, &octets[skipped..]])
}

/// The same contents under another tag: IMPLICIT tagging.
pub(crate) fn retag(tag: u8, der: &[u8]) -> Vec<u8> {
    let mut bytes = der.to_vec();
    if let Some(first) = bytes.first_mut() {
        *first = tag;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_integers_are_minimal() {
        assert_eq!(tlv(SEQUENCE, &[&[0; 127]])[..2], [0x30, 0x7F]);
        assert_eq!(tlv(SEQUENCE, &[&[0; 128]])[..3], [0x30, 0x81, 0x80]);
        assert_eq!(tlv(SEQUENCE, &[&[0; 256]])[..4], [0x30, 0x82, 0x01, 0x00]);
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(u64::MAX), [&[2, 9, 0][..], &[0xFF; 8]].concat());
    }

    #[test]
    fn sets_are_sorted() {
        assert_eq!(
            set_of(SET, vec![vec![4, 1, 9], vec![2, 1, 1]]),
            [0x31, 6, 2, 1, 1, 4, 1, 9]
        );
    }
}
