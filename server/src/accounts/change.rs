//! Changing accounts, for administrators: each act is one transaction with its entry in the audit chain.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::create::{NewMembership, checked, give, hashed, needs_code};
use super::error::Error;
use super::own::own_password;
use super::{OneTimeCode, first_password, login, passkey, session};
use crate::domain::account::{full_name, name_key};
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{membership, person};

/// Whether an account may be logged in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    Locked,
}

/// Gives a person another full name.
///
/// # Errors
/// When the name does not fit, or nobody has this id.
pub async fn rename(app: &App, actor: &Actor, id: &PersonId, typed: &str) -> Result<(), Error> {
    let full_name = full_name(typed)?;
    app.store
        .write(async |tx| {
            let before = row(tx, id).await?;
            person::Entity::update_many()
                .col_expr(person::Column::FullName, Expr::value(full_name.clone()))
                .col_expr(
                    person::Column::NameKey,
                    Expr::value(name_key(&full_name, &before.user_name)),
                )
                .filter(person::Column::Id.eq(id.clone()))
                .exec(tx)
                .await?;
            let detail = json!({ "from": before.full_name, "to": full_name });
            record(app, tx, actor, "person.renamed", id, detail).await
        })
        .await
}

/// Sets all roles and positions of a person. Comes back with a new secret for the authenticator where the roles ask for a
/// code and there was none.
///
/// # Errors
/// When a position does not fit, no role is left, or an administrator takes their own role away.
pub async fn assign(
    app: &App,
    actor: &Actor,
    id: &PersonId,
    memberships: Vec<NewMembership>,
) -> Result<Option<OneTimeCode>, Error> {
    let memberships = checked(memberships)?;
    if memberships.is_empty() {
        return Err(Error::NoRole);
    }
    app.store
        .write(async |tx| {
            let before = row(tx, id).await?;
            let held = membership::Entity::find()
                .filter(membership::Column::PersonId.eq(id.clone()))
                .all(tx)
                .await?;
            let own = *actor == Actor::Person(id.clone());
            let gives_up = |old: &membership::Model| {
                old.role == Role::Administrator
                    && !memberships
                        .iter()
                        .any(|new| new.agency_id == old.agency_id && new.role == old.role)
            };
            if own && held.iter().any(gives_up) {
                return Err(Error::Oneself);
            }
            membership::Entity::delete_many()
                .filter(membership::Column::PersonId.eq(id.clone()))
                .exec(tx)
                .await?;
            give(tx, id, &memberships).await?;
            let code = (needs_code(&memberships) && before.one_time_code_secret.is_none())
                .then(|| OneTimeCode::new(&before.user_name, &app.clock));
            if let Some(code) = &code {
                keep_code(app, tx, id, code).await?;
            }
            let named = |new: &NewMembership| json!([new.agency_id, new.role, new.position]);
            let detail = json!({ "memberships": memberships.iter().map(named).collect::<Vec<_>>() });
            record(app, tx, actor, "person.assigned", id, detail).await?;
            Ok(code)
        })
        .await
}

/// Locks an account, which ends its sessions, or opens it again, which forgets wrong attempts too.
///
/// # Errors
/// When an administrator locks their own account, or nobody has this id.
pub async fn set_standing(app: &App, actor: &Actor, id: &PersonId, standing: Standing) -> Result<(), Error> {
    if standing == Standing::Locked && *actor == Actor::Person(id.clone()) {
        return Err(Error::Oneself);
    }
    app.store
        .write(async |tx| {
            let before = row(tx, id).await?;
            person::Entity::update_many()
                .col_expr(person::Column::IsActive, Expr::value(standing == Standing::Open))
                .filter(person::Column::Id.eq(id.clone()))
                .exec(tx)
                .await?;
            match standing {
                Standing::Locked => {
                    session::close_all(tx, id, None).await?;
                    record(app, tx, actor, "person.locked", id, json!({})).await
                }
                Standing::Open => {
                    login::forget(tx, &login::name_hash(&before.user_name)).await?;
                    record(app, tx, actor, "person.unlocked", id, json!({})).await
                }
            }
        })
        .await
}

/// Ends every session of a person.
///
/// # Errors
/// When nobody has this id.
pub async fn end_sessions(app: &App, actor: &Actor, id: &PersonId) -> Result<(), Error> {
    app.store
        .write(async |tx| {
            row(tx, id).await?;
            let ended = session::close_all(tx, id, None).await?;
            record(
                app,
                tx,
                actor,
                "person.sessions_ended",
                id,
                json!({ "sessions": ended }),
            )
            .await
        })
        .await
}

/// Gives a person a new first password, which is returned and nowhere kept; their sessions end.
///
/// # Errors
/// When nobody has this id, or a directory keeps the password.
pub async fn renew_password(app: &App, actor: &Actor, id: &PersonId) -> Result<Zeroizing<String>, Error> {
    let password = Zeroizing::new(first_password(&app.clock));
    let hash = hashed(app, password.clone()).await?;
    app.store
        .write(async |tx| {
            own_password(app, &row(tx, id).await?.user_name)?;
            replace_password(tx, id, hash).await?;
            record(app, tx, actor, "person.password_renewed", id, json!({})).await
        })
        .await?;
    Ok(password)
}

/// Gives a person a new secret for their authenticator, after a lost telephone; their sessions end.
///
/// # Errors
/// When nobody has this id.
pub async fn renew_code(app: &App, actor: &Actor, id: &PersonId) -> Result<OneTimeCode, Error> {
    app.store
        .write(async |tx| {
            let before = row(tx, id).await?;
            let code = OneTimeCode::new(&before.user_name, &app.clock);
            keep_code(app, tx, id, &code).await?;
            session::close_all(tx, id, None).await?;
            // The lost telephone may hold keys too.
            let passkeys = passkey::remove_all(tx, id).await?;
            let detail = json!({ "passkeys_removed": passkeys });
            record(app, tx, actor, "person.code_renewed", id, detail).await?;
            Ok(code)
        })
        .await
}

/// Puts a new password in the place of the old one; every session opened with the old one ends.
pub(super) async fn replace_password(tx: &Tx, id: &PersonId, hash: String) -> Result<(), Error> {
    let before = row(tx, id).await?;
    person::Entity::update_many()
        .col_expr(person::Column::PasswordHash, Expr::value(hash))
        .filter(person::Column::Id.eq(id.clone()))
        .exec(tx)
        .await?;
    login::forget(tx, &login::name_hash(&before.user_name)).await?;
    session::close_all(tx, id, None).await?;
    Ok(())
}

async fn keep_code(app: &App, tx: &Tx, id: &PersonId, code: &OneTimeCode) -> Result<(), Error> {
    person::Entity::update_many()
        .col_expr(
            person::Column::OneTimeCodeSecret,
            Expr::value(code.sealed(&app.secret, &app.clock)),
        )
        .col_expr(person::Column::LastOneTimeCodeStep, Expr::value(0_i64))
        .filter(person::Column::Id.eq(id.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn row(tx: &Tx, id: &PersonId) -> Result<person::Model, Error> {
    let found = person::Entity::find_by_id(id.clone()).one(tx).await?;
    found.ok_or(Error::NotFound)
}

async fn record(
    app: &App,
    tx: &Tx,
    actor: &Actor,
    action: &str,
    id: &PersonId,
    detail: Value,
) -> Result<(), Error> {
    let subject = format!("person/{id}");
    Ok(audit::append(tx, app.clock.now(), actor, action, &subject, detail).await?)
}
