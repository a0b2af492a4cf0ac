//! Sessions: a random token in a cookie, its SHA-256 in the database, with an idle and an absolute end.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait};
use sea_orm::{QueryFilter, QueryOrder};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use super::substitution::{self, Acting};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::organisation::AgencyKind;
use crate::domain::role::{self, Action, Held, Role};
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::Actor;
use crate::store::entity::{agency, membership, person, session};

/// The secret of a session: 256 random bits, known only to the browser.
pub struct Token(String);

impl Token {
    /// The token as it stands in the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A role and position in an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Membership {
    pub agency_id: AgencyId,
    pub agency_name: String,
    pub agency_kind: AgencyKind,
    pub role: Role,
    /// Chức vụ, as in "Chủ tịch".
    pub position: String,
}

/// Somebody who is logged in; as an extractor it refuses everybody else with 401.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    pub id: PersonId,
    pub user_name: String,
    pub full_name: String,
    /// Where letters to the person go.
    pub mail_address: Option<String>,
    /// All roles; the first is of the agency that the person works in.
    pub memberships: Vec<Membership>,
    /// Roles held today for those who are absent.
    pub acting_for: Vec<Acting>,
}

impl Person {
    /// The roles alone, for [`role::may`].
    pub fn held(&self) -> Vec<Held> {
        let own = self.memberships.iter();
        let own = own.map(|membership| Held::own(membership.agency_id.clone(), membership.role));
        let lent = self.acting_for.iter();
        let lent = lent.map(|acting| Held::lent(acting.agency_id.clone(), acting.role));
        own.chain(lent).collect()
    }

    /// Whether the person may do `action` in `agency`.
    pub fn may(&self, action: Action, agency: &AgencyId) -> bool {
        role::may(&self.held(), action, agency)
    }

    /// The agencies in which the person may do `action`.
    pub fn agencies_where(&self, action: Action) -> Vec<AgencyId> {
        let held = self.held();
        let mut agencies: Vec<AgencyId> = held.iter().map(|held| held.agency_id.clone()).collect();
        agencies.sort();
        agencies.dedup();
        agencies.retain(|agency| role::may(&held, action, agency));
        agencies
    }

    /// The membership in the agency that the person works in.
    pub fn main(&self) -> Option<&Membership> {
        self.memberships.first()
    }

    /// The person as the audit chain names them.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.id.clone())
    }
}

/// The memberships of each of these people, the oldest agency's first.
///
/// # Errors
/// When the database refuses.
pub async fn memberships(
    connection: &impl ConnectionTrait,
    people: &[PersonId],
) -> Result<BTreeMap<PersonId, Vec<Membership>>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::PersonId.is_in(people.iter().cloned()))
        .find_also_related(agency::Entity)
        .order_by_asc(membership::Column::AgencyId)
        .order_by_asc(membership::Column::Role)
        .all(connection)
        .await?;
    let mut memberships: BTreeMap<PersonId, Vec<Membership>> = BTreeMap::new();
    // The database keeps that each has its agency.
    let rows = rows.into_iter().filter_map(|(row, agency)| Some((row, agency?)));
    for (row, agency) in rows {
        memberships.entry(row.person_id).or_default().push(Membership {
            agency_id: row.agency_id,
            agency_name: agency.name,
            agency_kind: agency.kind,
            role: row.role,
            position: row.position,
        });
    }
    Ok(memberships)
}

/// Where a session is opened from: told to its owner, so that they know their own from another's.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// What the browser says of itself.
    pub device: Option<String>,
    pub address: Option<String>,
}

/// The most characters of a browser's own words that are kept.
const DEVICE_CHARACTERS: usize = 300;

/// Opens a session for a person and forgets their ended ones.
pub(super) async fn open(app: &App, tx: &Tx, person: &PersonId, place: Place) -> Result<Token, DbErr> {
    let now = app.clock.now();
    let limits = &app.config.session;
    let ended = Condition::any()
        .add(session::Column::CreatedAt.lt(now.before(limits.absolute())))
        .add(session::Column::LastSeenAt.lt(now.before(limits.idle())));
    session::Entity::delete_many()
        .filter(session::Column::PersonId.eq(person.clone()))
        .filter(ended)
        .exec(tx)
        .await?;
    let token = Token(BASE64_URL_SAFE_NO_PAD.encode(app.clock.random_bytes::<32>()));
    let row = session::ActiveModel {
        token_hash: Set(hash(token.as_str())),
        person_id: Set(person.clone()),
        created_at: Set(now),
        last_seen_at: Set(now),
        device: Set(place
            .device
            .map(|device| device.chars().take(DEVICE_CHARACTERS).collect())),
        address: Set(place.address),
    };
    session::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(token)
}

