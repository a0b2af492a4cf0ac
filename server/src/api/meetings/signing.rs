//! Papers that are signed in the meeting: opened for signing, signed by each with their own key, and taken away.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::ToSchema;

use super::papers::found;
use super::{Access, LinkQuery, access, refusals};
use crate::api::body::{Json, Path, Query};
use crate::api::documents::pdf;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::{Identity, Unwritten};
use crate::custody;
use crate::domain::id::PersonId;
use crate::domain::meeting::{MeetingId, PaperId, SeatId};
use crate::domain::meeting_right::Act;
use crate::domain::paper_signing::{MOST_SIGNATORIES, PaperSignature, PaperSigning, Signatory, WITHOUT_TIME};
use crate::domain::procedure::Event;
use crate::domain::replay::Fault;
use crate::jobs::stamping;
use crate::parts::App;
use crate::store::blob::Sha256;
use crate::store::entity::{blob, document_version, meeting_member, meeting_paper, person};

/// Who signs, in the order in which their names are shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaperSignatories)]
pub(super) struct Signatories {
    /// Seats of people with an account who were called.
    seats: Vec<SeatId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaperPin)]
pub(super) struct Pin {
    pin: String,
}

/// Opens a paper for signing: it is locked to its bytes, and an empty field for each stands in it from now on.
#[utoipa::path(
    post, path = "/meetings/{id}/papers/{paper}/signing", tag = "meetings",
    params(("id" = String, Path), ("paper" = String, Path)), request_body = Signatories,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`paper-signing`: it is open already; `meeting-over`", body = problem::Body),
        (
            status = UNPROCESSABLE_ENTITY,
            description = "`paper-signatories`: nobody, somebody twice, or who has no account; `paper-full`",
            body = problem::Body
        ),
    )
)]
pub(super) async fn open(
    State(app): State<App>,
    person: Person,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
    Json(asked): Json<Signatories>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require(Act::OpenSigning)?;
    let row = open_paper(&app, &access, paper).await?;
    let people = people(&app, &access.row.id, &asked.seats).await?;
    if signing_of(&app, &row).await?.is_some() {
        return Err(refusals::signing_open());
    }
    let version = document_version::Entity::find_by_id((row.document_id.clone(), row.version))
        .one(app.store.read())
        .await?
        .ok_or_else(Problem::not_found)?;
    let named: Vec<(PersonId, String)> = people
        .iter()
        .map(|(_, id, name)| (id.clone(), name.clone()))
        .collect();
    let prepared = app.custody.prepare_joint(&version.blob, &named).await;
    let prepared = prepared.map_err(|error| match error {
        custody::Error::PlaceUnknown => refusals::signing_full(),
        other => other.into(),
    })?;
    let signatories = people.into_iter().map(|(seat, _, name)| Signatory {
        seat,
        name,
        signed_at: None,
    });
    let event = Event::SigningOpened {
        size_bytes: prepared.size_bytes,
        signing: Box::new(PaperSigning {
            paper: row.id,
            title: row.title,
            digest: version.blob.0,
            file: prepared.sha256.0,
            signatories: signatories.collect(),
        }),
    };
    let written = app
        .conferences
        .happen(&access.row.id, &person.actor(), event)
        .await;
    written.map_err(unwritten)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs a paper with the caller's own key, over what those before them have signed.
#[utoipa::path(
    post, path = "/meetings/{id}/papers/{paper}/signature", tag = "meetings",
    params(("id" = String, Path), ("paper" = String, Path)), request_body = Pin,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, description = "Not asked to sign, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = LOCKED, description = "The key is locked.", body = problem::Body),
        (status = CONFLICT, description = "`paper-busy`: others sign, ask again; `meeting-over`", body = problem::Body),
    )
)]
pub(super) async fn sign(
    State(app): State<App>,
    person: Person,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
    Json(Pin { pin }): Json<Pin>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    let row = open_paper(&app, &access, paper).await?;
    let seat = app
        .conferences
        .seat_of(&access.row.id, &Identity::Person(person.id.clone()));
    // One after the other, so that none signs over a file that is no longer the last.
    let turn = app.conferences.turn(&row.id.0);
    let _turn = turn.lock().await;
    for _ in 0..TRIES {
        let signing = signing_of(&app, &row).await?.ok_or_else(Problem::not_found)?;
        let Some(field) = signing.field_of(&seat) else {
            let has_signed = signing.signatories.iter().any(|one| one.seat == seat);
            // Two clicks at once.
            return if has_signed {
                Ok(StatusCode::NO_CONTENT)
            } else {
                Err(Problem::forbidden())
            };
        };
        let file = Sha256(signing.file.clone());
        let fields = (field.as_str(), &signing.signed_fields()[..]);
        let made = app
            .custody
            .sign_joint(&(&person).into(), &person.full_name, &file, fields, &pin)
            .await?;
        if made.level == WITHOUT_TIME {
            stamping::ask(&app.store, &app.clock, &access.row.id, &row.id).await?;
        }
        let signature = PaperSignature {
            paper: row.id.clone(),
            seat: seat.clone(),
            digest: signing.digest,
            over: signing.file,
            file: made.stored.sha256.0,
            size_bytes: made.stored.size_bytes,
            level: made.level.to_owned(),
            issuer: made.issuer,
            serial: made.serial,
        };
        let event = Event::PaperSigned {
            signature: Box::new(signature),
        };
        match app
            .conferences
            .happen(&access.row.id, &person.actor(), event)
            .await
        {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            // Another program was quicker: the same once more, over its file.
            Err(Unwritten::Impossible(Fault::OtherPaper)) => {}
            Err(error) => return Err(unwritten(error)),
        }
    }
    Err(refusals::signing_busy())
}

