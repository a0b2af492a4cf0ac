//! One person: what they are, and what an administrator does with their account.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use super::people::{Assigned, HandedOut};
use crate::accounts::change::{self, Standing};
use crate::accounts::own::own_password;
use crate::accounts::{self, NewMembership, personal};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Membership;
use crate::clock::Timestamp;
use crate::domain::account::RESET;
use crate::domain::id::{AgencyId, PersonId};
use crate::jobs::{
    self,
    password_letter::{self, MailReset},
};
use crate::parts::App;
use crate::store::entity::person;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(rename))
        .routes(routes!(assign))
        .routes(routes!(lock))
        .routes(routes!(unlock))
        .routes(routes!(end_sessions))
        .routes(routes!(renew_password))
        .routes(routes!(renew_code))
        .routes(routes!(make_link))
        .routes(routes!(personal_data))
        .routes(routes!(erase))
}

/// An account as its administrator sees it.
#[derive(Serialize, ToSchema)]
struct Account {
    id: PersonId,
    user_name: String,
    full_name: String,
    mail_address: Option<String>,
    is_locked: bool,
    memberships: Vec<Membership>,
    /// Whether a role asks for one-time codes.
    needs_one_time_code: bool,
    /// How many sessions are open.
    sessions: usize,
    last_seen_at: Option<Timestamp>,
    created_at: Timestamp,
    /// Whether whoever asks may change it: all agencies of the person are within their reach.
    may_change: bool,
    is_oneself: bool,
}

/// An account.
#[utoipa::path(
    get, path = "/admin/people/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
async fn show(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(account(&app, &administrator, &id).await?))
}

async fn account(app: &App, administrator: &Administrator, id: &PersonId) -> Result<Account, Problem> {
    let found = person::Entity::find_by_id(id.clone())
        .one(app.store.read())
        .await?;
    let row = found.ok_or_else(Problem::not_found)?;
    let memberships = accounts::memberships(app.store.read(), std::slice::from_ref(id)).await?;
    let memberships = memberships.into_values().next().unwrap_or_default();
    let agencies: Vec<AgencyId> = memberships.iter().map(|held| held.agency_id.clone()).collect();
    let may_change = administrator.reach.keeps(&agencies);
    let seen = agencies.iter().any(|agency| administrator.reach.covers(agency));
    if !may_change && !seen {
        return Err(Problem::not_found());
    }
    let sessions = accounts::sessions(app, id).await?;
    Ok(Account {
        needs_one_time_code: memberships.iter().any(|held| held.role.needs_one_time_code()),
        sessions: sessions.len(),
        last_seen_at: sessions.first().map(|session| session.last_seen_at),
        is_oneself: row.id == administrator.person.id,
        id: row.id,
        user_name: row.user_name,
        full_name: row.full_name,
        mail_address: row.mail_address,
        is_locked: !row.is_active,
        memberships,
        created_at: row.created_at,
        may_change,
    })
}

/// The account, if whoever asks may change it.
async fn kept(app: &App, administrator: &Administrator, id: &PersonId) -> Result<Account, Problem> {
    let account = account(app, administrator, id).await?;
    match account.may_change {
        true => Ok(account),
        false => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "works-elsewhere",
            "Người này còn làm việc ở cơ quan khác, nên chỉ quản trị của tỉnh được thay đổi tài khoản.",
            "This person works in another agency too; only the province's administrator may change the account.",
        )),
    }
}

/// A person's other name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FullName {
    full_name: String,
}

/// Gives a person another full name.
#[utoipa::path(
    put, path = "/admin/people/{id}/full-name", tag = "administration", params(("id" = String, Path)), request_body = FullName,
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body))
)]
async fn rename(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
    Json(said): Json<FullName>,
) -> Result<Json<Account>, Problem> {
    kept(&app, &administrator, &id).await?;
    change::rename(&app, &administrator.actor(), &id, &said.full_name).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}

/// Every role and position of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    memberships: Vec<Assigned>,
}

/// Sets all roles and positions of a person. Where a role now asks for a one-time code and there is none, its secret is in
/// the answer and nowhere else.
#[utoipa::path(
    put, path = "/admin/people/{id}/memberships", tag = "administration", params(("id" = String, Path)), request_body = Assignment,
    responses((status = OK, body = HandedOut), (status = FORBIDDEN, body = problem::Body))
)]
async fn assign(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
    Json(said): Json<Assignment>,
) -> Result<Json<HandedOut>, Problem> {
    let account = kept(&app, &administrator, &id).await?;
    let memberships: Vec<NewMembership> = said.memberships.into_iter().map(Into::into).collect();
    for new in &memberships {
        administrator.of(&new.agency_id)?;
        super::agencies::existing(&app, &new.agency_id).await?;
    }
    let code = change::assign(&app, &administrator.actor(), &id, memberships).await?;
    Ok(Json(HandedOut {
        person_id: id,
        user_name: account.user_name,
        first_password: None,
        one_time_code_secret: code.map(|code| code.base32()),
    }))
}

