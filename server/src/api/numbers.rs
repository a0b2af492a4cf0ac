//! `/numbers`: the sequences of an agency, numbers kept aside and given up, and which kinds share one.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::documents::view;
use super::problem::{self, Problem};
use super::session::Person;
use crate::clock::Timestamp;
use crate::custody::reservation::sequence_of;
use crate::domain::copy::COPIES;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::{self, KINDS, Kind};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::{number_reservation, number_sequence};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(reserve))
        .routes(routes!(release))
        .routes(routes!(group))
}

/// Whose numbers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The agency that the person works in, where none is named.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyId>,
}

/// Where the sequences of an agency stand in this year.
#[derive(Serialize, ToSchema)]
struct Numbers {
    year: i32,
    kinds: Vec<KindNumbers>,
    /// Numbers kept aside in this year, the latest first.
    reservations: Vec<Reservation>,
    may_reserve: bool,
    may_group: bool,
}

/// A kind and the sequence its numbers come from.
#[derive(Serialize, ToSchema)]
struct KindNumbers {
    kind: &'static str,
    kind_name: &'static str,
    sequence: String,
    /// The last number given; 0 before the first.
    last: i32,
}

/// A number kept aside.
#[derive(Serialize, ToSchema)]
struct Reservation {
    id: String,
    kind: String,
    number: i32,
    reason: String,
    person: String,
    created_at: Timestamp,
    /// The document that bears it.
    document_id: Option<DocumentId>,
    released_at: Option<Timestamp>,
    release_reason: Option<String>,
}

/// The sequences of an agency and the numbers kept aside.
#[utoipa::path(
    get, path = "/numbers", tag = "registers", params(Wanted),
    responses((status = OK, body = Numbers), (status = NOT_FOUND, description = "Not this person's to read.", body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Numbers>, Problem> {
    let own = person.agencies_where(Action::ReadRegisters);
    let agency = match &wanted.agency {
        Some(agency) => own.iter().find(|own| *own == agency),
        None => own.first(),
    };
    let agency = agency.ok_or_else(Problem::not_found)?;
    Ok(Json(numbers(&app, &person, agency).await?))
}

/// What is kept aside, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewReservation)]
struct Kept {
    agency_id: AgencyId,
    /// A code such as `KH`.
    kind: String,
    reason: String,
}

/// Keeps the next number of a kind aside (giữ số).
#[utoipa::path(
    post, path = "/numbers/reservations", tag = "registers", request_body = Kept,
    responses((status = CREATED, body = Numbers), (status = FORBIDDEN, body = problem::Body))
)]
async fn reserve(
    State(app): State<App>,
    person: Person,
    Json(kept): Json<Kept>,
) -> Result<(StatusCode, Json<Numbers>), Problem> {
    let kind = Kind::from_code(&kept.kind).ok_or_else(unknown_kind)?;
    app.custody
        .reserve(&(&person).into(), &kept.agency_id, kind, &kept.reason)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(numbers(&app, &person, &kept.agency_id).await?),
    ))
}

/// Why it is given up.
#[derive(Deserialize, ToSchema)]
#[schema(as = Release)]
struct GivenUp {
    reason: String,
}

/// Gives a kept number up (hủy số đã giữ): no document will bear it, and the record says why.
#[utoipa::path(
    post, path = "/numbers/reservations/{id}/release", tag = "registers", params(("id" = String, Path)),
    request_body = GivenUp,
    responses((status = OK, body = Numbers), (status = CONFLICT, description = "Used or given up already.", body = problem::Body))
)]
async fn release(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
    Json(GivenUp { reason }): Json<GivenUp>,
) -> Result<Json<Numbers>, Problem> {
    let row = app.custody.release(&(&person).into(), &id, &reason).await?;
    Ok(Json(numbers(&app, &person, &row.agency_id).await?))
}

