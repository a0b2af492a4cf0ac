//! `/signature-requests`: what a key is asked to sign that stays with its holder; `/session/signing-key`: enrolling it.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path};
use super::documents::{after, place, view};
use super::problem::{self, Problem};
use super::session::{self, Person};
use crate::accounts;
use crate::clock::Timestamp;
use crate::custody::Error;
use crate::custody::elsewhere::{Asked, Opened};
use crate::domain::document::DocumentId;
use crate::domain::holder::Holder;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask))
        .routes(routes!(open))
        .routes(routes!(bring))
        .routes(routes!(own_key))
        .routes(routes!(agency_keys))
        .routes(routes!(ask_to_enrol))
        .routes(routes!(enrol))
}

/// A request for a signature that is made elsewhere.
#[derive(Serialize, ToSchema)]
struct SignatureRequest {
    id: String,
    /// Opens at `/signature-requests/opening` what is to be signed: once, and without a session.
    word: String,
    /// Of what is signed: hexadecimal.
    digest: String,
    expires_at: Timestamp,
}

impl From<Asked> for SignatureRequest {
    fn from(asked: Asked) -> Self {
        Self {
            id: asked.id,
            word: asked.word.to_string(),
            digest: asked.digest,
            expires_at: asked.expires_at,
        }
    }
}

/// Where the signer put it by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureWish {
    /// Without it, between position and name.
    pub(super) place: Option<view::PlaceView>,
}

/// Prepares my signature for a key that stays with me; an earlier request of mine is over then.
#[utoipa::path(
    post, path = "/documents/{id}/signature-requests", tag = "documents", params(("id" = String, Path)),
    request_body = SignatureWish,
    responses(
        (status = CREATED, body = SignatureRequest),
        (status = FORBIDDEN, description = "Not the signer.", body = problem::Body),
        (status = CONFLICT, description = "`key-here`, and as for signing.", body = problem::Body)
    )
)]
async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(SignatureWish { place: wish }): Json<SignatureWish>,
) -> Result<Response, Problem> {
    let session = session(&app, &headers);
    let wish = wish.map(place);
    let asked = app
        .custody
        .ask_to_sign(&(&person).into(), &session, &id, wish)
        .await?;
    Ok((StatusCode::CREATED, Json(SignatureRequest::from(asked))).into_response())
}

/// What opens a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RequestWord {
    word: String,
}

/// What the answer's header says, as JSON in base64url.
#[derive(Serialize)]
struct Head {
    kind: &'static str,
    certificate: String,
    algorithm: String,
    title: String,
}

/// Hands out what is to be signed, once: a PDF whose place for the signature holds zeros, or words. The header
/// `Hoian-Signature-Request` is JSON in base64url: `kind` (`document`, `statement`), `certificate` (SHA-256, hexadecimal),
/// `algorithm`, `title`.
#[utoipa::path(
    post, path = "/signature-requests/opening", tag = "documents", request_body = RequestWord,
    responses(
        (status = OK, content_type = "application/octet-stream", body = Vec<u8>),
        (status = GONE, description = "`signature-request-over`", body = problem::Body)
    )
)]
async fn open(
    State(app): State<App>,
    Json(RequestWord { word }): Json<RequestWord>,
) -> Result<Response, Problem> {
    let Opened {
        is_document,
        certificate,
        algorithm,
        title,
        content,
    } = app.custody.open_request(&word).await?;
    let (kind, media_type) = match is_document {
        true => ("document", "application/pdf"),
        false => ("statement", "text/plain; charset=utf-8"),
    };
    let head = Head {
        kind,
        certificate,
        algorithm,
        title,
    };
    let head = serde_json::to_vec(&head).map_err(|error| Problem::internal(&error))?;
    let head =
        HeaderValue::try_from(URL_SAFE_NO_PAD.encode(head)).map_err(|error| Problem::internal(&error))?;
    let mut response = ([(header::CONTENT_TYPE, media_type)], Body::from(content)).into_response();
    response.headers_mut().insert("hoian-signature-request", head);
    Ok(response)
}

/// A signature value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignatureValue {
    /// Base64; of ECDSA the DER of `Ecdsa-Sig-Value`.
    signature: String,
}

/// Brings the signature that a request asked for, in the session that asked: the document is signed as by any other key.
#[utoipa::path(
    post, path = "/documents/{id}/signature-requests/{request}/signature", tag = "documents",
    params(("id" = String, Path), ("request" = String, Path)), request_body = SignatureValue,
    responses(
        (status = OK, body = view::Detail),
        (status = ACCEPTED, description = "Signed; waits for its time-stamp.", body = view::Detail),
        (status = GONE, description = "`signature-request-over`", body = problem::Body),
        (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`signature-unfit`", body = problem::Body)
    )
)]
async fn bring(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Path((id, request)): Path<(DocumentId, String)>,
    Json(value): Json<SignatureValue>,
) -> Result<Response, Problem> {
    let (session, signature) = (session(&app, &headers), value.bytes()?);
    let outcome = app
        .custody
        .sign_elsewhere(&(&person).into(), &session, (&id, &request), signature)
        .await?;
    after(&app, &person, &id, outcome).await
}

