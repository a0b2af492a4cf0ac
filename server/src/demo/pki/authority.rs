//! The keys and certificates of the training PKI, kept in one file that is written whole or not at all.

use std::path::Path;

use base64::engine::general_purpose::STANDARD as BASE64;
use p12_keystore::{KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, Issuer, KeyPair};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Error;
use super::certificate::{self, Addresses, Holder, Standing};
use crate::clock::Clock;
use crate::demo::whole_file;

/// The whole training PKI.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Where it was reached when it was made, which stands in its certificates.
    base_url: String,
    root: Identity,
    issuing: Identity,
    responder: Identity,
    time_stamp: Identity,
    issued: Vec<Issued>,
}

/// A certificate and its key, both DER (the key PKCS#8).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    #[serde(with = "base64_text")]
    pub certificate: Vec<u8>,
    #[serde(with = "base64_text")]
    key: Vec<u8>,
}

/// A certificate that was given to a holder; its key is in the holder's hands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    pub alias: String,
    /// The content of the serial number, big-endian, in hexadecimal.
    pub serial: String,
    #[serde(with = "base64_text")]
    pub certificate: Vec<u8>,
    pub revocation: Option<Revocation>,
}

/// When a certificate was revoked; the reason is always cessation of operation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Revocation {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// A holder's key and chain as PKCS#12.
pub struct Package {
    pub alias: String,
    pub pkcs12: Vec<u8>,
}

impl Authority {
    /// Makes the PKI and a certificate for each of `holders`; `password_of` gives the password of a holder's PKCS#12.
    ///
    /// `base_url` is where the program is reached; it stands in the certificates.
    ///
    /// # Errors
    /// When a certificate cannot be written: our bug.
    pub fn create<'a>(
        base_url: &str,
        holders: &[Holder],
        password_of: impl Fn(&str) -> &'a str,
        clock: &Clock,
    ) -> Result<(Self, Vec<Package>), Error> {
        let now = clock.now_utc();
        let addresses = Addresses::new(base_url);
        let root = Identity::self_signed(&certificate::root(serial(clock), now))?;
        let issuing = Identity::issue(&certificate::issuing(serial(clock), now, &addresses)?, &root)?;
        let responder = Identity::issue(&certificate::responder(serial(clock), now), &issuing)?;
        let stamp = certificate::time_stamp(serial(clock), now, &addresses)?;
        let time_stamp_serial = stamp.serial_number.as_ref().map(rcgen::SerialNumber::to_bytes);
        let time_stamp = Identity::issue(&stamp, &issuing)?;

        let mut issued = vec![Issued {
            alias: "tsa".to_owned(),
            serial: hex::encode(time_stamp_serial.unwrap_or_default()),
            certificate: time_stamp.certificate.clone(),
            revocation: None,
        }];
        let mut packages = Vec::with_capacity(holders.len());
        for holder in holders {
            let number = serial(clock);
            let identity = Identity::issue(
                &certificate::end_entity(holder, number, now, &addresses)?,
                &issuing,
            )?;
            let chain = [&identity.certificate, &issuing.certificate, &root.certificate];
            let pkcs12 = pack(&holder.alias, &identity.key, &chain, password_of(&holder.alias))?;
            packages.push(Package {
                alias: holder.alias.clone(),
                pkcs12,
            });
            let is_revoked = holder.standing == Standing::Revoked;
            issued.push(Issued {
                alias: holder.alias.clone(),
                serial: hex::encode(number),
                certificate: identity.certificate,
                revocation: is_revoked.then(|| Revocation {
                    at: certificate::revoked_at(now),
                }),
            });
        }
        Ok((
            Self {
                base_url: base_url.trim_end_matches('/').to_owned(),
                root,
                issuing,
                responder,
                time_stamp,
                issued,
            },
            packages,
        ))
    }

    /// Reads what [`Authority::save`] wrote.
    ///
    /// # Errors
    /// When the file is missing, unreadable or not ours.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read(path)?;
        serde_json::from_slice(&text).map_err(|error| Error::Malformed(error.to_string()))
    }

    /// Writes the file, readable by its owner alone: afterwards it is there whole, or as it was before.
    ///
    /// # Errors
    /// When the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Malformed(error.to_string()))?;
        Ok(whole_file::write(path, &text)?)
    }

    /// The host, with its port, that its certificates name.
    pub fn host(&self) -> &str {
        self.base_url
            .split_once("://")
            .map_or(self.base_url.as_str(), |(_, host)| host)
    }

    /// The root's certificate, DER: the anchor that the demo trusts.
    pub fn root(&self) -> &[u8] {
        &self.root.certificate
    }

    /// The issuing authority's certificate, DER.
    pub fn issuing(&self) -> &[u8] {
        &self.issuing.certificate
    }

    /// Every certificate given out.
    pub fn issued(&self) -> &[Issued] {
        &self.issued
    }

    pub(super) fn issuing_identity(&self) -> &Identity {
        &self.issuing
    }

    pub(super) fn root_identity(&self) -> &Identity {
        &self.root
    }

    pub(super) fn responder_identity(&self) -> &Identity {
        &self.responder
    }

    pub(super) fn time_stamp_identity(&self) -> &Identity {
        &self.time_stamp
    }

    /// What is known of a serial number, given as the content of its INTEGER.
    pub(super) fn by_serial(&self, serial: &[u8]) -> Option<&Issued> {
        let wanted = hex::encode(serial);
        self.issued.iter().find(|issued| issued.serial == wanted)
    }
}

impl Identity {
    fn self_signed(params: &CertificateParams) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        })
    }

    fn issue(params: &CertificateParams, issuer: &Self) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer.issuer()?)?;
        Ok(Self {
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        })
    }

    /// The key, ready to sign ECDSA with SHA-256.
    pub(super) fn key(&self) -> Result<KeyPair, Error> {
        Ok(KeyPair::try_from(self.key.as_slice())?)
    }

    pub(super) fn issuer(&self) -> Result<Issuer<'static, KeyPair>, Error> {
        Ok(Issuer::from_ca_cert_der(
            &self.certificate.as_slice().into(),
            self.key()?,
        )?)
    }
}

/// A serial number: 127 random bits that make a positive INTEGER of exactly 16 bytes (RFC 5280, 4.1.2.2).
fn serial(clock: &Clock) -> [u8; 16] {
    let mut serial = clock.random_bytes::<16>();
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}

fn pack(alias: &str, key: &[u8], chain: &[&Vec<u8>], password: &str) -> Result<Vec<u8>, Error> {
    let failed = |error: p12_keystore::error::Error| Error::Pkcs12(error.to_string());
    let mut certificates = Vec::with_capacity(chain.len());
    for certificate in chain {
        certificates.push(p12_keystore::Certificate::from_der(certificate).map_err(failed)?);
    }
    let key = PrivateKey::from_der(key).map_err(failed)?;
    let mut store = KeyStore::new();
    let entry = PrivateKeyChain::new(alias.as_bytes(), key, certificates);
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(entry));
    store.writer(password).write().map_err(failed)
}

mod base64_text {
    use base64::Engine as _;

    use super::BASE64;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map_err(serde::de::Error::custom)
    }
}
