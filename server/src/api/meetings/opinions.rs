//! `/opinions`: votes in writing without a meeting (phiếu lấy ý kiến): put, seen by whoever is asked, answered, counted.

use axum::extract::State;
use axum::http::StatusCode;
use ring::digest;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call::{caller_agency, empty};
use super::signed_ballot::statement_of;
use super::{member_of, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::conference::{Close, Identity, Unwritten};
use crate::domain::ballot::{Choice, Electorate, End, Majority, Tally, Terms, TokenKey, Vote};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, Role, SeatId, words};
use crate::domain::meeting_plan::{MeetingKind, Reply};
use crate::domain::meeting_right::{Act, may};
use crate::domain::procedure::{Caller, Event, Procedure};
use crate::domain::replay::Fault;
use crate::domain::roll::QuorumRule;
use crate::jobs::written;
use crate::parts::App;
use crate::store::entity::{agency, meeting, meeting_member, person};
use crate::store::{Tx, audit};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read))
        .routes(routes!(cast))
        .routes(routes!(token))
        .routes(routes!(close))
}

/// A question to be put in writing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOpinion)]
struct NewOpinion {
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
    /// In whose name; default: the agency that the caller works in.
    agency_id: Option<AgencyId>,
}

/// A question put in writing, as one who is asked, or who put it, sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Opinion)]
struct Opinion {
    id: MeetingId,
    agency_name: String,
    question: String,
    opened_at: Timestamp,
    closes_at: Timestamp,
    is_secret: bool,
    is_signed: bool,
    majority: Majority,
    voters: u32,
    /// How many have voted; of a secret vote, how many have a token.
    voted: u32,
    needed: u32,
    /// Of an open vote as it stands, of a secret one when it is over.
    tally: Tally,
    end: Option<End>,
    /// Whether the caller is asked.
    is_asked: bool,
    /// What the caller chose, where it is known.
    my_choice: Option<Choice>,
    /// Whether the caller has voted, or has a token.
    took_part: bool,
    /// Whether the caller leads it: sees who has voted, closes it, takes its record away.
    leads: bool,
    /// The caller's seat in the record.
    seat: SeatId,
    key: Option<TokenKey>,
    /// Who is asked and has voted: for whoever leads it while it is open, for all when it is over.
    ballots: Vec<Answer>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpinionAnswer)]
struct Answer {
    name: String,
    took_part: bool,
    /// Nothing in a secret vote, and before they voted.
    choice: Option<Choice>,
}

