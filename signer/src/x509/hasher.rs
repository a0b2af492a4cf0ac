//! A digest under way. It can be copied, so that what several byte ranges share is hashed once.

use md5::Digest as _;
use ring::digest;
use shake::{ExtendableOutput as _, Update as _};

use super::algorithm::Digest;

/// A digest of the bytes seen so far.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Md5(md5::Md5),
    Sha224(sha2::Sha224),
    Sha3x256(sha3::Sha3_256),
    Sha3x384(sha3::Sha3_384),
    Sha3x512(sha3::Sha3_512),
    Shake256(shake::Shake256),
    Ring(digest::Context),
}

impl Hasher {
    pub fn new(algorithm: Digest) -> Self {
        let by_ring = |algorithm| State::Ring(digest::Context::new(algorithm));
        Self(match algorithm {
            Digest::Md5 => State::Md5(md5::Md5::new()),
            Digest::Sha224 => State::Sha224(sha2::Sha224::new()),
            Digest::Sha3x256 => State::Sha3x256(sha3::Sha3_256::new()),
            Digest::Sha3x384 => State::Sha3x384(sha3::Sha3_384::new()),
            Digest::Sha3x512 => State::Sha3x512(sha3::Sha3_512::new()),
            Digest::Shake256 => State::Shake256(shake::Shake256::default()),
            Digest::Sha1 => by_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Digest::Sha256 => by_ring(&digest::SHA256),
            Digest::Sha384 => by_ring(&digest::SHA384),
            Digest::Sha512 => by_ring(&digest::SHA512),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(context) => md5::Digest::update(context, bytes),
            State::Sha224(context) => md5::Digest::update(context, bytes),
            State::Sha3x256(context) => md5::Digest::update(context, bytes),
            State::Sha3x384(context) => md5::Digest::update(context, bytes),
            State::Sha3x512(context) => md5::Digest::update(context, bytes),
            State::Shake256(context) => context.update(bytes),
            State::Ring(context) => context.update(bytes),
        }
    }

    /// SHAKE256 gives the 512 bits that [`Digest::Shake256`] stands for.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(context) => context.finalize().to_vec(),
            State::Sha224(context) => context.finalize().to_vec(),
            State::Sha3x256(context) => context.finalize().to_vec(),
            State::Sha3x384(context) => context.finalize().to_vec(),
            State::Sha3x512(context) => context.finalize().to_vec(),
            State::Shake256(context) => context.finalize_boxed(64).into_vec(),
            State::Ring(context) => context.finish().as_ref().to_vec(),
        }
    }
}
