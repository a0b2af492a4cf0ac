//! DSA (FIPS 186-4 section 4.7), for verifying old signatures alone: every input is public.

use num_bigint::BigUint;

use crate::cms::ber::{Reader, tag};
use crate::error::Result;

/// Domain parameters and public value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    prime: BigUint,
    order: BigUint,
    generator: BigUint,
    public: BigUint,
}

impl Key {
    /// Out of the parameters `SEQUENCE { p, q, g }` and the INTEGER of the key (RFC 3279 section 2.3.2).
    pub(super) fn parse(parameters: &[u8], bits: &[u8]) -> Result<Self> {
        let mut numbers = Reader::new(parameters).expect(tag::SEQUENCE)?.inside();
        let mut number =
            || -> Result<BigUint> { Ok(BigUint::from_bytes_be(numbers.expect(tag::INTEGER)?.content)) };
        Ok(Self {
            prime: number()?,
            order: number()?,
            generator: number()?,
            public: BigUint::from_bytes_be(Reader::new(bits).expect(tag::INTEGER)?.content),
        })
    }

    /// Length of the prime.
    pub(super) fn bits(&self) -> usize {
        usize::try_from(self.prime.bits()).unwrap_or(usize::MAX)
    }

    /// Whether `value`, `SEQUENCE { r, s }`, signs the digest `hash`.
    pub(super) fn verify(&self, hash: &[u8], value: &[u8]) -> bool {
        self.check(hash, value).unwrap_or(false)
    }

    /// Sizes in bounds, and a public value of the right order: one of small order would take any signature.
    fn is_sound(&self) -> bool {
        let one = BigUint::from(1_u8);
        (1024..=4096).contains(&self.bits())
            && (160..=512).contains(&self.order.bits())
            && self.generator > one
            && self.public > one
            && self.public < self.prime
            && self.public.modpow(&self.order, &self.prime) == one
    }

    fn check(&self, hash: &[u8], value: &[u8]) -> Option<bool> {
        let mut outer = Reader::new(value);
        let mut numbers = outer.expect(tag::SEQUENCE).ok()?.inside();
        outer.end().ok()?;
        let r = BigUint::from_bytes_be(numbers.expect(tag::INTEGER).ok()?.content);
        let s = BigUint::from_bytes_be(numbers.expect(tag::INTEGER).ok()?.content);
        numbers.end().ok()?;
        let in_range = |number: &BigUint| *number > BigUint::ZERO && *number < self.order;
        if !self.is_sound() || !in_range(&r) || !in_range(&s) {
            return None;
        }
        let bits = usize::try_from(self.order.bits()).ok()?;
        let mut digest = BigUint::from_bytes_be(hash);
        if hash.len() * 8 > bits {
            digest >>= hash.len() * 8 - bits;
        }
        let inverse = s.modpow(&(&self.order - 2_u8), &self.order);
        let first = self
            .generator
            .modpow(&(digest * &inverse % &self.order), &self.prime);
        let second = self.public.modpow(&(&r * inverse % &self.order), &self.prime);
        Some(first * second % &self.prime % &self.order == r)
    }
}
