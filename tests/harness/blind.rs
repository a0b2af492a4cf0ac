//! A voter's page in a secret vote, written a second time: draws a token, blinds it, takes the blinding off
//! (RFC 9474, RSABSSA-SHA384-PSS-Randomized).

use num_bigint::BigUint;
use rand::Rng;
use rand::rngs::StdRng;
use ring::digest;
use serde_json::{Value, json};

/// The public key of a vote.
pub struct Key {
    n: BigUint,
    e: BigUint,
}

impl Key {
    /// As a vote is told.
    pub fn of(vote: &Value) -> Self {
        let number = |name: &str| {
            let bytes = hex::decode(vote["key"][name].as_str().expect("a key")).expect("hexadecimal");
            BigUint::from_bytes_be(&bytes)
        };
        Self {
            n: number("n"),
            e: number("e"),
        }
    }
}

/// What entitles to one ballot.
pub struct Token {
    pub prepared: Vec<u8>,
    pub signature: Vec<u8>,
    blinded: Vec<u8>,
    inverse: BigUint,
}

impl Token {
    /// Draws one, not signed yet.
    pub fn new(key: &Key, random: &mut StdRng) -> Self {
        let prepared = random.random::<[u8; 64]>().to_vec();
        let message = BigUint::from_bytes_be(&encoded(&prepared, &salt(random)));
        let factor = BigUint::from_bytes_be(&random.random::<[u8; 32]>());
        let blinded = (message * factor.modpow(&key.e, &key.n)) % &key.n;
        Self {
            prepared,
            blinded: padded(&blinded),
            inverse: factor.modinv(&key.n).expect("no factor of the modulus"),
            signature: Vec::new(),
        }
    }

    /// What is sent to be signed, in hexadecimal.
    pub fn asked(&self) -> String {
        hex::encode(&self.blinded)
    }

    /// Takes the answer `token`.
    pub fn take(&mut self, answer: &Value, key: &Key) {
        let signed = hex::decode(answer["signed"].as_str().expect("a signature")).expect("hexadecimal");
        self.signature = padded(&((BigUint::from_bytes_be(&signed) * &self.inverse) % &key.n));
    }

    /// The ballot with this token, in vote 1 of a meeting.
    pub fn ballot(&self, meeting: &str, choice: &str) -> Value {
        json!({
            "meeting_id": meeting, "vote": 1, "choice": choice,
            "token": hex::encode(&self.prepared), "signature": hex::encode(&self.signature),
        })
    }

    /// What the record has of the token that was asked for.
    pub fn known_as(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, &self.blinded))
    }

    /// As the ballot is published.
    pub fn name(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, &self.prepared))
    }
}

fn salt(random: &mut StdRng) -> Vec<u8> {
    random.random::<[u8; 64]>()[..48].to_vec()
}

const MODULUS_BYTES: usize = 256;

fn padded(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; MODULUS_BYTES - bytes.len()], bytes].concat()
}

fn sha384(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA384);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

/// EMSA-PSS-ENCODE with SHA-384 (RFC 8017, 9.1.1).
fn encoded(message: &[u8], salt: &[u8]) -> Vec<u8> {
    let hash = sha384(&[&[0; 8], &sha384(&[message]), salt]);
    let mut block = vec![0; MODULUS_BYTES - hash.len() - salt.len() - 2];
    block.push(1);
    block.extend_from_slice(salt);
    let mask = (0..5u32).flat_map(|counter| sha384(&[&hash, &counter.to_be_bytes()]));
    for (byte, mask) in block.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    block[0] &= 0x7f;
    [block, hash, vec![0xbc]].concat()
}
