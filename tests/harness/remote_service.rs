//! A remote signing service in this process, which follows the API of the Cloud Signature Consortium, version 2.0.0.2: it refuses
//! what the clauses do not allow, and does wrong what a test wants it to. OpenSSL signs the hashes.

#![allow(
    clippy::result_large_err,
    reason = "a refusal is the answer itself, made once a request"
)]

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hoian_server::config::{Config, Remote};
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::Key as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The service's name for its one user.
pub const USER: &str = "079200001234";
/// Opens the user's key, together with the code that is sent.
pub const REMOTE_PIN: &str = "86420";
pub const CODE: &str = "135790";
/// The user's keys: one that bears their name, and one that bears another's.
pub const OWN_KEY: &str = "GX0112348";
pub const STRANGERS_KEY: &str = "HX0224685";

const CLIENT: &str = "hoian";
const SECRET: &str = "bi-mat-cua-hoian";
const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const ECDSA_SHA_256: &str = "1.2.840.10045.4.3.2";

/// A running service.
pub struct RemoteService {
    base_url: String,
    service: Arc<Mutex<Service>>,
}

/// What the service does from now on.
#[derive(Default)]
pub struct Manner {
    pub is_away: bool,
    /// Takes its time for a signature.
    pub is_asynchronous: bool,
    /// Asks its user on their telephone.
    pub on_telephone: bool,
    /// Its activation data are over when they come.
    pub activation_expires: bool,
    /// Signs this hash in the place of the one that was sent.
    pub signs_another: Option<[u8; 32]>,
}

#[derive(Default)]
struct Service {
    manner: Manner,
    chains: HashMap<&'static str, Vec<String>>,
    tokens: Vec<String>,
    codes_sent: usize,
    /// Hashes by the activation data that open the key for them, once.
    activations: HashMap<String, String>,
    /// Hashes by handle; and whether the user has agreed.
    asked: HashMap<String, (String, Option<bool>)>,
    begun: Vec<Begun>,
}

struct Begun {
    id: String,
    hash: String,
    response_uri: Option<String>,
    is_ready: bool,
}

type Shared = State<(Arc<Mutex<Service>>, Arc<TempDir>)>;
type Answered = Result<Json<Value>, Response>;

impl RemoteService {
    /// Starts one whose user has the keys of these two PKCS#12, which `password` opens.
    pub async fn start(own: &[u8], strangers: &[u8], password: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut service = Service::default();
        for (id, package) in [(OWN_KEY, own), (STRANGERS_KEY, strangers)] {
            let key = pkcs12::Key::open(package, password).unwrap();
            let chain = key.chain().iter().map(|der| BASE64_STANDARD.encode(der));
            service.chains.insert(id, chain.collect());
            std::fs::write(folder.path().join("key.p12"), package).unwrap();
            let arguments = ["pkcs12", "-in", "key.p12", "-nocerts", "-nodes", "-passin"];
            let pem = openssl(
                folder.path(),
                &[&arguments[..], &[&format!("pass:{password}")]].concat(),
            );
            std::fs::write(folder.path().join(id), pem).unwrap();
        }
        let service = Arc::new(Mutex::new(service));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let methods = Router::new()
            .route("/info", post(info))
            .route("/credentials/list", post(list))
            .route("/credentials/info", post(credential))
            .route("/credentials/getChallenge", post(challenge))
            .route("/credentials/authorize", post(authorize))
            .route("/credentials/authorizeCheck", post(authorize_check))
            .route("/signatures/signHash", post(sign_hash))
            .route("/signatures/signPolling", post(sign_polling));
        let routes = Router::new()
            .nest("/csc/v2", methods)
            .route("/oauth2/token", post(token))
            .with_state((Arc::clone(&service), folder));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { base_url, service }
    }

    /// Makes a program sign by this service.
    pub fn configure(&self, config: &mut Config) {
        config.remote = Some(Remote {
            url: format!("{}/csc/v2", self.base_url),
            token_url: Some(format!("{}/oauth2/token", self.base_url)),
            client_id: CLIENT.to_owned(),
            client_secret: SECRET.to_owned(),
            name: "dịch vụ thử".to_owned(),
            tls_roots: None,
        });
    }

    /// Does so from now on.
    pub fn behave(&self, manner: Manner) {
        self.locked().manner = manner;
    }

    /// How many codes were sent to the user.
    pub fn codes_sent(&self) -> usize {
        self.locked().codes_sent
    }

    /// Takes no token any more that it has given.
    pub fn forget_tokens(&self) {
        self.locked().tokens.iter_mut().for_each(String::clear);
    }

    /// What the user says on their telephone to all they are asked.
    pub fn agree(&self, agrees: bool) {
        self.locked()
            .asked
            .values_mut()
            .for_each(|asked| asked.1 = Some(agrees));
    }

    /// Makes the signatures that were begun, and comes back with the addresses that want to be called.
    pub fn make(&self) -> Vec<String> {
        let mut service = self.locked();
        let begun = service.begun.iter_mut().filter(|one| !one.is_ready);
        begun
            .filter_map(|one| {
                one.is_ready = true;
                one.response_uri.clone()
            })
            .collect()
    }