/// Puts a question in writing to some people, until a moment.
#[utoipa::path(
    post, path = "/opinions", tag = "opinions", request_body = NewOpinion,
    responses(
        (status = CREATED, body = Opinion),
        (status = FORBIDDEN, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`opinion-question`, `opinion-people`, `opinion-time` or `opinion-manner`", body = problem::Body),
    )
)]
async fn create(
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
            let subject = format!("meeting/{id}");
            let detail =
                json!({ "question": terms.question, "people": people.len(), "closes_at": new.closes_at });
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

/// The questions that the caller is asked or has put, the last first: at most 200.
#[utoipa::path(
    get, path = "/opinions", tag = "opinions",
    responses((status = OK, body = Vec<Opinion>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(State(app): State<App>, caller: Person) -> Result<Json<Vec<Opinion>>, Problem> {
    let reader = app.store.read();
    let mine = meeting_member::Entity::find()
        .filter(meeting_member::Column::PersonId.eq(caller.id.clone()))
        .all(reader)
        .await?;
    let mine = mine.into_iter().map(|member| member.meeting_id);
    let rows = meeting::Entity::find()
        .filter(meeting::Column::Id.is_in(mine))
        .filter(meeting::Column::Kind.eq(MeetingKind::Written))
        .order_by_desc(meeting::Column::Id)
        .limit(MOST_LISTED)
        .all(reader)
        .await?;
    let mut opinions = Vec::new();
    for row in rows {
        opinions.push(seen(&app, &caller, &row).await?);
    }
    Ok(Json(opinions))
}

/// One question.
#[utoipa::path(
    get, path = "/opinions/{id}", tag = "opinions", params(("id" = String, Path)),
    responses((status = OK, body = Opinion), (status = NOT_FOUND, body = problem::Body))
)]
async fn read(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Opinion>, Problem> {
    let (row, _) = found(&app, &caller, id).await?;
    // The hour does not wait for the job.
    due(&app, &row).await?;
    Ok(Json(seen(&app, &caller, &row).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpinionCast)]
struct Cast {
    choice: Choice,
    /// Where ballots are signed.
    pin: Option<String>,
}

/// Casts the caller's ballot in an open vote; again with another choice, changes it.
#[utoipa::path(
    post, path = "/opinions/{id}/ballot", tag = "opinions", params(("id" = String, Path)), request_body = Cast,
    responses(
        (status = OK, body = Opinion),
        (status = FORBIDDEN, description = "Not asked, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = NOT_FOUND, description = "No such question, or its vote is secret", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`", body = problem::Body),
    )
)]
async fn cast(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
    Json(Cast { choice, pin }): Json<Cast>,
) -> Result<Json<Opinion>, Problem> {
    let (row, _) = found(&app, &caller, id).await?;
    due(&app, &row).await?;
    let procedure = app.conferences.procedure(&row.id).await?;
    let vote = question(&procedure).filter(|vote| !vote.opening.terms.is_secret);
    let vote = vote.ok_or_else(Problem::not_found)?;
    let seat = seat(&app, &row.id, &caller.id);
    let voter = vote.opening.voter(&seat).ok_or_else(Problem::forbidden)?;
    if vote.end.is_some() {
        return Err(refusals::vote_closed());
    }
    if vote.ballots.get(&seat) != Some(&choice) {
        let signed = match (vote.opening.terms.is_signed, pin) {
            (true, Some(pin)) => {
                Some(statement_of(&app, &caller, (&row.id, vote, voter), choice, &pin).await?)
            }
            (true, None) => return Err(Problem::forbidden()),
            (false, _) => None,
        };
        let event = Event::Voted {
            vote: vote.id,
            voter: seat.clone(),
            choice,
            by: seat,
            signed: signed.map(Box::new),
        };
        match app.conferences.happen(&row.id, &caller.actor(), event).await {
            Ok(()) | Err(Unwritten::Impossible(Fault::NoChange)) => {}
            Err(Unwritten::Impossible(_)) => return Err(refusals::vote_closed()),
            Err(Unwritten::NotKept) => return Err(refusals::ballot_not_kept()),
        }
        // The ballot counts; the hour closes it at the latest.
        let _ = app.conferences.close_in_writing(&row.id, Close::Complete).await;
    }
    Ok(Json(seen(&app, &caller, &row).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpinionToken)]
struct AskedToken {
    /// In hexadecimal, as long as the modulus of the vote's key.
    blinded: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpinionTokenSigned)]
struct SignedToken {
    signed: String,
}

/// A token of a secret vote, signed blindly; the ballot is then cast at `/ballots`, without a cookie (`server/BALLOT.md`).
#[utoipa::path(
    post, path = "/opinions/{id}/token", tag = "opinions", params(("id" = String, Path)), request_body = AskedToken,
    responses(
        (status = OK, body = SignedToken),
        (status = FORBIDDEN, description = "Not asked", body = problem::Body),
        (status = NOT_FOUND, description = "No such question, or its vote is not secret", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`, or `ballot-token`: another token was given", body = problem::Body),
    )
)]
async fn token(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
    Json(AskedToken { blinded }): Json<AskedToken>,
) -> Result<Json<SignedToken>, Problem> {
    use crate::conference::protocol::ErrorName;
    let (row, member) = found(&app, &caller, id).await?;
    let bytes = hex::decode(&blinded).map_err(|_| refusals::words())?;
    let voter = Caller {
        seat: seat(&app, &row.id, &caller.id),
        role: member.role,
        site: None,
        name: caller.full_name.clone(),
    };
    let hash = hex::encode(digest::digest(&digest::SHA256, &bytes));
    let signed = app
        .conferences
        .token_in_writing(&row.id, &voter, &caller.actor(), (hash, bytes))
        .await;
    let signed = signed.map_err(|error| match error {
        ErrorName::NotEntitled | ErrorName::Refused => Problem::forbidden(),
        ErrorName::VoteClosed => refusals::vote_closed(),
        ErrorName::TokenGiven => refusals::token_given(),
        ErrorName::Unusable => refusals::words(),
        ErrorName::NothingThere => Problem::not_found(),
        _ => refusals::ballot_not_kept(),
    })?;
    Ok(Json(SignedToken {
        signed: hex::encode(signed),
    }))
}

/// Closes the vote before its time: whoever put the question.
#[utoipa::path(
    post, path = "/opinions/{id}/closing", tag = "opinions", params(("id" = String, Path)),
    responses((status = OK, body = Opinion), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
async fn close(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Opinion>, Problem> {
    let (row, member) = found(&app, &caller, id).await?;
    if !may(member.role, Act::CallVote) {
        return Err(Problem::forbidden());
    }
    let closed = app
        .conferences
        .close_by(&row.id, Close::Now, &caller.actor())
        .await;
    closed.map_err(|_| refusals::ballot_not_kept())?;
    Ok(Json(seen(&app, &caller, &row).await?))
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
    let least = if new.is_secret {
        crate::domain::ballot::SMALLEST_SECRET
    } else {
        1
    };
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

/// A question that the caller is asked or has put.
async fn found(
    app: &App,
    caller: &Person,
    id: MeetingId,
) -> Result<(meeting::Model, meeting_member::Model), Problem> {
    let reader = app.store.read();
    let row = meeting::Entity::find_by_id(id).one(reader).await?;
    let row = row.filter(|row| row.kind == MeetingKind::Written);
    let row = row.ok_or_else(Problem::not_found)?;
    let member = member_of(reader, &row.id, &caller.id).await?;
    Ok((row, member.ok_or_else(Problem::not_found)?))
}

async fn due(app: &App, row: &meeting::Model) -> Result<(), Problem> {
    if row.ends_at.is_none_or(|at| at > app.clock.now()) {
        return Ok(());
    }
    let closed = app.conferences.close_in_writing(&row.id, Close::Due).await;
    closed.map_err(|_| refusals::ballot_not_kept())
}

fn seat(app: &App, id: &MeetingId, person: &PersonId) -> SeatId {
    app.conferences.seat_of(id, &Identity::Person(person.clone()))
}

fn question(procedure: &Procedure) -> Option<&Vote> {
    procedure.votes.all.first()
}

/// As this person sees it.
async fn seen(app: &App, caller: &Person, row: &meeting::Model) -> Result<Opinion, Problem> {
    let reader = app.store.read();
    let procedure = app.conferences.procedure(&row.id).await?;
    let vote = question(&procedure).ok_or_else(Problem::not_found)?;
    let member = member_of(reader, &row.id, &caller.id).await?;
    let seat = seat(app, &row.id, &caller.id);
    let leads = member.is_some_and(|member| may(member.role, Act::CallVote));
    let opening = &vote.opening;
    let shows = leads || vote.end.is_some();
    let answers = opening.voters.iter().filter(|_| shows).map(|voter| Answer {
        name: voter.name.clone(),
        took_part: vote.has_voted(&voter.seat),
        choice: vote.ballots.get(&voter.seat).copied(),
    });
    let voted = opening.voters.iter().filter(|voter| vote.has_voted(&voter.seat));
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Opinion {
        id: row.id.clone(),
        agency_name: agency_name(reader, &row.agency_id).await?,
        question: opening.terms.question.clone(),
        opened_at: vote.opened_at,
        closes_at: row.ends_at.unwrap_or(vote.opened_at),
        is_secret: opening.terms.is_secret,
        is_signed: opening.terms.is_signed,
        majority: opening.terms.majority,
        voters: count(opening.voters.len()),
        voted: count(voted.count()),
        needed: opening.needed(),
        tally: vote.tally(),
        end: vote.end,
        is_asked: opening.voter(&seat).is_some(),
        my_choice: vote.ballots.get(&seat).copied(),
        took_part: vote.has_voted(&seat),
        leads,
        key: opening.key.clone(),
        ballots: answers.collect(),
        seat,
    })
}

async fn agency_name(connection: &impl ConnectionTrait, id: &AgencyId) -> Result<String, DbErr> {
    let row = agency::Entity::find_by_id(id.clone()).one(connection).await?;
    Ok(row.map(|row| row.name).unwrap_or_default())
}

const QUESTION_CHARACTERS: usize = 500;
const MOST_ASKED: usize = 500;
const MOST_LISTED: u64 = 200;
const LEAST_TIME: std::time::Duration = std::time::Duration::from_secs(10 * 60);
const MOST_TIME: std::time::Duration = std::time::Duration::from_secs(366 * 24 * 3600);
