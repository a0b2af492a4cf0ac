//! What a remote signing service is asked: the API of the Cloud Signature Consortium, version 2.0.0.2, clause 11.
//!
//! The program has its own leave to ask (OAuth 2.0, client credentials); the will of the key's owner is what they type for each
//! signature (clause 8.3), which passes through here and is kept nowhere.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::sign::{Algorithm, Digest};
use reqwest::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::form_urlencoded;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::tls::client;

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {
    settings: Arc<config::Remote>,
    http: reqwest::Client,
    clock: Clock,
    token: Arc<Mutex<Option<AccessToken>>>,
}

/// An access token, and until when it serves.
type AccessToken = (Zeroizing<String>, Timestamp);

/// Why the service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not now: asking again later is right.
    #[error("it does not answer: {0}")]
    Away(String),
    /// PIN, one-time code or the like.
    #[error("it does not take what the owner typed: {0}")]
    Secret(String),
    #[error("it refuses: {0}")]
    Refused(String),
}

/// A key at the service.
#[derive(Debug, Clone)]
pub struct Credential {
    pub id: String,
    /// DER, the key's own first.
    pub chain: Vec<Vec<u8>>,
    /// What it can sign with, as object identifiers.
    pub algorithms: Vec<String>,
    /// What its owner shows for each signature; `None` where only the service's own page asks for it.
    pub factors: Option<Vec<Factor>>,
}

/// One thing that shows the will of the key's owner (clause 8.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RemoteFactor)]
pub struct Factor {
    pub id: String,
    pub kind: FactorKind,
    /// What the service calls it.
    pub label: String,
    /// Figures only.
    pub is_numeric: bool,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RemoteFactorKind)]
pub enum FactorKind {
    /// Typed: a PIN, a code from an app.
    Typed,
    /// Typed, after the service has sent it: a code by SMS.
    Sent,
    /// Shown to the service itself, on the owner's telephone.
    Elsewhere,
}

/// What somebody typed for a [`Factor`].
pub struct Answer {
    pub id: String,
    pub value: Zeroizing<String>,
}

/// A signature that is wanted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    pub credential_id: String,
    /// Object identifiers.
    pub signature_algorithm: String,
    pub hash_algorithm: String,
    /// Base64.
    pub hash: String,
}

/// What the owner's will came to.
pub enum Authorisation {
    /// Signature activation data: opens the key for what was authorised, for a while.
    Given(Zeroizing<String>),
    /// The owner is being asked; this handle says what is asked.
    Asked(String),
}

/// What signing came to.
pub enum Signing {
    Made(Vec<u8>),
    /// The service works on it; this is its name for it.
    Begun(String),
}

