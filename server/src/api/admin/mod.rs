//! `/admin`: who works where and as what, for those who administer. Nobody else gets in.
//!
//! Whoever administers an agency keeps its people; the province's administrator keeps all, and the agencies
//! (`domain::role::Reach`). What is out of reach is not found.

mod agencies;
mod api_keys;
mod health;
mod lists;
mod people;
mod person;
mod refusal;
mod substitutions;
mod trust_anchors;

use std::collections::BTreeSet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use utoipa_axum::router::OpenApiRouter;

use super::problem::Problem;
use super::session::Person;
use crate::domain::id::AgencyId;
use crate::domain::organisation::AgencyKind;
use crate::domain::role::Reach;
use crate::parts::App;
use crate::store::audit::Actor;
use crate::store::entity::agency;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(people::routes())
        .merge(person::routes())
        .merge(agencies::routes())
        .merge(substitutions::routes())
        .merge(lists::routes())
        .merge(health::routes())
        .merge(trust_anchors::routes())
        .merge(api_keys::routes())
}

/// Somebody who administers; as an extractor it refuses everybody else with 403.
struct Administrator {
    person: Person,
    reach: Reach,
}

impl Administrator {
    fn actor(&self) -> Actor {
        self.person.actor()
    }

    /// Lets through who keeps the province.
    fn of_province(&self) -> Result<(), Problem> {
        match self.reach {
            Reach::All => Ok(()),
            Reach::Within(_) => Err(Problem::forbidden()),
        }
    }

    /// Lets through whose reach covers the agency.
    fn of(&self, agency: &AgencyId) -> Result<(), Problem> {
        match self.reach.covers(agency) {
            true => Ok(()),
            false => Err(Problem::not_found()),
        }
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let person = <Person as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let held = person.held();
        let own: Vec<AgencyId> = held.iter().map(|held| held.agency_id.clone()).collect();
        let provinces: Vec<AgencyId> = agency::Entity::find()
            .select_only()
            .column(agency::Column::Id)
            .filter(agency::Column::Id.is_in(own))
            .filter(agency::Column::Kind.eq(AgencyKind::Province))
            .into_tuple()
            .all(app.store.read())
            .await?;
        let provinces: BTreeSet<AgencyId> = provinces.into_iter().collect();
        match Reach::of(&held, |agency| provinces.contains(agency)) {
            Some(reach) => Ok(Self { person, reach }),
            None => Err(Problem::forbidden()),
        }
    }
}
