//! Passkeys of people: enrolled by whoever knows the password, taken away, and logged in by.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::{Error, taken};
use super::login::{self, Refusal, Way};
use super::own::{NotChanged, prove};
use super::session::{Person, Place, Token};
use crate::clock::Timestamp;
use crate::domain::account::passkey_name;
use crate::domain::id::PersonId;
use crate::identity::Passkeys;
use crate::identity::passkeys::{self, Answer, Enrolling, Kept, LoggingIn};
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{passkey, person};

/// The most keys of one person: a telephone, a computer, a key in the safe, and room for change.
pub const MOST_PASSKEYS: u64 = 10;

/// A log-in between question and answer, and when it was asked.
#[derive(Serialize, Deserialize)]
pub struct Asked {
    at: Timestamp,
    state: LoggingIn,
}

/// The passkeys of a person, the oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn passkeys(app: &App, person: &PersonId) -> Result<Vec<passkey::Model>, DbErr> {
    let find = passkey::Entity::find().filter(passkey::Column::PersonId.eq(person.clone()));
    let find = find.order_by_asc(passkey::Column::CreatedAt);
    find.all(app.store.read()).await
}

/// Asks the browser of `person`, who has typed the present password, for a new key. A wrong password counts as a wrong log-in:
/// whoever finds an open browser must not leave a key behind.
///
/// # Errors
/// The refusal.
pub async fn ask_to_enrol(
    app: &App,
    rules: &Passkeys,
    person: &Person,
    present: Zeroizing<String>,
) -> Result<(Value, Enrolling), NotChanged> {
    prove(app, person, present).await?;
    let rows = passkeys(app, &person.id).await.map_err(Error::from)?;
    let kept: Vec<Kept> = rows.iter().filter_map(read).collect();
    let id = Uuid::parse_str(&person.id.0).map_err(|_| Error::NotFound)?;
    let asked = rules.ask_to_enrol(id, &person.user_name, &person.full_name, &kept);
    Ok(asked.map_err(Error::from)?)
}

/// Keeps the key that the browser of `person` has made.
///
/// # Errors
/// When the answer does not hold, the key is kept already, or there are too many.
pub async fn enrol(
    app: &App,
    rules: &Passkeys,
    person: &Person,
    origin: &str,
    state: &Enrolling,
    name: &str,
    answer: &Value,
) -> Result<(), Error> {
    let name = passkey_name(name)?;
    let kept = rules.enrol(origin, state, answer)?;
    let now = app.clock.now();
    let id = kept.id.clone();
    let row = passkey::ActiveModel {
        id: Set(id.clone()),
        person_id: Set(person.id.clone()),
        name: Set(name.clone()),
        key: Set(written(&kept)),
        created_at: Set(now),
        last_used_at: Set(None),
        last_asked_at: Set(Timestamp::default()),
    };
    app.store
        .write(async |tx| {
            let present = passkey::Entity::find()
                .filter(passkey::Column::PersonId.eq(person.id.clone()))
                .count(tx)
                .await?;
            if present >= MOST_PASSKEYS {
                return Err(Error::TooManyPasskeys);
            }
            let kept = passkey::Entity::insert(row).exec_without_returning(tx).await;
            kept.map_err(|error| taken(error, &name))?;
            let detail = json!({ "passkey": id, "name": name });
            record(tx, now, &person.id, "person.passkey_enrolled", detail).await
        })
        .await
}

/// Takes a key away; it opens nothing any more.
///
/// # Errors
/// [`Error::NotFound`] where the person has no such key.
pub async fn remove(app: &App, person: &Person, id: &str) -> Result<(), Error> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let removed = passkey::Entity::delete_many()
                .filter(passkey::Column::Id.eq(id))
                .filter(passkey::Column::PersonId.eq(person.id.clone()))
                .exec(tx)
                .await?;
            if removed.rows_affected == 0 {
                return Err(Error::NotFound);
            }
            let detail = json!({ "passkey": id });
            record(tx, now, &person.id, "person.passkey_removed", detail).await
        })
        .await
}

