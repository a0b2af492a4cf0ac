//! The invitation to a meeting: a draft for the document flow, how it and its letters stand, and calling the meeting off.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{access, outcomes, refusals};
use crate::accounts;
use crate::api::body::{Json, Path};
use crate::api::documents::kept;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::draft::Description;
use crate::custody::initials::Reviewers;
use crate::custody::meeting_paper::{ForMeeting, What};
use crate::domain::document::{DocumentId, State as Standing};
use crate::domain::document_metadata::Metadata;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::invitation::{Invitation, Item, addressees};
use crate::domain::meeting::{MeetingId, Role, words};
use crate::domain::meeting_right::{Act, may};
use crate::domain::numbering::{self, Kind};
use crate::domain::organisation::AgencyKind;
use crate::domain::outside;
use crate::domain::party::capacities;
use crate::domain::role::Action;
use crate::jobs::invitation;
use crate::parts::App;
use crate::store::entity::{
    agency, document, meeting, meeting_invited, meeting_item, meeting_letter, meeting_member, meeting_site,
    person,
};
use crate::store::{Tx, audit};

/// Who shall sign the invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingInvitation)]
pub(super) struct NewInvitation {
    /// A leader of the agency that calls the meeting. Default: the chair.
    signer_id: Option<PersonId>,
}

/// The invitation that was drafted.
#[derive(Serialize, ToSchema)]
#[schema(as = DraftedMeetingInvitation)]
pub(super) struct Drafted {
    document_id: DocumentId,
}

/// How the invitation stands.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingInvitation)]
pub(super) struct View {
    document_id: DocumentId,
    state: Standing,
    /// Number and symbol, once given.
    code: Option<String>,
    /// Whether the caller may open the document.
    opens: bool,
    /// For whoever prepares the meeting.
    letters: Option<Letters>,
}

/// How the letters to those who are called stand.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingInvitationLetters)]
struct Letters {
    sent: usize,
    waiting: usize,
    /// Whom the mail server refused, and what it said.
    refused: Vec<Refused>,
    /// Who has given no address.
    without_address: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RefusedMeetingLetter)]
struct Refused {
    full_name: String,
    address: String,
    answer: Option<String>,
}

