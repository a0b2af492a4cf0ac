//! The standard security handler, for reading (ISO 32000-2, 7.6.4): RC4 and AES-128 of old files, AES-256.

mod cipher;

use ring::digest;

use self::cipher::{aes_128_cbc_encrypt, aes_cbc_decrypt, aes_data, rc4};
use crate::error::{Error, Result};
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::x509::algorithm::Digest;

/// 7.6.4.3.2, algorithm 2, step a.
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08, 0x2E,
    0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];

/// An opened encryption: the file's key and how strings and streams use it.
#[derive(Debug)]
pub(super) struct Decryption {
    key: Vec<u8>,
    strings: Method,
    streams: Method,
    metadata: bool,
    permissions: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Identity,
    Rc4,
    /// AES-128 with a key for each object.
    Aes128,
    /// AES-256 with the file's key.
    Aes256,
}

/// The entries of the encryption dictionary that make the key.
struct Handler<'a> {
    revision: i64,
    key_bytes: usize,
    owner: &'a [u8],
    user: &'a [u8],
    permissions: i64,
    identifier: &'a [u8],
    metadata: bool,
}

fn fault() -> Error {
    Error::malformed("PDF", "encryption dictionary")
}

impl Decryption {
    /// Opens the encryption with a user or owner password (the empty one is tried too).
    ///
    /// # Errors
    /// [`Error::Refused`] with subject `password` where none fits, [`Error::Unsupported`] for other handlers.
    pub(super) fn open(dictionary: &Dictionary, identifier: &[u8], password: Option<&str>) -> Result<Self> {
        if dictionary.name("Filter") != Some(b"Standard") {
            return Err(Error::unsupported("PDF", "encryption for certificates"));
        }
        let version = dictionary.integer("V").unwrap_or(0);
        let text = |key: &str| {
            dictionary
                .get(key)
                .and_then(Object::as_text)
                .map(|text| text.bytes.as_slice())
        };
        let bits = dictionary
            .integer("Length")
            .unwrap_or(if version == 4 { 128 } else { 40 });
        // Some write bytes for bits.
        let bits = if bits < 40 { bits * 8 } else { bits };
        let handler = Handler {
            revision: dictionary.integer("R").unwrap_or(0),
            key_bytes: if version == 1 {
                5
            } else {
                usize::try_from(bits / 8).unwrap_or(0).clamp(5, 16)
            },
            owner: text("O").ok_or_else(fault)?,
            user: text("U").ok_or_else(fault)?,
            permissions: dictionary.integer("P").unwrap_or(0),
            identifier,
            metadata: dictionary.get("EncryptMetadata") != Some(&Object::Boolean(false)),
        };
        let (strings, streams) = match version {
            1 | 2 => (Method::Rc4, Method::Rc4),
            4 | 5 => (method(dictionary, "StrF")?, method(dictionary, "StmF")?),
            _ => return Err(Error::unsupported("PDF", format!("encryption version {version}"))),
        };
        let passwords = spellings(password.unwrap_or_default(), handler.revision);
        let key = passwords.iter().find_map(|password| match handler.revision {
            2..=4 => handler
                .key_from_user(password)
                .or_else(|| handler.key_from_owner(password)),
            5 | 6 => handler.key_of_aes_256(password, dictionary),
            _ => None,
        });
        let key = key.ok_or_else(|| Error::refused("password", "the password does not open the file"))?;
        Ok(Self {
            key,
            strings,
            streams,
            metadata: handler.metadata,
            permissions: handler.permissions as u32,
        })
    }

    /// `/P` (table 22), bit 1 lowest.
    pub(super) fn permissions(&self) -> u32 {
        self.permissions
    }

    /// Decrypts a string of the object `owner`.
    pub(super) fn string(&self, owner: Reference, bytes: &[u8]) -> Result<Vec<u8>> {
        self.apply(self.strings, owner, bytes)
    }

    /// Decrypts the raw bytes of a stream of the object `owner`.
    pub(super) fn stream(&self, owner: Reference, dictionary: &Dictionary, bytes: &[u8]) -> Result<Vec<u8>> {
        let kind = dictionary.name("Type");
        let plain = kind == Some(b"XRef") || (kind == Some(b"Metadata") && !self.metadata);
        let identity = match dictionary.get("Filter") {
            Some(Object::Name(name)) => name == b"Crypt",
            Some(Object::Array(names)) => names.first().and_then(Object::as_name) == Some(b"Crypt"),
            _ => false,
        };
        self.apply(
            if plain || identity {
                Method::Identity
            } else {
                self.streams
            },
            owner,
            bytes,
        )
    }

    fn apply(&self, method: Method, owner: Reference, bytes: &[u8]) -> Result<Vec<u8>> {
        match method {
            Method::Identity => Ok(bytes.to_vec()),
            Method::Rc4 => Ok(rc4(&self.object_key(owner, b""), bytes)),
            Method::Aes128 => aes_data(&self.object_key(owner, b"sAlT"), bytes),
            Method::Aes256 => aes_data(&self.key, bytes),
        }
    }

    /// Algorithm 1.
    fn object_key(&self, owner: Reference, salt: &[u8]) -> Vec<u8> {
        let number = owner.number.to_le_bytes();
        let generation = owner.generation.to_le_bytes();
        let mut key = Digest::Md5.hash(&[&self.key, &number[..3], &generation, salt]);
        key.truncate((self.key.len() + 5).min(16));
        key
    }
}