impl Service {
    /// The service of these settings. It is not asked yet.
    ///
    /// # Errors
    /// When the file of roots cannot be used.
    pub fn new(settings: &config::Remote, clock: &Clock) -> Result<Self, client::Error> {
        Ok(Self {
            settings: Arc::new(settings.clone()),
            http: client::http(settings.tls_roots.as_deref())?,
            clock: clock.clone(),
            token: Arc::default(),
        })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The keys of the service's user `user_id` that can sign now (`credentials/list`).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn credentials(&self, user_id: &str) -> Result<Vec<Credential>, Error> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default, rename = "credentialInfos")]
            infos: Vec<Listed>,
            #[serde(default, rename = "credentialIDs")]
            ids: Vec<String>,
        }
        #[derive(Deserialize)]
        struct Listed {
            #[serde(rename = "credentialID")]
            id: String,
            #[serde(flatten)]
            info: Info,
        }
        let question = json!({
            "userID": user_id, "credentialInfo": true, "certificates": "chain", "authInfo": true, "onlyValid": true,
        });
        let list: List = read(self.ask("credentials/list", &question).await?.1)?;
        let known = list.infos.into_iter().take(MOST_CREDENTIALS);
        let mut found: Vec<_> = known.filter_map(|one| one.info.credential(one.id)).collect();
        // Older services name them only.
        if found.is_empty() {
            for id in list.ids.into_iter().take(MOST_CREDENTIALS) {
                found.extend(self.credential(&id).await?);
            }
        }
        Ok(found)
    }

    /// One key (`credentials/info`), if it can sign now.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn credential(&self, id: &str) -> Result<Option<Credential>, Error> {
        let question = json!({ "credentialID": id, "certificates": "chain", "authInfo": true });
        let info: Info = read(self.ask("credentials/info", &question).await?.1)?;
        Ok(info.credential(id.to_owned()))
    }

    /// Has the service send its owner a code (`credentials/getChallenge`).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn challenge(&self, credential_id: &str, factor: &str) -> Result<(), Error> {
        let question = json!({ "credentialID": credential_id, "authObjectID": factor });
        self.ask("credentials/getChallenge", &question).await.map(drop)
    }

    /// Shows the service its owner's will to sign this hash and no other (`credentials/authorize`).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn authorize(
        &self,
        wanted: &Wanted,
        factors: &[Factor],
        answers: &[Answer],
    ) -> Result<Authorisation, Error> {
        let shown = factors.iter().filter_map(|factor| match factor.kind {
            FactorKind::Elsewhere => Some(json!({ "id": factor.id })),
            FactorKind::Typed | FactorKind::Sent => {
                let answer = answers.iter().find(|answer| answer.id == factor.id)?;
                Some(json!({ "id": factor.id, "value": answer.value.as_str() }))
            }
        });
        let question = json!({
            "credentialID": wanted.credential_id, "numSignatures": 1, "hashes": [wanted.hash],
            "hashAlgorithmOID": wanted.hash_algorithm, "authData": shown.collect::<Vec<_>>(),
        });
        authorisation(self.ask("credentials/authorize", &question).await?)
    }

    /// What became of a will that was asked for elsewhere (`credentials/authorizeCheck`).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn authorize_check(&self, handle: &str) -> Result<Authorisation, Error> {
        let question = json!({ "handle": handle });
        authorisation(self.ask("credentials/authorizeCheck", &question).await?)
    }

    /// Signs (`signatures/signHash`): at once, or where the service can take its time, so that it is asked later or calls back.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn sign(
        &self,
        wanted: &Wanted,
        activation: &str,
        call_back: Option<&str>,
        lasts: Duration,
    ) -> Result<Signing, Error> {
        #[derive(Deserialize)]
        struct About {
            #[serde(default, rename = "asynchronousOperationMode")]
            is_asynchronous: bool,
        }
        let about: About = read(self.ask("info", &json!({})).await?.1)?;
        let mut question = json!({
            "credentialID": wanted.credential_id, "SAD": activation, "hashes": [wanted.hash],
            "hashAlgorithmOID": wanted.hash_algorithm, "signAlgo": wanted.signature_algorithm,
        });
        if about.is_asynchronous {
            question["operationMode"] = json!("A");
            question["validity_period"] = json!(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
            if let Some(address) = call_back {
                question["response_uri"] = json!(address);
            }
        }
        let made: Made = read(self.ask("signatures/signHash", &question).await?.1)?;
        match (made.first()?, made.response_id) {
            (Some(signature), _) => Ok(Signing::Made(signature)),
            (None, Some(id)) => Ok(Signing::Begun(id)),
            (None, None) => Err(Error::Refused("an answer without a signature".to_owned())),
        }
    }

    /// The signature that was begun, if it is made (`signatures/signPolling`).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn poll(&self, response_id: &str) -> Result<Option<Vec<u8>>, Error> {
        let question = json!({ "requestID": response_id });
        let (status, answer) = self.ask("signatures/signPolling", &question).await?;
        if status == StatusCode::ACCEPTED {
            return Ok(None);
        }
        read::<Made>(answer)?.first()
    }

    /// One question; a token that serves no more is had anew once.
    async fn ask(&self, method: &str, question: &Value) -> Result<(StatusCode, Value), Error> {
        let asked = async {
            let token = self.access(false).await?;
            match self.post(method, question, &token).await? {
                (StatusCode::UNAUTHORIZED, _) => {
                    let token = self.access(true).await?;
                    self.post(method, question, &token).await
                }
                answer => Ok(answer),
            }
        };
        let (status, answer) = in_time(asked).await?;
        judged(status, answer)
    }

    async fn post(&self, method: &str, question: &Value, token: &str) -> Result<(StatusCode, Value), Error> {
        let address = format!("{}/{method}", self.settings.url.trim_end_matches('/'));
        let request = self.http.post(address).bearer_auth(token).json(question);
        self.send(request).await
    }

    /// The access token (RFC 6749 section 4.4).
    async fn access(&self, anew: bool) -> Result<Zeroizing<String>, Error> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
            expires_in: Option<u64>,
        }
        let mut kept = self.token.lock().await;
        let now = self.clock.now();
        if let Some((token, _)) = kept.as_ref().filter(|(_, until)| !anew && now < *until) {
            return Ok(token.clone());
        }
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", "service")
            .finish();
        let settings = &self.settings;
        let request = self
            .http
            .post(settings.token_address())
            .basic_auth(&settings.client_id, Some(&settings.client_secret))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let (status, answer) = self.send(request).await?;
        // What the settings say is wrong, or the service is: its owner can do nothing about either.
        if !status.is_success() {
            return Err(Error::Away(format!(
                "no access token: {status}: {}",
                told(&answer)
            )));
        }
        let token: Token = read(answer)?;
        let lasts = Duration::from_secs(token.expires_in.unwrap_or(3600).clamp(60, 86_400));
        let token = Zeroizing::new(token.access_token);
        *kept = Some((token.clone(), now.after(lasts - EARLY)));
        Ok(token)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Value), Error> {
        let away = |error: &dyn std::error::Error| Error::Away(error.to_string());
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let body = client::body(response, LONGEST_ANSWER_BYTES);
        let body = body.await.map_err(|error| away(&error))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

impl Credential {
    /// What this key signs with, and what the service calls that, if we sign so.
    pub fn algorithm(&self) -> Option<(Algorithm, &'static str)> {
        let usual = Algorithm::for_certificate(self.chain.first()?).ok()?;
        let fits = |algorithm| match usual {
            Algorithm::RsaPss(_) | Algorithm::RsaPkcs1(_) => matches!(algorithm, Algorithm::RsaPkcs1(_)),
            other => other == algorithm,
        };
        ALGORITHMS
            .into_iter()
            .find(|(algorithm, name)| fits(*algorithm) && self.algorithms.iter().any(|has| has == name))
    }
}

/// What the service calls the digest of an algorithm.
pub fn hash_algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm.digest() {
        Digest::Sha256 => "2.16.840.1.101.3.4.2.1",
        Digest::Sha384 => "2.16.840.1.101.3.4.2.2",
        Digest::Sha512 => "2.16.840.1.101.3.4.2.3",
    }
}

