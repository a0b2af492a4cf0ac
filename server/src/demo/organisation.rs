//! Agencies and accounts of the demo.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::province::{self, AGENCIES, PEOPLE, PROVINCE};
use super::{Error, Handout};
use crate::accounts::{self, NewMembership, NewPerson};
use crate::domain::id::{AgencyId, PersonId};
use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::{agency, person, session};

/// The ids under which the demo's agencies and people are stored.
pub(super) struct Organisation {
    agencies: BTreeMap<String, AgencyId>,
    people: BTreeMap<String, PersonId>,
}

impl Organisation {
    /// The agency of that organisation identifier.
    pub(super) fn agency(&self, organ_id: &'static str) -> Result<&AgencyId, Error> {
        self.agencies.get(organ_id).ok_or(Error::Unknown(organ_id))
    }

    /// The person of that user name.
    pub(super) fn person(&self, user_name: &'static str) -> Result<&PersonId, Error> {
        self.people.get(user_name).ok_or(Error::Unknown(user_name))
    }
}

/// Makes the agencies in one transaction, then each account in one.
pub(super) async fn create(app: &App, handout: &Handout) -> Result<Organisation, Error> {
    let agencies = agencies(app).await?;
    let mut organisation = Organisation {
        agencies,
        people: stored_people(app).await?,
    };
    for person in &PEOPLE {
        if organisation.people.contains_key(person.user_name) {
            continue;
        }
        let membership = NewMembership {
            agency_id: organisation.agency(person.organ_id)?.clone(),
            role: person.role,
            position: person.position.to_owned(),
        };
        let new = NewPerson {
            user_name: person.user_name.to_owned(),
            full_name: person.full_name.to_owned(),
            password: Zeroizing::new(handout.password.clone()),
            memberships: vec![membership],
        };
        let created = accounts::create(app, &Actor::System, new).await?;
        organisation
            .people
            .insert(person.user_name.to_owned(), created.id);
    }
    Ok(organisation)
}

/// Gives everybody the password of the handout, where they have another: after a start that asked for a new one.
pub(super) async fn align_passwords(app: &App, handout: &Handout) -> Result<(), Error> {
    let password = || Zeroizing::new(handout.password.clone());
    let any = person::Entity::find()
        .filter(person::Column::UserName.eq(PEOPLE[0].user_name))
        .one(app.store.read())
        .await?;
    let stored = any.map(|row| row.password_hash);
    if app
        .passwords
        .verify(password(), stored)
        .await
        .map_err(accounts::Error::Busy)?
    {
        return Ok(());
    }
    let hash = app
        .passwords
        .hash(password())
        .await
        .map_err(accounts::Error::Busy)?;
    let names = PEOPLE.iter().map(|person| person.user_name);
    let change = person::Entity::update_many()
        .col_expr(person::Column::PasswordHash, Expr::value(hash))
        .filter(person::Column::UserName.is_in(names));
    let written = app.store.write(async |tx| {
        change.exec(tx).await?;
        session::Entity::delete_many().exec(tx).await?;
        audit::append(
            tx,
            app.clock.now(),
            &Actor::System,
            "demo.passwords_renewed",
            "organisation",
            json!({}),
        )
        .await
    });
    Ok(written.await?)
}

async fn agencies(app: &App) -> Result<BTreeMap<String, AgencyId>, Error> {
    let stored = agency::Entity::find().all(app.store.read()).await?;
    if !stored.is_empty() {
        return Ok(stored.into_iter().map(|row| (row.organ_id, row.id)).collect());
    }
    let ids: BTreeMap<String, AgencyId> = AGENCIES
        .iter()
        .map(|agency| (agency.organ_id.to_owned(), AgencyId(app.clock.new_id())))
        .collect();
    let now = app.clock.now();
    let row = |agency: &province::Agency| agency::ActiveModel {
        id: Set(ids[agency.organ_id].clone()),
        organ_id: Set(agency.organ_id.to_owned()),
        name: Set(agency.name.to_owned()),
        symbol: Set(agency.symbol.to_owned()),
        kind: Set(agency.kind),
        parent_id: Set((agency.organ_id != PROVINCE).then(|| ids[PROVINCE].clone())),
        place: Set(agency.place.to_owned()),
        created_at: Set(now),
    };
    let rows: Vec<_> = AGENCIES.iter().map(row).collect();
    let written = app.store.write(async |tx| {
        agency::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
        let detail = json!({ "agencies": AGENCIES.len() });
        audit::append(tx, now, &Actor::System, "demo.made", "organisation", detail).await
    });
    written.await?;
    Ok(ids)
}

async fn stored_people(app: &App) -> Result<BTreeMap<String, PersonId>, Error> {
    let names = PEOPLE.iter().map(|person| person.user_name);
    let rows = person::Entity::find()
        .filter(person::Column::UserName.is_in(names))
        .all(app.store.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.user_name, row.id)).collect())
}
