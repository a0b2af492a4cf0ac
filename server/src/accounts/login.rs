//! Log-in: password, or a provider's word, then a one-time code where a role asks for it; five wrong attempts lock the name for
//! a while.
//!
//! A name that does not exist behaves in everything like one that does: same time, same answers, same lock.

use ring::digest;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use serde_json::json;
use tracing::info;
use zeroize::Zeroizing;

use super::OneTimeCode;
use super::session::{self, Place, Token, memberships};
use crate::clock::Timestamp;
use crate::domain::account::{Attempts, user_name_key};
use crate::identity::directory::Away;
use crate::parts::App;
use crate::password::Busy;
use crate::secret;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{login_attempts, person};

/// What somebody typed.
pub struct Attempt {
    pub user_name: String,
    pub password: Zeroizing<String>,
    pub one_time_code: Option<String>,
    pub place: Place,
}

/// Why a log-in is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("wrong user name or password")]
    Credentials,
    #[error("the account asks for a one-time code")]
    OneTimeCodeRequired,
    #[error("the one-time code is wrong or was used before")]
    OneTimeCodeWrong,
    #[error("the account needs a one-time code and has none yet")]
    OneTimeCodeMissing,
    #[error("the passkey's answer does not hold")]
    Passkey,
    #[error("the provider names nobody who has an account here")]
    UnknownAccount,
    #[error(transparent)]
    DirectoryAway(#[from] Away),
    #[error("locked until {until}")]
    Locked { until: Timestamp },
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    #[error(transparent)]
    Secret(#[from] secret::Error),
}

/// Logs somebody in and opens a session.
///
/// # Errors
/// The refusal; a wrong attempt has been counted then.
pub async fn log_in(app: &App, attempt: Attempt) -> Result<Token, Refusal> {
    let name = user_name_key(&attempt.user_name);
    let name_hash = name_hash(&name);
    // Counted as wrong before it is looked at: attempts made at the same time cannot slip past the lock.
    let counted = count(app, &name_hash).await?;
    let found = find(app, &name).await?;
    let right = match is_right(app, &name, found.as_ref(), attempt.password).await {
        Ok(right) => right,
        Err(refusal) => return Err(undo(app, &name_hash, refusal).await),
    };
    let Some(person) = found.filter(|_| right) else {
        return Err(refuse(counted, &name_hash, Refusal::Credentials));
    };
    let step = match check_code(app, &person, attempt.one_time_code.as_deref()).await {
        Ok(step) => step,
        Err(Refusal::OneTimeCodeWrong) => return Err(refuse(counted, &name_hash, Refusal::OneTimeCodeWrong)),
        // The password was right and no code was tried: nothing was guessed.
        Err(refusal) => return Err(undo(app, &name_hash, refusal).await),
    };
    app.store
        .write(async |tx| open(app, tx, &person, step, &name_hash, Way::Password, attempt.place).await)
        .await
}

/// What somebody else vouches for.
#[derive(Clone, Copy)]
pub struct Proof {
    /// Whether a second factor was asked for, so that none is asked for here.
    pub has_second_factor: bool,
}

/// Logs in whom a provider names, once its word was checked. Nobody comes to have an account by it.
///
/// # Errors
/// The refusal; a wrong code has been counted as a wrong attempt under that name then.
pub async fn log_in_as(
    app: &App,
    user_name: &str,
    proof: Proof,
    one_time_code: Option<&str>,
    place: Place,
) -> Result<Token, Refusal> {
    let name = user_name_key(user_name);
    let person = find(app, &name).await?.ok_or(Refusal::UnknownAccount)?;
    let name_hash = name_hash(&name);
    let counted = count(app, &name_hash).await?;
    let step = if proof.has_second_factor {
        Ok(None)
    } else {
        check_code(app, &person, one_time_code).await
    };
    let step = match step {
        Ok(step) => step,
        Err(Refusal::OneTimeCodeWrong) => return Err(refuse(counted, &name_hash, Refusal::OneTimeCodeWrong)),
        Err(refusal) => return Err(undo(app, &name_hash, refusal).await),
    };
    app.store
        .write(async |tx| open(app, tx, &person, step, &name_hash, Way::Provider, place).await)
        .await
}

/// By what somebody has logged in, as the audit chain says it.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    Password,
    Provider,
    Passkey,
}

async fn find(app: &App, name: &str) -> Result<Option<person::Model>, DbErr> {
    let found = person::Entity::find()
        .filter(person::Column::UserName.eq(name))
        .filter(person::Column::IsActive.eq(true));
    found.one(app.store.read()).await
}

/// Whether the password is that of `name`: the directory's where it keeps it, else our own. Either takes as long where there is
/// no such person.
pub(super) async fn is_right(
    app: &App,
    name: &str,
    person: Option<&person::Model>,
    password: Zeroizing<String>,
) -> Result<bool, Refusal> {
    match app.directory.as_ref().filter(|directory| directory.keeps(name)) {
        Some(directory) => Ok(directory.verify(name, password).await?),
        None => {
            let phc = person.map(|person| person.password_hash.clone());
            Ok(app.passwords.verify(password, phc).await?)
        }
    }
}