/// RSASSA-PSS is left out: each service wants its parameters in another way.
const ALGORITHMS: [(Algorithm, &str); 4] = [
    (Algorithm::EcdsaP256Sha256, "1.2.840.10045.4.3.2"),
    (Algorithm::EcdsaP384Sha384, "1.2.840.10045.4.3.3"),
    (Algorithm::RsaPkcs1(Digest::Sha256), "1.2.840.113549.1.1.11"),
    (Algorithm::RsaPkcs1(Digest::Sha256), "1.2.840.113549.1.1.1"),
];

/// Clause 11.5.
#[derive(Deserialize)]
struct Info {
    key: Key,
    cert: Certificates,
    auth: Auth,
}

#[derive(Deserialize)]
struct Key {
    status: String,
    algo: Vec<String>,
}

#[derive(Deserialize)]
struct Certificates {
    status: Option<String>,
    #[serde(default)]
    certificates: Vec<String>,
}

#[derive(Deserialize)]
struct Auth {
    mode: String,
    #[serde(default)]
    objects: Vec<AuthObject>,
}

#[derive(Deserialize)]
struct AuthObject {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    format: Option<String>,
    label: Option<String>,
}

impl Info {
    fn credential(self, id: String) -> Option<Credential> {
        let serves = self.key.status == "enabled" && self.cert.status.is_none_or(|status| status == "valid");
        let texts = self.cert.certificates.iter().take(MOST_CERTIFICATES);
        let chain: Result<Vec<_>, _> = texts.map(|text| STANDARD.decode(text.trim())).collect();
        let chain = chain.ok().filter(|chain| serves && !chain.is_empty())?;
        let factors = self
            .auth
            .objects
            .into_iter()
            .take(MOST_FACTORS)
            .map(AuthObject::factor);
        let factors = factors.collect::<Option<Vec<_>>>();
        Some(Credential {
            id,
            chain,
            algorithms: self.key.algo,
            factors: factors.filter(|_| self.auth.mode == "explicit"),
        })
    }
}

impl AuthObject {
    fn factor(self) -> Option<Factor> {
        let kind = match self.kind.as_str() {
            "Password" => FactorKind::Typed,
            "ChallengeResponse" => FactorKind::Sent,
            "PasswordOOB" | "ChallengeResponseOOB" => FactorKind::Elsewhere,
            _ => return None,
        };
        let label = self.label.filter(|label| !label.trim().is_empty());
        Some(Factor {
            label: shortened(&label.unwrap_or_else(|| self.id.clone())),
            id: self.id,
            kind,
            is_numeric: self.format.as_deref() == Some("N"),
        })
    }
}

/// The answer to signHash and to signPolling.
#[derive(Deserialize)]
struct Made {
    signatures: Option<Vec<String>>,
    #[serde(rename = "responseID")]
    response_id: Option<String>,
}

impl Made {
    fn first(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(signatures) = &self.signatures else {
            return Ok(None);
        };
        let [signature] = &signatures[..] else {
            return Err(Error::Refused(format!(
                "{} signatures for one hash",
                signatures.len()
            )));
        };
        let signature = STANDARD.decode(signature.trim());
        signature
            .map(Some)
            .map_err(|_| Error::Refused("a signature that is no base64".to_owned()))
    }
}