    fn locked(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap()
    }
}

impl Service {
    /// Clause 10: an answer only to who has a token, and to nobody while the service is away.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Response> {
        if self.manner.is_away {
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
        match token.is_some_and(|token| self.tokens.iter().any(|known| known == token)) {
            true => Ok(()),
            false => Err(refusal(401, "invalid_token", "The access token is not valid")),
        }
    }

    fn about(&self, id: &str) -> Value {
        let objects = match self.manner.on_telephone {
            true => json!([{ "type": "PasswordOOB", "id": "APP", "label": "Ứng dụng trên điện thoại" }]),
            false => json!([
                { "type": "Password", "id": "PIN", "format": "N", "label": "PIN ký số" },
                { "type": "ChallengeResponse", "id": "OTP", "format": "N", "label": "Mã OTP" },
            ]),
        };
        json!({
            "credentialID": id, "multisign": 1, "SCAL": "2",
            "key": { "status": "enabled", "algo": [ECDSA_SHA_256], "len": 256, "curve": "1.2.840.10045.3.1.7" },
            "cert": { "status": "valid", "certificates": self.chains[id] },
            "auth": { "mode": "explicit", "expression": "PIN AND OTP", "objects": objects },
        })
    }

    fn activate(&mut self, hash: String) -> Json<Value> {
        let activation = format!("SAD-{}", self.activations.len());
        self.activations.insert(activation.clone(), hash);
        Json(json!({ "SAD": activation, "expiresIn": 300 }))
    }
}

/// RFC 6749 section 4.4.
async fn token(State((service, _)): Shared, headers: HeaderMap, body: String) -> Answered {
    let mut service = service.lock().unwrap();
    if service.manner.is_away {
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers
        .get("authorization")
        .is_none_or(|value| value != expected.as_str())
    {
        return Err(refusal(401, "invalid_client", "unknown client"));
    }
    assert_eq!(body, "grant_type=client_credentials&scope=service");
    let token = format!("token-{}", service.tokens.len());
    service.tokens.push(token.clone());
    Ok(Json(
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }),
    ))
}