/// The octets that a password may stand for: from revision 5 prepared by SASLprep (7.6.4.3.3, RFC 4013), as the writer does;
/// some writers take it as it was typed; and the empty one.
fn spellings(password: &str, revision: i64) -> Vec<Vec<u8>> {
    let prepared = (revision >= 5)
        .then(|| stringprep::saslprep(password).ok())
        .flatten();
    let mut found: Vec<Vec<u8>> = Vec::new();
    for spelling in prepared.as_deref().into_iter().chain([password, ""]) {
        if !found.iter().any(|known| known == spelling.as_bytes()) {
            found.push(spelling.as_bytes().to_vec());
        }
    }
    found
}

fn method(dictionary: &Dictionary, key: &str) -> Result<Method> {
    let name = match dictionary.name(key) {
        None | Some(b"Identity") => return Ok(Method::Identity),
        Some(name) => name,
    };
    let filters = dictionary
        .get("CF")
        .and_then(Object::as_dictionary)
        .ok_or_else(fault)?;
    let filter = filters
        .get(name)
        .and_then(Object::as_dictionary)
        .ok_or_else(fault)?;
    match filter.name("CFM") {
        Some(b"V2") => Ok(Method::Rc4),
        Some(b"AESV2") => Ok(Method::Aes128),
        Some(b"AESV3") => Ok(Method::Aes256),
        None | Some(b"None") => Ok(Method::Identity),
        _ => Err(Error::unsupported("PDF", "crypt filter")),
    }
}

impl Handler<'_> {
    /// Algorithms 2, 4, 5 and 6.
    fn key_from_user(&self, password: &[u8]) -> Option<Vec<u8>> {
        let permissions = (self.permissions as u32).to_le_bytes();
        let no_metadata: &[u8] = if self.revision >= 4 && !self.metadata {
            &[0xFF; 4]
        } else {
            &[]
        };
        let owner = self.owner.get(..32)?;
        let mut key = Digest::Md5.hash(&[
            &padded(password),
            owner,
            &permissions,
            self.identifier,
            no_metadata,
        ]);
        key.truncate(self.key_bytes);
        if self.revision == 2 {
            return (rc4(&key, &PADDING) == self.user.get(..32)?).then_some(key);
        }
        for _ in 0..50 {
            key = Digest::Md5.hash(&[&key]);
            key.truncate(self.key_bytes);
        }
        let mut check = Digest::Md5.hash(&[&PADDING, self.identifier]);
        for round in 0..20_u8 {
            check = rc4(&turned(&key, round), &check);
        }
        (check == self.user.get(..16)?).then_some(key)
    }

    /// Algorithm 7: the owner's password opens the user's.
    fn key_from_owner(&self, password: &[u8]) -> Option<Vec<u8>> {
        let mut key = Digest::Md5.hash(&[&padded(password)]);
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Digest::Md5.hash(&[&key]);
            }
        }
        key.truncate(self.key_bytes);
        let rounds = if self.revision >= 3 { 20_u8 } else { 1 };
        let mut user = self.owner.get(..32)?.to_vec();
        for round in (0..rounds).rev() {
            user = rc4(&turned(&key, round), &user);
        }
        self.key_from_user(&user)
    }

    /// Algorithm 2.A.
    fn key_of_aes_256(&self, password: &[u8], dictionary: &Dictionary) -> Option<Vec<u8>> {
        let password = password.get(..127).unwrap_or(password);
        let entry = |key: &str| Some(&*dictionary.get(key)?.as_text()?.bytes);
        let user = self.user.get(..48)?;
        let owner = self.owner.get(..48)?;
        let (salts, extra, encrypted) = if self.hash(password, &owner[32..40], user)? == owner[..32] {
            (&owner[40..48], user, entry("OE")?)
        } else if self.hash(password, &user[32..40], &[])? == user[..32] {
            (&user[40..48], &[][..], entry("UE")?)
        } else {
            return None;
        };
        let key = self.hash(password, salts, extra)?;
        aes_cbc_decrypt(&key, &[0; 16], encrypted.get(..32)?)
    }

    /// Algorithm 2.B; revision 5 stops after the first digest.
    fn hash(&self, password: &[u8], salt: &[u8], user: &[u8]) -> Option<Vec<u8>> {
        let mut key = Digest::Sha256.hash(&[password, salt, user]);
        if self.revision == 5 {
            return Some(key);
        }
        let mut round = 0;
        loop {
            let block = [password, &key, user].concat().repeat(64);
            let encrypted = aes_128_cbc_encrypt(&key[..16], &key[16..32], &block)?;
            let remainder = encrypted[..16].iter().map(|byte| u32::from(*byte)).sum::<u32>() % 3;
            let algorithm = [&digest::SHA256, &digest::SHA384, &digest::SHA512][remainder as usize];
            key = digest::digest(algorithm, &encrypted).as_ref().to_vec();
            round += 1;
            if round >= 64 && u32::from(*encrypted.last()?) <= round - 32 {
                key.truncate(32);
                return Some(key);
            }
        }
    }
}

fn padded(password: &[u8]) -> Vec<u8> {
    password.iter().chain(&PADDING).take(32).copied().collect()
}

fn turned(key: &[u8], round: u8) -> Vec<u8> {
    key.iter().map(|byte| byte ^ round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_spelt_as_they_are_prepared_and_as_they_were_typed() {
        let decomposed = "mật".chars().collect::<String>();
        let decomposed: String =
            unicode_normalization::UnicodeNormalization::nfd(decomposed.as_str()).collect();
        let wanted: Vec<Vec<u8>> = ["mật", &decomposed, ""]
            .map(|one| one.as_bytes().to_vec())
            .to_vec();
        assert_eq!(spellings(&decomposed, 6), wanted);
        assert_eq!(spellings(&decomposed, 4), &wanted[1..]);
        // What SASLprep prohibits is tried as it was typed.
        assert_eq!(spellings("a\u{7}", 6), [b"a\x07".to_vec(), Vec::new()]);
    }
}