/// Takes every key of a person away, and says how many there were.
pub(super) async fn remove_all(tx: &Tx, person: &PersonId) -> Result<u64, DbErr> {
    let removed = passkey::Entity::delete_many()
        .filter(passkey::Column::PersonId.eq(person.clone()))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

/// Asks a browser for whichever key it has.
///
/// # Errors
/// When the library refuses: misuse.
pub fn ask_to_log_in(app: &App, rules: &Passkeys) -> Result<(Value, Asked), Error> {
    let (question, state) = rules.ask_to_log_in()?;
    let at = app.clock.now();
    Ok((question, Asked { at, state }))
}

/// Logs in whose key has answered. Each question is answered once.
///
/// # Errors
/// [`Refusal::Passkey`] where the answer does not hold; nothing can be guessed here, so nothing is counted.
pub async fn log_in(
    app: &App,
    rules: &Passkeys,
    origin: &str,
    asked: Asked,
    answer: &Value,
    place: Place,
) -> Result<Token, Refusal> {
    let answer = Answer::read(answer).map_err(|_| Refusal::Passkey)?;
    let found = passkey::Entity::find_by_id(answer.key())
        .find_also_related(person::Entity)
        .one(app.store.read())
        .await?;
    let Some((row, Some(person))) = found else {
        return Err(Refusal::Passkey);
    };
    let kept = read(&row).filter(|_| person.is_active).ok_or(Refusal::Passkey)?;
    // The device must say that the key is this person's, not only hold it.
    let id = Uuid::parse_str(&person.id.0).map_err(|_| Refusal::Passkey)?;
    let moved = match rules.log_in(origin, &asked.state, &answer, id, kept) {
        Ok(moved) => moved,
        Err(refusal) => return Err(refused(app, &row, &refusal).await),
    };
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let used = passkey::Entity::update_many()
                .col_expr(passkey::Column::Key, Expr::value(written(&moved)))
                .col_expr(passkey::Column::LastUsedAt, Expr::value(now))
                .col_expr(passkey::Column::LastAskedAt, Expr::value(asked.at))
                .filter(passkey::Column::Id.eq(&row.id))
                .filter(passkey::Column::LastAskedAt.lt(asked.at))
                .exec(tx)
                .await?;
            if used.rows_affected == 0 {
                return Err(Refusal::Passkey);
            }
            let name_hash = login::name_hash(&person.user_name);
            login::open(app, tx, &person, None, &name_hash, Way::Passkey, place).await
        })
        .await
}

/// A key that may have been copied is told in the audit chain; everything else is only refused.
async fn refused(app: &App, row: &passkey::Model, refusal: &passkeys::Refusal) -> Refusal {
    warn!(person.id = %row.person_id, "a log-in by a passkey is refused: {refusal}");
    if !matches!(refusal, passkeys::Refusal::Copied) {
        return Refusal::Passkey;
    }
    let now = app.clock.now();
    let told = app.store.write(async |tx| {
        let subject = format!("person/{}", row.person_id);
        let detail = json!({ "passkey": row.id });
        audit::append(tx, now, &Actor::System, "person.passkey_copied", &subject, detail).await
    });
    told.await.map_or_else(Refusal::Database, |()| Refusal::Passkey)
}

async fn record(tx: &Tx, now: Timestamp, id: &PersonId, action: &str, detail: Value) -> Result<(), Error> {
    let actor = Actor::Person(id.clone());
    Ok(audit::append(tx, now, &actor, action, &actor.text(), detail).await?)
}

/// None where a row holds what this program did not write.
fn read(row: &passkey::Model) -> Option<Kept> {
    serde_json::from_str(&row.key).ok()
}

/// Keys are strings and numbers, which always serialise.
fn written(kept: &Kept) -> String {
    serde_json::to_string(kept).unwrap_or_default()
}