/// The person whose session `token` is, while it lives; keeps it alive.
///
/// # Errors
/// When the database refuses.
pub async fn identify(app: &App, token: &str) -> Result<Option<Person>, DbErr> {
    let now = app.clock.now();
    let limits = &app.config.session;
    let found = session::Entity::find_by_id(hash(token))
        .find_also_related(person::Entity)
        .one(app.store.read())
        .await?;
    let Some((session, Some(person))) = found else {
        return Ok(None);
    };
    let lives =
        now.since(session.created_at) < limits.absolute() && now.since(session.last_seen_at) < limits.idle();
    if !lives || !person.is_active {
        return Ok(None);
    }
    touch(app, &session).await;
    let mut memberships = memberships(app.store.read(), std::slice::from_ref(&person.id)).await?;
    let memberships = memberships.remove(&person.id).unwrap_or_default();
    let acting_for = substitution::acting(app.store.read(), &person.id, now).await?;
    Ok(Some(Person {
        id: person.id,
        user_name: person.user_name,
        full_name: person.full_name,
        mail_address: person.mail_address,
        memberships,
        acting_for,
    }))
}

/// Whether the session of `token` was neither ended nor its account locked; keeps it alive, so that a meeting counts as use.
///
/// # Errors
/// When the database refuses.
pub async fn is_open(app: &App, token: &str) -> Result<bool, DbErr> {
    let found = session::Entity::find_by_id(hash(token))
        .find_also_related(person::Entity)
        .one(app.store.read())
        .await?;
    match found {
        Some((session, Some(person))) if person.is_active => {
            touch(app, &session).await;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Notes that the session is used now. Where nothing can be written, who is logged in may still read.
async fn touch(app: &App, session: &session::Model) {
    let now = app.clock.now();
    if now.since(session.last_seen_at) < TOUCH {
        return;
    }
    let seen = session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(now))
        .filter(session::Column::TokenHash.eq(&session.token_hash));
    if let Err(error) = app.store.write(async |tx| seen.exec(tx).await).await {
        warn!(%error, "cannot note that a session is used");
    }
}

/// Ends the session of `token`.
///
/// # Errors
/// When the database refuses.
pub async fn close(tx: &Tx, token: &str) -> Result<(), DbErr> {
    session::Entity::delete_by_id(hash(token)).exec(tx).await?;
    Ok(())
}

/// The sessions of a person that live, the latest used first.
///
/// # Errors
/// When the database refuses.
pub async fn sessions(app: &App, person: &PersonId) -> Result<Vec<session::Model>, DbErr> {
    let now = app.clock.now();
    let limits = &app.config.session;
    session::Entity::find()
        .filter(session::Column::PersonId.eq(person.clone()))
        .filter(session::Column::CreatedAt.gt(now.before(limits.absolute())))
        .filter(session::Column::LastSeenAt.gt(now.before(limits.idle())))
        .order_by_desc(session::Column::LastSeenAt)
        .order_by_asc(session::Column::TokenHash)
        .all(app.store.read())
        .await
}

/// Ends every session of a person, or all but one; says how many there were.
pub(super) async fn close_all(tx: &Tx, person: &PersonId, but: Option<&str>) -> Result<u64, DbErr> {
    let mut close = session::Entity::delete_many().filter(session::Column::PersonId.eq(person.clone()));
    if let Some(kept) = but {
        close = close.filter(session::Column::TokenHash.ne(kept));
    }
    Ok(close.exec(tx).await?.rows_affected)
}

/// A session's last use is written at most this often, to spare the one writer.
const TOUCH: Duration = Duration::from_secs(60);

/// What stands in the database for a token.
pub fn hash(token: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, token.as_bytes()))
}
