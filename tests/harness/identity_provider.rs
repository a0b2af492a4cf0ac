//! A provider of OpenID Connect in this process, which says whatever a test wants it to say: what a real one never would among
//! that. The people's side of it, its log-in page, is played by [`IdentityProvider::authorise`].

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hoian_server::config::{Config, Oidc};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const CLIENT: &str = "hoian";
const SECRET: &str = "bi-mat-cua-hoian";

/// A running provider.
pub struct IdentityProvider {
    pub issuer: String,
    said: Arc<Mutex<Said>>,
}

struct Said {
    issuer: String,
    key: Key,
    /// Tokens by the code that fetches them, once; with the challenge that the code was given for.
    codes: HashMap<String, (String, String)>,
    is_away: bool,
}

struct Key {
    name: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(name: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self {
            name: name.to_owned(),
            pair,
        }
    }

    fn published(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |range: Range<usize>| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.name, "x": part(1..33), "y": part(33..65) })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.name });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

impl IdentityProvider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let said = Arc::new(Mutex::new(Said {
            issuer: issuer.clone(),
            key: Key::new("1"),
            codes: HashMap::new(),
            is_away: false,
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { issuer, said }
    }

    /// Makes a program log people in by this provider.
    pub fn configure(&self, config: &mut Config) {
        config.oidc = Some(Oidc {
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
            name: "tài khoản công chức".to_owned(),
            claim: "preferred_username".to_owned(),
            scopes: vec!["profile".to_owned()],
            has_second_factor: false,
            tls_roots: None,
        });
    }

    /// Logs `user_name` in at the provider and comes back as its answer to the log-in page: state and code. `change` may
    /// change what the token will say, and then the token itself.
    pub fn authorise(
        &self,
        address: &str,
        user_name: &str,
        now: u64,
        change: impl FnOnce(&mut Value),
        tamper: impl FnOnce(String) -> String,
    ) -> (String, String) {
        let asked: HashMap<String, String> = reqwest::Url::parse(address)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect();
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["redirect_uri"].ends_with("/dang-nhap"), "{asked:?}");
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "12", "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "preferred_username": user_name,
        });
        change(&mut claims);
        let mut said = self.said.lock().unwrap();
        let token = tamper(said.key.sign(&claims));
        let code = format!("ma-{}", said.codes.len());
        said.codes
            .insert(code.clone(), (asked["code_challenge"].clone(), token));
        (asked["state"].clone(), code)
    }

    /// Signs with another key from now on, and publishes it.
    pub fn change_key(&self, name: &str) {
        self.said.lock().unwrap().key = Key::new(name);
    }

    /// Calls itself otherwise from now on.
    pub fn rename(&self, issuer: &str) {
        self.said.lock().unwrap().issuer = issuer.to_owned();
    }

    /// Says nothing of itself any more, as behind a proxy whose service is down.
    pub fn go_away(&self) {
        self.said.lock().unwrap().is_away = true;
    }
}

type Shared = State<Arc<Mutex<Said>>>;

async fn discovery(State(said): Shared) -> Response {
    let (issuer, is_away) = {
        let said = said.lock().unwrap();
        (said.issuer.clone(), said.is_away)
    };
    if is_away {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorise"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
    .into_response()
}

async fn keys(State(said): Shared) -> Json<Value> {
    Json(json!({ "keys": [said.lock().unwrap().key.published()] }))
}

#[derive(Deserialize)]
struct Wanted {
    code: String,
    code_verifier: String,
}

async fn token(State(said): Shared, Form(wanted): Form<Wanted>) -> Response {
    let found = said.lock().unwrap().codes.remove(&wanted.code);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, wanted.code_verifier.as_bytes()));
    match found {
        Some((asked, token)) if asked == challenge => {
            Json(json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": token }))
                .into_response()
        }
        _ => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}
