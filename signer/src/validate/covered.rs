//! The bytes that something signs or stamps, and their digests.

use crate::x509::algorithm::Digest;
use crate::x509::hasher::Hasher;

/// Bytes where they stand, with the digests that are known already.
#[derive(Debug, Clone)]
pub(super) struct Covered<'d> {
    parts: [&'d [u8]; 2],
    known: Vec<(Digest, Vec<u8>)>,
}

impl<'d> Covered<'d> {
    /// The two sides of a byte range; the first one begins at the file's first byte.
    pub(super) fn of_file(parts: [&'d [u8]; 2]) -> Self {
        Self {
            parts,
            known: Vec::new(),
        }
    }

    /// Bytes of their own, such as a signature value under a time-stamp.
    pub(super) fn of(bytes: &'d [u8]) -> Self {
        Self::of_file([bytes, &[]])
    }

    pub(super) fn digest(&self, digest: Digest) -> Vec<u8> {
        let known = self.known.iter().find(|(known, _)| *known == digest);
        known.map_or_else(|| digest.hash(&self.parts), |(_, value)| value.clone())
    }

    pub(super) fn parts(&self) -> [&'d [u8]; 2] {
        self.parts
    }

    /// A copy of all bytes.
    pub(super) fn concatenated(&self) -> Vec<u8> {
        self.parts.concat()
    }
}

/// Computes each wanted digest of ranges of one file, in one pass for each algorithm.
///
/// Signature after signature covers the file from its first byte, so a range begins as the one before it did: its digest
/// goes on from a copy taken where they part. What lies behind each gap ends with the gap's own revision, so two passes
/// over the file are the most, however many signatures there are.
pub(super) fn digest_together(mut wanted: Vec<(Digest, &mut Covered<'_>)>) {
    wanted.sort_by_key(|(_, covered)| covered.parts[0].len());
    let mut prefixes: Vec<(Digest, Hasher, usize)> = Vec::new();
    for (digest, covered) in wanted {
        let at = prefixes.iter().position(|(known, ..)| *known == digest);
        let at = at.unwrap_or_else(|| {
            prefixes.push((digest, Hasher::new(digest), 0));
            prefixes.len() - 1
        });
        let (_, prefix, length) = &mut prefixes[at];
        let [before, after] = covered.parts;
        prefix.update(&before[*length..]);
        *length = before.len();
        let mut own = prefix.clone();
        own.update(after);
        covered.known.push((digest, own.finish()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Digest; 8] = [
        Digest::Md5,
        Digest::Sha1,
        Digest::Sha224,
        Digest::Sha256,
        Digest::Sha384,
        Digest::Sha512,
        Digest::Sha3x256,
        Digest::Shake256,
    ];

    proptest! {
        /// Whatever the ranges and algorithms are, going on from shared prefixes gives what hashing each alone gives.
        #[test]
        fn shared_prefixes_change_no_digest(
            file in prop::collection::vec(any::<u8>(), 1..600),
            ranges in prop::collection::vec((any::<[prop::sample::Index; 3]>(), 0..ALL.len()), 1..6),
        ) {
            let mut covered: Vec<(Digest, Covered<'_>)> = Vec::new();
            for (places, algorithm) in ranges {
                let mut places = places.map(|place| place.index(file.len()));
                places.sort_unstable();
                let [before, after, end] = places;
                covered.push((ALL[algorithm], Covered::of_file([&file[..before], &file[after..end]])));
            }
            digest_together(covered.iter_mut().map(|(digest, covered)| (*digest, covered)).collect());
            for (digest, covered) in &covered {
                prop_assert_eq!(covered.known.len(), 1);
                prop_assert_eq!(covered.digest(*digest), digest.hash(&covered.parts));
            }
        }
    }
}
