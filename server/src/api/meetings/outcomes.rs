//! The papers that come of a meeting: its minutes, the record of a vote, the notice of its conclusions. Each is drafted from
//! the record for the document flow, and drafted anew while it is still a draft.

use axum::extract::State;
use axum::http::StatusCode;
use ring::digest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::told::{self, Told};
use super::{Access, access, refusals};
use crate::api::body::{Json, Path};
use crate::api::documents::kept;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::draft::Description;
use crate::custody::initials::Reviewers;
use crate::custody::meeting_paper::{ForMeeting, What};
use crate::custody::{self, Presence};
use crate::domain::ballot::{SecretBallot, VoteId};
use crate::domain::conclusion_notice::Task;
use crate::domain::document::{DocumentId, State as Standing};
use crate::domain::document_metadata::Metadata;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::meeting_right::Act;
use crate::domain::minutes::Paper;
use crate::domain::numbering::Kind;
use crate::domain::vote_record::VoteRecord;
use crate::parts::App;
use crate::store::entity::{document, document_metadata, meeting, meeting_document};

/// Which paper is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "paper", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = WantedMeetingOutcome)]
pub(super) enum Wanted {
    /// The minutes, signed by secretary and chair.
    Minutes {},
    /// The record of a vote that is over, signed by secretary and chair; of a question in writing by those who are named, where
    /// any are.
    VoteRecord {
        vote: VoteId,
        secretary_id: Option<PersonId>,
        chair_id: Option<PersonId>,
    },
    /// The notice of the conclusions, signed by a leader: the chair unless another is named.
    ConclusionNotice { signer_id: Option<PersonId> },
}

impl Wanted {
    /// The paper and its vote, 0 where it is of none.
    fn which(&self) -> (Paper, VoteId) {
        match self {
            Self::Minutes {} => (Paper::Minutes, 0),
            Self::VoteRecord { vote, .. } => (Paper::VoteRecord, *vote),
            Self::ConclusionNotice { .. } => (Paper::ConclusionNotice, 0),
        }
    }
}

/// The paper that was drafted.
#[derive(Serialize, ToSchema)]
#[schema(as = DraftedMeetingOutcome)]
pub(super) struct Drafted {
    document_id: DocumentId,
}

/// What a paper says, and who signs it.
struct Content {
    kind: &'static str,
    subject: String,
    body: String,
    signer: PersonId,
    cosigner: Option<PersonId>,
    /// Whose draft it is; nothing: of whoever asks.
    drafter: Option<PersonId>,
    tasks: Vec<Task>,
}

