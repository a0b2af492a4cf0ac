//! Making and changing agencies, for administrators. A former name is kept with the day on which it ended, and a former
//! organisation identifier still names the agency.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::Date;
use time::format_description::well_known::Iso8601;

use super::error::{Error, taken};
use crate::domain::id::AgencyId;
use crate::domain::numbering::local_date;
use crate::domain::organisation::{self, AgencyKind, Fault, Said};
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{agency, agency_alias, agency_former};

/// An agency to be made, or what it becomes.
pub struct NewAgency {
    pub said: Said,
    pub kind: AgencyKind,
    /// The organisation identifier of the agency above it.
    pub parent: Option<String>,
}

/// Makes an agency, in one transaction with its entry in the audit chain.
///
/// # Errors
/// When a text does not fit, the agency above is unknown, or the identifier is taken.
pub async fn create_agency(app: &App, actor: &Actor, new: NewAgency) -> Result<AgencyId, Error> {
    app.store
        .write(async |tx| add_agency(app, tx, actor, &new).await)
        .await
}

/// As [`create_agency`], within a transaction.
///
/// # Errors
/// As [`create_agency`].
pub async fn add_agency(app: &App, tx: &Tx, actor: &Actor, new: &NewAgency) -> Result<AgencyId, Error> {
    let said = new.said.checked()?;
    free(tx, &said.organ_id, None).await?;
    let parent_id = match &new.parent {
        Some(organ_id) => Some(find_agency(tx, organ_id).await?),
        None => None,
    };
    let id = AgencyId(app.clock.new_id());
    let now = app.clock.now();
    let row = agency::ActiveModel {
        id: Set(id.clone()),
        organ_id: Set(said.organ_id.clone()),
        name: Set(said.name),
        symbol: Set(said.symbol),
        kind: Set(new.kind),
        parent_id: Set(parent_id),
        place: Set(said.place),
        created_at: Set(now),
    };
    let inserted = agency::Entity::insert(row).exec_without_returning(tx).await;
    inserted.map_err(|error| taken(error, &said.organ_id))?;
    let detail = json!({ "organ_id": said.organ_id });
    audit::append(tx, now, actor, "agency.created", &subject(&id), detail).await?;
    Ok(id)
}

/// Changes an agency. Where identifier, name or symbol become others, the former ones are kept as having ended on `since`.
///
/// # Errors
/// When a text does not fit, the agency above is unknown or below it, `since` is to come, or the identifier is taken.
pub async fn change_agency(
    app: &App,
    actor: &Actor,
    id: &AgencyId,
    new: NewAgency,
    since: Date,
) -> Result<(), Error> {
    let said = new.said.checked()?;
    let now = app.clock.now();
    if since > local_date(now.to_offset_date_time()) {
        return Err(Fault::Day.into());
    }
    app.store
        .write(async |tx| {
            let found = agency::Entity::find_by_id(id.clone()).one(tx).await?;
            let before = found.ok_or(Error::NotFound)?;
            free(tx, &said.organ_id, Some(id)).await?;
            let parent_id = match &new.parent {
                Some(organ_id) => Some(above(tx, id, organ_id).await?),
                None => None,
            };
            keep_former(app, tx, &before, &said, since).await?;
            let detail = json!({
                "organ_id": said.organ_id, "name": said.name, "symbol": said.symbol, "since": since.to_string(),
            });
            let row = agency::ActiveModel {
                id: Set(before.id),
                organ_id: Set(said.organ_id.clone()),
                name: Set(said.name),
                symbol: Set(said.symbol),
                kind: Set(new.kind),
                parent_id: Set(parent_id),
                place: Set(said.place),
                created_at: Set(before.created_at),
            };
            let updated = agency::Entity::update(row).exec(tx).await;
            updated.map_err(|error| taken(error, &said.organ_id))?;
            Ok(audit::append(tx, now, actor, "agency.changed", &subject(id), detail).await?)
        })
        .await
}

/// Lets a further organisation identifier name the agency, such as that of one merged into it.
///
/// # Errors
/// When it is no identifier, or names an agency already.
pub async fn add_alias(app: &App, actor: &Actor, id: &AgencyId, organ_id: &str) -> Result<(), Error> {
    let organ_id = organisation::organ_id(organ_id)?;
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            free(tx, &organ_id, None).await?;
            insert_alias(app, tx, id, &organ_id).await?;
            let detail = json!({ "organ_id": organ_id });
            Ok(audit::append(tx, now, actor, "agency.alias_added", &subject(id), detail).await?)
        })
        .await
}

