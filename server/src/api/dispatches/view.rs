//! Dispatches as the interface shows them.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::Json;
use crate::api::came::{self, Came};
use crate::api::documents::view::{self as documents, Agency, Kept, Sent};
use crate::api::problem::Problem;
use crate::api::session::Person;
use crate::api::verifications::english;
use crate::clock::Timestamp;
use crate::custody::arrival::verdict_of;
use crate::custody::{Presence, dispatch_capacities, dispatch_rules};
use crate::domain::copy::Form;
use crate::domain::dispatch::{Action, Capacity, DispatchId, Given, Part, Recall, Status, Verdict};
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::numbering;
use crate::domain::register::{is_late, row_day};
use crate::domain::role;
use crate::parts::App;
use crate::store::entity::{
    dispatch, dispatch_opinion, dispatch_status, dispatch_support, document, document_copy, verification,
};

/// A dispatch in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchSummary)]
pub(super) struct Summary {
    pub id: DispatchId,
    /// Number and symbol: `141/KH-UBND`; empty on a paper that bears none.
    code: String,
    kind_name: String,
    subject: String,
    urgency: i16,
    /// The agency that issued it; without an id where it came on paper.
    sender: Agency,
    /// The agency that handed it on, where it did not come from the issuer.
    via: Option<Agency>,
    /// What this agency does in the work, and by when, as a leader of the agency that handed it on instructs.
    part: Option<Part>,
    wanted_on: Option<String>,
    /// It came on paper: there is a scan, and no signature of the sender.
    on_paper: bool,
    /// The agency that it was sent to.
    receiver: Agency,
    status: Status,
    recall: Recall,
    /// As in the signer command's contract; empty until it has been verified.
    verdict: Option<String>,
    /// Day of the date line.
    issued_on: Option<String>,
    sent_at: Timestamp,
    /// Số đến, once accepted.
    arrival_number: Option<i32>,
    /// Who handles it.
    lead: Option<String>,
    due_on: Option<String>,
    /// Past its due date and not done.
    is_late: bool,
    /// What the person who asks may do now.
    actions: Vec<Action>,
    /// Whether the person who asks may accept or return it now.
    may_answer: bool,
    /// The page that shows it to this person: the dispatch to its receiver, the document to its sender.
    href: String,
}

/// A dispatch with its verification and its way here.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchDetail)]
pub(super) struct Detail {
    #[serde(flatten)]
    summary: Summary,
    /// The verdict in one Vietnamese sentence.
    sentence: Option<String>,
    sentence_en: Option<String>,
    /// The report of the validator, as in the signer command's contract.
    #[schema(value_type = Option<Object>)]
    report: Option<serde_json::Value>,
    verified_at: Option<Timestamp>,
    kept: Option<Kept>,
    /// Why it was returned, or the sender asks for it back.
    reason: Option<String>,
    answered_at: Option<Timestamp>,
    answered_by: Option<String>,
    /// The number that accepting it now would give.
    next_arrival_number: Option<u32>,
    registered_at: Option<Timestamp>,
    /// Bút phê.
    instruction: Option<String>,
    instructed_by: Option<String>,
    lead_id: Option<PersonId>,
    support: Vec<String>,
    /// What they have written, in order.
    opinions: Vec<Opinion>,
    /// The agencies to which it was handed on, and how it stands there.
    forwarded: Vec<Sent>,
    /// What the lead wrote at the end.
    outcome: Option<String>,
    /// Every status it has had, in order.
    history: Vec<Event>,
    /// Documents of this agency that answer it.
    replies: Vec<Reply>,
    /// What the clerk typed of a paper besides, where it came on one.
    paper: Option<Paper>,
    /// Certified copies and extracts that this agency has made of it.
    copies: Vec<Copy>,
}

/// A document that came on paper.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredPaper)]
struct Paper {
    /// The code of its kind, such as `QĐ`.
    kind: String,
    /// Who signed it by hand.
    signer: Option<String>,
    /// Of the scan.
    page_count: i32,
    registered_by: String,
    /// Whether the person who asks may correct what was typed.
    may_correct: bool,
}