/// Drafts a paper from the record, once: asked again, the same draft is given.
#[utoipa::path(
    post, path = "/meetings/{id}/outcomes", tag = "meetings", params(("id" = String, Path)), request_body = Wanted,
    responses(
        (status = CREATED, body = Drafted),
        (status = OK, description = "It was drafted before", body = Drafted),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`vote-undecided` or `meeting-unconcluded`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-secretary`, `secretary` or `cosigner`", body = problem::Body),
    )
)]
pub(super) async fn draft(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<Drafted>), Problem> {
    let row = taken_by(&app, &person, id).await?;
    let (paper, vote) = wanted.which();
    let former = standing(&app, &row.id, paper, vote).await?;
    if let Some(former) = former
        .as_ref()
        .filter(|former| former.state != Standing::Recalled)
    {
        return Ok(before(former.id.clone()));
    }
    let (told, signatories) = as_told(&app, &person, &row, &wanted, None).await?;
    let content = content(&told, signatories, &wanted)?;
    let (drafter, tasks) = (content.drafter.clone(), content.tasks.clone());
    let receivers = receivers(paper, row.kind);
    let (description, stored) = kept(&app, &person, description(content, receivers)?).await?;
    let for_meeting = ForMeeting {
        meeting: row.id.clone(),
        what: What::Outcome { paper, vote },
        in_place_of: former.map(|former| former.id),
        drafter,
        tasks,
    };
    let presence: Presence = (&person).into();
    let drafted = app
        .custody
        .draft_for(&presence, description, &stored, Some(&for_meeting))
        .await;
    match drafted {
        Ok(document_id) => Ok((StatusCode::CREATED, Json(Drafted { document_id }))),
        // Somebody else asked at the same moment: theirs is the draft.
        Err(custody::Error::Stale) => {
            let other = standing(&app, &row.id, paper, vote).await?;
            Ok(before(other.ok_or_else(Problem::not_found)?.id))
        }
        Err(error) => Err(error.into()),
    }
}

fn before(document_id: DocumentId) -> (StatusCode, Json<Drafted>) {
    (StatusCode::OK, Json(Drafted { document_id }))
}

/// Writes the content of a draft anew from the record; what else was said of it stays.
#[utoipa::path(
    post, path = "/meetings/{id}/outcomes/refresh", tag = "meetings", params(("id" = String, Path)), request_body = Wanted,
    responses(
        (status = OK, body = Drafted),
        (status = FORBIDDEN, description = "It is somebody else's draft", body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "No draft any more", body = problem::Body),
    )
)]
pub(super) async fn refresh(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Drafted>, Problem> {
    let row = taken_by(&app, &person, id).await?;
    let (paper, vote) = wanted.which();
    let standing = standing(&app, &row.id, paper, vote).await?;
    let standing = standing.ok_or_else(Problem::not_found)?;
    let presence: Presence = (&person).into();
    app.custody.document(&presence, &standing.id).await?;
    let (told, signatories) = as_told(&app, &person, &row, &wanted, Some(&standing)).await?;
    let content = content(&told, signatories, &wanted)?;
    let tasks = content.tasks.clone();
    let said = document_metadata::Entity::find_by_id(standing.id.clone())
        .one(app.store.read())
        .await?;
    let metadata = said.and_then(|said| serde_json::from_str(&said.said).ok());
    let description = Description {
        subject: standing.subject,
        urgency: standing.urgency,
        signer: standing.signer_id,
        cosigner: standing.cosigner_id,
        reply_to: standing.reply_to,
        reviewers: Reviewers {
            content: standing.content_reviewer_id,
            form: standing.form_reviewer_id,
        },
        ..description(content, metadata.unwrap_or_default())?
    };
    let (description, stored) = kept(&app, &person, description).await?;
    app.custody
        .revise_with(&presence, &standing.id, description, Some(&stored), Some(&tasks))
        .await?;
    Ok(Json(Drafted {
        document_id: standing.id,
    }))
}

/// The meeting, for who takes its minutes.
async fn taken_by(app: &App, person: &Person, id: MeetingId) -> Result<meeting::Model, Problem> {
    let access: Access = access(app, Some(person.clone()), id, None).await?;
    access.require(Act::TakeMinutes)?;
    Ok(access.row)
}

/// The document that is this paper of the meeting now.
async fn standing(
    app: &App,
    id: &MeetingId,
    paper: Paper,
    vote: VoteId,
) -> Result<Option<document::Model>, Problem> {
    let vote = i32::try_from(vote).map_err(|_| Problem::not_found())?;
    let reader = app.store.read();
    let link = meeting_document::Entity::find_by_id((id.clone(), paper, vote))
        .one(reader)
        .await?;
    match link {
        Some(link) => Ok(document::Entity::find_by_id(link.document_id).one(reader).await?),
        None => Ok(None),
    }
}

/// Who signs.
struct Signatories {
    secretary: Option<PersonId>,
    chair: PersonId,
}

/// The meeting as it is told, and who signs: its own secretary and chair; under the result of a question in writing, which may
/// have one of them at the most, those who are named, or who stand under the draft already.
async fn as_told(
    app: &App,
    person: &Person,
    row: &meeting::Model,
    wanted: &Wanted,
    standing: Option<&document::Model>,
) -> Result<(Told, Signatories), Problem> {
    let mut told = Told::of(app, row).await?;
    let (mut secretary, mut chair) = (told.secretary(&person.id), told.chair());
    if row.kind == MeetingKind::Written {
        let drafted = |which: fn(&document::Model) -> Option<PersonId>| standing.and_then(which);
        let (named_secretary, named_chair) = match wanted {
            Wanted::VoteRecord {
                secretary_id,
                chair_id,
                ..
            } => (secretary_id.clone(), chair_id.clone()),
            _ => (None, None),
        };
        secretary = drafted(|row| Some(row.signer_id.clone()))
            .or(named_secretary)
            .or(secretary);
        chair = drafted(|row| row.cosigner_id.clone()).or(named_chair).or(chair);
        let named = secretary.iter().chain(&chair).cloned();
        told.meet(app, named.collect()).await?;
    }
    let chair = chair.ok_or_else(refusals::secretary)?;
    Ok((told, Signatories { secretary, chair }))
}

fn content(
    told: &Told,
    Signatories { secretary, chair }: Signatories,
    wanted: &Wanted,
) -> Result<Content, Problem> {
    let meeting = told.meeting(&chair, secretary.as_ref());
    let (subject, body) = match wanted {
        Wanted::Minutes {} => (meeting.subject(), meeting.minutes()),
        Wanted::VoteRecord { vote, .. } => {
            let vote = told.procedure.votes.vote(*vote).ok_or_else(Problem::not_found)?;
            let digest = vote.opening.terms.is_secret.then(|| list_digest(&vote.published));
            let record = VoteRecord {
                meeting: &meeting,
                vote,
                list_digest: digest.as_deref(),
            };
            (
                record.subject(),
                record.body().ok_or_else(refusals::vote_undecided)?,
            )
        }
        Wanted::ConclusionNotice { signer_id } => {
            let tasks = told.tasks();
            if tasks.is_empty() {
                return Err(refusals::unconcluded());
            }
            return Ok(Content {
                kind: "TB",
                subject: meeting.notice_subject(),
                body: meeting.notice(),
                signer: signer_id.clone().unwrap_or(chair),
                cosigner: None,
                drafter: None,
                tasks,
            });
        }
    };
    let secretary = secretary.ok_or_else(refusals::secretary)?;
    Ok(Content {
        kind: Kind::MINUTES,
        subject,
        body,
        signer: secretary.clone(),
        cosigner: Some(chair),
        drafter: Some(secretary),
        tasks: Vec::new(),
    })
}

/// SHA-256 over one line a ballot, `token choice` and a line feed, in the order of the published list (`server/BALLOT.md`).
fn list_digest(ballots: &[SecretBallot]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for ballot in ballots {
        let choice = match ballot.choice {
            crate::domain::ballot::Choice::InFavour => "in_favour",
            crate::domain::ballot::Choice::Against => "against",
            crate::domain::ballot::Choice::Abstaining => "abstaining",
        };
        context.update(format!("{} {choice}\n", ballot.token).as_bytes());
    }
    hex::encode(context.finish())
}

fn receivers(paper: Paper, kind: MeetingKind) -> Metadata {
    let to = match (paper, kind) {
        (Paper::VoteRecord, MeetingKind::Written) => "Những người được lấy ý kiến",
        (Paper::Minutes | Paper::VoteRecord, _) => "Như thành phần tham dự",
        (Paper::ConclusionNotice, _) => "Các cơ quan, đơn vị dự họp và được giao nhiệm vụ",
    };
    Metadata {
        receivers: vec![to.to_owned()],
        ..Metadata::default()
    }
}

fn description(content: Content, metadata: Metadata) -> Result<Description, Problem> {
    let kind = Kind::from_code(content.kind).ok_or_else(|| Problem::internal(&"there is no such kind"))?;
    Ok(Description {
        subject: content.subject.chars().take(LONGEST_SUBJECT).collect(),
        kind,
        urgency: 0,
        signer: content.signer,
        cosigner: content.cosigner,
        reply_to: None,
        metadata,
        body: Some(content.body),
        reviewers: Reviewers::default(),
        mends: None,
        blanks: None,
    })
}

/// The meeting of which a document is a paper, if it is of one.
pub(super) async fn meeting_of(app: &App, id: &DocumentId) -> Result<Option<meeting::Model>, Problem> {
    let reader = app.store.read();
    let link = meeting_document::Entity::find()
        .filter(meeting_document::Column::DocumentId.eq(id.clone()))
        .one(reader)
        .await?;
    match link {
        Some(link) => Ok(meeting::Entity::find_by_id(link.meeting_id).one(reader).await?),
        None => Ok(None),
    }
}

/// To whom a paper of this meeting is to be issued: all who were asked, all sites, and whoever it gives something to do.
pub(super) async fn receivers_of(
    app: &App,
    row: &meeting::Model,
    id: &DocumentId,
) -> Result<Vec<crate::domain::id::AgencyId>, Problem> {
    let mut agencies = told::agencies(app, row).await?;
    let tasks = custody::task::of(app.store.read(), id).await?;
    agencies.extend(tasks.into_iter().filter_map(|task| task.agency));
    Ok(agencies.into_iter().collect())
}

/// Subject S500: Nghị định 30/2020/NĐ-CP, annex VI.
const LONGEST_SUBJECT: usize = 500;