/// The name under which attempts are counted: what people type into the wrong field is not kept.
pub(super) fn name_hash(name: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, name.as_bytes()))
}

fn refuse(counted: Attempts, name_hash: &str, refusal: Refusal) -> Refusal {
    info!(
        account.name_hash = name_hash,
        failures = counted.failures,
        "log-in refused: {refusal}"
    );
    match counted.locked_until {
        Some(until) => Refusal::Locked { until },
        None => refusal,
    }
}

/// Takes back the attempt that was counted, since it was no guess.
pub(super) async fn undo(app: &App, name_hash: &str, refusal: Refusal) -> Refusal {
    let undo = async |tx: &Tx| {
        let present = attempts(tx, name_hash).await?;
        save(tx, name_hash, present.undone()).await
    };
    let saved: Result<(), DbErr> = app.store.write(undo).await;
    saved.map_or_else(Refusal::Database, |()| refusal)
}

/// Counts one attempt as wrong, unless the name is locked.
pub(super) async fn count(app: &App, name_hash: &str) -> Result<Attempts, Refusal> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let before = attempts(tx, name_hash).await?;
            if let Some(until) = before.locked(now) {
                return Err(Refusal::Locked { until });
            }
            let counted = before.failed(now);
            save(tx, name_hash, counted).await?;
            Ok(counted)
        })
        .await
}

/// The attempts so far, locked until the transaction ends: on PostgreSQL two attempts would otherwise count as one.
async fn attempts(tx: &Tx, name_hash: &str) -> Result<Attempts, DbErr> {
    let none = row(name_hash, Attempts::default());
    let keep = OnConflict::column(login_attempts::Column::NameHash)
        .do_nothing()
        .to_owned();
    login_attempts::Entity::insert(none)
        .on_conflict(keep)
        .exec_without_returning(tx)
        .await?;
    let row = login_attempts::Entity::find_by_id(name_hash.to_owned())
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map_or_else(Attempts::default, |row| Attempts {
        failures: u32::try_from(row.failures).unwrap_or(0),
        last_failure: row.last_failure_at,
        locked_until: row.locked_until,
    }))
}

/// Forgets the wrong attempts under a name.
pub(super) async fn forget(tx: &Tx, name_hash: &str) -> Result<(), DbErr> {
    login_attempts::Entity::delete_by_id(name_hash.to_owned())
        .exec(tx)
        .await?;
    Ok(())
}

async fn save(tx: &Tx, name_hash: &str, attempts: Attempts) -> Result<(), DbErr> {
    use login_attempts::Column::{Failures, LastFailureAt, LockedUntil, NameHash};
    let replace = OnConflict::column(NameHash)
        .update_columns([Failures, LastFailureAt, LockedUntil])
        .to_owned();
    login_attempts::Entity::insert(row(name_hash, attempts))
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn row(name_hash: &str, attempts: Attempts) -> login_attempts::ActiveModel {
    login_attempts::ActiveModel {
        name_hash: Set(name_hash.to_owned()),
        failures: Set(i32::try_from(attempts.failures).unwrap_or(i32::MAX)),
        last_failure_at: Set(attempts.last_failure),
        locked_until: Set(attempts.locked_until),
    }
}

/// The step of the code that was used; none where no role asks for a code.
async fn check_code(app: &App, person: &person::Model, code: Option<&str>) -> Result<Option<u64>, Refusal> {
    let memberships = memberships(app.store.read(), std::slice::from_ref(&person.id)).await?;
    if !memberships
        .values()
        .flatten()
        .any(|membership| membership.role.needs_one_time_code())
    {
        return Ok(None);
    }
    let sealed = person
        .one_time_code_secret
        .as_deref()
        .ok_or(Refusal::OneTimeCodeMissing)?;
    let code = code
        .filter(|code| !code.trim().is_empty())
        .ok_or(Refusal::OneTimeCodeRequired)?;
    let secret = OneTimeCode::open(sealed, &person.user_name, &app.secret)?;
    let step = secret
        .step(code, app.clock.now())
        .ok_or(Refusal::OneTimeCodeWrong)?;
    Ok(Some(step))
}

/// Uses up the code, forgets the wrong attempts, opens the session.
pub(super) async fn open(
    app: &App,
    tx: &Tx,
    person: &person::Model,
    step: Option<u64>,
    name_hash: &str,
    way: Way,
    place: Place,
) -> Result<Token, Refusal> {
    if let Some(step) = step.and_then(|step| i64::try_from(step).ok()) {
        let used = person::Entity::update_many()
            .col_expr(person::Column::LastOneTimeCodeStep, Expr::value(step))
            .filter(person::Column::Id.eq(person.id.clone()))
            .filter(person::Column::LastOneTimeCodeStep.lt(step))
            .exec(tx)
            .await?;
        if used.rows_affected == 0 {
            return Err(Refusal::OneTimeCodeWrong);
        }
    }
    forget(tx, name_hash).await?;
    let token = session::open(app, tx, &person.id, place).await?;
    let actor = Actor::Person(person.id.clone());
    let subject = format!("person/{}", person.id);
    let detail = json!({ "way": way });
    audit::append(tx, app.clock.now(), &actor, "session.opened", &subject, detail).await?;
    Ok(token)
}
