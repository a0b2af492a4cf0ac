//! The audit chain: whatever a person did, append-only, each entry linked to the one before by its hash.
//!
//! The hash of an entry is SHA-256 over the hash before it and every field, each preceded by its length (so that no two
//! entries have the same bytes). A head row holds the last number and hash: it orders writers on every database, and a
//! chain cut at its end disagrees with it. The database refuses to change or delete an entry (see the migration).

use ring::digest;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::Tx;
use super::entity::{audit_entry, audit_head};
use crate::clock::Timestamp;
use crate::domain::id::PersonId;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person who is logged in.
    Person(PersonId),
    /// A guest of a meeting, by the name shown there.
    Guest(String),
    /// The program itself: a job, or a command on its machine.
    System,
}

impl Actor {
    /// As it stands in the chain.
    pub fn text(&self) -> String {
        match self {
            Self::Person(id) => format!("person/{id}"),
            Self::Guest(name) => format!("guest/{name}"),
            Self::System => "system".into(),
        }
    }
}

/// Appends an entry to the chain, in the transaction of the change it tells of.
///
/// `action` is a stable name such as `document.signed`; `subject` what it was done to, such as `document/<id>`; `detail`
/// what else must be known later, without secrets.
///
/// # Errors
/// When the database refuses.
pub async fn append(
    tx: &Tx,
    now: Timestamp,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: Value,
) -> Result<(), DbErr> {
    // The lock orders writers on PostgreSQL; SQLite has one writer and ignores it.
    let head = audit_head::Entity::find_by_id(HEAD)
        .lock_exclusive()
        .one(tx)
        .await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("the head of the audit chain".into()))?;
    let mut entry = audit_entry::Model {
        sequence: head.sequence + 1,
        at: now,
        actor: actor.text(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
        previous_hash: head.hash,
        hash: String::new(),
    };
    entry.hash = hash(&entry);
    let head = audit_head::ActiveModel {
        id: Set(HEAD),
        sequence: Set(entry.sequence),
        hash: Set(entry.hash.clone()),
    };
    audit_entry::Entity::insert(audit_entry::ActiveModel::from(entry))
        .exec_without_returning(tx)
        .await?;
    head.update(tx).await?;
    Ok(())
}

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry follows from the one before.
    Whole { entries: i64 },
    /// The entry with this number was changed, removed, or put in; all before it are whole.
    Broken { sequence: i64 },
    /// Entries after this number were cut off.
    Cut { last: i64, head: i64 },
}

/// Walks the whole chain, a page at a time.
///
/// # Errors
/// When the database refuses.
pub async fn verify(connection: &impl ConnectionTrait) -> Result<Verdict, DbErr> {
    let head = audit_head::Entity::find_by_id(HEAD).one(connection).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("the head of the audit chain".into()))?;
    let mut last = (0, GENESIS.to_owned());
    loop {
        let page = audit_entry::Entity::find()
            .filter(audit_entry::Column::Sequence.gt(last.0))
            .order_by_asc(audit_entry::Column::Sequence)
            .limit(1000)
            .all(connection)
            .await?;
        let at_end = page.is_empty();
        for entry in page {
            let follows = entry.sequence == last.0 + 1 && entry.previous_hash == last.1;
            if !follows || entry.hash != hash(&entry) {
                return Ok(Verdict::Broken { sequence: last.0 + 1 });
            }
            last = (entry.sequence, entry.hash);
        }
        if at_end {
            break;
        }
    }
    match last == (head.sequence, head.hash) {
        true => Ok(Verdict::Whole { entries: last.0 }),
        false => Ok(Verdict::Cut {
            last: last.0,
            head: head.sequence,
        }),
    }
}

/// The id of the one head row.
const HEAD: i32 = 1;
/// What stands for the hash before the first entry.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn hash(entry: &audit_entry::Model) -> String {
    let sequence = entry.sequence.to_string();
    let at = entry.at.0.to_string();
    let fields = [
        "hoian audit 1",
        &entry.previous_hash,
        &sequence,
        &at,
        &entry.actor,
        &entry.action,
        &entry.subject,
        &entry.detail,
    ];
    let mut context = digest::Context::new(&digest::SHA256);
    for field in fields {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field.as_bytes());
    }
    hex::encode(context.finish())
}
