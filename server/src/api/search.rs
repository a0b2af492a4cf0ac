//! `GET /search`: documents by any word, of what is said of them or of their text, without regard to diacritics.

use std::collections::BTreeMap;

use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Query};
use super::came;
use super::documents::view::{self, Agency};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::custody::Presence;
use crate::domain::case_file::CaseFileId;
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::domain::party::capacities;
use crate::domain::role::Action;
use crate::domain::search::{self, Question};
use crate::parts::App;
use crate::store::entity::{dispatch, document};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find))
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Words, in any spelling; the last may be unfinished.
    q: String,
    /// Only documents of this kind, a code such as `KH`.
    kind: Option<String>,
    /// Only documents numbered in this year.
    year: Option<i32>,
    /// Only what this agency issued.
    #[param(value_type = Option<String>)]
    issuer: Option<AgencyId>,
    /// Only what is in this case file.
    #[param(value_type = Option<String>)]
    file: Option<CaseFileId>,
    /// Only what came in, or only what is made here.
    #[param(inline)]
    direction: Option<Direction>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// Whether a document comes from another agency.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Incoming,
    Outgoing,
}

/// A document that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundDocument)]
struct Found {
    /// The page that shows it to this person.
    href: String,
    /// Whether it came from another agency.
    is_incoming: bool,
    code: Option<String>,
    kind_name: String,
    subject: String,
    agency: Agency,
    urgency: i16,
    issued_on: Option<String>,
    /// Số đến, where it came in.
    arrival_number: Option<i32>,
    /// A scan has no text, and is found by what is said of it alone.
    has_text: bool,
}

/// Documents that this person may know of and in which every word stands, the latest first.
#[utoipa::path(
    get, path = "/search", tag = "documents", params(Wanted),
    responses((status = OK, body = Page<Found>), (status = BAD_REQUEST, description = "No word is asked for.", body = problem::Body))
)]
async fn find(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Found>>, Problem> {
    let mut question = Question::of(&wanted.q)
        .ok_or_else(|| Problem::malformed("Xin nhập từ cần tìm.", "Give a word to look for."))?;
    question.marks.extend(wanted.kind.as_deref().map(search::of_kind));
    question.marks.extend(wanted.year.map(search::of_year));
    question
        .scopes
        .extend(wanted.issuer.as_ref().map(search::issued_by));
    if let Some(file) = &wanted.file {
        app.custody.case_file(&(&person).into(), file).await?;
        question.scopes.push(search::in_file(file));
    }
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let after = page.after.as_deref().map(str::parse).transpose();
    let after =
        after.map_err(|_| Problem::malformed("Tham số after không đúng.", "Unknown value of after."))?;
    let scope = scope(&person, wanted.direction);
    let found = crate::store::search::find(app.store.read(), &question, &scope, after, page.rows()).await?;
    // A page continues after the last entry seen, also where the rules show less of it than the index.
    let next = Page::of(&page, found.clone(), |entry| entry.number.to_string()).next;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let items = shown(&app, &person, found.into_iter().take(limit).collect()).await?;
    Ok(Json(Page { items, next }))
}

/// The marks by which this person finds documents: those of their roles.
fn scope(person: &Person, direction: Option<Direction>) -> Vec<String> {
    let mut marks = Vec::new();
    if direction != Some(Direction::Incoming) {
        let clerk = person.agencies_where(Action::Seal);
        marks.extend(clerk.iter().map(search::issued_by));
        marks.push(search::belongs_to(&person.id));
    }
    if direction != Some(Direction::Outgoing) {
        let reads = person.agencies_where(Action::ReadDispatches);
        marks.extend(reads.iter().map(search::received_by));
    }
    marks
}

/// What was found as this person may see it. The index only proposes; the rules decide, as everywhere.
async fn shown(
    app: &App,
    person: &Person,
    found: Vec<crate::store::search::Found>,
) -> Result<Vec<Found>, Problem> {
    let ids: Vec<_> = found.iter().map(|entry| entry.document_id.clone()).collect();
    let rows = document::Entity::find()
        .filter(document::Column::Id.is_in(ids.clone()))
        .all(app.store.read())
        .await?;
    let dispatches = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.is_in(ids))
        .filter(dispatch::Column::ReceiverId.is_in(person.agencies_where(Action::ReadDispatches)))
        .all(app.store.read())
        .await?;
    let agencies = view::agencies(app, rows.iter().map(|row| row.agency_id.clone()).collect()).await?;
    let rows: BTreeMap<DocumentId, document::Model> =
        rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let brought = came::of(app, &dispatches).await?;
    let received: BTreeMap<DocumentId, dispatch::Model> = dispatches
        .into_iter()
        .map(|row| (row.document_id.clone(), row))
        .collect();
    let presence = Presence::from(person);
    let paper = |entry: &crate::store::search::Found| {
        let dispatch = received.get(&entry.document_id)?;
        let said = brought
            .get(&entry.document_id)
            .filter(|said| said.on_paper)?
            .clone();
        Some(Found {
            href: format!("/van-ban-den/{}", dispatch.id),
            is_incoming: true,
            code: Some(said.code).filter(|code| !code.is_empty()),
            kind_name: said.kind_name.to_owned(),
            subject: said.subject,
            agency: said.author,
            urgency: said.urgency,
            issued_on: said.issued_on,
            arrival_number: dispatch.arrival_number,
            has_text: entry.has_text,
        })
    };
    let one = |entry: crate::store::search::Found| {
        let Some(row) = rows.get(&entry.document_id) else {
            return paper(&entry);
        };
        let ours = !capacities(row.parties(), &presence.person_id, &presence.held).is_empty();
        let dispatch = received.get(&row.id).filter(|_| !ours);
        let href = match dispatch {
            Some(dispatch) => format!("/van-ban-den/{}", dispatch.id),
            None if ours => format!("/van-ban/{}", row.id),
            None => return None,
        };
        Some(Found {
            href,
            is_incoming: dispatch.is_some(),
            code: came::code(row),
            kind_name: came::kind_name(&row.kind).to_owned(),
            subject: row.subject.clone(),
            agency: view::agency_name(&agencies, &row.agency_id),
            urgency: row.urgency,
            issued_on: row.issued_on.clone(),
            arrival_number: dispatch.and_then(|dispatch| dispatch.arrival_number),
            has_text: entry.has_text,
        })
    };
    Ok(found.into_iter().filter_map(one).collect())
}
