//! A PKCS#12, or the place of a key in an HSM, under its owner's PIN *and* the server secret.
//!
//! A PIN alone is guessed in minutes by whoever holds a copy of the database. So the wrapping key comes from both: an
//! Argon2id hash of the PIN, and a secret of the server that is in neither database nor backup, joined by HKDF
//! (RFC 5869). Whoever has only the database, or only the PIN, has nothing. AES-256-GCM binds the key's id and holder,
//! so a wrapped key moved to another row does not open.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::secret::ServerSecret;

/// Shortest and longest PIN: the state's tokens ask for 6 to 15; longer passphrases are welcome.
pub const PIN_LENGTH: std::ops::RangeInclusive<usize> = 6..=64;

/// What is wrapped: the PKCS#12 as it was handed over and the password that opens it, or the id of a key in the HSM.
pub struct Contents {
    pub key: Zeroizing<Vec<u8>>,
    pub password: Zeroizing<String>,
}

/// What stands in the row.
pub struct Wrapped {
    pub salt: Vec<u8>,
    pub sealed: Vec<u8>,
}

/// The PIN does not open it, or it is not what was wrapped; the two cannot be told apart.
#[derive(Debug, PartialEq, Eq)]
pub struct DoesNotOpen;

/// Wraps `contents` for the key `id` of `holder`. Takes as long as one Argon2id.
pub fn wrap(
    secret: &ServerSecret,
    clock: &Clock,
    id: &str,
    holder: &str,
    pin: &str,
    contents: &Contents,
) -> Wrapped {
    let salt: [u8; SALT_LEN] = clock.random_bytes();
    let nonce: [u8; NONCE_LEN] = clock.random_bytes();
    let mut sealed = Zeroizing::new(encode(contents));
    let sealing = seal_into(&key(secret, pin, &salt), nonce, &bound(id, holder), &mut sealed);
    Wrapped {
        salt: salt.to_vec(),
        sealed: [&[FORMAT], nonce.as_slice(), sealing].concat(),
    }
}

/// Opens what [`wrap`] wrapped. Takes as long as one Argon2id, whether it opens or not.
///
/// # Errors
/// [`DoesNotOpen`].
pub fn unwrap(
    secret: &ServerSecret,
    id: &str,
    holder: &str,
    pin: &str,
    wrapped: &Wrapped,
) -> Result<Contents, DoesNotOpen> {
    let key = key(secret, pin, &wrapped.salt);
    let (format, rest) = wrapped.sealed.split_first().ok_or(DoesNotOpen)?;
    let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
    if *format != FORMAT {
        return Err(DoesNotOpen);
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
    let mut text = Zeroizing::new(text.to_vec());
    let plain = key
        .open_in_place(nonce, Aad::from(bound(id, holder)), &mut text)
        .map_err(|_| DoesNotOpen)?;
    decode(plain).ok_or(DoesNotOpen)
}

/// First byte of a wrapped key: the parameters below. Another set gets another byte, and old rows still open.
const FORMAT: u8 = 1;
const SALT_LEN: usize = 16;
/// 64 MiB and 3 passes: RFC 9106 section 4, the second recommended option, with one lane.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

#[expect(
    clippy::expect_used,
    reason = "constant parameters and lengths within the limits of Argon2, HKDF and AES"
)]
fn key(secret: &ServerSecret, pin: &str, salt: &[u8]) -> LessSafeKey {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("the parameters are within RFC 9106");
    let mut hash = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), salt, hash.as_mut())
        .expect("salt and output have lengths that Argon2 takes");
    let prk = Salt::new(HKDF_SHA256, secret.derive("signing keys").as_ref()).extract(hash.as_ref());
    let material = prk
        .expand(&[b"hoian signing key 1"], &AES_256_GCM)
        .expect("32 bytes are within HKDF's limit");
    LessSafeKey::new(UnboundKey::from(material))
}

fn bound(id: &str, holder: &str) -> Vec<u8> {
    [id.as_bytes(), b"\0", holder.as_bytes()].concat()
}

#[expect(
    clippy::expect_used,
    reason = "AES-256-GCM refuses only texts of 64 GiB and more"
)]
fn seal_into<'a>(key: &LessSafeKey, nonce: [u8; NONCE_LEN], bound: &[u8], text: &'a mut Vec<u8>) -> &'a [u8] {
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), text)
        .expect("a short text");
    text
}

fn encode(contents: &Contents) -> Vec<u8> {
    let password = contents.password.as_bytes();
    let length = u32::try_from(password.len()).unwrap_or(u32::MAX).to_be_bytes();
    [length.as_slice(), password, &contents.key].concat()
}

fn decode(plain: &[u8]) -> Option<Contents> {
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let (password, key) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(Contents {
        key: Zeroizing::new(key.to_vec()),
        password: Zeroizing::new(String::from_utf8(password.to_vec()).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn secret(folder: &std::path::Path) -> ServerSecret {
        ServerSecret::open_or_create(&folder.join("server.secret"), &Clock::manual(Timestamp(0))).unwrap()
    }

    #[test]
    fn opens_only_with_the_pin_the_server_and_the_row_it_was_wrapped_for() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (secret(here.path()), secret(elsewhere.path()));
        let contents = Contents {
            key: Zeroizing::new(vec![7; 300]),
            password: Zeroizing::new("mật khẩu".to_owned()),
        };
        let mut wrapped = wrap(
            &ours,
            &Clock::manual(Timestamp(0)),
            "k1",
            "person:a",
            "246810",
            &contents,
        );
        let open =
            |secret, id, holder, pin, wrapped: &Wrapped| unwrap(secret, id, holder, pin, wrapped).is_ok();

        let opened = unwrap(&ours, "k1", "person:a", "246810", &wrapped).unwrap();
        assert_eq!(
            (opened.key.as_slice(), opened.password.as_str()),
            ([7; 300].as_slice(), "mật khẩu")
        );
        assert!(!open(&ours, "k1", "person:a", "246811", &wrapped));
        assert!(!open(&theirs, "k1", "person:a", "246810", &wrapped));
        assert!(!open(&ours, "k2", "person:a", "246810", &wrapped));
        assert!(!open(&ours, "k1", "person:b", "246810", &wrapped));
        wrapped.sealed[40] ^= 1;
        assert!(!open(&ours, "k1", "person:a", "246810", &wrapped));
    }
}