/// Clause 11.1.
async fn info(State((service, _)): Shared) -> Answered {
    let service = service.lock().unwrap();
    if service.manner.is_away {
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    Ok(Json(json!({
        "specs": "2.0.0.2", "name": "Dịch vụ thử", "region": "VN", "lang": "vi-VN", "description": "", "logo": "",
        "authType": ["oauth2client"], "asynchronousOperationMode": service.manner.is_asynchronous,
        "methods": ["credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"],
        "signAlgorithms": { "algos": [ECDSA_SHA_256] }, "conformance_levels": [], "signature_formats": { "formats": [] },
    })))
}

/// Clause 11.4.
async fn list(State((service, _)): Shared, headers: HeaderMap, Json(asked): Json<Value>) -> Answered {
    let service = service.lock().unwrap();
    service.admit(&headers)?;
    let ids = match text(&asked, "userID")? == USER {
        true => vec![STRANGERS_KEY, OWN_KEY],
        false => Vec::new(),
    };
    let infos: Vec<Value> = ids.iter().map(|id| service.about(id)).collect();
    Ok(Json(
        json!({ "credentialIDs": ids, "credentialInfos": infos, "onlyValid": true }),
    ))
}

/// Clause 11.5.
async fn credential(State((service, _)): Shared, headers: HeaderMap, Json(asked): Json<Value>) -> Answered {
    let service = service.lock().unwrap();
    service.admit(&headers)?;
    let id = text(&asked, "credentialID")?;
    if !service.chains.contains_key(id) {
        return Err(invalid("Invalid parameter credentialID"));
    }
    Ok(Json(service.about(id)))
}

/// Clause 11.8: the code goes out of band.
async fn challenge(State((service, _)): Shared, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    let mut service = service.lock().unwrap();
    let wanted = service
        .admit(&headers)
        .and_then(|()| text(&asked, "authObjectID"));
    match wanted {
        Ok("OTP") => {
            service.codes_sent += 1;
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(_) => invalid("Invalid parameter authObjectID"),
        Err(refusal) => refusal,
    }
}

/// Clause 11.6.
async fn authorize(State((service, _)): Shared, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    let mut service = service.lock().unwrap();
    match authorized(&mut service, &headers, &asked) {
        Ok((StatusCode::ACCEPTED, answer)) => (StatusCode::ACCEPTED, answer).into_response(),
        Ok((_, answer)) => answer.into_response(),
        Err(refusal) => refusal,
    }
}

fn authorized(
    service: &mut Service,
    headers: &HeaderMap,
    asked: &Value,
) -> Result<(StatusCode, Json<Value>), Response> {
    service.admit(headers)?;
    if text(asked, "credentialID")? != OWN_KEY {
        return Err(invalid("Invalid parameter credentialID"));
    }
    if asked["numSignatures"] != 1 {
        return Err(invalid("Numbers of signatures is too high"));
    }
    let hash = the_hash(asked)?;
    let shown = asked["authData"].as_array().cloned().unwrap_or_default();
    let says = |id: &str| shown.iter().find(|one| one["id"] == id);
    if service.manner.on_telephone {
        if says("APP").is_none_or(|one| one.get("value").is_some()) {
            return Err(refusal(
                400,
                "invalid_authentication_data",
                "The authentication data is invalid",
            ));
        }
        let handle = format!("handle-{}", service.asked.len());
        service.asked.insert(handle.clone(), (hash, None));
        return Ok((StatusCode::ACCEPTED, Json(json!({ "handle": handle }))));
    }
    let is = |id: &str, value: &str| says(id).is_some_and(|one| one["value"] == value);
    // A code serves only who had it sent.
    if !is("PIN", REMOTE_PIN) || !is("OTP", CODE) || service.codes_sent == 0 {
        return Err(refusal(
            400,
            "invalid_authentication_data",
            "The authentication data is invalid",
        ));
    }
    Ok((StatusCode::OK, service.activate(hash)))
}

/// Clause 11.7.
async fn authorize_check(
    State((service, _)): Shared,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    let mut service = service.lock().unwrap();
    let handle = match service.admit(&headers).and_then(|()| text(&asked, "handle")) {
        Ok(handle) => handle.to_owned(),
        Err(refusal) => return refusal,
    };
    match service.asked.get(&handle).cloned() {
        None => invalid("Invalid parameter handle"),
        Some((_, None)) => (StatusCode::ACCEPTED, Json(json!({ "handle": handle }))).into_response(),
        Some((_, Some(false))) => refusal(400, "invalid_authentication_data", "The user said no"),
        Some((hash, Some(true))) => service.activate(hash).into_response(),
    }
}

/// Clause 11.10.
async fn sign_hash(
    State((service, folder)): Shared,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Answered {
    let mut service = service.lock().unwrap();
    service.admit(&headers)?;
    if text(&asked, "signAlgo")? != ECDSA_SHA_256 || text(&asked, "credentialID")? != OWN_KEY {
        return Err(invalid("Invalid parameter signAlgo or credentialID"));
    }
    let hash = the_hash(&asked)?;
    let authorised = service.activations.remove(text(&asked, "SAD")?);
    if service.manner.activation_expires {
        return Err(invalid("SAD expired"));
    }
    match authorised {
        None => return Err(invalid("Invalid parameter SAD")),
        Some(authorised) if authorised != hash => return Err(invalid("Hash is not authorized by the SAD")),
        Some(_) => {}
    }
    match asked["operationMode"].as_str() {
        Some("A") if service.manner.is_asynchronous => {
            let id = format!("158112-{}", service.begun.len());
            assert!(asked["validity_period"].as_u64().is_some_and(|period| period > 0));
            service.begun.push(Begun {
                id: id.clone(),
                hash,
                response_uri: asked["response_uri"].as_str().map(str::to_owned),
                is_ready: false,
            });
            Ok(Json(json!({ "responseID": id })))
        }
        Some("A") => Err(invalid("Invalid parameter operationMode")),
        _ => Ok(signatures(&service, &folder, &hash)),
    }
}

/// Clause 11.12.
async fn sign_polling(
    State((service, folder)): Shared,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    let service = service.lock().unwrap();
    let id = match service.admit(&headers).and_then(|()| text(&asked, "requestID")) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    match service.begun.iter().find(|one| one.id == id) {
        None => invalid("Invalid parameter requestID"),
        Some(one) if one.is_ready => signatures(&service, &folder, &one.hash).into_response(),
        Some(_) => refusal(202, "accepted_request", "accepted but not yet completed"),
    }
}

fn signatures(service: &Service, folder: &TempDir, hash: &str) -> Json<Value> {
    let hash = BASE64_STANDARD.decode(hash).unwrap();
    let hash = service.manner.signs_another.map_or(hash, |other| other.to_vec());
    std::fs::write(folder.path().join("hash"), hash).unwrap();
    let sign = [
        "pkeyutl",
        "-sign",
        "-inkey",
        OWN_KEY,
        "-pkeyopt",
        "digest:sha256",
        "-in",
        "hash",
    ];
    Json(json!({ "signatures": [BASE64_STANDARD.encode(openssl(folder.path(), &sign))] }))
}

fn the_hash(asked: &Value) -> Result<String, Response> {
    if text(asked, "hashAlgorithmOID")? != SHA_256 {
        return Err(invalid("Invalid parameter hashAlgorithmOID"));
    }
    match asked["hashes"].as_array().map(Vec::as_slice) {
        Some([Value::String(hash)]) if BASE64_STANDARD.decode(hash).is_ok_and(|hash| hash.len() == 32) => {
            Ok(hash.clone())
        }
        _ => Err(invalid("Invalid digest value length")),
    }
}

fn text<'a>(asked: &'a Value, name: &str) -> Result<&'a str, Response> {
    let found = asked[name].as_str();
    found.ok_or_else(|| invalid(&format!("Missing (or invalid type) string parameter {name}")))
}

fn invalid(description: &str) -> Response {
    refusal(400, "invalid_request", description)
}

/// Clause 10.2.
fn refusal(status: u16, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let done = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}
