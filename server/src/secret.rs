//! The server secret: 32 random bytes in a file of their own, in neither the database nor a backup.
//!
//! What must not be readable from a stolen database is sealed under a key derived from it: one-time-code secrets, and
//! (with the owner's PIN) the keys kept for people.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use zeroize::Zeroizing;

use crate::clock::Clock;

/// Before the id of a link for a new password: what the word in the link is derived for.
pub const RESET_PURPOSE: &str = "password reset ";

/// The server secret, cheap to clone.
#[derive(Clone)]
pub struct ServerSecret(Arc<Prk>);

/// Why the server secret, or something sealed under it, could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or made.
    #[error("cannot use the server secret {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// The file is not a secret that this program wrote.
    #[error("{0} does not hold 32 bytes in hexadecimal")]
    Malformed(PathBuf),
    /// The sealed text was changed, or sealed under another secret or for another purpose.
    #[error("sealed under another server secret, or changed")]
    Sealed,
}

impl ServerSecret {
    /// Reads the secret, or makes one readable by its owner alone where the file does not exist.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds anything else.
    pub fn open_or_create(path: &Path, clock: &Clock) -> Result<Self, Error> {
        let failed = |source| Error::File {
            path: path.to_owned(),
            source,
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = Zeroizing::new(hex::encode(clock.random_bytes::<32>()));
                write_private(path, fresh.as_bytes()).map_err(failed)?;
                fresh
            }
            Err(error) => return Err(failed(error)),
        };
        let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| Error::Malformed(path.to_owned()))?);
        if bytes.len() != 32 {
            return Err(Error::Malformed(path.to_owned()));
        }
        Ok(Self(Arc::new(
            Salt::new(HKDF_SHA256, b"hoian server secret").extract(&bytes),
        )))
    }

    /// The 32 bytes that belong to one `purpose` (RFC 5869).
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are within HKDF's limit of 255 blocks, the only cause of failure"
    )]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let purpose = [purpose.as_bytes()];
        let material = self
            .0
            .expand(&purpose, Length(32))
            .expect("32 bytes can be derived");
        material
            .fill(key.as_mut())
            .expect("the length asked for is the length given");
        key
    }

    /// A word of 256 bits that belongs to one `purpose`: nobody guesses it, and it can be made again.
    pub fn word(&self, purpose: &str) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.derive(purpose).as_slice()))
    }

    /// Seals `plain` for one `purpose` with AES-256-GCM; the nonce stands in front.
    #[expect(
        clippy::expect_used,
        reason = "AES-256-GCM refuses only texts of 64 GiB and more"
    )]
    pub fn seal(&self, purpose: &str, plain: &[u8], clock: &Clock) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = clock.random_bytes();
        let mut sealed = plain.to_vec();
        self.key(purpose)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut sealed,
            )
            .expect("the text is short");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`ServerSecret::seal`] sealed for the same purpose.
    ///
    /// # Errors
    /// [`Error::Sealed`] when it was changed or belongs to another secret.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Error::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Sealed)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .key(purpose)
            .open_in_place(nonce, Aad::from(purpose), &mut text)
            .map_err(|_| Error::Sealed)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    #[expect(clippy::expect_used, reason = "the key has the length of the algorithm")]
    fn key(&self, purpose: &str) -> LessSafeKey {
        let key = self.derive(purpose);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("32 bytes"))
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Writes through a new name, so that a sudden stop never leaves half a secret.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn opens_only_what_was_sealed_for_the_same_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.secret");
        let clock = Clock::manual(Timestamp(0));
        let secret = ServerSecret::open_or_create(&path, &clock).unwrap();
        let again = ServerSecret::open_or_create(&path, &clock).unwrap();

        let mut sealed = secret.seal("one-time code", b"abc", &clock);
        assert_eq!(again.open("one-time code", &sealed).unwrap().as_slice(), b"abc");
        assert!(secret.open("another purpose", &sealed).is_err());
        assert!(secret.open("one-time code", b"short").is_err());
        sealed[15] ^= 1;
        assert!(secret.open("one-time code", &sealed).is_err());
    }

    #[test]
    fn refuses_a_file_that_is_not_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.secret");
        std::fs::write(&path, "abcd").unwrap();
        let opened = ServerSecret::open_or_create(&path, &Clock::manual(Timestamp(0)));
        assert!(matches!(opened, Err(Error::Malformed(_))));
    }
}
