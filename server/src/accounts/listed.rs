//! Who has an account, as lists: asked for, and as lines of a file.

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::session::memberships;
use crate::domain::id::AgencyId;
use crate::domain::listing::{self, List};
use crate::domain::role::{Reach, Role};
use crate::domain::search::fold;
use crate::parts::App;
use crate::store::entity::{agency, membership, person};

/// Which people are asked for; by default all.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    /// The beginnings of words of a name or user name, with or without marks.
    pub words: String,
    /// Only those who work in this agency.
    pub agency: Option<AgencyId>,
    /// Only those who hold this role.
    pub role: Option<Role>,
    /// Only locked accounts, or only open ones.
    pub is_locked: Option<bool>,
}

/// The people within reach who are asked for.
pub fn matching(reach: &Reach, whom: &Whom) -> Select<person::Entity> {
    let mut find = person::Entity::find();
    let mut members = membership::Entity::find()
        .select_only()
        .column(membership::Column::PersonId);
    let mut is_limited = false;
    if let Reach::Within(agencies) = reach {
        is_limited = true;
        members = members.filter(membership::Column::AgencyId.is_in(agencies.clone()));
    }
    if let Some(agency) = &whom.agency {
        is_limited = true;
        members = members.filter(membership::Column::AgencyId.eq(agency.clone()));
    }
    if let Some(role) = whom.role {
        is_limited = true;
        members = members.filter(membership::Column::Role.eq(role));
    }
    if is_limited {
        find = find.filter(person::Column::Id.in_subquery(QueryTrait::into_query(members)));
    }
    if let Some(locked) = whom.is_locked {
        find = find.filter(person::Column::IsActive.eq(!locked));
    }
    // Folded words hold letters and figures alone, so that nothing in them is a sign of LIKE.
    for word in fold(&whom.words).split_whitespace() {
        let begins = person::Column::NameKey.starts_with(word);
        let within = person::Column::NameKey.contains(format!(" {word}"));
        find = find.filter(Condition::any().add(begins).add(within));
    }
    find
}

/// Everything within reach as the lines of a list, in the order of its columns.
///
/// # Errors
/// When the database refuses.
pub async fn lines(app: &App, reach: &Reach, list: List) -> Result<Vec<Vec<String>>, DbErr> {
    match list {
        List::Agencies => agencies(app, reach).await,
        List::People => people(app, reach).await,
    }
}

async fn agencies(app: &App, reach: &Reach) -> Result<Vec<Vec<String>>, DbErr> {
    let rows = agency::Entity::find()
        .order_by_asc(agency::Column::OrganId)
        .all(app.store.read())
        .await?;
    let organ_id = |id: &AgencyId| {
        rows.iter()
            .find(|row| row.id == *id)
            .map(|row| row.organ_id.clone())
    };
    let line = |row: &agency::Model| {
        vec![
            row.organ_id.clone(),
            row.name.clone(),
            row.symbol.clone(),
            listing::kind_name(row.kind).to_owned(),
            row.parent_id.as_ref().and_then(organ_id).unwrap_or_default(),
            row.place.clone(),
        ]
    };
    Ok(rows
        .iter()
        .filter(|row| reach.covers(&row.id))
        .map(line)
        .collect())
}

async fn people(app: &App, reach: &Reach) -> Result<Vec<Vec<String>>, DbErr> {
    let reader = app.store.read();
    let rows = matching(reach, &Whom::default())
        .order_by_asc(person::Column::NameKey)
        .order_by_asc(person::Column::Id)
        .all(reader)
        .await?;
    let agencies = agency::Entity::find().all(reader).await?;
    let organ_id = |id: &AgencyId| {
        agencies
            .iter()
            .find(|row| row.id == *id)
            .map(|row| row.organ_id.clone())
    };
    let mut lines = Vec::new();
    for some in rows.chunks(AT_ONCE) {
        let ids: Vec<_> = some.iter().map(|row| row.id.clone()).collect();
        let memberships = memberships(reader, &ids).await?;
        for row in some {
            let held = memberships.get(&row.id).into_iter().flatten();
            lines.extend(held.filter(|held| reach.covers(&held.agency_id)).map(|held| {
                vec![
                    row.user_name.clone(),
                    row.full_name.clone(),
                    organ_id(&held.agency_id).unwrap_or_default(),
                    listing::role_name(held.role).to_owned(),
                    held.position.clone(),
                    row.mail_address.clone().unwrap_or_default(),
                ]
            }));
        }
    }
    Ok(lines)
}

/// People whose roles are asked for in one question: databases bind some thousand values.
const AT_ONCE: usize = 500;
