//! Enrolment: a key or an image comes into the house.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::appearance::image;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::Key as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, SqlErr};
use serde_json::json;
use zeroize::Zeroizing;

use super::Custody;
use super::certificate::Facts;
use super::error::{Error, Result};
use super::key::TRIES;
use super::wrap::{self, Contents, PIN_LENGTH};
use crate::clock::Timestamp;
use crate::domain::holder::Holder;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::blob;
use crate::store::entity::{signature_image, signing_key};

impl Custody {
    /// Takes a PKCS#12 into custody for `holder`, under `pin`; an earlier key of the holder is retired.
    ///
    /// The holder is bound to the certificate's issuer and serial, not to its name. Comes back as the key's id.
    ///
    /// # Errors
    /// A PIN of a wrong length, a file that does not open or holds no key we sign with, a certificate enrolled before.
    pub async fn enrol_key(
        &self,
        actor: &Actor,
        holder: &Holder,
        file: &[u8],
        password: &str,
        pin: &str,
    ) -> Result<String> {
        if !PIN_LENGTH.contains(&pin.chars().count()) {
            return Err(Error::PinLength {
                least: *PIN_LENGTH.start(),
                most: *PIN_LENGTH.end(),
            });
        }
        let key = pkcs12::Key::open(file, password)?;
        let facts = Facts::of(
            key.chain()
                .first()
                .ok_or(Error::Row("the file holds no certificate"))?,
        )?;
        let id = self.clock.new_id();
        let row = self
            .key_row(&id, holder, &key, &facts, file, password, pin)
            .await?;
        let now = self.clock.now();
        let written = self.store.write(async |tx| insert(tx, now, actor, row).await);
        written.await.map_err(taken)?;
        Ok(id)
    }

    #[expect(clippy::too_many_arguments, reason = "the row is all of these")]
    async fn key_row(
        &self,
        id: &str,
        holder: &Holder,
        key: &pkcs12::Key,
        facts: &Facts,
        file: &[u8],
        password: &str,
        pin: &str,
    ) -> Result<signing_key::Model> {
        let contents = Contents {
            pkcs12: Zeroizing::new(file.to_vec()),
            password: Zeroizing::new(password.to_owned()),
        };
        let (secret, clock) = (self.secret.clone(), self.clock.clone());
        let (key_id, owner, pin) = (id.to_owned(), holder.to_string(), Zeroizing::new(pin.to_owned()));
        let wrapping = self
            .derivations
            .run(move || wrap::wrap(&secret, &clock, &key_id, &owner, &pin, &contents));
        let wrapped = wrapping.await.map_err(|_| Error::Pool)?;
        let chain: Vec<String> = key.chain().iter().map(|der| STANDARD.encode(der)).collect();
        Ok(signing_key::Model {
            id: id.to_owned(),
            holder: holder.to_string(),
            issuer: facts.issuer.clone(),
            serial: facts.serial.clone(),
            subject: facts.subject.clone(),
            not_before: facts.not_before.into(),
            not_after: facts.not_after.into(),
            chain: serde_json::to_string(&chain).map_err(|_| Error::Row("chain"))?,
            algorithm: None,
            remote: None,
            wrapped: wrapped.sealed,
            salt: wrapped.salt,
            tries_left: TRIES,
            tries_open: 0,
            created_at: self.clock.now(),
            retired_at: None,
        })
    }

    /// Keeps the PNG of a signature (blue) or of a seal (red), printed `width_mm` wide; it replaces an earlier one.
    ///
    /// # Errors
    /// Not a PNG, or beyond the signer's limits.
    pub async fn enrol_image(&self, actor: &Actor, holder: &Holder, png: &[u8], width_mm: f64) -> Result<()> {
        let size = image::size(png)?;
        let height_mm = width_mm * f64::from(size.height) / f64::from(size.width);
        let stored = self.store.blobs().put(png.to_vec()).await?;
        let now = self.clock.now();
        let row = signature_image::ActiveModel {
            holder: Set(holder.to_string()),
            blob: Set(stored.sha256.clone()),
            width_mm: Set(width_mm),
            height_mm: Set(height_mm),
            updated_at: Set(now),
        };
        use signature_image::Column;
        let replace = OnConflict::column(Column::Holder)
            .update_columns([Column::Blob, Column::WidthMm, Column::HeightMm, Column::UpdatedAt])
            .to_owned();
        let subject = format!("signature_image/{holder}");
        let detail = json!({ "blob": stored.sha256, "width_mm": width_mm });
        self.store
            .write(async |tx| {
                blob::record(tx, &stored, now).await?;
                signature_image::Entity::insert(row)
                    .on_conflict(replace)
                    .exec_without_returning(tx)
                    .await?;
                audit::append(tx, now, actor, "signature_image.enrolled", &subject, detail).await
            })
            .await?;
        Ok(())
    }
}

/// Puts a key in the place of its holder's earlier one, with its entry in the audit chain.
pub(super) async fn insert(
    tx: &Tx,
    now: Timestamp,
    actor: &Actor,
    key: signing_key::Model,
) -> Result<(), DbErr> {
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::RetiredAt, Expr::value(now))
        .filter(signing_key::Column::Holder.eq(&key.holder))
        .filter(signing_key::Column::RetiredAt.is_null())
        .exec(tx)
        .await?;
    let subject = format!("signing_key/{}", key.id);
    let detail = json!({
        "holder": key.holder, "issuer": key.issuer, "serial": key.serial, "elsewhere": key.algorithm.is_some(),
        "remote": key.remote.is_some(),
    });
    signing_key::Entity::insert(signing_key::ActiveModel::from(key))
        .exec_without_returning(tx)
        .await?;
    audit::append(tx, now, actor, "signing_key.enrolled", &subject, detail).await
}

/// The unique index on issuer and serial speaks of a certificate that is here already.
pub(super) fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::AlreadyEnrolled,
        _ => Error::Database(error),
    }
}
