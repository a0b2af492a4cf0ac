//! Log-in by a provider of OpenID Connect: authorisation code with PKCE (RFC 7636), state and nonce.
//!
//! Nothing is kept here between the two halves: what the second needs is in [`Begun`], which the caller seals.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreProviderMetadata};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, TokenResponse,
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::config::Oidc;
use crate::tls::client;

/// How long the provider may take for all that is asked of it at one step.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long what it says of itself, its keys among that, is taken for true without asking again.
const KNOWN: Duration = Duration::from_secs(300);
/// The longest answer that is read: a long list of keys has some tens of kilobytes.
const LONGEST_ANSWER_BYTES: usize = 1 << 20;

/// The provider; cheap to clone.
#[derive(Clone)]
pub struct Provider {
    settings: Arc<Oidc>,
    http: reqwest::Client,
    clock: Clock,
    known: Arc<Mutex<Option<(Timestamp, CoreProviderMetadata)>>>,
}

/// A log-in between its halves. Whoever may read it may finish it: it goes sealed.
#[derive(Serialize, Deserialize)]
pub struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    redirection: String,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not now: asking again later is right.
    #[error("the provider does not answer: {0}")]
    Away(String),
    /// The answer is not to what was asked from this browser.
    #[error("the state is another")]
    State,
    /// What the provider sent does not hold.
    #[error("the provider's answer does not hold: {0}")]
    Invalid(String),
    /// The token does not say who it is.
    #[error("the token has no claim {0} that can be taken")]
    Claim(String),
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// The provider of these settings. It is not asked yet.
    ///
    /// # Errors
    /// When the file of roots cannot be used.
    pub fn new(settings: &Oidc, clock: &Clock) -> Result<Self, client::Error> {
        Ok(Self {
            settings: Arc::new(settings.clone()),
            http: client::http(settings.tls_roots.as_deref())?,
            clock: clock.clone(),
            known: Arc::default(),
        })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Whether its word is enough where a second factor is asked for.
    pub fn has_second_factor(&self) -> bool {
        self.settings.has_second_factor
    }

    /// Where a browser at `origin` is sent, and what is needed when it comes back.
    ///
    /// # Errors
    /// [`Refusal::Away`] where the provider says nothing of itself.
    pub async fn begin(&self, origin: &str) -> Result<(Url, Begun), Refusal> {
        let random = || BASE64_URL_SAFE_NO_PAD.encode(self.clock.random_bytes::<32>());
        let begun = Begun {
            state: random(),
            nonce: random(),
            verifier: random(),
            redirection: format!("{origin}/dang-nhap"),
        };
        let client = in_time(self.client(&begun, KNOWN)).await?;
        let verifier = PkceCodeVerifier::new(begun.verifier.clone());
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (state, nonce) = (begun.state.clone(), begun.nonce.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok((url, begun))
    }

    /// Takes the code to the provider, checks the token that comes back, and returns the claim that names the account.
    ///
    /// # Errors
    /// The refusal.
    pub async fn finish(&self, begun: Begun, state: &str, code: String) -> Result<String, Refusal> {
        // By digests, so that how long it takes tells nothing of the state.
        if digest(&SHA256, state.as_bytes()).as_ref() != digest(&SHA256, begun.state.as_bytes()).as_ref() {
            return Err(Refusal::State);
        }
        in_time(async {
            let client = self.client(&begun, KNOWN).await?;
            let token = self.exchange(&client, &begun, code).await?;
            if self.check(&client, &begun, &token).is_ok() {
                return self.claim(&token);
            }
            // Its keys may have changed since: they are asked for once more, and then what does not hold is refused.
            let client = self.client(&begun, Duration::ZERO).await?;
            self.check(&client, &begun, &token)?;
            self.claim(&token)
        })
        .await
    }

    async fn client(&self, begun: &Begun, known: Duration) -> Result<Client, Refusal> {
        let settings = &self.settings;
        let metadata = self.metadata(known).await?;
        let redirection = RedirectUrl::new(begun.redirection.clone());
        let redirection = redirection.map_err(|error| Refusal::Invalid(error.to_string()))?;
        let secret = settings.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(settings.client_id.clone());
        Ok(CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(redirection))
    }

    /// What the provider says of itself, its issuer compared with the one of the settings.
    async fn metadata(&self, known: Duration) -> Result<CoreProviderMetadata, Refusal> {
        let now = self.clock.now();
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, metadata)) = kept.filter(|(since, _)| now.since(*since) < known) {
            return Ok(metadata);
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|error| Refusal::Invalid(error.to_string()))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.asking()).await;
        let metadata = metadata.map_err(|error| match error {
            DiscoveryError::Validation(reason) => Refusal::Invalid(reason),
            error => Refusal::Away(told(&error)),
        })?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, metadata.clone()));
        Ok(metadata)
    }

    async fn exchange(&self, client: &Client, begun: &Begun, code: String) -> Result<CoreIdToken, Refusal> {
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Refusal::Invalid(told(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier.clone()));
        let answer = request.request_async(&self.asking()).await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::Request(error) => Refusal::Away(told(&error)),
            error => Refusal::Invalid(told(&error)),
        })?;
        let token = answer.id_token().cloned();
        token.ok_or_else(|| Refusal::Invalid("there is no ID token".to_owned()))
    }

    /// Signature, issuer, audience, times and nonce (OpenID Connect Core 1.0 section 3.1.3.7).
    fn check(&self, client: &Client, begun: &Begun, token: &CoreIdToken) -> Result<(), Refusal> {
        let now = std::time::SystemTime::from(self.clock.now_utc());
        let verifier = client.id_token_verifier().set_time_fn(move || now.into());
        let nonce = Nonce::new(begun.nonce.clone());
        let checked = token.claims(&verifier, &nonce);
        checked.map(drop).map_err(|error| Refusal::Invalid(told(&error)))
    }

    /// The claim of the settings in a token that was checked.
    fn claim(&self, token: &CoreIdToken) -> Result<String, Refusal> {
        let name = &self.settings.claim;
        let missing = || Refusal::Claim(name.clone());
        let compact = token.to_string();
        let payload = compact.split('.').nth(1).ok_or_else(missing)?;
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| missing())?;
        let claims: Value = serde_json::from_slice(&payload).map_err(|_| missing())?;
        if name == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
            return Err(missing());
        }
        let value = claims.get(name).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(missing)
    }

    fn asking(&self) -> impl Fn(HttpRequest) -> Asked {
        let http = self.http.clone();
        move |request| Box::pin(ask(http.clone(), request))
    }
}

type Asked = futures::future::BoxFuture<'static, Result<HttpResponse, AskError>>;

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Body(#[from] client::BodyError),
    #[error("the answer is malformed")]
    Malformed(#[from] http::Error),
}

async fn ask(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, AskError> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    Ok(answer.body(client::body(response, LONGEST_ANSWER_BYTES).await?)?)
}

async fn in_time<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(Refusal::Away("not in time".to_owned())))
}

/// An error with what is beneath it, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut beneath = error.source();
    while let Some(error) = beneath {
        said += &format!(": {error}");
        beneath = error.source();
    }
    said
}
