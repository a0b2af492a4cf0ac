//! Passkeys (W3C Web Authentication level 3): what a browser is asked, and whether its answer holds. A passkey here always
//! verifies its user by finger, face or PIN, so that it is a second factor by itself.
//!
//! Nothing is kept here between question and answer: what the answer needs goes sealed with the browser.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

use crate::config::Config;

/// The rules of passkeys at this program's host; cheap to clone.
#[derive(Clone)]
pub struct Passkeys {
    host: Arc<str>,
    party: Arc<RpId>,
}

/// An enrolment between question and answer.
#[derive(Serialize, Deserialize)]
pub struct Enrolling(Vec<u8>);

/// A log-in between question and answer.
#[derive(Serialize, Deserialize)]
pub struct LoggingIn(Vec<u8>);

/// A key as it is kept.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// What the device calls it, in base64url.
    pub id: String,
    /// The public key, in the library's encoding.
    fixed: String,
    /// What moves with each use, its counter among that.
    moving: [u8; 7],
}

/// An answer that was read.
pub struct Answer(DiscoverableAuthentication16);

/// Why an answer is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The counter did not rise: somebody may hold a copy of the key.
    #[error("the counter of the passkey did not rise")]
    Copied,
    #[error("the passkey's answer does not hold: {0}")]
    Invalid(String),
}

fn invalid(reason: impl std::fmt::Display) -> Refusal {
    Refusal::Invalid(reason.to_string())
}

type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

impl Passkeys {
    /// The rules at the host that browsers see; none where that is an address without a name, for which browsers make no
    /// passkeys.
    pub fn new(config: &Config) -> Option<Self> {
        let origin = Url::parse(&config.origin()).ok()?;
        let host = origin.domain()?.to_owned();
        let party = RpId::Domain(AsciiDomain::try_from(host.clone()).ok()?);
        Some(Self {
            host: host.into(),
            party: Arc::new(party),
        })
    }

    /// The host for which keys are made.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks for a new key of a person, which the device keeps so that it is found without a user name; not for one on a device
    /// that holds one of `present`.
    ///
    /// # Errors
    /// When a name cannot be shown by a device.
    pub fn ask_to_enrol(
        &self,
        person: Uuid,
        user_name: &str,
        full_name: &str,
        present: &[Kept],
    ) -> Result<(Value, Enrolling), Refusal> {
        let handle = handle(person);
        let user = PublicKeyCredentialUserEntity {
            name: Username::try_from(user_name).map_err(invalid)?,
            id: &handle,
            display_name: Some(Nickname::try_from(full_name).map_err(invalid)?),
        };
        let present = present.iter().map(descriptor).collect::<Result<_, _>>()?;
        let asked = PublicKeyCredentialCreationOptions::passkey(&self.party, user, present);
        let (state, question) = asked.start_ceremony().map_err(invalid)?;
        let mut question = options(serde_json::to_value(&question).map_err(invalid)?);
        let extensions = question.get_mut("extensions").and_then(Value::as_object_mut);
        if let Some(extensions) = extensions {
            // A device that lacks the extension would make no key at all if it were enforced (CTAP 2.1 section 12.1).
            extensions.insert("enforceCredentialProtectionPolicy".to_owned(), false.into());
        }
        Ok((question, Enrolling(state.encode().map_err(invalid)?)))
    }

    /// The key that the answer from `origin` brings (`RegistrationResponseJSON`).
    ///
    /// # Errors
    /// When the answer does not hold.
    pub fn enrol(&self, origin: &str, state: &Enrolling, answer: &Value) -> Result<Kept, Refusal> {
        let answer = serde_json::to_vec(answer).map_err(invalid)?;
        let answer = Registration::from_json_relaxed(&answer).map_err(invalid)?;
        let state = RegistrationServerState::<16>::decode(&state.0).map_err(invalid)?;
        let origins = [origin];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = state.verify(&self.party, &answer, &options).map_err(invalid)?;
        let fixed = made.static_state().encode().map_err(invalid)?;
        Ok(Kept {
            id: BASE64_URL_SAFE_NO_PAD.encode(made.id()),
            fixed: BASE64_URL_SAFE_NO_PAD.encode(fixed),
            moving: made.dynamic_state().encode().map_err(invalid)?,
        })
    }

    /// Asks for whichever key the browser has for this host.
    ///
    /// # Errors
    /// When the library refuses: misuse.
    pub fn ask_to_log_in(&self) -> Result<(Value, LoggingIn), Refusal> {
        let asked = DiscoverableCredentialRequestOptions::passkey(&self.party);
        let (state, question) = asked.start_ceremony().map_err(invalid)?;
        let question = options(serde_json::to_value(&question).map_err(invalid)?);
        Ok((question, LoggingIn(state.encode().map_err(invalid)?)))
    }

    /// Whether the answer from `origin` is by `key` of `person`; comes back as the key with its counter moved on.
    ///
    /// # Errors
    /// When the answer does not hold.
    pub fn log_in(
        &self,
        origin: &str,
        state: &LoggingIn,
        answer: &Answer,
        person: Uuid,
        key: Kept,
    ) -> Result<Kept, Refusal> {
        let state = DiscoverableAuthenticationServerState::decode(&state.0).map_err(invalid)?;
        let fixed = BASE64_URL_SAFE_NO_PAD.decode(&key.fixed).map_err(invalid)?;
        let fixed: StaticState<PublicKey> = StaticState::decode(&fixed).map_err(invalid)?;
        let moving = DynamicState::decode(key.moving).map_err(invalid)?;
        let id = BASE64_URL_SAFE_NO_PAD.decode(&key.id).map_err(invalid)?;
        let id: CredentialId<&[u8]> = CredentialId::decode(id.as_slice()).map_err(invalid)?;
        let handle = handle(person);
        let mut credential = AuthenticatedCredential::new(id, &handle, fixed, moving).map_err(invalid)?;
        let origins = [origin];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        let verified = state.verify(&self.party, &answer.0, &mut credential, &options);
        verified.map_err(|error| match error {
            AuthCeremonyErr::SignatureCounter => Refusal::Copied,
            error => invalid(error),
        })?;
        let moving = credential.dynamic_state().encode().map_err(invalid)?;
        Ok(Kept { moving, ..key })
    }
}

impl Answer {
    /// Reads an answer (`AuthenticationResponseJSON`).
    ///
    /// # Errors
    /// When it is none.
    pub fn read(answer: &Value) -> Result<Self, Refusal> {
        let answer = serde_json::to_vec(answer).map_err(invalid)?;
        let answer = DiscoverableAuthentication16::from_json_relaxed(&answer).map_err(invalid)?;
        Ok(Self(answer))
    }

    /// What the device calls the key by which it answers, in base64url.
    pub fn key(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.raw_id())
    }
}

fn handle(person: Uuid) -> UserHandle16 {
    let Ok(handle) = UserHandle16::decode(person.into_bytes());
    handle
}

fn descriptor(key: &Kept) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, Refusal> {
    let id = BASE64_URL_SAFE_NO_PAD.decode(&key.id).map_err(invalid)?;
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::<Vec<u8>>::decode(id).map_err(invalid)?,
        transports: AuthTransports::decode(0).map_err(invalid)?,
    })
}

/// The options alone, as browsers parse them.
fn options(mut question: Value) -> Value {
    match question.get_mut("publicKey") {
        Some(options) => options.take(),
        None => question,
    }
}
