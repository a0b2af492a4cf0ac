//! Keys on tokens and in HSMs, through their PKCS#11 module.

pub mod hsm;
pub mod present;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use cryptoki::context::{CInitializeArgs, Pkcs11};
use cryptoki::error::RvError;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::encode::{INTEGER, NULL, OCTET_STRING, sequence, tlv};
use crate::error::{Error, Result};
use crate::sign::{self, Algorithm, Digest};
use crate::x509::Certificate;

/// Which key of which token.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// The module of the token's maker: it runs in this process, so it must be trusted.
    pub module: &'a Path,
    pub token: &'a str,
    pub key: &'a str,
}

/// A private key that never leaves its device.
pub struct Key {
    /// One operation at a time: a session holds the state of one.
    session: Mutex<Session>,
    handle: ObjectHandle,
    algorithm: Algorithm,
    /// The device hashes itself: it has no mechanism that takes a digest.
    device_hashes: bool,
    chain: Vec<Vec<u8>>,
}

impl Key {
    /// Logs in and finds the key. Its certificate is the one on the token with the key's id, else the first of
    /// `certificates` (DER), which may also complete the chain.
    ///
    /// An RSA key signs with PSS where the device can, else with PKCS#1 v1.5; `digest` is for RSA.
    ///
    /// # Errors
    /// *Refused*: no such token or key, a wrong PIN, no certificate; *unsupported*: a key or device we cannot use.
    pub fn open(label: Label<'_>, pin: &str, digest: Digest, certificates: &[Vec<u8>]) -> Result<Self> {
        let (session, slot, device) = log_in(label, pin)?;
        let handle = private_key(&session, label.key)?;
        let chain = chain(&session, handle, certificates)?;
        let mechanisms = device.get_mechanism_list(slot).map_err(failed)?;
        let (algorithm, device_hashes) = choose(&chain[0], digest, &mechanisms)?;
        Ok(Self {
            session: Mutex::new(session),
            handle,
            algorithm,
            device_hashes,
            chain,
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 instead of PSS; nothing changes for ECDSA.
    pub fn with_pkcs1(mut self) -> Self {
        if let Algorithm::RsaPss(digest) = self.algorithm {
            self.algorithm = Algorithm::RsaPkcs1(digest);
        }
        self
    }
}

impl sign::Key for Key {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let session = self.session.lock();
        let session = session.map_err(|_| Error::misuse("token", "a signature broke off before"))?;
        let value = value(
            &session,
            self.handle,
            (self.algorithm, self.device_hashes),
            message,
        );
        encoded(self.algorithm, value.map_err(failed)?)
    }
}

/// What the device makes of `message`; the flag says that it must hash by itself.
fn value(
    session: &Session,
    key: ObjectHandle,
    (algorithm, device_hashes): (Algorithm, bool),
    message: &[u8],
) -> cryptoki::error::Result<Vec<u8>> {
    let digest = algorithm.digest();
    let hash = digest.of(message);
    let sign = |mechanism: &Mechanism<'_>, data: &[u8]| session.sign(mechanism, key, data);
    match algorithm {
        Algorithm::EcdsaP256Sha256 if device_hashes => sign(&Mechanism::EcdsaSha256, message),
        Algorithm::EcdsaP384Sha384 if device_hashes => sign(&Mechanism::EcdsaSha384, message),
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 => sign(&Mechanism::Ecdsa, &hash),
        Algorithm::RsaPss(_) if device_hashes => sign(&hashing_pss(digest), message),
        Algorithm::RsaPss(_) => sign(&Mechanism::RsaPkcsPss(pss_parameters(digest)), &hash),
        Algorithm::RsaPkcs1(_) => sign(&Mechanism::RsaPkcs, &digest_info(digest, &hash)),
    }
}

/// A device's value as signatures carry it.
fn encoded(algorithm: Algorithm, value: Vec<u8>) -> Result<Vec<u8>> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 => ecdsa_value(&value),
        _ => Ok(value),
    }
}

