//! Making agencies, for administrators.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, SqlErr};
use serde_json::json;

use super::Error;
use crate::app::App;
use crate::domain::id::AgencyId;
use crate::domain::organisation::AgencyKind;
use crate::store::audit::{self, Actor};
use crate::store::entity::agency;

/// An agency to be made.
pub struct NewAgency {
    /// Mã định danh, up to 35 characters, as in `H37.02`.
    pub organ_id: String,
    pub name: String,
    /// Its group in a document's symbol, as in `UBND`.
    pub symbol: String,
    pub kind: AgencyKind,
    /// The organisation identifier of the agency above it.
    pub parent: Option<String>,
    /// The place name in the date line of its documents.
    pub place: String,
}

/// Makes an agency, in one transaction with its entry in the audit chain.
///
/// # Errors
/// When a text is empty or too long, the agency above is unknown, or the identifier is taken.
pub async fn create_agency(app: &App, actor: &Actor, new: NewAgency) -> Result<AgencyId, Error> {
    let texts = [
        ("the organisation identifier", &new.organ_id, 35),
        ("the agency's name", &new.name, 200),
        ("the agency's symbol", &new.symbol, 30),
        ("the place", &new.place, 100),
    ];
    for (what, text, most) in texts {
        if text.trim().is_empty() || text.chars().count() > most {
            return Err(Error::Malformed(what));
        }
    }
    let parent = match &new.parent {
        Some(organ_id) => Some(find_agency(app.store.read(), organ_id).await?),
        None => None,
    };
    let id = AgencyId(app.clock.new_id());
    let now = app.clock.now();
    let row = agency::ActiveModel {
        id: Set(id.clone()),
        organ_id: Set(new.organ_id.clone()),
        name: Set(new.name),
        symbol: Set(new.symbol),
        kind: Set(new.kind),
        parent_id: Set(parent),
        place: Set(new.place),
        created_at: Set(now),
    };
    let subject = format!("agency/{id}");
    let detail = json!({ "organ_id": new.organ_id });
    let written = app.store.write(async |tx| {
        agency::Entity::insert(row).exec_without_returning(tx).await?;
        audit::append(tx, now, actor, "agency.created", &subject, detail).await
    });
    written.await.map_err(|error| taken(error, &new.organ_id))?;
    Ok(id)
}

/// The agency of an organisation identifier.
///
/// # Errors
/// [`Error::UnknownAgency`], or the database's.
pub async fn find_agency(connection: &impl ConnectionTrait, organ_id: &str) -> Result<AgencyId, Error> {
    let found = agency::Entity::find()
        .filter(agency::Column::OrganId.eq(organ_id))
        .one(connection)
        .await?;
    let found = found.ok_or_else(|| Error::UnknownAgency(organ_id.to_owned()))?;
    Ok(found.id)
}

/// A name that a unique index refuses is somebody else's already.
pub(super) fn taken(error: DbErr, name: &str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Taken(name.to_owned()),
        _ => Error::Database(error),
    }
}
