//! Links for a new password: each opens one account once, for a while. The word in a link can be made again from its row and
//! the server secret, so that the job which mails it keeps no secret; the row holds its SHA-256 alone.

use std::time::Duration;

use ring::digest;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use zeroize::Zeroizing;

use super::change::replace_password;
use super::create::hashed;
use super::error::Error;
use super::login;
use super::own::own_password;
use crate::clock::Timestamp;
use crate::domain::account::user_name_key;
use crate::domain::id::PersonId;
use crate::parts::App;
use crate::secret::RESET_PURPOSE;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{password_reset, person};

/// A link that was made.
pub struct Reset {
    pub id: String,
    /// What opens the account.
    pub word: Zeroizing<String>,
    pub expires_at: Timestamp,
}

/// Makes a link for a person that opens anything for as long as `lasts`; those made before open nothing any more.
///
/// # Errors
/// When the database refuses.
pub async fn make_reset(
    app: &App,
    tx: &Tx,
    actor: &Actor,
    person: &PersonId,
    lasts: Duration,
) -> Result<Reset, Error> {
    let now = app.clock.now();
    spend_all(tx, person, now).await?;
    let id = app.clock.new_id();
    let word = app.secret.word(&format!("{RESET_PURPOSE}{id}"));
    let expires_at = now.after(lasts);
    let row = password_reset::ActiveModel {
        id: Set(id.clone()),
        token_hash: Set(hash(&word)),
        person_id: Set(person.clone()),
        created_at: Set(now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    password_reset::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let subject = format!("person/{person}");
    audit::append(
        tx,
        now,
        actor,
        "person.reset_made",
        &subject,
        json!({ "reset": id }),
    )
    .await?;
    Ok(Reset { id, word, expires_at })
}

/// Counts that a link is asked for under this user name, known or not, so that nobody fills another's mailbox; comes back as
/// the person, where there is one who can be written to.
///
/// # Errors
/// [`login::Refusal::Locked`] after too many.
pub async fn asked_for_reset(app: &App, typed: &str) -> Result<Option<person::Model>, login::Refusal> {
    let name = user_name_key(typed);
    login::count(app, &login::name_hash(&format!("reset {name}"))).await?;
    let found = person::Entity::find()
        .filter(person::Column::UserName.eq(&name))
        .filter(person::Column::IsActive.eq(true))
        .one(app.store.read())
        .await?;
    let found = found.filter(|person| person.mail_address.is_some());
    Ok(found.filter(|person| own_password(app, &person.user_name).is_ok()))
}

/// Takes a link for a new password. Every session of the person ends, and so does every other link.
///
/// # Errors
/// [`Error::LinkSpent`] where the word opens nothing, or no more; [`Error::PasswordLength`].
pub async fn use_reset(app: &App, word: &str, password: Zeroizing<String>) -> Result<(), Error> {
    let found = password_reset::Entity::find()
        .filter(password_reset::Column::TokenHash.eq(hash(word)))
        .filter(password_reset::Column::UsedAt.is_null())
        .filter(password_reset::Column::ExpiresAt.gt(app.clock.now()))
        .one(app.store.read())
        .await?;
    let row = found.ok_or(Error::LinkSpent)?;
    let password_hash = hashed(app, password).await?;
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let used = password_reset::Entity::update_many()
                .col_expr(password_reset::Column::UsedAt, Expr::value(now))
                .filter(password_reset::Column::Id.eq(&row.id))
                .filter(password_reset::Column::UsedAt.is_null())
                .filter(password_reset::Column::ExpiresAt.gt(now))
                .exec(tx)
                .await?;
            let person = person::Entity::find_by_id(row.person_id.clone()).one(tx).await?;
            if used.rows_affected == 0 || !person.is_some_and(|person| person.is_active) {
                return Err(Error::LinkSpent);
            }
            spend_all(tx, &row.person_id, now).await?;
            replace_password(tx, &row.person_id, password_hash).await?;
            let actor = Actor::Person(row.person_id.clone());
            let subject = format!("person/{}", row.person_id);
            let detail = json!({ "reset": row.id });
            Ok(audit::append(tx, now, &actor, "person.password_reset", &subject, detail).await?)
        })
        .await
}

async fn spend_all(tx: &Tx, person: &PersonId, now: Timestamp) -> Result<(), Error> {
    password_reset::Entity::update_many()
        .col_expr(password_reset::Column::UsedAt, Expr::value(now))
        .filter(password_reset::Column::PersonId.eq(person.clone()))
        .filter(password_reset::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn hash(word: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, word.as_bytes()))
}