/// `Ecdsa-Sig-Value` (RFC 3279, 2.2.3) of the r and s that devices write one after another.
///
/// # Errors
/// *Malformed*: an odd or empty number of octets.
pub fn ecdsa_value(raw: &[u8]) -> Result<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return Err(Error::malformed(
            "ECDSA signature",
            "it is not r and s of one length",
        ));
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    Ok(sequence(&[&integer(r), &integer(s)]))
}

/// A non-negative INTEGER of octets, shortest form.
fn integer(octets: &[u8]) -> Vec<u8> {
    let skipped = octets.iter().take_while(|octet| **octet == 0).count();
    let rest = &octets[skipped..];
    let sign: &[u8] = if rest.first().is_none_or(|first| first & 0x80 != 0) {
        &[0]
    } else {
        &[]
    };
    tlv(INTEGER, &[sign, rest])
}

/// The module, loaded and initialised once a process: a second time is an error by the standard, and closing the second
/// would close the first.
fn module(path: &Path) -> Result<Pkcs11> {
    static LOADED: LazyLock<Mutex<HashMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);
    let mut loaded = LOADED
        .lock()
        .map_err(|_| Error::misuse("token", "loading broke off before"))?;
    if let Some(module) = loaded.get(path) {
        return Ok(module.clone());
    }
    let module =
        Pkcs11::new(path).map_err(|e| Error::refused("token", format!("its module does not load: {e}")))?;
    module.initialize(CInitializeArgs::OsThreads).map_err(failed)?;
    loaded.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn log_in(label: Label<'_>, pin: &str) -> Result<(Session, Slot, Pkcs11)> {
    let device = module(label.module)?;
    let slots = device.get_slots_with_token().map_err(failed)?;
    let slot = slots.into_iter().find(|slot| {
        let information = device.get_token_info(*slot);
        information.is_ok_and(|information| information.label().trim_end() == label.token)
    });
    let slot = slot.ok_or_else(|| Error::refused("token", format!("no token is named {:?}", label.token)))?;
    let session = device.open_ro_session(slot).map_err(failed)?;
    let pin = AuthPin::new(pin.to_owned());
    match session.login(UserType::User, Some(&pin)) {
        Ok(()) => Ok((session, slot, device)),
        // A token logs in the whole process, and then no longer says whether this PIN is right.
        Err(cryptoki::error::Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Err(Error::refused(
            "token",
            "another key of this process is open on it",
        )),
        Err(error) => Err(failed(error)),
    }
}

fn private_key(session: &Session, label: &str) -> Result<ObjectHandle> {
    let wanted = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    match session.find_objects(&wanted).map_err(failed)?[..] {
        [key] => Ok(key),
        [] => Err(Error::refused(
            "token",
            format!("it holds no key named {label:?}"),
        )),
        _ => Err(Error::refused(
            "token",
            format!("it holds several keys named {label:?}"),
        )),
    }
}

/// The key's certificate and those above it that are at hand.
fn chain(session: &Session, key: ObjectHandle, given: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let id = session
        .get_attributes(key, &[AttributeType::Id])
        .map_err(failed)?
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::Id(id) if !id.is_empty() => Some(id),
            _ => None,
        });
    let own = match id {
        Some(id) => certificates(session, &[Attribute::Id(id)])?.into_iter().next(),
        None => None,
    };
    let own = own.or_else(|| given.first().cloned());
    let own = own.ok_or_else(|| Error::refused("token", "it holds no certificate for the key"))?;
    let mut others = certificates(session, &[])?;
    others.extend_from_slice(given);
    complete(own, &others)
}

/// `own` and its issuers, as far as they are among `others`.
///
/// # Errors
/// *Malformed*: `own` is no certificate.
pub fn complete(own: Vec<u8>, others: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let mut last = Certificate::parse(&own)?;
    let others: Vec<Certificate> = others
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    let mut chain = vec![own];
    while let Some(issuer) = others
        .iter()
        .find(|one| last.may_be_issued_by(one) && !chain.contains(&one.der) && last.is_signed_by(one).is_ok())
    {
        chain.push(issuer.der.clone());
        last = issuer.clone();
    }
    Ok(chain)
}