/// Locks an account; its sessions end.
#[utoipa::path(
    post, path = "/admin/people/{id}/lock", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body), (status = CONFLICT, body = problem::Body))
)]
async fn lock(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<Account>, Problem> {
    stand(&app, &administrator, &id, Standing::Locked).await
}

/// Opens an account that was locked, by an administrator or after wrong attempts.
#[utoipa::path(
    post, path = "/admin/people/{id}/unlock", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body))
)]
async fn unlock(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<Account>, Problem> {
    stand(&app, &administrator, &id, Standing::Open).await
}

async fn stand(
    app: &App,
    administrator: &Administrator,
    id: &PersonId,
    standing: Standing,
) -> Result<Json<Account>, Problem> {
    kept(app, administrator, id).await?;
    change::set_standing(app, &administrator.actor(), id, standing).await?;
    Ok(Json(account(app, administrator, id).await?))
}

/// Ends every session of a person.
#[utoipa::path(
    post, path = "/admin/people/{id}/session-end", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body))
)]
async fn end_sessions(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<Account>, Problem> {
    kept(&app, &administrator, &id).await?;
    change::end_sessions(&app, &administrator.actor(), &id).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}

/// Gives a person a new first password, which is in the answer and nowhere else; their sessions end.
#[utoipa::path(
    post, path = "/admin/people/{id}/first-password", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = HandedOut), (status = FORBIDDEN, body = problem::Body))
)]
async fn renew_password(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<HandedOut>, Problem> {
    let account = kept(&app, &administrator, &id).await?;
    let password = change::renew_password(&app, &administrator.actor(), &id).await?;
    Ok(Json(HandedOut {
        person_id: id,
        user_name: account.user_name,
        first_password: Some(password.to_string()),
        one_time_code_secret: None,
    }))
}

/// Gives a person a new secret for their authenticator, which is in the answer and nowhere else; their sessions end.
#[utoipa::path(
    post, path = "/admin/people/{id}/one-time-code", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = HandedOut), (status = FORBIDDEN, body = problem::Body))
)]
async fn renew_code(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<HandedOut>, Problem> {
    let account = kept(&app, &administrator, &id).await?;
    if !account.needs_one_time_code {
        return Err(accounts::Error::NoCode(account.user_name).into());
    }
    let code = change::renew_code(&app, &administrator.actor(), &id).await?;
    Ok(Json(HandedOut {
        person_id: id,
        user_name: account.user_name,
        first_password: None,
        one_time_code_secret: Some(code.base32()),
    }))
}

/// A link by which a person chooses a new password.
#[derive(Serialize, ToSchema)]
struct PasswordLink {
    link: String,
    expires_at: Timestamp,
    /// Where it is mailed to; none where the person has no address or no mail server is set up: then it is printed.
    mailed_to: Option<String>,
}

/// Makes a link by which the person chooses a new password; those made before open nothing any more. It is mailed where it
/// can be, and in the answer to be handed over.
#[utoipa::path(
    post, path = "/admin/people/{id}/password-link", tag = "administration", params(("id" = String, Path)),
    responses((status = CREATED, body = PasswordLink), (status = FORBIDDEN, body = problem::Body))
)]
async fn make_link(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<(StatusCode, Json<PasswordLink>), Problem> {
    let account = kept(&app, &administrator, &id).await?;
    own_password(&app, &account.user_name)?;
    let mailed_to = account.mail_address.filter(|_| app.mailer.is_some());
    let made: Result<accounts::Reset, accounts::Error> = app
        .store
        .write(async |tx| {
            let reset = accounts::make_reset(&app, tx, &administrator.actor(), &id, RESET).await?;
            if mailed_to.is_some() {
                let job = MailReset {
                    reset_id: reset.id.clone(),
                };
                jobs::enqueue(tx, &app.clock, &job).await?;
            }
            Ok(reset)
        })
        .await;
    let reset = made?;
    let link = PasswordLink {
        link: password_letter::link(&app, &reset.word),
        expires_at: reset.expires_at,
        mailed_to,
    };
    Ok((StatusCode::CREATED, Json(link)))
}

/// Everything kept of a person beside the papers themselves, for the person.
#[utoipa::path(
    get, path = "/admin/people/{id}/personal-data", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = serde_json::Value), (status = FORBIDDEN, body = problem::Body))
)]
async fn personal_data(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<serde_json::Value>, Problem> {
    kept(&app, &administrator, &id).await?;
    Ok(Json(
        personal::hand_out(&app, &id, personal::Reader::Office).await?,
    ))
}

/// Erases what no paper needs of a person who has left, and locks the account for good: address, password, authenticator,
/// sessions, links. The name stays where papers and the audit chain have it.
#[utoipa::path(
    post, path = "/admin/people/{id}/erasure", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = Account), (status = FORBIDDEN, body = problem::Body), (status = CONFLICT, body = problem::Body))
)]
async fn erase(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<PersonId>,
) -> Result<Json<Account>, Problem> {
    kept(&app, &administrator, &id).await?;
    personal::erase(&app, &administrator.actor(), &id).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}
