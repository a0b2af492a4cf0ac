//! The ciphers themselves, and how their keys are derived.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher};
use ring::{aead, hmac};

use super::Profile;
use crate::media::rtp;
use crate::media::stats::Drop;

/// The keys of one direction.
pub(super) struct Session {
    pub(super) rtp: Cipher,
    pub(super) rtcp: Cipher,
}

impl Session {
    pub(super) fn derive(profile: Profile, master_key: &[u8], master_salt: &[u8]) -> Option<Session> {
        Some(Session {
            rtp: Cipher::derive(profile, master_key, master_salt, 0)?,
            rtcp: Cipher::derive(profile, master_key, master_salt, 3)?,
        })
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one, and is reached without a pointer on the packet path"
)]
pub(super) enum Cipher {
    Gcm {
        key: aead::LessSafeKey,
        salt: [u8; 12],
    },
    Cm {
        key: Box<Aes128>,
        salt: [u8; 14],
        authentication: hmac::Key,
    },
}

impl Cipher {
    /// RFC 3711 section 4.3.1: labels 0 to 2 give the RTP keys, 3 to 5 those of RTCP.
    fn derive(profile: Profile, master_key: &[u8], master_salt: &[u8], first_label: u8) -> Option<Cipher> {
        let master = Aes128::new_from_slice(master_key).ok()?;
        let mut key = [0; KEY];
        derive_into(&master, master_salt, first_label, &mut key);
        match profile {
            Profile::AeadAes128Gcm => {
                let mut salt = [0; 12];
                derive_into(&master, master_salt, first_label + 2, &mut salt);
                let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key).ok()?);
                Some(Cipher::Gcm { key, salt })
            }
            Profile::Aes128CmHmacSha1_80 => {
                let (mut salt, mut authentication) = ([0; 14], [0; 20]);
                derive_into(&master, master_salt, first_label + 1, &mut authentication);
                derive_into(&master, master_salt, first_label + 2, &mut salt);
                Some(Cipher::Cm {
                    key: Box::new(Aes128::new_from_slice(&key).ok()?),
                    salt,
                    authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
                })
            }
        }
    }

    pub(super) fn open(&self, packet: &mut [u8], header: &rtp::Header, index: u64) -> Result<usize, Drop> {
        match self {
            Cipher::Gcm { key, salt } => {
                let body = packet
                    .len()
                    .checked_sub(header.length + GCM_TAG)
                    .ok_or(Drop::Truncated)?;
                let (aad, sealed) = packet.split_at_mut(header.length);
                let nonce = gcm_nonce(salt, header.ssrc, index);
                key.open_in_place(nonce, aead::Aad::from(&*aad), sealed)
                    .map_err(|_| Drop::Forged)?;
                Ok(header.length + body)
            }
            Cipher::Cm {
                key,
                salt,
                authentication,
            } => {
                let length = packet.len().checked_sub(SHA1_TAG).ok_or(Drop::Truncated)?;
                if length < header.length {
                    return Err(Drop::Truncated);
                }
                let (plain, tag) = packet.split_at_mut(length);
                let expected = sha1_tag(authentication, plain, &roll_over(index).to_be_bytes());
                ring_equal(&expected, tag)?;
                cm_apply(key, salt, header.ssrc, index, &mut plain[header.length..]);
                Ok(length)
            }
        }
    }

    pub(super) fn seal(
        &self,
        buffer: &mut [u8],
        header_length: usize,
        length: usize,
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        match self {
            Cipher::Gcm { key, salt } => {
                let (packet, rest) = buffer.split_at_mut_checked(length)?;
                let (aad, plain) = packet.split_at_mut_checked(header_length)?;
                let nonce = gcm_nonce(salt, ssrc, index);
                let tag = key
                    .seal_in_place_separate_tag(nonce, aead::Aad::from(&*aad), plain)
                    .ok()?;
                rest.get_mut(..GCM_TAG)?.copy_from_slice(tag.as_ref());
                Some(length + GCM_TAG)
            }
            Cipher::Cm {
                key,
                salt,
                authentication,
            } => {
                let (packet, rest) = buffer.split_at_mut_checked(length)?;
                cm_apply(key, salt, ssrc, index, packet.get_mut(header_length..)?);
                let tag = sha1_tag(authentication, packet, &roll_over(index).to_be_bytes());
                rest.get_mut(..SHA1_TAG)?.copy_from_slice(&tag);
                Some(length + SHA1_TAG)
            }
        }
    }

    /// Who says a compound packet, and its index; nothing of it is believed yet.
    pub(super) fn named_by(&self, packet: &[u8]) -> Result<(u32, u32), Drop> {
        let (length, index_at) = self.places(packet)?;
        if length < RTCP_CLEAR {
            return Err(Drop::Truncated);
        }
        let index = word(packet, index_at)?;
        if index & ENCRYPTED == 0 {
            return Err(Drop::Forged);
        }
        Ok((word(packet, 4)?, index & !ENCRYPTED))
    }

    /// How long the plain packet is, and where the index stands.
    fn places(&self, packet: &[u8]) -> Result<(usize, usize), Drop> {
        let tag_after_index = matches!(self, Cipher::Cm { .. });
        let trailer = INDEX_WORD + if tag_after_index { SHA1_TAG } else { GCM_TAG };
        let length = packet.len().checked_sub(trailer).ok_or(Drop::Truncated)?;
        Ok((length, if tag_after_index { length } else { length + GCM_TAG }))
    }

    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, index: u32) -> Result<usize, Drop> {
        let (length, index_at) = self.places(packet)?;
        let word = (index | ENCRYPTED).to_be_bytes();
        match self {
            Cipher::Gcm { key, salt } => {
                let (clear, sealed) = packet[..index_at].split_at_mut(RTCP_CLEAR);
                let mut aad = [0; RTCP_CLEAR + INDEX_WORD];
                aad[..RTCP_CLEAR].copy_from_slice(clear);
                aad[RTCP_CLEAR..].copy_from_slice(&word);
                let nonce = gcm_rtcp_nonce(salt, ssrc, index);
                key.open_in_place(nonce, aead::Aad::from(aad), sealed)
                    .map_err(|_| Drop::Forged)?;
            }
            Cipher::Cm {
                key,
                salt,
                authentication,
            } => {
                let (signed, tag) = packet.split_at_mut(length + INDEX_WORD);
                ring_equal(&sha1_tag(authentication, signed, &[]), tag)?;
                cm_apply(key, salt, ssrc, u64::from(index), &mut signed[RTCP_CLEAR..length]);
            }
        }
        Ok(length)
    }

    pub(super) fn seal_rtcp(&self, buffer: &mut [u8], length: usize, index: u32) -> Option<usize> {
        let word = (index | ENCRYPTED).to_be_bytes();
        let (packet, rest) = buffer.split_at_mut_checked(length)?;
        let (clear, plain) = packet.split_at_mut_checked(RTCP_CLEAR)?;
        let ssrc = u32::from_be_bytes([clear[4], clear[5], clear[6], clear[7]]);
        match self {
            Cipher::Gcm { key, salt } => {
                let mut aad = [0; RTCP_CLEAR + INDEX_WORD];
                aad[..RTCP_CLEAR].copy_from_slice(clear);
                aad[RTCP_CLEAR..].copy_from_slice(&word);
                let nonce = gcm_rtcp_nonce(salt, ssrc, index);
                let tag = key
                    .seal_in_place_separate_tag(nonce, aead::Aad::from(aad), plain)
                    .ok()?;
                rest.get_mut(..GCM_TAG)?.copy_from_slice(tag.as_ref());
                rest.get_mut(GCM_TAG..GCM_TAG + INDEX_WORD)?
                    .copy_from_slice(&word);
                Some(length + GCM_TAG + INDEX_WORD)
            }
            Cipher::Cm {
                key,
                salt,
                authentication,
            } => {
                cm_apply(key, salt, ssrc, u64::from(index), plain);
                rest.get_mut(..INDEX_WORD)?.copy_from_slice(&word);
                let tag = sha1_tag(authentication, packet, &word);
                rest.get_mut(INDEX_WORD..INDEX_WORD + SHA1_TAG)?
                    .copy_from_slice(&tag);
                Some(length + INDEX_WORD + SHA1_TAG)
            }
        }
    }
}

