//! Making accounts: for the demo, and for administrators.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::OneTimeCode;
use super::agency::taken;
use crate::domain::account::{SHORTEST_PASSWORD, user_name_key};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::role::Role;
use crate::parts::App;
use crate::password::Busy;
use crate::secret;
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

/// Why an account could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the password is shorter than {SHORTEST_PASSWORD} characters")]
    ShortPassword,
    #[error("there is no account {0}")]
    Unknown(String),
    #[error("there is no agency {0}")]
    UnknownAgency(String),
    #[error("the name {0} is taken")]
    Taken(String),
    #[error("{0} is empty or too long")]
    Malformed(&'static str),
    #[error("the account {0} needs no one-time code")]
    NoCode(String),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error("the database: {0}")]
    Database(#[from] DbErr),
}

/// Makes an account, in one transaction with its roles and its entry in the audit chain.
///
/// # Errors
/// When the password is too short, or the user name is taken.
pub async fn create(app: &App, actor: &Actor, new: NewPerson) -> Result<Created, Error> {
    if new.password.chars().count() < SHORTEST_PASSWORD {
        return Err(Error::ShortPassword);
    }
    let password_hash = app.passwords.hash(new.password).await?;
    let id = PersonId(app.clock.new_id());
    let user_name = user_name_key(&new.user_name);
    let needs_code = new
        .memberships
        .iter()
        .any(|membership| membership.role.needs_one_time_code());
    let one_time_code = needs_code.then(|| OneTimeCode::new(&user_name, &app.clock));
    let row = person::ActiveModel {
        id: Set(id.clone()),
        user_name: Set(user_name.clone()),
        full_name: Set(new.full_name),
        password_hash: Set(password_hash),
        one_time_code_secret: Set(one_time_code
            .as_ref()
            .map(|code| code.sealed(&app.secret, &app.clock))),
        last_one_time_code_step: Set(0),
        is_active: Set(true),
        mail_address: Set(None),
        created_at: Set(app.clock.now()),
    };
    let memberships = new.memberships.into_iter().map(|new| membership::ActiveModel {
        person_id: Set(id.clone()),
        agency_id: Set(new.agency_id),
        role: Set(new.role),
        position: Set(new.position),
    });
    let memberships: Vec<_> = memberships.collect();
    let written = app.store.write(async |tx| {
        person::Entity::insert(row).exec_without_returning(tx).await?;
        membership::Entity::insert_many(memberships)
            .exec_without_returning(tx)
            .await?;
        let subject = format!("person/{id}");
        let detail = json!({ "user_name": user_name });
        audit::append(tx, app.clock.now(), actor, "person.created", &subject, detail).await
    });
    written.await.map_err(|error| taken(error, &user_name))?;
    Ok(Created { id, one_time_code })
}

/// The one-time code of an account at this moment, for the demo and for tests.
///
/// # Errors
/// When there is no such account, or it has no code.
pub async fn current_code(app: &App, user_name: &str) -> Result<String, Error> {
    let name = user_name_key(user_name);
    let found = person::Entity::find()
        .filter(person::Column::UserName.eq(&name))
        .one(app.store.read())
        .await?;
    let found = found.ok_or_else(|| Error::Unknown(name.clone()))?;
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
