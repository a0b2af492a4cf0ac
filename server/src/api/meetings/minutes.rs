//! What chair and secretary write down, the papers that came of it, and how agencies stand with what was concluded.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

use super::{access, refusals};
use crate::api::body::{Json, Path};
use crate::api::documents::view as documents;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::conference::Identity;
use crate::custody::task;
use crate::domain::ballot::{Outcome, VoteId};
use crate::domain::conclusion_notice::{Task, is_late};
use crate::domain::dispatch::Status;
use crate::domain::document::{DocumentId, State as Standing};
use crate::domain::id::AgencyId;
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_right::Act;
use crate::domain::minute_book::{Conclusion, Note, Writing};
use crate::domain::minutes::Paper;
use crate::domain::numbering;
use crate::domain::party::capacities;
use crate::domain::procedure::Caller;
use crate::parts::App;
use crate::store::entity::{agency, dispatch, document, meeting, meeting_document};

/// What was written down, and what came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingMinutes)]
pub(super) struct View {
    notes: Vec<Note>,
    conclusions: Vec<Conclusion>,
    /// Votes that decided something, of each of which a record can be drafted.
    votes: Vec<Decided>,
    papers: Vec<PaperView>,
    /// What the notice of the conclusions gives agencies to do.
    tasks: Vec<TaskView>,
    /// What the last meeting of this agency before it has concluded.
    before: Option<Before>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DecidedVote)]
struct Decided {
    vote: VoteId,
    question: String,
    is_secret: bool,
    outcome: Outcome,
}

/// A paper of the meeting in the document flow.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingOutcomeView)]
struct PaperView {
    paper: Paper,
    /// Of which vote.
    vote: Option<VoteId>,
    document_id: DocumentId,
    state: Standing,
    /// The document, where the caller may open it.
    document: Option<documents::Summary>,
}

/// Something an agency is to do.
#[derive(Serialize, ToSchema)]
#[schema(as = ConclusionTask)]
struct TaskView {
    text: String,
    agency_id: Option<AgencyId>,
    agency: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<String>,
    /// The agency that called the meeting does it itself: nothing is sent to it.
    is_own: bool,
    /// How the notice stands at the agency; nothing where it has not got it.
    status: Option<Status>,
    completed_at: Option<Timestamp>,
    /// The day is past and it is not done.
    is_late: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConclusionsBefore)]
struct Before {
    meeting_id: MeetingId,
    title: String,
    starts_at: Timestamp,
    tasks: Vec<TaskView>,
}

/// What was written down, for who takes the minutes.
#[utoipa::path(
    get, path = "/meetings/{id}/minutes", tag = "meetings", params(("id" = String, Path)),
    responses((status = OK, body = View), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<View>, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require(Act::TakeMinutes)?;
    let row = access.row;
    let procedure = app.conferences.procedure(&row.id).await?;
    let decided = procedure.votes.all.iter().filter_map(|vote| {
        let end = vote.end.filter(|end| end.outcome != Outcome::Withdrawn)?;
        Some(Decided {
            vote: vote.id,
            question: vote.opening.terms.question.clone(),
            is_secret: vote.opening.terms.is_secret,
            outcome: end.outcome,
        })
    });
    Ok(Json(View {
        votes: decided.collect(),
        notes: procedure.minutes.notes().cloned().collect(),
        papers: papers(&app, &person, &row.id).await?,
        tasks: tasks(&app, &row).await?,
        before: before(&app, &row).await?,
        conclusions: procedure.minutes.conclusions,
    }))
}