/// RFC 3711 section 4.3.3: AES in counter mode over the salt with the label at its seventh byte. A
/// 96-bit salt is taken as if two zero bytes followed it (RFC 7714 section 11).
fn derive_into(master: &Aes128, master_salt: &[u8], label: u8, into: &mut [u8]) {
    let mut block = [0u8; 16];
    block[..master_salt.len()].copy_from_slice(master_salt);
    block[7] ^= label;
    for (counter, chunk) in into.chunks_mut(16).enumerate() {
        block[15] = counter as u8;
        let mut stream = block.into();
        master.encrypt_block(&mut stream);
        chunk.copy_from_slice(&stream[..chunk.len()]);
    }
}

/// RFC 7714 section 8.1.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> aead::Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &ssrc.to_be_bytes());
    xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
    aead::Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 section 9.1.
fn gcm_rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u32) -> aead::Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &ssrc.to_be_bytes());
    xor(&mut nonce[8..12], &index.to_be_bytes());
    aead::Nonce::assume_unique_for_key(nonce)
}

/// RFC 3711 section 4.1.1.
fn cm_apply(key: &Aes128, salt: &[u8; 14], ssrc: u32, index: u64, data: &mut [u8]) {
    let mut counter = [0u8; 16];
    counter[..14].copy_from_slice(salt);
    xor(&mut counter[4..8], &ssrc.to_be_bytes());
    xor(&mut counter[8..14], &index.to_be_bytes()[2..]);
    let core = ctr::CtrCore::<Aes128, ctr::flavors::Ctr128BE>::inner_iv_init(key.clone(), &counter.into());
    let mut stream = ctr::Ctr128BE::<Aes128>::from_core(core);
    stream.apply_keystream(data);
}