/// Drafts the invitation from what was prepared; it then goes the way of every document.
#[utoipa::path(
    post, path = "/meetings/{id}/invitation", tag = "meetings", params(("id" = String, Path)),
    request_body = NewInvitation,
    responses(
        (status = CREATED, body = Drafted),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-over` or `meeting-invited`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`invitation-signer`", body = problem::Body),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Json<Drafted>), Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::Prepare)?;
    let row = access.row;
    if row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    if !person.may(Action::Draft, &row.agency_id) {
        return Err(Problem::forbidden());
    }
    let reader = app.store.read();
    let former = document_of(reader, &row).await?;
    if former
        .as_ref()
        .is_some_and(|former| former.state != Standing::Recalled)
    {
        return Err(refusals::invited());
    }
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(row.id.clone()))
        .all(reader)
        .await?;
    let chair = members.iter().find(|member| member.role == Role::Chair);
    let signer = new
        .signer_id
        .or_else(|| chair.map(|chair| chair.person_id.clone()));
    let signer = signer.ok_or_else(refusals::signer)?;
    let led = app.custody.signer(&(&person).into(), &signer).await;
    if !led.is_ok_and(|(agency, _, _)| agency.id == row.agency_id) {
        return Err(refusals::signer());
    }
    let said = said(reader, &row, &members).await?;
    let (description, stored) = kept(&app, &person, description(&said, signer)?).await?;
    let invites = ForMeeting {
        meeting: row.id,
        what: What::Invitation,
        in_place_of: row.invitation_id,
        drafter: None,
        tasks: Vec::new(),
    };
    let document_id = app
        .custody
        .draft_for(&(&person).into(), description, &stored, Some(&invites))
        .await?;
    Ok((StatusCode::CREATED, Json(Drafted { document_id })))
}

fn description(said: &Invitation, signer: PersonId) -> Result<Description, Problem> {
    let kind = Kind::from_code("GM").ok_or_else(|| Problem::internal(&"there is no kind GM"))?;
    Ok(Description {
        subject: said.subject(),
        kind,
        urgency: 0,
        signer,
        cosigner: None,
        reply_to: None,
        metadata: Metadata {
            receivers: vec!["Như thành phần mời".to_owned()],
            ..Metadata::default()
        },
        body: Some(said.body()),
        reviewers: Reviewers::default(),
        mends: None,
        blanks: None,
    })
}

/// What the invitation says, from what was prepared.
async fn said(
    reader: &impl ConnectionTrait,
    row: &meeting::Model,
    members: &[meeting_member::Model],
) -> Result<Invitation, DbErr> {
    let invited = meeting_invited::Entity::find()
        .filter(meeting_invited::Column::MeetingId.eq(row.id.clone()))
        .all(reader)
        .await?;
    let sites = meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(row.id.clone()))
        .order_by_asc(meeting_site::Column::Position)
        .all(reader)
        .await?;
    let items = meeting_item::Entity::find()
        .filter(meeting_item::Column::MeetingId.eq(row.id.clone()))
        .order_by_asc(meeting_item::Column::Number)
        .all(reader)
        .await?;
    let agencies = agency::Entity::find().all(reader).await?;
    let province = agencies
        .iter()
        .map(|agency| (agency.id.clone(), agency.kind))
        .collect();
    let agencies: BTreeMap<_, _> = agencies
        .into_iter()
        .map(|agency| (agency.id, agency.name))
        .collect();
    let asked = invited.into_iter().map(|one| one.agency_id);
    let asked = asked.filter_map(|id| agencies.get(&id).cloned().map(|name| (id, name)));
    let ids = members.iter().map(|member| member.person_id.clone());
    let titles = titles(reader, ids.collect()).await?;
    let by_name = members
        .iter()
        .filter(|member| member.role == Role::Delegate && member.agency_id.is_none());
    let title = |member: &meeting_member::Model| titles.get(&member.person_id).cloned();
    let chair = members.iter().find(|member| member.role == Role::Chair);
    Ok(Invitation {
        agency: agencies.get(&row.agency_id).cloned().unwrap_or_default(),
        title: row.title.clone(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        place: row.place.clone(),
        chair: chair.and_then(title),
        asked: addressees(&asked.collect::<Vec<_>>(), &province)
            .into_iter()
            .chain(by_name.filter_map(title))
            .collect(),
        component_sites: component_sites(sites, &province),
        items: items
            .into_iter()
            .map(|item| Item {
                title: item.title,
                presenter: item.presenter,
                minutes: item.minutes,
            })
            .collect(),
    })
}

/// The sites besides the main one: those of agencies first, then rooms that belong to none.
fn component_sites(
    sites: Vec<meeting_site::Model>,
    province: &BTreeMap<AgencyId, AgencyKind>,
) -> Vec<String> {
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for site in sites.into_iter().filter(|site| !site.is_main) {
        match site.agency_id {
            Some(agency) => named.push((agency, site.name)),
            None => others.push(site.name),
        }
    }
    let mut sites = addressees(&named, province);
    sites.append(&mut others);
    sites
}

/// "đồng chí Trần Văn Minh, Chủ tịch Ủy ban nhân dân tỉnh Lam Giang" of each.
pub(super) async fn titles(
    reader: &impl ConnectionTrait,
    ids: Vec<PersonId>,
) -> Result<BTreeMap<PersonId, String>, DbErr> {
    let held = accounts::memberships(reader, &ids).await?;
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(reader)
        .await?;
    let titled = people.into_iter().map(|row| {
        let post = held.get(&row.id).and_then(|held| held.first());
        let post = post.map_or_else(String::new, |post| {
            format!(", {} {}", post.position, post.agency_name)
        });
        let title = format!("đồng chí {}{post}", row.full_name);
        (row.id, title)
    });
    Ok(titled.collect())
}

async fn document_of(
    reader: &impl ConnectionTrait,
    row: &meeting::Model,
) -> Result<Option<document::Model>, DbErr> {
    match &row.invitation_id {
        Some(id) => document::Entity::find_by_id(id.clone()).one(reader).await,
        None => Ok(None),
    }
}

/// How a meeting's invitation stands, for somebody who was called to it in `role`.
pub(super) async fn view(
    reader: &impl ConnectionTrait,
    row: &meeting::Model,
    person: Option<&Person>,
    role: Role,
) -> Result<Option<View>, DbErr> {
    let Some(document) = document_of(reader, row).await? else {
        return Ok(None);
    };
    let opens =
        person.is_some_and(|person| !capacities(document.parties(), &person.id, &person.held()).is_empty());
    let letters = match may(role, Act::Prepare) {
        true => Some(letters(reader, &row.id).await?),
        false => None,
    };
    let number = document.number.and_then(|number| u32::try_from(number).ok());
    Ok(Some(View {
        code: number.map(|number| numbering::code(number, &document.notation)),
        document_id: document.id,
        state: document.state,
        opens,
        letters,
    }))
}

async fn letters(reader: &impl ConnectionTrait, id: &MeetingId) -> Result<Letters, DbErr> {
    let rows = meeting_letter::Entity::find()
        .filter(meeting_letter::Column::MeetingId.eq(id.clone()))
        .all(reader)
        .await?;
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(id.clone()))
        .all(reader)
        .await?;
    let ids = members.iter().map(|member| &member.person_id);
    let ids = ids.chain(rows.iter().map(|row| &row.person_id)).cloned();
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(reader)
        .await?;
    let name = |id: &PersonId| {
        let found = people.iter().find(|person| person.id == *id);
        found.map(|person| person.full_name.clone()).unwrap_or_default()
    };
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let is_member = |person: &&person::Model| members.iter().any(|member| member.person_id == person.id);
    Ok(Letters {
        sent: count(outside::Standing::Sent),
        waiting: count(outside::Standing::Waiting),
        refused: rows
            .iter()
            .filter(|row| row.standing == outside::Standing::Refused)
            .map(|row| Refused {
                full_name: name(&row.person_id),
                address: row.address.clone(),
                answer: row.answer.clone(),
            })
            .collect(),
        without_address: people
            .iter()
            .filter(is_member)
            .filter(|person| person.mail_address.is_none())
            .map(|person| person.full_name.clone())
            .collect(),
    })
}

/// The meeting of which a document is a paper: to which it invites, or of which it came.
#[derive(Serialize, ToSchema)]
#[schema(as = InvitedMeeting)]
pub(super) struct Invited {
    meeting_id: MeetingId,
    title: String,
    /// To whom it is to be issued.
    agencies: Vec<AgencyId>,
}

/// The meeting to which a document invites or of which it came, for whoever may open the document.
#[utoipa::path(
    get, path = "/documents/{id}/meeting", tag = "meetings", params(("id" = String, Path)),
    responses((status = OK, body = Invited), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn invited(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Json<Invited>, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    let reader = app.store.read();
    if let Some(row) = outcomes::meeting_of(&app, &id).await? {
        let agencies = outcomes::receivers_of(&app, &row, &id).await?;
        return Ok(Json(Invited {
            meeting_id: row.id,
            title: row.title,
            agencies,
        }));
    }
    let row = meeting::Entity::find()
        .filter(meeting::Column::InvitationId.eq(id))
        .one(reader)
        .await?
        .ok_or_else(Problem::not_found)?;
    let agencies = meeting_invited::Entity::find()
        .filter(meeting_invited::Column::MeetingId.eq(row.id.clone()))
        .all(reader)
        .await?;
    Ok(Json(Invited {
        meeting_id: row.id,
        title: row.title,
        agencies: agencies.into_iter().map(|one| one.agency_id).collect(),
    }))
}

/// Why a meeting does not take place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeetingCancellation)]
pub(super) struct Cancellation {
    /// 1 to 200 characters.
    reason: String,
}

/// Calls a meeting off that has not begun; those who were written to are told.
#[utoipa::path(
    post, path = "/meetings/{id}/cancellation", tag = "meetings", params(("id" = String, Path)),
    request_body = Cancellation,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-over` or `meeting-running`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn call_off(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(said): Json<Cancellation>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::End)?;
    let id = access.row.id;
    if app.conferences.is_running(&id) {
        return Err(refusals::running());
    }
    let reason = words(&said.reason, REASON_CHARACTERS).map_err(|_| refusals::words())?;
    let now = app.clock.now();
    app.store
        .write(async |tx: &Tx| {
            let off = meeting::Entity::update_many()
                .col_expr(meeting::Column::EndedAt, Expr::value(Some(now)))
                .col_expr(meeting::Column::CalledOffAt, Expr::value(Some(now)))
                .col_expr(
                    meeting::Column::CalledOffReason,
                    Expr::value(Some(reason.clone())),
                )
                .filter(meeting::Column::Id.eq(id.clone()))
                .filter(meeting::Column::EndedAt.is_null());
            if off.exec(tx).await?.rows_affected != 1 {
                return Err(refusals::ended());
            }
            invitation::changed(tx, &app.clock, &id, false).await?;
            let subject = format!("meeting/{id}");
            let detail = json!({ "reason": reason });
            audit::append(tx, now, &person.actor(), "meeting.called_off", &subject, detail).await?;
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

const REASON_CHARACTERS: usize = 200;
