//! Making accounts: for the demo, and for administrators.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::OneTimeCode;
use super::error::{Error, taken};
use crate::domain::account::{
    LONGEST_PASSWORD_BYTES, SHORTEST_PASSWORD, full_name, name_key, position, user_name, user_name_key,
};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::role::Role;
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{membership, person};

/// An account to be made.
pub struct NewPerson {
    pub user_name: String,
    pub full_name: String,
    pub password: Zeroizing<String>,
    pub memberships: Vec<NewMembership>,
}

/// A role to be given.
#[derive(Clone)]
pub struct NewMembership {
    pub agency_id: AgencyId,
    pub role: Role,
    pub position: String,
}

/// An account that was made.
pub struct Created {
    pub id: PersonId,
    /// To be put into the person's authenticator; none where no role asks for a code.
    pub one_time_code: Option<OneTimeCode>,
}

/// An account whose texts fit and whose password is hashed: what is left needs the database alone.
pub struct Prepared {
    user_name: String,
    full_name: String,
    password_hash: String,
    memberships: Vec<NewMembership>,
}

impl Prepared {
    /// An account that nobody can log in to until its person has chosen a password by a link. The texts fit already.
    pub(super) fn without_password(
        user_name: String,
        full_name: String,
        memberships: Vec<NewMembership>,
    ) -> Self {
        Self {
            user_name,
            full_name,
            // No PHC string: no password belongs to it.
            password_hash: String::new(),
            memberships,
        }
    }
}

/// Makes an account, in one transaction with its roles and its entry in the audit chain.
///
/// # Errors
/// When the password is too short, a text does not fit, or the user name is taken.
pub async fn create(app: &App, actor: &Actor, new: NewPerson) -> Result<Created, Error> {
    let prepared = prepare(app, new).await?;
    app.store
        .write(async |tx| add_person(app, tx, actor, &prepared).await)
        .await
}

/// Checks what is said of a person and hashes their password, outside any transaction since it takes long.
///
/// # Errors
/// When the password is too short or a text does not fit.
pub async fn prepare(app: &App, new: NewPerson) -> Result<Prepared, Error> {
    let user_name = user_name(&new.user_name)?;
    let full_name = full_name(&new.full_name)?;
    let memberships = checked(new.memberships)?;
    let password_hash = hashed(app, new.password).await?;
    Ok(Prepared {
        user_name,
        full_name,
        password_hash,
        memberships,
    })
}

/// Makes a prepared account, within a transaction.
///
/// # Errors
/// When the user name is taken.
pub async fn add_person(app: &App, tx: &Tx, actor: &Actor, new: &Prepared) -> Result<Created, Error> {
    let id = PersonId(app.clock.new_id());
    let now = app.clock.now();
    let code = needs_code(&new.memberships).then(|| OneTimeCode::new(&new.user_name, &app.clock));
    let row = person::ActiveModel {
        id: Set(id.clone()),
        user_name: Set(new.user_name.clone()),
        full_name: Set(new.full_name.clone()),
        name_key: Set(name_key(&new.full_name, &new.user_name)),
        password_hash: Set(new.password_hash.clone()),
        one_time_code_secret: Set(code.as_ref().map(|code| code.sealed(&app.secret, &app.clock))),
        last_one_time_code_step: Set(0),
        is_active: Set(true),
        mail_address: Set(None),
        created_at: Set(now),
    };
    let inserted = person::Entity::insert(row).exec_without_returning(tx).await;
    inserted.map_err(|error| taken(error, &new.user_name))?;
    give(tx, &id, &new.memberships).await?;
    let subject = format!("person/{id}");
    let detail = json!({ "user_name": new.user_name });
    audit::append(tx, now, actor, "person.created", &subject, detail).await?;
    Ok(Created {
        id,
        one_time_code: code,
    })
}

/// The hash of a password that may be one.
pub(super) async fn hashed(app: &App, password: Zeroizing<String>) -> Result<String, Error> {
    if password.chars().count() < SHORTEST_PASSWORD || password.len() > LONGEST_PASSWORD_BYTES {
        return Err(Error::PasswordLength);
    }
    Ok(app.passwords.hash(password).await?)
}

/// The memberships with their positions in one form, a role in an agency once.
pub(super) fn checked(memberships: Vec<NewMembership>) -> Result<Vec<NewMembership>, Error> {
    let mut checked: Vec<NewMembership> = Vec::new();
    for new in memberships {
        let position = position(&new.position)?;
        if !checked
            .iter()
            .any(|one| one.agency_id == new.agency_id && one.role == new.role)
        {
            checked.push(NewMembership { position, ..new });
        }
    }
    Ok(checked)
}

pub(super) fn needs_code(memberships: &[NewMembership]) -> bool {
    memberships
        .iter()
        .any(|membership| membership.role.needs_one_time_code())
}

pub(super) async fn give(tx: &Tx, person: &PersonId, memberships: &[NewMembership]) -> Result<(), DbErr> {
    if memberships.is_empty() {
        return Ok(());
    }
    let rows = memberships.iter().cloned().map(|new| membership::ActiveModel {
        person_id: Set(person.clone()),
        agency_id: Set(new.agency_id),
        role: Set(new.role),
        position: Set(new.position),
    });
    membership::Entity::insert_many(rows.collect::<Vec<_>>())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The account of that user name.
///
/// # Errors
/// [`Error::Unknown`], or the database's.
pub async fn find_person(connection: &impl ConnectionTrait, typed: &str) -> Result<person::Model, Error> {
    let name = user_name_key(typed);
    let found = person::Entity::find()
        .filter(person::Column::UserName.eq(&name))
        .one(connection)
        .await?;
    found.ok_or(Error::Unknown(name))
}

/// The one-time code of an account at this moment, for the demo and for tests.
///
/// # Errors
/// When there is no such account, or it has no code.
pub async fn current_code(app: &App, user_name: &str) -> Result<String, Error> {
    let found = find_person(app.store.read(), user_name).await?;
    let name = found.user_name;
    let sealed = found
        .one_time_code_secret
        .ok_or_else(|| Error::NoCode(name.clone()))?;
    Ok(OneTimeCode::open(&sealed, &name, &app.secret)?.code(app.clock.now()))
}

/// The ids of those who hold `role` in `agency`.
///
/// # Errors
/// When the database refuses.
pub async fn role_holders(
    connection: &impl ConnectionTrait,
    agency: &AgencyId,
    role: Role,
) -> Result<Vec<PersonId>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::AgencyId.eq(agency.clone()))
        .filter(membership::Column::Role.eq(role))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.person_id).collect())
}
