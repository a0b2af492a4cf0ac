//! What people do with their own account: choose a password, end sessions.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::create::hashed;
use super::error::Error;
use super::login::{self, Refusal};
use super::session::{self, Person, close_all};
use crate::parts::App;
use crate::store::audit;
use crate::store::entity::{person, session as row};

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// The present password was guessed at too often.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Error(#[from] Error),
}

/// Puts `new` in the place of `present`; every session but that of `token` ends. A wrong present password counts as a wrong
/// log-in: whoever finds an open browser must not guess without bound.
///
/// # Errors
/// The refusal.
pub async fn change_password(
    app: &App,
    person: &Person,
    token: &str,
    present: Zeroizing<String>,
    new: Zeroizing<String>,
) -> Result<(), NotChanged> {
    own_password(app, &person.user_name)?;
    let name_hash = prove(app, person, present).await?;
    let hash = hashed(app, new).await?;
    let now = app.clock.now();
    let kept = session::hash(token);
    let changed: Result<(), Error> = app
        .store
        .write(async |tx| {
            person::Entity::update_many()
                .col_expr(person::Column::PasswordHash, Expr::value(hash))
                .filter(person::Column::Id.eq(person.id.clone()))
                .exec(tx)
                .await?;
            login::forget(tx, &name_hash).await?;
            close_all(tx, &person.id, Some(&kept)).await?;
            let subject = format!("person/{}", person.id);
            Ok(audit::append(
                tx,
                now,
                &person.actor(),
                "person.password_changed",
                &subject,
                json!({}),
            )
            .await?)
        })
        .await;
    Ok(changed?)
}

/// Lets `person` prove by the present password that it is they who sit there; comes back as the name under which attempts are
/// counted. A wrong one counts as a wrong log-in.
///
/// # Errors
/// The refusal.
pub(super) async fn prove(
    app: &App,
    person: &Person,
    present: Zeroizing<String>,
) -> Result<String, NotChanged> {
    let name_hash = login::name_hash(&person.user_name);
    let counted = login::count(app, &name_hash).await?;
    let found = person::Entity::find_by_id(person.id.clone()).one(app.store.read());
    let found = found.await.map_err(Error::from)?;
    match login::is_right(app, &person.user_name, found.as_ref(), present).await {
        Ok(true) => {
            // Nothing was guessed.
            login::undo(app, &name_hash, Refusal::Credentials).await;
            Ok(name_hash)
        }
        Ok(false) => Err(match counted.locked_until {
            Some(until) => Refusal::Locked { until }.into(),
            None => Error::WrongPassword.into(),
        }),
        Err(refusal) => Err(login::undo(app, &name_hash, refusal).await.into()),
    }
}

/// Whether the password of `user_name` is kept here, so that it can be changed here.
///
/// # Errors
/// [`Error::PasswordElsewhere`].
pub fn own_password(app: &App, user_name: &str) -> Result<(), Error> {
    let elsewhere = app
        .directory
        .as_ref()
        .is_some_and(|directory| directory.keeps(user_name));
    if elsewhere {
        Err(Error::PasswordElsewhere)
    } else {
        Ok(())
    }
}

/// Which of their sessions a person ends.
pub enum Ended<'a> {
    /// The one of this id.
    One(&'a str),
    /// All but that of this token.
    Others(&'a str),
}

/// Ends sessions of a person; one that has ended already stays so.
///
/// # Errors
/// When the database refuses.
pub async fn end_sessions(app: &App, person: &Person, which: Ended<'_>) -> Result<(), Error> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let ended = match which {
                Ended::One(id) => {
                    let one = row::Entity::delete_many()
                        .filter(row::Column::TokenHash.eq(id))
                        .filter(row::Column::PersonId.eq(person.id.clone()));
                    one.exec(tx).await?.rows_affected
                }
                Ended::Others(token) => close_all(tx, &person.id, Some(&session::hash(token))).await?,
            };
            if ended == 0 {
                return Ok(());
            }
            let subject = format!("person/{}", person.id);
            let detail = json!({ "sessions": ended });
            Ok(audit::append(
                tx,
                now,
                &person.actor(),
                "person.sessions_ended",
                &subject,
                detail,
            )
            .await?)
        })
        .await
}