/// Takes a further identifier away.
///
/// # Errors
/// [`Error::NotFound`] where it is none of this agency's.
pub async fn remove_alias(app: &App, actor: &Actor, id: &AgencyId, organ_id: &str) -> Result<(), Error> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let removed = agency_alias::Entity::delete_many()
                .filter(agency_alias::Column::OrganId.eq(organ_id))
                .filter(agency_alias::Column::AgencyId.eq(id.clone()))
                .exec(tx)
                .await?;
            if removed.rows_affected == 0 {
                return Err(Error::NotFound);
            }
            let detail = json!({ "organ_id": organ_id });
            Ok(audit::append(tx, now, actor, "agency.alias_removed", &subject(id), detail).await?)
        })
        .await
}

/// The agency of an organisation identifier, its present one or another that names it.
///
/// # Errors
/// [`Error::UnknownAgency`], or the database's.
pub async fn find_agency(connection: &impl ConnectionTrait, organ_id: &str) -> Result<AgencyId, Error> {
    named(connection, organ_id.trim())
        .await?
        .ok_or_else(|| Error::UnknownAgency(organ_id.to_owned()))
}

async fn named(connection: &impl ConnectionTrait, organ_id: &str) -> Result<Option<AgencyId>, Error> {
    let present = agency::Entity::find()
        .filter(agency::Column::OrganId.eq(organ_id))
        .one(connection)
        .await?;
    if let Some(agency) = present {
        return Ok(Some(agency.id));
    }
    let alias = agency_alias::Entity::find_by_id(organ_id.to_owned())
        .one(connection)
        .await?;
    Ok(alias.map(|row| row.agency_id))
}

/// Whether an identifier names nobody, or `own` alone.
async fn free(tx: &Tx, organ_id: &str, own: Option<&AgencyId>) -> Result<(), Error> {
    match named(tx, organ_id).await? {
        Some(other) if Some(&other) != own => Err(Error::Taken(organ_id.to_owned())),
        _ => Ok(()),
    }
}

/// The agency of `organ_id`, unless it is `id` or stands below it.
async fn above(tx: &Tx, id: &AgencyId, organ_id: &str) -> Result<AgencyId, Error> {
    let parent = find_agency(tx, organ_id).await?;
    let mut at = Some(parent.clone());
    while let Some(agency) = at {
        if agency == *id {
            return Err(Fault::Circle.into());
        }
        let row = agency::Entity::find_by_id(agency).one(tx).await?;
        at = row.and_then(|row| row.parent_id);
    }
    Ok(parent)
}

async fn keep_former(
    app: &App,
    tx: &Tx,
    before: &agency::Model,
    said: &Said,
    since: Date,
) -> Result<(), Error> {
    let renamed =
        before.organ_id != said.organ_id || before.name != said.name || before.symbol != said.symbol;
    if !renamed {
        return Ok(());
    }
    let former = agency_former::ActiveModel {
        id: Set(app.clock.new_id()),
        agency_id: Set(before.id.clone()),
        organ_id: Set(before.organ_id.clone()),
        name: Set(before.name.clone()),
        symbol: Set(before.symbol.clone()),
        until_on: Set(since.format(&Iso8601::DATE).map_err(|_| Fault::Day)?),
        recorded_at: Set(app.clock.now()),
    };
    agency_former::Entity::insert(former)
        .exec_without_returning(tx)
        .await?;
    if before.organ_id == said.organ_id {
        return Ok(());
    }
    // What was another name of it may become its own.
    agency_alias::Entity::delete_by_id(said.organ_id.clone())
        .exec(tx)
        .await?;
    insert_alias(app, tx, &before.id, &before.organ_id).await
}

async fn insert_alias(app: &App, tx: &Tx, id: &AgencyId, organ_id: &str) -> Result<(), Error> {
    let alias = agency_alias::ActiveModel {
        organ_id: Set(organ_id.to_owned()),
        agency_id: Set(id.clone()),
        added_at: Set(app.clock.now()),
    };
    let inserted = agency_alias::Entity::insert(alias)
        .exec_without_returning(tx)
        .await;
    inserted.map(|_| ()).map_err(|error| taken(error, organ_id))
}

fn subject(id: &AgencyId) -> String {
    format!("agency/{id}")
}