/// The paper with the signatures that it has so far.
#[utoipa::path(
    get, path = "/meetings/{id}/papers/{paper}/signed", tag = "meetings",
    params(("id" = String, Path), ("paper" = String, Path), LinkQuery),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn signed(
    State(app): State<App>,
    person: Option<Person>,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let row = found(&app, &access, paper).await?;
    let signing = signing_of(&app, &row).await?.ok_or_else(Problem::not_found)?;
    let kept = blob::Entity::find_by_id(Sha256(signing.file))
        .one(app.store.read())
        .await?;
    let kept = kept.ok_or_else(Problem::not_found)?;
    pdf(&app, &kept.sha256, kept.size_bytes, true).await
}

/// A paper that the caller sees, of a meeting that is not over.
async fn open_paper(app: &App, access: &Access, paper: PaperId) -> Result<meeting_paper::Model, Problem> {
    let row = found(app, access, paper).await?;
    match access.row.ended_at {
        Some(_) => Err(refusals::ended()),
        None => Ok(row),
    }
}

/// How far a paper is signed, where it was opened for that.
pub(super) async fn signing_of(
    app: &App,
    row: &meeting_paper::Model,
) -> Result<Option<PaperSigning>, Problem> {
    let procedure = app.conferences.procedure(&row.meeting_id).await?;
    Ok(procedure.signings.of(&row.id).cloned())
}

/// The people of these seats, in the order that was asked for.
async fn people(
    app: &App,
    id: &MeetingId,
    seats: &[SeatId],
) -> Result<Vec<(SeatId, PersonId, String)>, Problem> {
    if seats.is_empty() || seats.len() > MOST_SIGNATORIES {
        return Err(refusals::signatories());
    }
    let reader = app.store.read();
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(id.clone()))
        .all(reader)
        .await?;
    let members = members.into_iter().map(|member| member.person_id);
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(members))
        .all(reader)
        .await?;
    let called = rows.into_iter().map(|row| {
        let seat = app.conferences.seat_of(id, &Identity::Person(row.id.clone()));
        (seat, row.id, row.full_name)
    });
    let called: Vec<(SeatId, PersonId, String)> = called.collect();
    let find = |seat: &SeatId| called.iter().find(|(one, _, _)| one == seat).cloned();
    let found: Option<Vec<_>> = seats.iter().map(find).collect();
    found.ok_or_else(refusals::signatories)
}

fn unwritten(error: Unwritten) -> Problem {
    match error {
        Unwritten::Impossible(Fault::WrongSignatories) => refusals::signatories(),
        Unwritten::Impossible(Fault::NoChange) => refusals::signing_open(),
        Unwritten::Impossible(_) | Unwritten::NotKept => refusals::signing_busy(),
    }
}

const TRIES: usize = 3;
