//! Enrolment: a key or an image comes into the house.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::appearance::image;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{Key as _, common_name};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, SqlErr};
use serde_json::json;
use zeroize::Zeroizing;

use super::Custody;
use super::certificate::Facts;
use super::error::{Error, Result};
use super::key::TRIES;
use super::token::is_name_of;
use super::wrap::{self, Contents, PIN_LENGTH};
use crate::clock::Timestamp;
use crate::domain::holder::Holder;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::blob;
use crate::store::entity::{agency, agency_former, person, signature_image, signing_key};

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
        check_length(pin)?;
        let key = pkcs12::Key::open(file, password)?;
        let facts = Facts::of(
            key.chain()
                .first()
                .ok_or(Error::Row("the file holds no certificate"))?,
        )?;
        let id = self.clock.new_id();
        let contents = Contents {
            key: Zeroizing::new(file.to_vec()),
            password: Zeroizing::new(password.to_owned()),
        };
        let row = self
            .key_row(&id, holder, key.chain(), &facts, contents, pin)
            .await?;
        let now = self.clock.now();
        let written = self.store.write(async |tx| insert(tx, now, actor, row).await);
        written.await.map_err(taken)?;
        Ok(id)
    }

    /// As [`Self::enrol_key`], after judging the certificate: [`Self::judged`].
    ///
    /// # Errors
    /// Those of both.
    pub async fn enrol_judged_key(
        &self,
        actor: &Actor,
        holder: &Holder,
        file: &[u8],
        password: &str,
        pin: &str,
    ) -> Result<String> {
        let key = pkcs12::Key::open(file, password)?;
        self.judged(holder, key.chain().to_vec()).await?;
        self.enrol_key(actor, holder, file, password, pin).await
    }

    /// The certificates from the key's own, the first of `given` (DER), towards a root that this house trusts: it is meant for
    /// signatures, in force, not revoked, and names `holder`, an agency as it is called or was.
    ///
    /// # Errors
    /// [`Error::CertificateUntrusted`], [`Error::CertificateUnfit`], [`Error::CertificateOfAnother`], expired, not yet valid,
    /// revoked.
    pub(super) async fn judged(&self, holder: &Holder, given: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let chain = self.trusted_chain(given).await?;
        let name = common_name(&chain)?;
        let known = self.holder_names(holder).await?;
        if !known.iter().any(|known| is_name_of(&name, known)) {
            return Err(Error::CertificateOfAnother);
        }
        self.check_certificate(&chain).await?;
        Ok(chain)
    }

    async fn holder_names(&self, holder: &Holder) -> Result<Vec<String>> {
        let reader = self.store.read();
        let id = match holder {
            Holder::Person(id) => {
                let person = person::Entity::find_by_id(id.clone()).one(reader).await?;
                return Ok(vec![person.ok_or(Error::NotFound)?.full_name]);
            }
            Holder::Agency(id) => id,
        };
        let now = agency::Entity::find_by_id(id.clone()).one(reader).await?;
        let former = agency_former::Entity::find()
            .filter(agency_former::Column::AgencyId.eq(id.clone()))
            .all(reader)
            .await?;
        let mut names = vec![now.ok_or(Error::NotFound)?.name];
        names.extend(former.into_iter().map(|row| row.name));
        Ok(names)
    }

    /// The row of a key that `contents` opens, under `pin`.
    pub(super) async fn key_row(
        &self,
        id: &str,
        holder: &Holder,
        chain: &[Vec<u8>],
        facts: &Facts,
        contents: Contents,
        pin: &str,
    ) -> Result<signing_key::Model> {
        let (secret, clock) = (self.secret.clone(), self.clock.clone());
        let (key_id, owner, pin) = (id.to_owned(), holder.to_string(), Zeroizing::new(pin.to_owned()));
        let wrapping = self
            .derivations
            .run(move || wrap::wrap(&secret, &clock, &key_id, &owner, &pin, &contents));
        let wrapped = wrapping.await.map_err(|_| Error::Pool)?;
        let chain: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
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
            hsm_key: None,
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

/// # Errors
/// [`Error::PinLength`].
pub(super) fn check_length(pin: &str) -> Result<()> {
    let fits = PIN_LENGTH.contains(&pin.chars().count());
    fits.then_some(()).ok_or(Error::PinLength {
        least: *PIN_LENGTH.start(),
        most: *PIN_LENGTH.end(),
    })
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
        "hsm_key": key.hsm_key,
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
