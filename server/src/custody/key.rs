//! Keys kept for people and agencies: found by holder, opened by PIN, locked after five wrong ones.

use std::sync::{Arc, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use tokio::sync::Mutex;

use super::error::{Error, Result};
use super::hsm::Hsm;
use super::wrap::{self, Wrapped};
use super::{Custody, Presence};
use crate::domain::holder::Holder;
use crate::domain::role::{Action, may};
use crate::store::entity::signing_key::{Column, Entity, Model};

/// Wrong PINs in a row after which a key is locked.
pub const TRIES: i32 = 5;

/// A key that is open for one signature.
pub(super) struct OpenKey {
    key: Box<dyn sign::Key>,
    /// Where it is, if it is not here.
    hsm: Option<Hsm>,
}

impl OpenKey {
    pub(super) fn algorithm(&self) -> sign::Algorithm {
        self.key.algorithm()
    }
}

impl Custody {
    /// The key in use of this holder.
    ///
    /// # Errors
    /// [`Error::KeyMissing`] when none is enrolled.
    pub async fn key_of(&self, holder: &Holder) -> Result<Model> {
        let key = Entity::find()
            .filter(Column::Holder.eq(holder.to_string()))
            .filter(Column::RetiredAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .one(self.store.read())
            .await?;
        key.ok_or(Error::KeyMissing)
    }

    /// Opens a key for one signature, by the PIN of someone who is there.
    ///
    /// A person's key opens for that person, an agency's for its clerk: nobody else gets as far as the PIN. A try is
    /// taken *before* the PIN is tested, in a transaction of its own, so tries in parallel cannot exceed the five. One that
    /// a stop cut off is given back when the program starts again.
    ///
    /// # Errors
    /// [`Error::WrongPin`] with the tries left, [`Error::KeyLocked`] when there are none.
    pub(super) async fn open_key(&self, presence: &Presence, row: &Model, pin: &str) -> Result<OpenKey> {
        if !may_use(presence, &row.holder) {
            return Err(Error::KeyMissing);
        }
        if row.algorithm.is_some() {
            return Err(Error::KeyElsewhere);
        }
        // Each takes a try before its PIN is tested: more at once than there are tries would lock a key that nobody mistook.
        let door = self.door(&row.id);
        let _open = door.lock().await;
        self.take_try(&row.id).await?;
        let contents = self.unwrap(row, pin).await;
        match contents {
            Ok(contents) => {
                self.give_back_tries(&row.id).await?;
                self.opened(row, &contents).await
            }
            Err(Error::WrongPin { .. }) => Err(self.wrong_pin(row, presence).await?),
            Err(error) => Err(error),
        }
    }

    /// The row's certificate was judged; the key must be that certificate's.
    async fn opened(&self, row: &Model, contents: &wrap::Contents) -> Result<OpenKey> {
        let chain = chain(row)?;
        if row.hsm_key.is_some() {
            let hsm = self.hsm.clone().ok_or(Error::HsmMissing)?;
            let key = Box::new(hsm.key(contents.key.to_vec(), chain).await?);
            return Ok(OpenKey { key, hsm: Some(hsm) });
        }
        let key = pkcs12::Key::open(&contents.key, &contents.password)?;
        if sign::Key::chain(&key).first() != chain.first() {
            return Err(Error::WrongHolder(row.holder.clone()));
        }
        Ok(OpenKey {
            key: Box::new(key),
            hsm: None,
        })
    }

    /// Does the work for which a key was opened, on the pool of documents, or on that of the HSM, which may be slow.
    ///
    /// # Errors
    /// The work's; [`Error::Hsm`] where it did not end for as long as a person waits.
    pub(super) async fn sign_with<T: Send + 'static>(
        &self,
        key: OpenKey,
        work: impl FnOnce(&dyn sign::Key) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let OpenKey { key, hsm } = key;
        match hsm {
            Some(hsm) => hsm.run(move || work(&*key)).await,
            None => self.run(move || work(&*key)).await?,
        }
    }

    async fn unwrap(&self, row: &Model, pin: &str) -> Result<wrap::Contents> {
        let (secret, id, holder) = (self.secret.clone(), row.id.clone(), row.holder.clone());
        let wrapped = Wrapped {
            salt: row.salt.clone(),
            sealed: row.wrapped.clone(),
        };
        let pin = zeroize::Zeroizing::new(pin.to_owned());
        let opened = self
            .derivations
            .run(move || wrap::unwrap(&secret, &id, &holder, &pin, &wrapped));
        opened
            .await
            .map_err(|_| Error::Pool)?
            .map_err(|_| Error::WrongPin { tries_left: 0 })
    }

    /// The queue before one key.
    fn door(&self, id: &str) -> Arc<Mutex<()>> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.retain(|_, door| Arc::strong_count(door) > 1);
        Arc::clone(doors.entry(id.to_owned()).or_default())
    }

    async fn take_try(&self, id: &str) -> Result<()> {
        let taken = Entity::update_many()
            .col_expr(Column::TriesLeft, Expr::col(Column::TriesLeft).sub(1))
            .col_expr(Column::TriesOpen, Expr::col(Column::TriesOpen).add(1))
            .filter(Column::Id.eq(id))
            .filter(Column::TriesLeft.gt(0));
        let taken = self.store.write(async |tx| taken.exec(tx).await).await?;
        (taken.rows_affected == 1).then_some(()).ok_or(Error::KeyLocked)
    }

    async fn give_back_tries(&self, id: &str) -> Result<(), DbErr> {
        let reset = Entity::update_many()
            .col_expr(Column::TriesLeft, Expr::value(TRIES))
            .col_expr(Column::TriesOpen, Expr::value(0))
            .filter(Column::Id.eq(id));
        self.store.write(async |tx| reset.exec(tx).await).await?;
        Ok(())
    }

    /// Gives back the tries that a stop cut off: nobody mistook their PIN, and a key must not be locked by power failures.
    ///
    /// # Errors
    /// The database's.
    pub async fn give_back_interrupted_tries(&self) -> Result<(), DbErr> {
        let restored = Expr::col(Column::TriesLeft).add(Expr::col(Column::TriesOpen));
        let restore = Entity::update_many()
            .col_expr(Column::TriesLeft, restored)
            .col_expr(Column::TriesOpen, Expr::value(0))
            .filter(Column::TriesOpen.gt(0));
        self.store.write(async |tx| restore.exec(tx).await).await?;
        Ok(())
    }

    /// Says how many tries are left, and writes the wrong one into the audit chain.
    async fn wrong_pin(&self, row: &Model, presence: &Presence) -> Result<Error> {
        let now = self.clock.now();
        let actor = presence.actor();
        let subject = format!("signing_key/{}", row.id);
        let tries_left = self
            .store
            .write(async |tx| {
                Entity::update_many()
                    .col_expr(Column::TriesOpen, Expr::col(Column::TriesOpen).sub(1))
                    .filter(Column::Id.eq(&row.id))
                    .exec(tx)
                    .await?;
                let key = Entity::find_by_id(row.id.clone()).one(tx).await?;
                let tries_left = key.map_or(0, |key| key.tries_left);
                let detail = serde_json::json!({ "tries_left": tries_left });
                crate::store::audit::append(tx, now, &actor, "signing_key.wrong_pin", &subject, detail)
                    .await?;
                Ok::<_, DbErr>(tries_left)
            })
            .await?;
        Ok(match u32::try_from(tries_left) {
            Ok(tries_left @ 1..) => Error::WrongPin { tries_left },
            _ => Error::KeyLocked,
        })
    }
}

/// The certificates of a key in DER, its own first.
pub(super) fn chain(row: &Model) -> Result<Vec<Vec<u8>>> {
    certificates(&row.chain)
}

/// The certificates of a stored chain.
pub(super) fn certificates(chain: &str) -> Result<Vec<Vec<u8>>> {
    let texts: Vec<String> = serde_json::from_str(chain).map_err(|_| Error::Row("signing_key.chain"))?;
    texts
        .iter()
        .map(|text| STANDARD.decode(text).map_err(|_| Error::Row("signing_key.chain")))
        .collect()
}

/// A person's key for that person alone; an agency's for whoever may seal in its name.
fn may_use(presence: &Presence, holder: &str) -> bool {
    let own = Holder::Person(presence.person_id.clone()).to_string() == holder;
    let clerk = presence.held.iter().any(|held| {
        Holder::Agency(held.agency_id.clone()).to_string() == holder
            && may(&presence.held, Action::Seal, &held.agency_id)
    });
    own || clerk
}