/// A copy that was made of it.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchCopy)]
struct Copy {
    id: String,
    form: Form,
    /// `05/SY-UBND`.
    code: String,
    waiting_time_stamp: bool,
}

/// A change of status.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchEvent)]
struct Event {
    status: Status,
    /// The two digits of the exchange.
    code: String,
    reason: Option<String>,
    person: Option<String>,
    at: Timestamp,
}

/// What somebody who supports the lead wrote (ý kiến phối hợp).
#[derive(Serialize, ToSchema)]
#[schema(as = Opinion)]
struct Opinion {
    person: String,
    words: String,
    given_at: Timestamp,
}

/// A document that answers it.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchReply)]
struct Reply {
    id: DocumentId,
    code: Option<String>,
    subject: String,
}

/// Today in Vietnam, as `2026-11-24`.
pub(super) fn today(app: &App) -> String {
    row_day(numbering::local_date(app.clock.now_utc()))
}

/// Everything about this dispatch, for this person.
pub(super) async fn detail(app: &App, person: &Person, id: &DispatchId) -> Result<Json<Detail>, Problem> {
    let row = app.custody.received(&person.into(), id).await?;
    let verification = verification_of(app, &row).await?;
    let report: Option<hoian_signer::validate::Report> = verification
        .as_ref()
        .and_then(|row| serde_json::from_str(&row.report).ok());
    let history = history(app, id).await?;
    let answered = history
        .iter()
        .rev()
        .find(|event| matches!(event.status, Status::Accepted | Status::Returned));
    let names = documents::people(app, row.instructed_by.iter().cloned().collect()).await?;
    let next_arrival_number = match row.status {
        Status::Arrived => Some(app.custody.next_arrival(&row.receiver_id).await?),
        _ => None,
    };
    let asked = history
        .iter()
        .rev()
        .find(|event| event.status == Status::RecallAsked && row.recall == Recall::Asked);
    let detail = Detail {
        sentence: report.as_ref().map(|report| report.sentence().to_owned()),
        sentence_en: report.as_ref().map(|report| english(report).to_owned()),
        report: report.and_then(|report| serde_json::to_value(report).ok()),
        verified_at: verification.map(|row| row.verified_at),
        kept: Kept::of(app, &row.blob).await?,
        reason: asked.or(answered).and_then(|event| event.reason.clone()),
        answered_at: answered.map(|event| event.at),
        answered_by: answered.and_then(|event| event.person.clone()),
        next_arrival_number,
        registered_at: row.registered_at,
        instruction: row.instruction.clone(),
        instructed_by: row.instructed_by.as_ref().and_then(|by| names.get(by).cloned()),
        lead_id: row.lead_id.clone(),
        support: support(app, id).await?,
        opinions: opinions(app, id).await?,
        forwarded: documents::sent(app, app.custody.forwarded(id).await?).await?,
        outcome: row.outcome.clone(),
        replies: replies(app, id).await?,
        paper: paper(app, person, &row).await?,
        copies: copies(app, &row).await?,
        history,
        summary: summaries(app, person, vec![row])
            .await?
            .pop()
            .ok_or_else(Problem::not_found)?,
    };
    Ok(Json(detail))
}

async fn verification_of(app: &App, row: &dispatch::Model) -> Result<Option<verification::Model>, Problem> {
    let Some(id) = &row.verification_id else {
        return Ok(None);
    };
    Ok(verification::Entity::find_by_id(id.clone())
        .one(app.store.read())
        .await?)
}

