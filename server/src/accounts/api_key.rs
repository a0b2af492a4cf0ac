//! Keys by which other systems ask for verifications: shown once, kept as a digest, retired by whoever gave them out.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use thiserror::Error;

use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::api_key::{ActiveModel, Column, Entity, Model};

/// What a key begins with, so that one which leaked into a file is found there.
const PREFIX: &str = "hoian_";
pub const LONGEST_NAME: usize = 100;
/// The page reads them all; a province has tens of systems.
const MOST_KEYS: u64 = 200;

/// Why no key is given out or retired.
#[derive(Debug, Error)]
pub enum Error {
    #[error("a name has from 1 to {LONGEST_NAME} characters")]
    Name,
    #[error("there are {MOST_KEYS} keys; retire some first")]
    TooMany,
    #[error("there is no such key in use")]
    NotFound,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Gives out a key for the system `name`; comes back as its id and the key itself, which nobody can read again.
///
/// # Errors
/// The name's; too many keys.
pub async fn give(app: &App, actor: &Actor, name: &str) -> Result<(String, String), Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let in_use = Entity::find().filter(Column::RetiredAt.is_null());
    if in_use.count(app.store.read()).await? >= MOST_KEYS {
        return Err(Error::TooMany);
    }
    let secret: [u8; 32] = app.clock.random_bytes();
    let key = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(secret));
    let (id, now) = (app.clock.new_id(), app.clock.now());
    let row = ActiveModel {
        id: Set(id.clone()),
        name: Set(name.to_owned()),
        digest: Set(digest_of(&key)),
        created_at: Set(now),
        created_by: Set(actor.text()),
        used_at: Set(None),
        retired_at: Set(None),
        retired_by: Set(None),
    };
    let (subject, detail) = (format!("api_key/{id}"), json!({ "name": name }));
    app.store
        .write(async |tx| {
            Entity::insert(row).exec_without_returning(tx).await?;
            audit::append(tx, now, actor, "api_key.given", &subject, detail).await
        })
        .await?;
    Ok((id, key))
}

/// Every key that was given out, the newest first.
///
/// # Errors
/// The database's.
pub async fn all(app: &App) -> Result<Vec<Model>, DbErr> {
    let find = Entity::find().order_by_desc(Column::Id);
    find.all(app.store.read()).await
}

/// Ends a key.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn retire(app: &App, actor: &Actor, id: &str) -> Result<(), Error> {
    let now = app.clock.now();
    let subject = format!("api_key/{id}");
    let retire = Entity::update_many()
        .col_expr(Column::RetiredAt, Expr::value(now))
        .col_expr(Column::RetiredBy, Expr::value(actor.text()))
        .filter(Column::Id.eq(id))
        .filter(Column::RetiredAt.is_null());
    app.store
        .write(async |tx| {
            if retire.exec(tx).await?.rows_affected == 0 {
                return Err(Error::NotFound);
            }
            Ok(audit::append(tx, now, actor, "api_key.retired", &subject, json!({})).await?)
        })
        .await
}

/// The id of this key, if it is in use.
///
/// # Errors
/// The database's.
pub async fn in_use(app: &App, key: &str) -> Result<Option<String>, DbErr> {
    let find = Entity::find()
        .filter(Column::Digest.eq(digest_of(key)))
        .filter(Column::RetiredAt.is_null());
    let Some(row) = find.one(app.store.read()).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if row.used_at.is_none_or(|used| used < now.before(USED_TO)) {
        let used = Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(now))
            .filter(Column::Id.eq(&row.id));
        app.store.write(async |tx| used.exec(tx).await).await?;
    }
    Ok(Some(row.id))
}

fn digest_of(key: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, key.as_bytes()).as_ref().to_vec()
}

const USED_TO: Duration = Duration::from_secs(60);
