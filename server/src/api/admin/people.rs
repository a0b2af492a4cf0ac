//! The list of people, and new ones.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::Administrator;
use crate::accounts::listed::{Whom, matching};
use crate::accounts::{self, NewMembership, NewPerson};
use crate::api::body::{Json, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Membership;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::role::Role;
use crate::parts::App;
use crate::store::entity::person;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// Which people are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The beginnings of words of a name or user name, with or without marks.
    pub q: Option<String>,
    /// Only those who work in this agency.
    #[param(value_type = Option<String>)]
    pub agency: Option<AgencyId>,
    /// Only those who hold this role.
    #[param(inline)]
    pub role: Option<Role>,
    /// Only locked accounts, or only open ones.
    pub locked: Option<bool>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many people, 1 to 200. Default 50.
    pub limit: Option<u64>,
}

impl Wanted {
    fn whom(&self) -> Whom {
        Whom {
            words: self.q.clone().unwrap_or_default(),
            agency: self.agency.clone(),
            role: self.role,
            is_locked: self.locked,
        }
    }
}

/// A person in the administrator's list.
#[derive(Serialize, ToSchema)]
struct AccountSummary {
    id: PersonId,
    user_name: String,
    full_name: String,
    is_locked: bool,
    memberships: Vec<Membership>,
}

/// People with an account, by their given names.
#[utoipa::path(
    get, path = "/admin/people", tag = "administration", params(Wanted),
    responses((status = OK, body = Page<AccountSummary>), (status = FORBIDDEN, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    administrator: Administrator,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<AccountSummary>>, Problem> {
    let page = PageQuery {
        after: wanted.after.clone(),
        limit: wanted.limit,
    };
    let mut find = matching(&administrator.reach, &wanted.whom())
        .order_by_asc(person::Column::NameKey)
        .order_by_asc(person::Column::Id)
        .limit(page.rows());
    if let Some(after) = &page.after {
        let last = person::Entity::find_by_id(PersonId(after.clone()));
        let last = last.one(app.store.read()).await?.ok_or_else(Problem::not_found)?;
        let same = Condition::all()
            .add(person::Column::NameKey.eq(&last.name_key))
            .add(person::Column::Id.gt(last.id));
        find = find.filter(
            Condition::any()
                .add(person::Column::NameKey.gt(&last.name_key))
                .add(same),
        );
    }
    let rows = find.all(app.store.read()).await?;
    let ids: Vec<PersonId> = rows.iter().map(|row| row.id.clone()).collect();
    let mut memberships: BTreeMap<PersonId, Vec<Membership>> =
        accounts::memberships(app.store.read(), &ids).await?;
    let summary = |row: person::Model| AccountSummary {
        memberships: memberships.remove(&row.id).unwrap_or_default(),
        id: row.id,
        user_name: row.user_name,
        full_name: row.full_name,
        is_locked: !row.is_active,
    };
    let summaries = rows.into_iter().map(summary).collect();
    Ok(Json(Page::of(&page, summaries, |summary| summary.id.0.clone())))
}

/// A role in an agency, as it is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assigned {
    agency_id: AgencyId,
    role: Role,
    /// Chức vụ, as in "Chủ tịch".
    position: String,
}

impl From<Assigned> for NewMembership {
    fn from(said: Assigned) -> Self {
        Self {
            agency_id: said.agency_id,
            role: said.role,
            position: said.position,
        }
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    user_name: String,
    full_name: String,
    agency_id: AgencyId,
    role: Role,
    position: String,
}

/// What a person is handed once, and what is kept nowhere.
#[derive(Serialize, ToSchema)]
pub(super) struct HandedOut {
    pub person_id: PersonId,
    pub user_name: String,
    pub first_password: Option<String>,
    /// In base 32, for the person's authenticator.
    pub one_time_code_secret: Option<String>,
}

/// Makes an account. The first password and the secret of the one-time code are in the answer and nowhere else.
#[utoipa::path(
    post, path = "/admin/people", tag = "administration", request_body = NewAccount,
    responses(
        (status = CREATED, body = HandedOut),
        (status = FORBIDDEN, body = problem::Body),
        (status = CONFLICT, description = "`taken`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`unfit`: a text does not fit", body = problem::Body),
    )
)]
async fn create(
    State(app): State<App>,
    administrator: Administrator,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, Json<HandedOut>), Problem> {
    administrator.of(&new.agency_id)?;
    super::agencies::existing(&app, &new.agency_id).await?;
    let password = Zeroizing::new(accounts::first_password(&app.clock));
    let person = NewPerson {
        user_name: new.user_name.clone(),
        full_name: new.full_name,
        password: password.clone(),
        memberships: vec![NewMembership {
            agency_id: new.agency_id,
            role: new.role,
            position: new.position,
        }],
    };
    let created = accounts::create(&app, &administrator.actor(), person).await?;
    let handed_out = HandedOut {
        person_id: created.id,
        user_name: new.user_name,
        first_password: Some(password.to_string()),
        one_time_code_secret: created.one_time_code.map(|code| code.base32()),
    };
    Ok((StatusCode::CREATED, Json(handed_out)))
}