async fn history(app: &App, id: &DispatchId) -> Result<Vec<Event>, Problem> {
    let rows = dispatch_status::Entity::find()
        .filter(dispatch_status::Column::DispatchId.eq(id.clone()))
        .order_by_asc(dispatch_status::Column::Number)
        .all(app.store.read())
        .await?;
    let names = documents::people(app, rows.iter().filter_map(|row| row.person_id.clone()).collect()).await?;
    let event = |row: dispatch_status::Model| Event {
        status: row.status,
        code: row.status.code(),
        reason: row.reason,
        person: row.person_id.and_then(|person| names.get(&person).cloned()),
        at: row.at,
    };
    Ok(rows.into_iter().map(event).collect())
}

async fn support(app: &App, id: &DispatchId) -> Result<Vec<String>, Problem> {
    let rows = dispatch_support::Entity::find()
        .filter(dispatch_support::Column::DispatchId.eq(id.clone()))
        .all(app.store.read())
        .await?;
    let names = documents::people(app, rows.into_iter().map(|row| row.person_id).collect()).await?;
    Ok(names.into_values().collect())
}

async fn opinions(app: &App, id: &DispatchId) -> Result<Vec<Opinion>, Problem> {
    let rows = dispatch_opinion::Entity::find()
        .filter(dispatch_opinion::Column::DispatchId.eq(id.clone()))
        .order_by_asc(dispatch_opinion::Column::Number)
        .all(app.store.read())
        .await?;
    let names = documents::people(app, rows.iter().map(|row| row.person_id.clone()).collect()).await?;
    let opinion = |row: dispatch_opinion::Model| Opinion {
        person: names.get(&row.person_id).cloned().unwrap_or_default(),
        words: row.words,
        given_at: row.given_at,
    };
    Ok(rows.into_iter().map(opinion).collect())
}

async fn replies(app: &App, id: &DispatchId) -> Result<Vec<Reply>, Problem> {
    let rows = document::Entity::find()
        .filter(document::Column::ReplyTo.eq(id.clone()))
        .order_by_asc(document::Column::Id)
        .all(app.store.read())
        .await?;
    let reply = |row: document::Model| Reply {
        code: came::code(&row),
        id: row.id,
        subject: row.subject,
    };
    Ok(rows.into_iter().map(reply).collect())
}

async fn paper(app: &App, person: &Person, row: &dispatch::Model) -> Result<Option<Paper>, Problem> {
    let Some(paper) = app.custody.paper_of(row).await? else {
        return Ok(None);
    };
    let names = documents::people(app, BTreeSet::from([paper.person_id.clone()])).await?;
    Ok(Some(Paper {
        kind: paper.kind,
        may_correct: person.may(role::Action::Receive, &row.receiver_id),
        signer: paper.signer,
        page_count: paper.page_count,
        registered_by: names.into_values().next().unwrap_or_default(),
    }))
}

async fn copies(app: &App, row: &dispatch::Model) -> Result<Vec<Copy>, Problem> {
    let rows = document_copy::Entity::find()
        .filter(document_copy::Column::AgencyId.eq(row.receiver_id.clone()))
        .filter(document_copy::Column::DispatchId.eq(row.id.clone()))
        .order_by_asc(document_copy::Column::Id)
        .all(app.store.read())
        .await?;
    let copy = |row: document_copy::Model| Copy {
        code: numbering::code(u32::try_from(row.number).unwrap_or(0), &row.notation),
        id: row.id,
        form: row.form,
        waiting_time_stamp: row.pending.is_some(),
    };
    Ok(rows.into_iter().map(copy).collect())
}

