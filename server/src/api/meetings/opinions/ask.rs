//! Putting a question in writing.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::call::{caller_agency, empty};
use super::super::{papers, refusals};
use super::seen::{Opinion, seen};
use crate::api::body::Json;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::ballot::{Electorate, Majority, SMALLEST_SECRET, Terms};
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{Role, words};
use crate::domain::meeting_plan::{MeetingKind, Reply};
use crate::domain::roll::QuorumRule;
use crate::jobs::written;
use crate::parts::App;
use crate::store::entity::{meeting, meeting_member, meeting_paper, person};
use crate::store::{Tx, audit};

/// A question to be put in writing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOpinion)]
pub(super) struct NewOpinion {
    /// 1 to 500 characters.
    question: String,
    /// Who is asked: 1 to 500 people with an account, each with one vote.
    people: Vec<PersonId>,
    /// Until when; at least ten minutes from now, at most a year.
    closes_at: Timestamp,
    #[serde(default)]
    is_secret: bool,
    /// Each signs their ballot with their own certificate.
    #[serde(default)]
    is_signed: bool,
    /// Of all who are asked: `half_of_called` or `two_thirds_of_called`.
    majority: Majority,
    /// Documents that are read before it is answered, as they stand now: at most 20, which the caller may see. They are locked
    /// to their bytes, and nothing is added or taken away later.
    #[serde(default)]
    papers: Vec<DocumentId>,
    /// In whose name; default: the agency that the caller works in.
    agency_id: Option<AgencyId>,
}

/// Puts a question in writing to some people, until a moment.
#[utoipa::path(
    post, path = "/opinions", tag = "opinions", request_body = NewOpinion,
    responses(
        (status = CREATED, body = Opinion),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, description = "No document that the caller may see", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`opinion-question`, `opinion-people`, `opinion-time`, `opinion-manner` or `opinion-papers`", body = problem::Body),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Person,
    Json(new): Json<NewOpinion>,
) -> Result<(StatusCode, Json<Opinion>), Problem> {
    let agency_id = caller_agency(&caller, new.agency_id.clone())?;
    let now = app.clock.now();
    let terms = terms(&new)?;
    let from_now = new.closes_at.since(now);
    if !(LEAST_TIME..=MOST_TIME).contains(&from_now) {
        return Err(refusals::opinion_time());
    }
    let people = asked(&app, &new).await?;
    if new.papers.len() > MOST_PAPERS {
        return Err(refusals::opinion_papers());
    }
    for document in &new.papers {
        // Whoever puts it there must be allowed to see it.
        app.custody.document(&(&caller).into(), document).await?;
    }
    let row = meeting::Model {
        title: terms.question.chars().take(200).collect(),
        kind: MeetingKind::Written,
        ends_at: Some(new.closes_at),
        quorum: QuorumRule::None,
        ..empty(&app, &caller, agency_id)
    };
    let id = row.id.clone();
    app.store
        .write(async |tx: &Tx| {
            meeting::ActiveModel::from(row.clone())
                .reset_all()
                .insert(tx)
                .await?;
            for member in members(&row, &caller.id, &people) {
                meeting_member::ActiveModel::from(member)
                    .reset_all()
                    .insert(tx)
                    .await?;
            }
            for document in &new.papers {
                let paper = papers::enclosed(&app, tx, &row.id, &caller.id, document).await?;
                meeting_paper::ActiveModel::from(paper).reset_all().insert(tx).await?;
            }
            let subject = format!("meeting/{id}");
            let detail = json!({
                "question": terms.question, "people": people.len(), "closes_at": new.closes_at, "papers": new.papers,
            });
            audit::append(tx, now, &caller.actor(), "opinion.asked", &subject, detail).await?;
            written::ask(tx, &app.clock, &id, &terms, new.closes_at).await?;
            Ok::<_, Problem>(())
        })
        .await?;
    // The job does it too, should the program stop here.
    let put = app.conferences.put_in_writing(&id, terms, &caller.actor()).await;
    put.map_err(|_| refusals::ballot_not_kept())?;
    Ok((StatusCode::CREATED, Json(seen(&app, &caller, &row).await?)))
}

fn terms(new: &NewOpinion) -> Result<Terms, Problem> {
    let of_called = matches!(new.majority, Majority::HalfOfCalled | Majority::TwoThirdsOfCalled);
    if !of_called || new.is_secret && new.is_signed {
        return Err(refusals::opinion_manner());
    }
    let question = words(&new.question, QUESTION_CHARACTERS).map_err(|_| refusals::opinion_question())?;
    Ok(Terms {
        question,
        item: None,
        electorate: Electorate::Asked,
        is_secret: new.is_secret,
        is_signed: new.is_signed,
        majority: new.majority,
        seconds: None,
        grace_seconds: 0,
    })
}

/// Those who are asked, each once.
async fn asked(app: &App, new: &NewOpinion) -> Result<Vec<PersonId>, Problem> {
    let mut people = new.people.clone();
    people.sort();
    people.dedup();
    let least = if new.is_secret { SMALLEST_SECRET } else { 1 };
    if people.len() != new.people.len() || !(least..=MOST_ASKED).contains(&people.len()) {
        return Err(refusals::opinion_people());
    }
    let known = person::Entity::find()
        .filter(person::Column::Id.is_in(people.clone()))
        .filter(person::Column::IsActive.eq(true))
        .all(app.store.read())
        .await?;
    if known.len() == people.len() {
        Ok(people)
    } else {
        Err(refusals::opinion_people())
    }
}

/// Whoever puts the question leads it: as chair where they are asked too, else as secretary, who has no vote.
fn members(row: &meeting::Model, caller: &PersonId, people: &[PersonId]) -> Vec<meeting_member::Model> {
    let leads = if people.contains(caller) {
        Role::Chair
    } else {
        Role::Secretary
    };
    let others = people.iter().filter(|person| *person != caller);
    let others = others.map(|person| (person, Role::Delegate));
    let member = |(person, role): (&PersonId, Role)| meeting_member::Model {
        meeting_id: row.id.clone(),
        person_id: person.clone(),
        role,
        site_id: None,
        agency_id: None,
        reply: Reply::None,
        reply_note: None,
        replied_at: None,
        stands_for: None,
        weight: 1,
    };
    std::iter::once((caller, leads))
        .chain(others)
        .map(member)
        .collect()
}

const QUESTION_CHARACTERS: usize = 500;
const MOST_ASKED: usize = 500;
const MOST_PAPERS: usize = 20;
const LEAST_TIME: std::time::Duration = std::time::Duration::from_secs(10 * 60);
const MOST_TIME: std::time::Duration = std::time::Duration::from_secs(366 * 24 * 3600);