/// Writes notes or a conclusion down, in the meeting and after it. A change to something newer than was seen is refused.
#[utoipa::path(
    post, path = "/meetings/{id}/minutes/entries", tag = "meetings", params(("id" = String, Path)), request_body = Writing,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`minutes-stale`: somebody else wrote there meanwhile; `meeting-step`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn write(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(writing): Json<Writing>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require(Act::TakeMinutes)?;
    check_agency(&app, &writing).await?;
    let id = access.row.id;
    let caller = Caller {
        seat: app.conferences.seat_of(&id, &Identity::Person(person.id.clone())),
        role: access.role,
        site: None,
        name: person.full_name.clone(),
    };
    let written = app
        .conferences
        .write(&id, &writing, &caller, &person.actor())
        .await;
    written.map_err(refusals::of_writing)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The agency that is to act is one of ours.
async fn check_agency(app: &App, writing: &Writing) -> Result<(), Problem> {
    let Writing::Conclusion {
        agency: Some(named), ..
    } = writing
    else {
        return Ok(());
    };
    let known = agency::Entity::find_by_id(named.clone())
        .one(app.store.read())
        .await?;
    known.map(|_| ()).ok_or_else(refusals::words)
}

async fn papers(app: &App, person: &Person, id: &MeetingId) -> Result<Vec<PaperView>, Problem> {
    let reader = app.store.read();
    let links = meeting_document::Entity::find()
        .filter(meeting_document::Column::MeetingId.eq(id.clone()))
        .order_by_asc(meeting_document::Column::DocumentId)
        .all(reader)
        .await?;
    let ids = links.iter().map(|link| link.document_id.clone());
    let rows = document::Entity::find()
        .filter(document::Column::Id.is_in(ids))
        .all(reader)
        .await?;
    let opens = |row: &&document::Model| !capacities(row.parties(), &person.id, &person.held()).is_empty();
    let states: BTreeMap<String, Standing> = rows.iter().map(|row| (row.id.0.clone(), row.state)).collect();
    let known = rows.iter().filter(opens).cloned().collect();
    let mut summaries: BTreeMap<String, documents::Summary> = documents::summaries(app, person, known)
        .await?
        .into_iter()
        .map(|summary| (summary.id.0.clone(), summary))
        .collect();
    let view = |link: meeting_document::Model| {
        Some(PaperView {
            paper: link.paper,
            vote: u32::try_from(link.vote).ok().filter(|vote| *vote > 0),
            state: *states.get(&link.document_id.0)?,
            document: summaries.remove(&link.document_id.0),
            document_id: link.document_id,
        })
    };
    Ok(links.into_iter().filter_map(view).collect())
}

/// How agencies stand with what a meeting's notice gives them to do; nothing where there is no notice.
async fn tasks(app: &App, row: &meeting::Model) -> Result<Vec<TaskView>, Problem> {
    let reader = app.store.read();
    let link = meeting_document::Entity::find_by_id((row.id.clone(), Paper::ConclusionNotice, 0))
        .one(reader)
        .await?;
    let Some(link) = link else {
        return Ok(Vec::new());
    };
    let tasks = task::of(reader, &link.document_id).await?;
    let sent = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(link.document_id))
        .all(reader)
        .await?;
    let named: Vec<AgencyId> = tasks.iter().filter_map(|task| task.agency.clone()).collect();
    let names: BTreeMap<AgencyId, String> = agency::Entity::find()
        .filter(agency::Column::Id.is_in(named))
        .all(reader)
        .await?
        .into_iter()
        .map(|agency| (agency.id, agency.name))
        .collect();
    let today = numbering::local_date(app.clock.now_utc());
    let view = |task: Task| TaskView {
        is_own: task.agency.as_ref() == Some(&row.agency_id),
        ..task_view(task, &sent, &names, today)
    };
    Ok(tasks.into_iter().map(view).collect())
}

fn task_view(
    task: Task,
    sent: &[dispatch::Model],
    names: &BTreeMap<AgencyId, String>,
    today: Date,
) -> TaskView {
    let its = sent
        .iter()
        .find(|one| Some(&one.receiver_id) == task.agency.as_ref());
    let status = its.map(|one| one.status);
    TaskView {
        text: task.text,
        agency: task.agency.as_ref().and_then(|agency| names.get(agency).cloned()),
        agency_id: task.agency,
        due_on: task.due_on.map(|day| day.to_string()),
        is_own: false,
        status,
        completed_at: its.and_then(|one| one.completed_at),
        is_late: is_late(task.due_on, status, today),
    }
}

/// The last meeting of the same agency before this one of whose conclusions a notice was issued.
async fn before(app: &App, row: &meeting::Model) -> Result<Option<Before>, Problem> {
    let links = meeting_document::Entity::find()
        .select_only()
        .column(meeting_document::Column::MeetingId)
        .join(
            JoinType::InnerJoin,
            meeting_document::Entity::belongs_to(document::Entity)
                .from(meeting_document::Column::DocumentId)
                .to(document::Column::Id)
                .into(),
        )
        .filter(meeting_document::Column::Paper.eq(Paper::ConclusionNotice))
        .filter(document::Column::State.eq(Standing::Issued));
    let former = meeting::Entity::find()
        .filter(meeting::Column::AgencyId.eq(row.agency_id.clone()))
        .filter(meeting::Column::StartsAt.lt(row.starts_at))
        .filter(meeting::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(links)))
        .order_by_desc(meeting::Column::StartsAt)
        .one(app.store.read())
        .await?;
    let Some(former) = former else {
        return Ok(None);
    };
    Ok(Some(Before {
        tasks: tasks(app, &former).await?,
        meeting_id: former.id,
        title: former.title,
        starts_at: former.starts_at,
    }))
}
