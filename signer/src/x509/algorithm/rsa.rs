//! RSA signatures (RFC 8017): by ring where it has size, digest and salt, else over public values alone.

use num_bigint::BigUint;
use ring::signature;

use super::Digest;
use crate::cms::ber::{self, tag};

pub(super) fn pkcs1(modulus: &[u8], exponent: &[u8], digest: Digest, message: &[u8], value: &[u8]) -> bool {
    let by_ring: &signature::RsaParameters = match digest {
        Digest::Sha256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Digest::Sha384 if modulus.len() >= 256 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Digest::Sha512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return pkcs1_hash(modulus, exponent, digest, &digest.hash(&[message]), value),
    };
    let key = signature::RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    key.verify(by_ring, message, value).is_ok()
}

/// As [`pkcs1`], over a message that is hashed already.
pub(super) fn pkcs1_hash(modulus: &[u8], exponent: &[u8], digest: Digest, hash: &[u8], value: &[u8]) -> bool {
    open(modulus, exponent, value).is_some_and(|block| block == pkcs1_block(modulus.len(), digest, hash))
}

/// RFC 8017 section 9.2: the whole block is made and compared, so nothing in it can hide.
fn pkcs1_block(length: usize, digest: Digest, hash: &[u8]) -> Vec<u8> {
    let mut algorithm = ber::element(tag::OBJECT_IDENTIFIER, digest.identifier());
    algorithm.extend_from_slice(&[5, 0]);
    let mut information = ber::element(tag::SEQUENCE, &algorithm);
    information.extend(ber::element(tag::OCTET_STRING, hash));
    let information = ber::element(tag::SEQUENCE, &information);
    let padding = length.saturating_sub(information.len() + 3);
    let mut block = vec![0, 1];
    block.resize(2 + padding, 0xFF);
    block.push(0);
    block.extend(information);
    block
}

/// `value ^ exponent mod modulus`, as long as the modulus. For verifying alone: all inputs are public.
fn open(modulus: &[u8], exponent: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let sizes_fit = (64..=1024).contains(&modulus.len()) && (1..=8).contains(&exponent.len());
    if !sizes_fit || value.len() != modulus.len() {
        return None;
    }
    let (n, e, s) = (
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
        BigUint::from_bytes_be(value),
    );
    if s >= n {
        return None;
    }
    let opened = s.modpow(&e, &n).to_bytes_be();
    let mut block = vec![0; modulus.len().checked_sub(opened.len())?];
    block.extend(opened);
    Some(block)
}

pub(super) fn pss(
    modulus: &[u8],
    exponent: &[u8],
    digest: Digest,
    salt: usize,
    message: &[u8],
    value: &[u8],
) -> bool {
    let by_ring: Option<&signature::RsaParameters> = match (digest, salt) {
        (Digest::Sha256, 32) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (Digest::Sha384, 48) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (Digest::Sha512, 64) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    };
    match by_ring.filter(|_| modulus.len() >= 256) {
        Some(parameters) => {
            let key = signature::RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            };
            key.verify(parameters, message, value).is_ok()
        }
        None => pss_hash(modulus, exponent, digest, salt, &digest.hash(&[message]), value),
    }
}

/// As [`pss`], over a message that is hashed already.
pub(super) fn pss_hash(
    modulus: &[u8],
    exponent: &[u8],
    digest: Digest,
    salt: usize,
    hash: &[u8],
    value: &[u8],
) -> bool {
    open(modulus, exponent, value)
        .is_some_and(|block| pss_block(&block, modulus, digest, salt, hash).is_some())
}

/// EMSA-PSS-VERIFY (RFC 8017 section 9.1.2); `None` where inconsistent.
fn pss_block(block: &[u8], modulus: &[u8], digest: Digest, salt: usize, hash: &[u8]) -> Option<()> {
    let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize - 1;
    let length = bits.div_ceil(8);
    let (zeros, block) = block.split_at(block.len() - length);
    let (masked, rest) = block.split_at_checked(length.checked_sub(hash.len() + 1)?)?;
    let (given, trailer) = rest.split_at(hash.len());
    let mut data = mask(given, masked.len(), digest);
    data.iter_mut().zip(masked).for_each(|(mask, byte)| *mask ^= byte);
    let unused = length * 8 - bits;
    let first = data.first_mut()?;
    let clear = masked[0].leading_zeros() as usize >= unused;
    *first &= 0xFF_u8.checked_shr(unused as u32).unwrap_or(0);
    let (padding, salt) = data.split_at_checked(data.len().checked_sub(salt)?)?;
    let (one, padding) = padding.split_last()?;
    let expected = digest.hash(&[&[0; 8], hash, salt]);
    let fits = zeros.iter().chain(padding).all(|byte| *byte == 0) && *one == 1 && clear && trailer == [0xBC];
    (fits && expected == given).then_some(())
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(seed: &[u8], length: usize, digest: Digest) -> Vec<u8> {
    let mut output = Vec::with_capacity(length + 64);
    for counter in 0_u32.. {
        if output.len() >= length {
            break;
        }
        output.extend(digest.hash(&[seed, &counter.to_be_bytes()]));
    }
    output.truncate(length);
    output
}