/// Kinds that share a sequence.
#[derive(Deserialize, ToSchema)]
struct Grouping {
    agency_id: AgencyId,
    /// Codes such as `KH`.
    kinds: Vec<String>,
    /// The sequence's name, such as `chung`.
    name: String,
}

/// From when a grouping holds.
#[derive(Serialize, ToSchema)]
struct Grouped {
    /// This year, or the next where one of the kinds has numbers in this one.
    from_year: i32,
}

/// Lets kinds share a sequence: the decision of the agency's head.
#[utoipa::path(
    post, path = "/numbers/groupings", tag = "registers", request_body = Grouping,
    responses((status = OK, body = Grouped), (status = FORBIDDEN, body = problem::Body))
)]
async fn group(
    State(app): State<App>,
    person: Person,
    Json(grouping): Json<Grouping>,
) -> Result<Json<Grouped>, Problem> {
    let kinds: Option<Vec<Kind>> = grouping.kinds.iter().map(|code| Kind::from_code(code)).collect();
    let kinds = kinds.filter(|kinds| !kinds.is_empty()).ok_or_else(unknown_kind)?;
    // The counters of arrivals and copies are none that a kind may share.
    if grouping.name.chars().count() > 40 || [numbering::ARRIVALS, COPIES].contains(&grouping.name.trim()) {
        return Err(Problem::malformed(
            "Tên dãy số không dùng được.",
            "The name of the sequence cannot be used.",
        ));
    }
    let from_year = app
        .custody
        .group(&(&person).into(), &grouping.agency_id, &kinds, &grouping.name)
        .await?;
    Ok(Json(Grouped { from_year }))
}

fn unknown_kind() -> Problem {
    Problem::malformed("Loại văn bản không đúng.", "Unknown kind of document.")
}

async fn numbers(app: &App, person: &Person, agency: &AgencyId) -> Result<Numbers, Problem> {
    let year = numbering::local_date(app.clock.now_utc()).year();
    let sequences = number_sequence::Entity::find()
        .filter(number_sequence::Column::AgencyId.eq(agency.clone()))
        .filter(number_sequence::Column::Year.eq(year))
        .all(app.store.read())
        .await?;
    let last: BTreeMap<String, i32> = sequences.into_iter().map(|row| (row.name, row.last)).collect();
    let mut kinds = Vec::new();
    for kind in KINDS {
        let sequence = sequence_of(app.store.read(), agency, kind, year).await?;
        kinds.push(KindNumbers {
            kind: kind.code,
            kind_name: kind.name,
            last: last.get(&sequence).copied().unwrap_or(0),
            sequence,
        });
    }
    Ok(Numbers {
        year,
        kinds,
        reservations: reservations(app, agency, year).await?,
        may_reserve: person.may(Action::Number, agency),
        may_group: person.may(Action::GroupNumbers, agency),
    })
}

async fn reservations(app: &App, agency: &AgencyId, year: i32) -> Result<Vec<Reservation>, Problem> {
    use number_reservation::{Column, Entity, Model};
    let rows = Entity::find()
        .filter(Column::AgencyId.eq(agency.clone()))
        .filter(Column::Year.eq(year))
        .order_by_desc(Column::Id)
        .limit(MOST_SHOWN)
        .all(app.store.read())
        .await?;
    let people: std::collections::BTreeSet<PersonId> = rows.iter().map(|row| row.person_id.clone()).collect();
    let names = view::people(app, people).await?;
    let one = |row: Model| Reservation {
        person: names.get(&row.person_id).cloned().unwrap_or_default(),
        id: row.id,
        kind: row.kind,
        number: row.number,
        reason: row.reason,
        created_at: row.created_at,
        document_id: row.document_id,
        released_at: row.released_at,
        release_reason: row.release_reason,
    };
    Ok(rows.into_iter().map(one).collect())
}

/// Numbers are kept aside a few times a year; the audit chain has all of them.
const MOST_SHOWN: u64 = 200;