/// My signing key, if one is enrolled.
#[utoipa::path(
    get, path = "/session/signing-key", tag = "session",
    responses(
        (status = OK, body = Option<view::KeyView>),
        (status = UNAUTHORIZED, body = problem::Body)
    )
)]
async fn own_key(State(app): State<App>, person: Person) -> Result<Json<Option<view::KeyView>>, Problem> {
    match app.custody.key_of(&Holder::Person(person.id)).await {
        Ok(key) => Ok(Json(Some(key.try_into()?))),
        Err(Error::KeyMissing) => Ok(Json(None)),
        Err(error) => Err(error.into()),
    }
}

/// A key with which I seal.
#[derive(Serialize, ToSchema)]
struct AgencyKey {
    /// The agency's name.
    agency: String,
    key: view::KeyView,
}

/// The keys of agencies with which I seal, the first to end first.
#[utoipa::path(
    get, path = "/session/agency-keys", tag = "session",
    responses(
        (status = OK, body = Vec<AgencyKey>),
        (status = UNAUTHORIZED, body = problem::Body)
    )
)]
async fn agency_keys(State(app): State<App>, person: Person) -> Result<Json<Vec<AgencyKey>>, Problem> {
    let keys = app.custody.keys_to_seal_with(&person.held()).await?;
    let keys = keys.into_iter().map(|(agency, key)| {
        let (agency, key) = (agency.name, key.try_into()?);
        Ok(AgencyKey { agency, key })
    });
    keys.collect::<Result<_, Problem>>().map(Json)
}

/// A certificate on my token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenCertificate {
    /// DER in base64, the key's own first.
    chain: Vec<String>,
    /// As `rsa-pss-sha256`, `rsa-pkcs1-sha256`, `ecdsa-p256-sha256`.
    algorithm: String,
}

/// Asks the key of a certificate on my token to prove that it is there.
#[utoipa::path(
    post, path = "/session/signing-key/requests", tag = "session", request_body = TokenCertificate,
    responses(
        (status = CREATED, body = SignatureRequest),
        (status = UNAUTHORIZED, body = problem::Body),
        (
            status = CONFLICT,
            description = "`certificate-untrusted`, `certificate-unfit`, `certificate-of-another`, `certificate-expired`, \
                `certificate-not-yet-valid`, `certificate-revoked`, `already-enrolled`",
            body = problem::Body
        )
    )
)]
async fn ask_to_enrol(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Json(TokenCertificate { chain, algorithm }): Json<TokenCertificate>,
) -> Result<Response, Problem> {
    let chain: Result<Vec<Vec<u8>>, Problem> = chain
        .iter()
        .take(CERTIFICATES)
        .map(|text| decoded(text))
        .collect();
    let session = session(&app, &headers);
    let asked = app
        .custody
        .ask_to_enrol(
            &(&person).into(),
            &session,
            &person.full_name,
            (chain?, &algorithm),
        )
        .await?;
    Ok((StatusCode::CREATED, Json(SignatureRequest::from(asked))).into_response())
}

/// Enrols the key that has proven to be there; an earlier one of mine is retired.
#[utoipa::path(
    post, path = "/session/signing-key/requests/{request}/signature", tag = "session",
    params(("request" = String, Path)), request_body = SignatureValue,
    responses(
        (status = OK, body = Option<view::KeyView>),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = GONE, description = "`signature-request-over`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`signature-unfit`", body = problem::Body)
    )
)]
async fn enrol(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Path(request): Path<String>,
    Json(value): Json<SignatureValue>,
) -> Result<Json<Option<view::KeyView>>, Problem> {
    let (session, signature) = (session(&app, &headers), value.bytes()?);
    app.custody
        .enrol_elsewhere(&(&person).into(), &session, &request, &signature)
        .await?;
    own_key(State(app), person).await
}

impl SignatureValue {
    fn bytes(&self) -> Result<Vec<u8>, Problem> {
        decoded(&self.signature)
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|_| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "signature-unfit",
            "Dữ liệu của token không đọc được nên không dùng được.",
            "What the token said cannot be read, so it is of no use.",
        )
    })
}

/// What the database knows the caller's session by.
pub(super) fn session(app: &App, headers: &HeaderMap) -> String {
    accounts::hash(&session::token(&app.config, headers).unwrap_or_default())
}

/// A chain has four.
const CERTIFICATES: usize = 9;
