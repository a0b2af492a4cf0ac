//! Tokens that are plugged in now, and a key found by its certificate instead of by names that somebody must know.

use std::path::Path;
use std::sync::Mutex;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Cause, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;

use super::{Key, certificates, choose, complete, failed, module, way};
use crate::error::{Error, Result};
use crate::sign::{Algorithm, Digest};
use crate::x509::Certificate;

/// A token in a reader.
#[derive(Debug, Clone)]
pub struct Token {
    device: Pkcs11,
    slot: Slot,
    pub label: String,
    pub serial: String,
    pub certificates: Vec<Usable>,
}

/// A certificate whose key we can sign with, as far as can be seen without a PIN.
#[derive(Debug, Clone)]
pub struct Usable {
    pub algorithm: Algorithm,
    /// DER, the key's own first, then its issuers as far as they are on the token.
    pub chain: Vec<Vec<u8>>,
    /// `CKA_ID`, which the private key shares.
    id: Vec<u8>,
}

/// What the token says of its PIN (PKCS#11 version 2.40, 4.4: the flags of `CK_TOKEN_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinState {
    Fine,
    /// It was mistaken since it was last right.
    FewTriesLeft,
    /// Mistaken once more, it is locked.
    LastTry,
    Locked,
}

/// Why a token did not open.
#[derive(Debug)]
pub enum Refusal {
    WrongPin,
    Locked,
    /// It was pulled out.
    Gone,
    Failed(Error),
}

/// The tokens that this module sees now.
///
/// # Errors
/// *Refused*: a module that does not load.
pub fn tokens(path: &Path) -> Result<Vec<Token>> {
    let device = module(path)?;
    let slots = device.get_slots_with_token().map_err(failed)?;
    let tokens = slots.into_iter().filter_map(|slot| {
        let information = device.get_token_info(slot).ok()?;
        if !information.token_initialized() {
            return None;
        }
        Some(Token {
            certificates: usable(&device, slot).unwrap_or_default(),
            device: device.clone(),
            slot,
            label: information.label().trim_end().to_owned(),
            serial: information.serial_number().trim_end().to_owned(),
        })
    });
    Ok(tokens.collect())
}

impl Token {
    /// What the token says of its PIN now.
    pub fn pin(&self) -> PinState {
        match self.information() {
            Some(information) if information.user_pin_locked() => PinState::Locked,
            Some(information) if information.user_pin_final_try() => PinState::LastTry,
            Some(information) if information.user_pin_count_low() => PinState::FewTriesLeft,
            _ => PinState::Fine,
        }
    }

    /// The device has keys or a reader of its own for the PIN, and takes none from us.
    pub fn asks_itself(&self) -> bool {
        self.information()
            .is_some_and(|information| information.protected_authentication_path())
    }

    /// Logs in and finds the key of `certificate`, to sign with `algorithm`. No PIN where the device asks itself.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(
        &self,
        certificate: &Usable,
        algorithm: Algorithm,
        pin: Option<&str>,
    ) -> Result<Key, Refusal> {
        let mechanisms = self.device.get_mechanism_list(self.slot);
        let mechanisms = mechanisms.map_err(|cause| self.refusal(cause))?;
        let device_hashes = way(algorithm, &mechanisms).ok_or_else(|| {
            let reason = "it has no mechanism for the algorithm asked for";
            Refusal::Failed(Error::unsupported("token", reason))
        })?;
        let session = self.device.open_ro_session(self.slot);
        let session = session.map_err(|cause| self.refusal(cause))?;
        let pin = pin.map(|pin| AuthPin::new(pin.to_owned()));
        let logged_in = session.login(UserType::User, pin.as_ref());
        logged_in.map_err(|cause| self.refusal(cause))?;
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Id(certificate.id.clone()),
        ];
        let found = session.find_objects(&wanted);
        let [handle] = found.map_err(|cause| self.refusal(cause))?[..] else {
            let reason = "it does not hold exactly one key for the certificate";
            return Err(self.unless_gone(Error::refused("token", reason)));
        };
        Ok(Key {
            session: Mutex::new(session),
            handle,
            algorithm,
            device_hashes,
            chain: certificate.chain.clone(),
        })
    }

    /// Of a failure under way: whether it is that the token was pulled out.
    pub fn unless_gone(&self, error: Error) -> Refusal {
        match self.information() {
            Some(information) if information.serial_number().trim_end() == self.serial => {
                Refusal::Failed(error)
            }
            _ => Refusal::Gone,
        }
    }

    fn information(&self) -> Option<TokenInfo> {
        self.device.get_token_info(self.slot).ok()
    }

    fn refusal(&self, cause: Cause) -> Refusal {
        match cause {
            Cause::Pkcs11(RvError::PinLocked, _) => Refusal::Locked,
            Cause::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                match self.pin() {
                    PinState::Locked => Refusal::Locked,
                    _ => Refusal::WrongPin,
                }
            }
            Cause::Pkcs11(
                RvError::TokenNotPresent | RvError::TokenNotRecognized | RvError::DeviceRemoved,
                _,
            ) => Refusal::Gone,
            other => self.unless_gone(failed(other)),
        }
    }
}

/// The certificates of people on a token, without those that issue others.
fn usable(device: &Pkcs11, slot: Slot) -> Result<Vec<Usable>> {
    let mechanisms = device.get_mechanism_list(slot).map_err(failed)?;
    let session = device.open_ro_session(slot).map_err(failed)?;
    let all = certificates(&session, &[])?;
    let mut found = Vec::new();
    for id in ids(&session)? {
        for own in certificates(&session, &[Attribute::Id(id.clone())])? {
            let is_authority = Certificate::parse(&own).map_or(true, |parsed| parsed.authority.is_some());
            let Ok((algorithm, _)) = choose(&own, Digest::Sha256, &mechanisms) else {
                continue;
            };
            if is_authority {
                continue;
            }
            found.push(Usable {
                algorithm,
                chain: complete(own, &all)?,
                id: id.clone(),
            });
        }
    }
    Ok(found)
}

/// The ids under which certificates stand.
fn ids(session: &Session) -> Result<Vec<Vec<u8>>> {
    let wanted = [Attribute::Class(ObjectClass::CERTIFICATE)];
    let mut ids = Vec::new();
    for handle in session.find_objects(&wanted).map_err(failed)? {
        let values = session.get_attributes(handle, &[AttributeType::Id]);
        for value in values.map_err(failed)? {
            if let Attribute::Id(id) = value
                && !id.is_empty()
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}