fn certificates(session: &Session, filter: &[Attribute]) -> Result<Vec<Vec<u8>>> {
    let mut wanted = vec![Attribute::Class(ObjectClass::CERTIFICATE)];
    wanted.extend_from_slice(filter);
    let mut found = Vec::new();
    for handle in session.find_objects(&wanted).map_err(failed)? {
        let values = session
            .get_attributes(handle, &[AttributeType::Value])
            .map_err(failed)?;
        found.extend(values.into_iter().filter_map(|attribute| match attribute {
            Attribute::Value(der) => Some(der),
            _ => None,
        }));
    }
    Ok(found)
}

/// What to sign with, and whether the device must hash.
fn choose(certificate: &[u8], digest: Digest, has: &[MechanismType]) -> Result<(Algorithm, bool)> {
    let usual = match Algorithm::for_certificate(certificate)? {
        Algorithm::RsaPss(_) => Algorithm::RsaPss(digest),
        other => other,
    };
    let older = matches!(usual, Algorithm::RsaPss(_)).then_some(Algorithm::RsaPkcs1(digest));
    let found = [Some(usual), older]
        .into_iter()
        .flatten()
        .find_map(|algorithm| Some((algorithm, way(algorithm, has)?)));
    found.ok_or_else(|| Error::unsupported("token", "it has no mechanism that fits the certificate's key"))
}

/// Whether the device must hash to sign so; `None` where it cannot at all.
fn way(algorithm: Algorithm, has: &[MechanismType]) -> Option<bool> {
    let (plain, hashing) = match algorithm {
        Algorithm::EcdsaP256Sha256 => (MechanismType::ECDSA, Some(MechanismType::ECDSA_SHA256)),
        Algorithm::EcdsaP384Sha384 => (MechanismType::ECDSA, Some(MechanismType::ECDSA_SHA384)),
        Algorithm::RsaPss(digest) => (
            MechanismType::RSA_PKCS_PSS,
            Some(hashing_pss(digest).mechanism_type()),
        ),
        Algorithm::RsaPkcs1(_) => (MechanismType::RSA_PKCS, None),
    };
    if has.contains(&plain) {
        return Some(false);
    }
    hashing
        .is_some_and(|mechanism| has.contains(&mechanism))
        .then_some(true)
}

fn hashing_pss(digest: Digest) -> Mechanism<'static> {
    let parameters = pss_parameters(digest);
    match digest {
        Digest::Sha256 => Mechanism::Sha256RsaPkcsPss(parameters),
        Digest::Sha384 => Mechanism::Sha384RsaPkcsPss(parameters),
        Digest::Sha512 => Mechanism::Sha512RsaPkcsPss(parameters),
    }
}

/// The parameters that the container states (RFC 4056): the same digest throughout, a salt as long as it.
fn pss_parameters(digest: Digest) -> PkcsPssParams {
    let (hash_alg, mgf) = match digest {
        Digest::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        Digest::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
        Digest::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
    };
    let length = digest.of(&[]).len() as u64;
    PkcsPssParams {
        hash_alg,
        mgf,
        s_len: length.into(),
    }
}

/// `DigestInfo` (RFC 8017, 9.2), which CKM_RSA_PKCS wants whole.
fn digest_info(digest: Digest, hash: &[u8]) -> Vec<u8> {
    let identifier = sequence(&[&digest.identifier_content(), &tlv(NULL, &[])]);
    sequence(&[&identifier, &tlv(OCTET_STRING, &[hash])])
}

/// Says whose fault it is.
fn failed(error: cryptoki::error::Error) -> Error {
    use cryptoki::error::Error as Cause;
    match error {
        Cause::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            Error::refused("password", "the token's PIN is wrong")
        }
        Cause::Pkcs11(RvError::PinLocked, _) => Error::refused("token", "its PIN is locked"),
        other => Error::refused("token", other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_and_s_become_shortest_integers() {
        let raw = [&[0x80, 1][..], &[0, 0x7F]].concat();
        assert_eq!(
            ecdsa_value(&raw).unwrap(),
            [0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 0x7F]
        );
        assert!(ecdsa_value(&[1, 2, 3]).is_err() && ecdsa_value(&[]).is_err());
    }
}
