//! `/lookups`: the record of an issued paper, for anyone who holds it: the code on its first page leads here.
//!
//! The word of the code is random, so nobody finds a paper who does not have it; and nothing is said that does not stand on
//! the paper, but for what became of it since.

use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path};
use super::came;
use super::problem::{self, Problem};
use crate::clock::Timestamp;
use crate::domain::document::{Purpose, State as Standing};
use crate::domain::relation::Relation;
use crate::parts::App;
use crate::store::entity::{agency, document, document_version};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(one))
}

/// What became of an issued paper.
#[derive(Serialize, ToSchema)]
struct PaperRecord {
    kind_name: String,
    /// Number and symbol: `141/KH-UBND`.
    code: Option<String>,
    subject: String,
    issued_on: Option<String>,
    /// The agency that issued it.
    agency: String,
    /// Its agency asked for it back.
    is_recalled: bool,
    /// Papers that correct or replace it.
    mended_by: Vec<MendingPaper>,
    /// SHA-256 of the file as it was issued, lower-case hexadecimal.
    sha256: String,
    size_bytes: i64,
    /// Until then its signatures can be verified; before it the proofs are renewed.
    proven_until: Option<Timestamp>,
}

/// A paper that corrects or replaces another.
#[derive(Serialize, ToSchema)]
struct MendingPaper {
    relation: Relation,
    code: Option<String>,
    issued_on: Option<String>,
}

/// The record of the paper whose code bears this word.
#[utoipa::path(
    get, path = "/lookups/{word}", tag = "verifications", params(("word" = String, Path)),
    responses((status = OK, body = PaperRecord), (status = NOT_FOUND, body = problem::Body))
)]
async fn one(State(app): State<App>, Path(word): Path<String>) -> Result<Json<PaperRecord>, Problem> {
    let find = document::Entity::find()
        .filter(document::Column::Lookup.eq(word))
        .filter(document::Column::State.is_in([Standing::Issued, Standing::Recalled]));
    let row = find.one(app.store.read()).await?.ok_or_else(Problem::not_found)?;
    let sealed = document_version::Entity::find()
        .filter(document_version::Column::DocumentId.eq(row.id.clone()))
        .filter(document_version::Column::Purpose.eq(Purpose::Sealed))
        .order_by_desc(document_version::Column::Number);
    let sealed = sealed
        .one(app.store.read())
        .await?
        .ok_or_else(Problem::not_found)?;
    let issuer = agency::Entity::find_by_id(row.agency_id.clone());
    let issuer = issuer
        .one(app.store.read())
        .await?
        .ok_or_else(Problem::not_found)?;
    let mended_by = app.custody.mended_by(&row.id).await?;
    let mended_by = mended_by.into_iter().map(|(relation, paper)| MendingPaper {
        relation,
        code: came::code(&paper),
        issued_on: paper.issued_on,
    });
    let kept = app.custody.proofs_of(&sealed.blob).await?;
    Ok(Json(PaperRecord {
        kind_name: came::kind_name(&row.kind).to_owned(),
        code: came::code(&row),
        is_recalled: row.state == Standing::Recalled,
        subject: row.subject,
        issued_on: row.issued_on,
        agency: issuer.name,
        mended_by: mended_by.collect(),
        sha256: sealed.blob.to_string(),
        size_bytes: sealed.size_bytes,
        proven_until: kept.and_then(|kept| kept.proven_until),
    }))
}