fn sha1_tag(key: &hmac::Key, packet: &[u8], tail: &[u8]) -> [u8; SHA1_TAG] {
    let mut context = hmac::Context::with_key(key);
    context.update(packet);
    context.update(tail);
    let full = context.sign();
    let mut tag = [0; SHA1_TAG];
    tag.copy_from_slice(&full.as_ref()[..SHA1_TAG]);
    tag
}

/// Compares in constant time: all bytes are looked at whatever the first difference.
fn ring_equal(expected: &[u8; SHA1_TAG], found: &[u8]) -> Result<(), Drop> {
    let difference = expected.iter().zip(found).fold(0, |sum, (a, b)| sum | (a ^ b));
    if found.len() == SHA1_TAG && std::hint::black_box(difference) == 0 {
        Ok(())
    } else {
        Err(Drop::Forged)
    }
}

fn word(packet: &[u8], at: usize) -> Result<u32, Drop> {
    let bytes = packet.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    Ok(u32::from_be_bytes(bytes.ok_or(Drop::Truncated)?))
}

fn roll_over(index: u64) -> u32 {
    (index >> 16) as u32
}

fn xor(onto: &mut [u8], with: &[u8]) {
    for (a, b) in onto.iter_mut().zip(with) {
        *a ^= b;
    }
}

pub(super) const KEY: usize = 16;
pub(super) const GCM_TAG: usize = 16;
const SHA1_TAG: usize = 10;
pub(super) const INDEX_WORD: usize = 4;
/// The first header word and the sender's SSRC stay in the clear.
const RTCP_CLEAR: usize = 8;
/// The E flag in front of the 31-bit SRTCP index.
pub(super) const ENCRYPTED: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.3: the master key and salt of the specification and its session keys.
    #[test]
    fn derives_the_session_keys_of_the_specification() {
        let master = Aes128::new_from_slice(&hex("E1F97A0D3E018BE0D64FA32C06DE4139")).unwrap();
        let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
        let (mut key, mut session_salt, mut authentication) = ([0; 16], [0; 14], [0; 20]);
        derive_into(&master, &salt, 0, &mut key);
        derive_into(&master, &salt, 2, &mut session_salt);
        derive_into(&master, &salt, 1, &mut authentication);
        assert_eq!(key[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(session_salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(
            authentication[..],
            hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
        );
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }
}
