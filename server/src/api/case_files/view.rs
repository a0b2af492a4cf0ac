//! Case files as the interface shows them.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::Json;
use crate::api::came::{self, Came};
use crate::api::documents::view::{self as documents, Agency};
use crate::api::problem::Problem;
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::custody::Presence;
use crate::domain::case_file::{self, Action, CaseFileId, Retention, State};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::party::{capacities, file_capacities};
use crate::domain::register::titled;
use crate::parts::App;
use crate::store::entity::{case_file as row, case_paper, document, document_metadata};

/// A case file in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseFileSummary)]
pub(super) struct Summary {
    pub id: CaseFileId,
    pub agency: Agency,
    pub year: i32,
    /// Số và ký hiệu hồ sơ: `01.TH`.
    pub code: String,
    pub title: String,
    /// Years that it is kept after it is closed; empty for ever.
    pub retention_years: Option<i16>,
    /// The last year in which it must be kept, once it is closed.
    pub kept_until: Option<i32>,
    pub note: String,
    pub keeper_id: PersonId,
    pub keeper: String,
    pub state: State,
    /// Days: `2026-11-30`.
    pub opened_on: Option<String>,
    pub closed_on: Option<String>,
    /// How many papers are in it.
    pub paper_count: u64,
    /// What the person who asks may do now.
    pub actions: Vec<Action>,
}

/// A case file with its papers.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseFileDetail)]
pub(super) struct Detail {
    #[serde(flatten)]
    pub summary: Summary,
    /// What is in it, in the order of time.
    pub papers: Vec<Paper>,
    /// What was taken out of it.
    pub taken_out: Vec<Paper>,
    /// Pages of all that is in it.
    pub page_count: i32,
}

/// A paper in a case file.
#[derive(Serialize, ToSchema)]
#[schema(as = CasePaper)]
pub(super) struct Paper {
    pub document_id: DocumentId,
    pub is_incoming: bool,
    /// The page that shows it; empty where it is not this person's to read.
    pub href: Option<String>,
    pub code: String,
    /// Kind and subject.
    pub title: String,
    /// Tác giả.
    pub agency: String,
    pub issued_on: Option<String>,
    pub page_count: i32,
    pub note: String,
    pub put_by: String,
    pub put_at: Timestamp,
    pub taken_out_by: Option<String>,
    pub taken_out_at: Option<Timestamp>,
    pub taken_out_reason: Option<String>,
}

/// The summaries of these rows, for this person.
pub(super) async fn summaries(
    app: &App,
    person: &Person,
    rows: Vec<row::Model>,
) -> Result<Vec<Summary>, Problem> {
    let agencies = documents::agencies(app, rows.iter().map(|row| row.agency_id.clone()).collect()).await?;
    let people = documents::people(app, rows.iter().map(|row| row.keeper_id.clone()).collect()).await?;
    let counts = counts(app, &rows).await?;
    let presence = Presence::from(person);
    let one = |row: row::Model| {
        let papers = counts.get(&row.id).copied().unwrap_or(0);
        Summary {
            actions: actions(&row, papers, &presence),
            agency: documents::agency_name(&agencies, &row.agency_id),
            kept_until: kept_until(&row),
            keeper: people.get(&row.keeper_id).cloned().unwrap_or_default(),
            paper_count: papers,
            id: row.id,
            year: row.year,
            code: row.code,
            title: row.title,
            retention_years: row.retention_years,
            note: row.note,
            keeper_id: row.keeper_id,
            state: row.state,
            opened_on: row.opened_on,
            closed_on: row.closed_on,
        }
    };
    Ok(rows.into_iter().map(one).collect())
}

/// Everything about this case file, for this person.
pub(super) async fn detail(app: &App, person: &Person, id: &CaseFileId) -> Result<Json<Detail>, Problem> {
    let (row, _) = app.custody.case_file(&person.into(), id).await?;
    let (papers, taken_out): (Vec<_>, Vec<_>) = papers(app, person, id)
        .await?
        .into_iter()
        .partition(|paper| paper.taken_out_at.is_none());
    let summary = summaries(app, person, vec![row]).await?.pop();
    Ok(Json(Detail {
        summary: summary.ok_or_else(Problem::not_found)?,
        page_count: papers.iter().map(|paper| paper.page_count).sum(),
        papers,
        taken_out,
    }))
}

/// All papers that are or were in it, by the day of their date lines.
pub(super) async fn papers(app: &App, person: &Person, id: &CaseFileId) -> Result<Vec<Paper>, Problem> {
    let rows = case_paper::Entity::find()
        .filter(case_paper::Column::CaseFileId.eq(id.clone()))
        .order_by_asc(case_paper::Column::PutAt)
        .order_by_asc(case_paper::Column::DocumentId)
        .limit(MOST_PAPERS)
        .all(app.store.read())
        .await?;
    let names = Names::of(app, &rows).await?;
    let mut papers: Vec<Paper> = rows
        .into_iter()
        .filter_map(|row| names.paper(person, row))
        .collect();
    // Stable: of one day the one that was put in first stands first.
    papers.sort_by(|one, other| one.issued_on.cmp(&other.issued_on));
    Ok(papers)
}