/// The summaries of these rows, for this person.
pub(super) async fn summaries(
    app: &App,
    person: &Person,
    rows: Vec<dispatch::Model>,
) -> Result<Vec<Summary>, Problem> {
    let names = Names::of(app, &rows).await?;
    let presence = Presence::from(person);
    let today = numbering::local_date(app.clock.now_utc());
    let summary = |row: dispatch::Model| {
        let came = names.came.get(&row.document_id)?.clone();
        let judged = row.verification_id.as_ref().and_then(|id| names.verdicts.get(id));
        let support = names.support.get(&row.id).map(Vec::as_slice);
        let capacities = dispatch_capacities(&row, support.unwrap_or_default(), &presence);
        let mut actions = actions(&capacities, &row, verdict_of(judged));
        // What came on paper goes to other agencies as a certified copy.
        actions.retain(|action| *action != Action::Forward || !came.on_paper);
        let via = row.forwarded_from.is_some().then_some(&row.sender_id);
        Some(Summary {
            href: match &row.forwarded_from {
                _ if capacities.contains(&Capacity::Reader) => format!("/van-ban-den/{}", row.id),
                Some(from) => format!("/van-ban-den/{from}"),
                None => format!("/van-ban/{}", row.document_id),
            },
            via: via.map(|agency| documents::agency_name(&names.agencies, agency)),
            part: row.part,
            wanted_on: row.wanted_on,
            code: came.code,
            kind_name: came.kind_name.to_owned(),
            subject: came.subject,
            urgency: came.urgency,
            issued_on: came.issued_on,
            sender: came.author,
            on_paper: came.on_paper,
            receiver: documents::agency_name(&names.agencies, &row.receiver_id),
            may_answer: actions.contains(&Action::Return),
            actions,
            verdict: judged.map(|row| row.verdict.clone()),
            arrival_number: row.arrival_number,
            lead: row
                .lead_id
                .as_ref()
                .and_then(|lead| names.people.get(lead).cloned()),
            is_late: is_late(row.due_on.as_deref(), is_over(row.status), today),
            due_on: row.due_on,
            id: row.id,
            status: row.status,
            recall: row.recall,
            sent_at: row.sent_at,
        })
    };
    Ok(rows.into_iter().filter_map(summary).collect())
}

fn is_over(status: Status) -> bool {
    matches!(
        status,
        Status::Returned | Status::Completed | Status::RecallAgreed
    )
}

fn actions(capacities: &[Capacity], row: &dispatch::Model, verdict: Verdict) -> Vec<Action> {
    let given = Given {
        verdict,
        reason: Some("…"),
        lead: true,
    };
    // Recalling is a step of the document, on the sender's side.
    let may = |action: &Action| {
        *action != Action::Recall && dispatch_rules(row).permit(*action, capacities, given).is_ok()
    };
    Action::ALL.into_iter().filter(may).collect()
}

/// What a page of dispatches needs, asked for at once.
struct Names {
    agencies: BTreeMap<crate::domain::id::AgencyId, String>,
    people: BTreeMap<PersonId, String>,
    came: BTreeMap<DocumentId, Came>,
    verdicts: BTreeMap<String, verification::Model>,
    support: BTreeMap<DispatchId, Vec<PersonId>>,
}

impl Names {
    async fn of(app: &App, rows: &[dispatch::Model]) -> Result<Self, Problem> {
        let ids: Vec<_> = rows
            .iter()
            .filter_map(|row| row.verification_id.clone())
            .collect();
        let verdicts = verification::Entity::find()
            .filter(verification::Column::Id.is_in(ids))
            .all(app.store.read())
            .await?;
        let ids = rows.iter().map(|row| row.id.clone());
        let supporters = dispatch_support::Entity::find()
            .filter(dispatch_support::Column::DispatchId.is_in(ids))
            .all(app.store.read())
            .await?;
        let mut support: BTreeMap<DispatchId, Vec<PersonId>> = BTreeMap::new();
        for row in supporters {
            support.entry(row.dispatch_id).or_default().push(row.person_id);
        }
        let agencies = rows
            .iter()
            .flat_map(|row| [row.sender_id.clone(), row.receiver_id.clone()]);
        Ok(Self {
            agencies: documents::agencies(app, agencies.collect()).await?,
            support,
            people: documents::people(app, rows.iter().filter_map(|row| row.lead_id.clone()).collect())
                .await?,
            came: came::of(app, rows).await?,
            verdicts: verdicts.into_iter().map(|row| (row.id.clone(), row)).collect(),
        })
    }
}
