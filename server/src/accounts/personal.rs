//! One person's data: handed out whole, and erased as far as no paper and no proof needs them.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::error::Error;
use super::session::{close_all, sessions};
use super::{login, passkey};
use crate::domain::id::PersonId;
use crate::parts::App;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::{
    audit_entry, calendar_feed, membership, notice, paper_note, password_reset, person, session, substitution,
};

/// Who is handed a person's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Oneself,
    /// An administrator, who hands them over: what the person wrote for themself alone is only counted.
    Office,
}

/// Everything kept of a person beside the papers themselves: the account, roles, sessions, substitutions, notices, notes for
/// themself, and what they did by the audit chain. Secrets are not in it.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn hand_out(app: &App, id: &PersonId, to: Reader) -> Result<Value, Error> {
    let reader = app.store.read();
    let row = person::Entity::find_by_id(id.clone()).one(reader).await?;
    let row = row.ok_or(Error::NotFound)?;
    let held = membership::Entity::find()
        .filter(membership::Column::PersonId.eq(id.clone()))
        .all(reader)
        .await?;
    let either = Condition::any()
        .add(substitution::Column::AbsentId.eq(id.clone()))
        .add(substitution::Column::SubstituteId.eq(id.clone()));
    let substitutions = substitution::Entity::find().filter(either).all(reader).await?;
    let name = Actor::Person(id.clone()).text();
    let about = Condition::any()
        .add(audit_entry::Column::Actor.eq(&name))
        .add(audit_entry::Column::Subject.eq(&name));
    let entries = audit_entry::Entity::find()
        .filter(about)
        .order_by_asc(audit_entry::Column::Sequence)
        .all(reader)
        .await?;
    let notices = notice::Entity::find()
        .filter(notice::Column::PersonId.eq(id.clone()))
        .order_by_asc(notice::Column::Id)
        .all(reader)
        .await?;
    let notes = paper_note::Entity::find()
        .filter(paper_note::Column::PersonId.eq(id.clone()))
        .order_by_asc(paper_note::Column::WrittenAt)
        .all(reader)
        .await?;
    let session = |one: session::Model| {
        json!({
            "device": one.device, "address": one.address, "opened_at": one.created_at, "last_seen_at": one.last_seen_at,
        })
    };
    let entry = |one: audit_entry::Model| json!({ "at": one.at, "actor": one.actor, "action": one.action, "subject": one.subject, "detail": one.detail });
    Ok(json!({
        "account": {
            "id": row.id, "user_name": row.user_name, "full_name": row.full_name, "mail_address": row.mail_address,
            "is_active": row.is_active, "created_at": row.created_at,
        },
        "memberships": held.iter().map(|one| json!([one.agency_id, one.role, one.position])).collect::<Vec<_>>(),
        "sessions": sessions(app, id).await?.into_iter().map(session).collect::<Vec<_>>(),
        "passkeys": passkey::passkeys(app, id)
            .await?
            .iter()
            .map(|one| json!([one.name, one.created_at, one.last_used_at]))
            .collect::<Vec<_>>(),
        "substitutions": substitutions
            .iter()
            .map(|one| json!([one.absent_id, one.substitute_id, one.from_on, one.until_on]))
            .collect::<Vec<_>>(),
        "notices": notices
            .iter()
            .map(|one| json!([one.told_at, one.kind, one.code, one.subject, one.read_at]))
            .collect::<Vec<_>>(),
        "notes_on_papers": match to {
            Reader::Oneself => notes
                .iter()
                .map(|one| json!([one.paper_id, one.page, one.words, one.written_at]))
                .collect::<Vec<_>>()
                .into(),
            Reader::Office => json!(notes.len()),
        },
        "audit_chain": entries.into_iter().map(entry).collect::<Vec<_>>(),
    }))
}

/// Erases what no paper needs of a person who has left: mail address, password, authenticator, passkeys, sessions, links, calendar
/// feed, notices, notes for themself; and locks the account. The name and the positions stay, since signatures, registers and records name them, and so
/// does the audit chain.
///
/// # Errors
/// When an administrator erases themself, or nobody has this id.
pub async fn erase(app: &App, actor: &Actor, id: &PersonId) -> Result<(), Error> {
    if *actor == Actor::Person(id.clone()) {
        return Err(Error::Oneself);
    }
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let row = person::Entity::find_by_id(id.clone()).one(tx).await?;
            let row = row.ok_or(Error::NotFound)?;
            person::Entity::update_many()
                .col_expr(person::Column::IsActive, Expr::value(false))
                .col_expr(person::Column::MailAddress, Expr::value(None::<String>))
                .col_expr(person::Column::PasswordHash, Expr::value(""))
                .col_expr(person::Column::OneTimeCodeSecret, Expr::value(None::<Vec<u8>>))
                .filter(person::Column::Id.eq(id.clone()))
                .exec(tx)
                .await?;
            close_all(tx, id, None).await?;
            passkey::remove_all(tx, id).await?;
            login::forget(tx, &login::name_hash(&row.user_name)).await?;
            forget_links(tx, id).await?;
            forget_words(tx, id).await?;
            let subject = format!("person/{id}");
            Ok(audit::append(tx, now, actor, "person.erased", &subject, json!({})).await?)
        })
        .await
}

/// What was told to the person, and what they wrote for themself: nobody else reads either.
async fn forget_words(tx: &Tx, id: &PersonId) -> Result<(), DbErr> {
    notice::Entity::delete_many()
        .filter(notice::Column::PersonId.eq(id.clone()))
        .exec(tx)
        .await?;
    paper_note::Entity::delete_many()
        .filter(paper_note::Column::PersonId.eq(id.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn forget_links(tx: &Tx, id: &PersonId) -> Result<(), DbErr> {
    password_reset::Entity::delete_many()
        .filter(password_reset::Column::PersonId.eq(id.clone()))
        .exec(tx)
        .await?;
    calendar_feed::Entity::delete_many()
        .filter(calendar_feed::Column::PersonId.eq(id.clone()))
        .exec(tx)
        .await?;
    Ok(())
}