fn authorisation((status, answer): (StatusCode, Value)) -> Result<Authorisation, Error> {
    #[derive(Deserialize)]
    struct Given {
        #[serde(rename = "SAD")]
        activation: Option<String>,
        handle: Option<String>,
    }
    let given: Given = read(answer)?;
    match (given.activation, given.handle) {
        (Some(activation), _) if status != StatusCode::ACCEPTED => {
            Ok(Authorisation::Given(Zeroizing::new(activation)))
        }
        (_, Some(handle)) => Ok(Authorisation::Asked(handle)),
        _ => Err(Error::Refused("neither activation data nor a handle".to_owned())),
    }
}

/// Clause 10: what a status and an error mean.
fn judged(status: StatusCode, answer: Value) -> Result<(StatusCode, Value), Error> {
    if status.is_success() {
        return Ok((status, answer));
    }
    let said = format!("{status}: {}", told(&answer));
    match answer["error"].as_str() {
        Some("accepted_request") => Ok((StatusCode::ACCEPTED, answer)),
        Some("invalid_authentication_data" | "invalid_otp" | "invalid_pin") => Err(Error::Secret(said)),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(Error::Away(said)),
        // The program's own leave, not the owner's will.
        _ if status == StatusCode::UNAUTHORIZED => Err(Error::Away(said)),
        _ => Err(Error::Refused(said)),
    }
}

/// What an error says of itself, for the log.
fn told(answer: &Value) -> String {
    let word = |name: &str| answer[name].as_str().unwrap_or_default();
    shortened(&format!("{} {}", word("error"), word("error_description")))
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(LONGEST_WORDS).collect()
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer)
        .map_err(|error| Error::Refused(format!("an answer that cannot be read: {error}")))
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(Error::Away("not in time".to_owned())))
}

/// How long the service may take for one question; a signature at once among that.
const PATIENCE: Duration = Duration::from_secs(30);
/// A token is had anew so long before it ends.
const EARLY: Duration = Duration::from_secs(30);
/// Ten keys with their chains have some tens of kilobytes.
const LONGEST_ANSWER_BYTES: usize = 512 * 1024;
const LONGEST_WORDS: usize = 200;
const MOST_CREDENTIALS: usize = 10;
const MOST_CERTIFICATES: usize = 9;
const MOST_FACTORS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_owners_the_services_or_a_matter_of_time() {
        let error = |status: u16, error: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            judged(status, json!({ "error": error, "error_description": "x" }))
        };
        for kind in ["invalid_authentication_data", "invalid_otp", "invalid_pin"] {
            assert!(matches!(error(400, kind), Err(Error::Secret(_))), "{kind}");
        }
        assert!(matches!(error(400, "invalid_request"), Err(Error::Refused(_))));
        for status in [429, 500, 503, 401] {
            assert!(
                matches!(error(status, "server_error"), Err(Error::Away(_))),
                "{status}"
            );
        }
        // Some services say with 400 what clause 11.12 says with 202.
        let waits = error(400, "accepted_request").unwrap();
        assert_eq!(waits.0, StatusCode::ACCEPTED);
    }

    #[test]
    fn a_key_that_asks_by_a_page_of_the_service_has_no_factors_here() {
        let info = |mode: &str, kind: &str| -> Info {
            let value = json!({
                "key": { "status": "enabled", "algo": ["1.2.840.10045.4.3.2"], "len": 256 },
                "cert": { "status": "valid", "certificates": ["AQ=="] },
                "auth": { "mode": mode, "objects": [{ "type": kind, "id": "OTP", "format": "N" }] },
            });
            serde_json::from_value(value).unwrap()
        };
        let factors = |mode, kind| info(mode, kind).credential("a".to_owned()).unwrap().factors;
        let typed = factors("explicit", "Password").unwrap();
        assert_eq!((typed[0].kind, typed[0].is_numeric), (FactorKind::Typed, true));
        assert_eq!(
            factors("explicit", "ChallengeResponse").unwrap()[0].kind,
            FactorKind::Sent
        );
        assert_eq!(
            factors("explicit", "PasswordOOB").unwrap()[0].kind,
            FactorKind::Elsewhere
        );
        assert_eq!(factors("explicit", "Telepathy"), None);
        assert_eq!(factors("oauth2code", "Password"), None);
        let disabled = Info {
            key: Key {
                status: "disabled".to_owned(),
                algo: Vec::new(),
            },
            ..info("explicit", "Password")
        };
        assert!(disabled.credential("a".to_owned()).is_none());
    }
}
