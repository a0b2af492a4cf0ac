//! A digest under way. It can be copied, so that what several byte ranges share is hashed once.

use md5::Digest as _;
use ring::digest;

use super::algorithm::Digest;

/// A digest of the bytes seen so far.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Md5(md5::Md5),
    Sha224(sha2::Sha224),
    Ring(digest::Context),
}

impl Hasher {
    pub fn new(algorithm: Digest) -> Self {
        let by_ring = |algorithm| State::Ring(digest::Context::new(algorithm));
        Self(match algorithm {
            Digest::Md5 => State::Md5(md5::Md5::new()),
            Digest::Sha224 => State::Sha224(sha2::Sha224::new()),
            Digest::Sha1 => by_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Digest::Sha256 => by_ring(&digest::SHA256),
            Digest::Sha384 => by_ring(&digest::SHA384),
            Digest::Sha512 => by_ring(&digest::SHA512),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(context) => context.update(bytes),
            State::Sha224(context) => context.update(bytes),
            State::Ring(context) => context.update(bytes),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(context) => context.finalize().to_vec(),
            State::Sha224(context) => context.finalize().to_vec(),
            State::Ring(context) => context.finish().as_ref().to_vec(),
        }
    }
}