/// What the list says of how long it is kept.
pub(super) fn retention(row: &row::Model) -> Result<Retention, Problem> {
    Retention::of(row.retention_years).map_err(|error| Problem::internal(&error))
}

fn kept_until(row: &row::Model) -> Option<i32> {
    let closed_in = row.closed_on.as_ref()?.get(..4)?.parse().ok()?;
    Retention::of(row.retention_years).ok()?.last_year(closed_in)
}

fn actions(row: &row::Model, papers: u64, presence: &Presence) -> Vec<Action> {
    let capacities = file_capacities(
        &row.agency_id,
        &row.keeper_id,
        &presence.person_id,
        &presence.held,
    );
    let papers = usize::try_from(papers).unwrap_or(usize::MAX);
    let may = |action: &Action| {
        case_file::permit(row.state, papers, *action, &capacities, Some("…")).is_ok()
            && (*action != Action::TakeOut || papers > 0)
    };
    Action::ALL.into_iter().filter(may).collect()
}

async fn counts(app: &App, rows: &[row::Model]) -> Result<BTreeMap<CaseFileId, u64>, Problem> {
    let counted: Vec<(CaseFileId, i64)> = case_paper::Entity::find()
        .select_only()
        .column(case_paper::Column::CaseFileId)
        .column_as(case_paper::Column::DocumentId.count(), "papers")
        .filter(case_paper::Column::CaseFileId.is_in(rows.iter().map(|row| row.id.clone())))
        .filter(case_paper::Column::TakenOutAt.is_null())
        .group_by(case_paper::Column::CaseFileId)
        .into_tuple()
        .all(app.store.read())
        .await?;
    let count = |(id, papers): (CaseFileId, i64)| (id, u64::try_from(papers).unwrap_or(0));
    Ok(counted.into_iter().map(count).collect())
}

/// What the papers of a file need, asked for at once.
struct Names {
    people: BTreeMap<PersonId, String>,
    came: BTreeMap<DocumentId, Came>,
    /// Those of this system.
    documents: BTreeMap<DocumentId, document::Model>,
    pages: BTreeMap<DocumentId, i32>,
}

impl Names {
    async fn of(app: &App, rows: &[case_paper::Model]) -> Result<Self, Problem> {
        let ids: Vec<DocumentId> = rows.iter().map(|row| row.document_id.clone()).collect();
        let documents = document::Entity::find()
            .filter(document::Column::Id.is_in(ids.clone()))
            .all(app.store.read())
            .await?;
        let pages = document_metadata::Entity::find()
            .filter(document_metadata::Column::DocumentId.is_in(ids.clone()))
            .all(app.store.read())
            .await?;
        let people: BTreeSet<PersonId> = rows
            .iter()
            .flat_map(|row| [Some(row.put_by.clone()), row.taken_out_by.clone()])
            .flatten()
            .collect();
        Ok(Self {
            people: documents::people(app, people).await?,
            came: came::of_documents(app, ids).await?,
            documents: documents.into_iter().map(|row| (row.id.clone(), row)).collect(),
            pages: pages
                .into_iter()
                .map(|row| (row.document_id, row.page_count))
                .collect(),
        })
    }

    fn paper(&self, person: &Person, row: case_paper::Model) -> Option<Paper> {
        let came = self.came.get(&row.document_id)?;
        let document = self.documents.get(&row.document_id);
        let pages = self.pages.get(&row.document_id).copied();
        let name = |id: &PersonId| self.people.get(id).cloned().unwrap_or_default();
        Some(Paper {
            href: href(person, document, row.dispatch_id.as_ref()),
            is_incoming: row.dispatch_id.is_some(),
            code: came.code.clone(),
            title: titled(came.kind_name, &came.subject),
            agency: came.author.name.clone(),
            issued_on: came.issued_on.clone(),
            page_count: came.page_count.or(pages).unwrap_or(0),
            note: row.note,
            put_by: name(&row.put_by),
            put_at: row.put_at,
            taken_out_by: row.taken_out_by.as_ref().map(name),
            taken_out_at: row.taken_out_at,
            taken_out_reason: row.taken_out_reason,
            document_id: row.document_id,
        })
    }
}

/// The page that shows a paper to this person, if the rules let them read it: a file names it, it does not open it. Whoever
/// meets a file reads what came to its agency.
fn href(
    person: &Person,
    document: Option<&document::Model>,
    dispatch: Option<&DispatchId>,
) -> Option<String> {
    if let Some(dispatch) = dispatch {
        return Some(format!("/van-ban-den/{dispatch}"));
    }
    let document = document?;
    let reads = !capacities(document.parties(), &person.id, &person.held()).is_empty();
    reads.then(|| format!("/van-ban/{}", document.id))
}

/// A file has some hundred at most; one beyond is a sign that it should have been two.
const MOST_PAPERS: u64 = 2_000;
