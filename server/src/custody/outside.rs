//! Issuing to receivers outside this system: by mail, as a package that is handed over, or by post on paper.

use bytes::Bytes;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::error::{Error, Result};
use super::notice::{About, Telling};
use super::{Custody, Presence, appendix, relation};
use crate::clock::Timestamp;
use crate::domain::document::{Action, Capacity, DocumentId, Refusal, State};
use crate::domain::notice::Kind;
use crate::domain::outside::{self, GIVE_UP_AFTER, MOST_RECEIVERS, Sending, Standing, Way};
use crate::fail_point;
use crate::mail::{Attachment, Letter, NotSent};
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::outside_sending::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{agency, document};

impl Custody {
    /// The ways by which a document can leave the system here.
    pub fn ways_outside(&self) -> Vec<Way> {
        let mail = self.mailer.is_some().then_some(Way::Mail);
        mail.into_iter().chain([Way::Export, Way::Post]).collect()
    }

    /// Issues a sealed document to receivers outside; one that has it already by that way gets nothing new.
    ///
    /// # Errors
    /// The rules'; [`Error::Receivers`] where none is named; [`Error::Outside`].
    pub async fn issue_outside(
        &self,
        presence: &Presence,
        id: &DocumentId,
        sendings: Vec<Sending>,
    ) -> Result<()> {
        let step = self.permit(presence, id, Action::Issue, None).await?;
        let sendings = self.check_sendings(id, sendings).await?;
        let mends = self.mends(id).await?;
        let code = appendix::code(&step.row)?;
        let now = self.clock.now();
        let names: Vec<_> = sendings
            .iter()
            .map(|one| json!({ "way": one.way, "receiver": one.receiver, "address": one.address }))
            .collect();
        let row = |sending: Sending| self.sending(presence, &step.row, now, sending);
        let rows: Vec<_> = sendings.into_iter().map(row).collect();
        self.store
            .write(async |tx| {
                for row in &rows {
                    self.send_once(tx, row).await?;
                }
                if let Some(mends) = mends.filter(|_| step.row.state == State::Sealed) {
                    relation::record(tx, now, presence, &mends, &code).await?;
                }
                self.invite(tx, id).await?;
                let change = document::ActiveModel::default();
                let detail = json!({ "outside": names });
                step.take(tx, now, &presence.actor(), change, detail).await
            })
            .await?;
        fail_point::hit("outside.sent");
        Ok(())
    }

    async fn check_sendings(&self, id: &DocumentId, sendings: Vec<Sending>) -> Result<Vec<Sending>> {
        if sendings.is_empty() {
            return Err(Error::Receivers);
        }
        if sendings.len() > MOST_RECEIVERS {
            return Err(outside::Refusal::TooMany.into());
        }
        let checked: Result<Vec<_>, _> = sendings.into_iter().map(Sending::checked).collect();
        let checked = checked?;
        if checked.iter().any(|one| one.way == Way::Mail) {
            let mailer = self.mailer.as_ref().ok_or(outside::Refusal::NoMail)?;
            if self.size_of_files(id).await? > mailer.attachments_limit_bytes() {
                return Err(outside::Refusal::TooLarge.into());
            }
        }
        Ok(checked)
    }

    fn sending(
        &self,
        presence: &Presence,
        document: &document::Model,
        now: Timestamp,
        said: Sending,
    ) -> Model {
        Model {
            id: self.clock.new_id(),
            document_id: document.id.clone(),
            agency_id: document.agency_id.clone(),
            way: said.way,
            receiver: said.receiver,
            address: said.address,
            copies: said.copies,
            standing: said.way.first_standing(),
            answer: None,
            tracking_code: None,
            person_id: presence.person_id.clone(),
            sent_at: now,
            standing_at: now,
        }
    }

    async fn send_once(&self, tx: &Tx, row: &Model) -> Result<()> {
        let once = OnConflict::columns([Column::DocumentId, Column::Way, Column::Receiver])
            .do_nothing()
            .to_owned();
        let inserted = Entity::insert(sea_orm::IntoActiveModel::into_active_model(row.clone()))
            .on_conflict(once)
            .exec_without_returning(tx)
            .await?;
        if inserted == 1 && row.standing == Standing::Waiting {
            self.outbox.deliver(tx, &row.id).await?;
        }
        Ok(())
    }

    /// What went outside, in the order it went.
    ///
    /// # Errors
    /// The database's.
    pub async fn sent_outside(&self, id: &DocumentId) -> Result<Vec<Model>> {
        let find = Entity::find().filter(Column::DocumentId.eq(id.clone()));
        let find = find.order_by_asc(Column::SentAt).order_by_asc(Column::Id);
        Ok(find.all(self.store.read()).await?)
    }

    /// Notes the postal service's code of a sending.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Refusal::NotYours`], [`Error::Outside`].
    pub async fn track(&self, presence: &Presence, id: &DocumentId, sending: &str, code: &str) -> Result<()> {
        self.check_clerk_of(presence, id).await?;
        let code = outside::tracking_code(code)?;
        let change = ActiveModel {
            tracking_code: Set(Some(code.clone())),
            ..Default::default()
        };
        let update = Entity::update_many()
            .set(change)
            .filter(Column::Id.eq(sending))
            .filter(Column::Way.eq(Way::Post))
            .filter(Column::DocumentId.eq(id.clone()));
        let now = self.clock.now();
        let subject = format!("document/{id}");
        let detail = json!({ "sending": sending, "tracking_code": code });
        self.store
            .write(async |tx| {
                if update.exec(tx).await?.rows_affected != 1 {
                    return Err(Error::NotFound);
                }
                audit::append(tx, now, &presence.actor(), "document.tracked", &subject, detail).await?;
                Ok(())
            })
            .await
    }

    /// Sends a letter that was refused again, to another address.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Refusal::NotYours`], [`Error::Outside`].
    pub async fn readdress(
        &self,
        presence: &Presence,
        id: &DocumentId,
        sending: &str,
        address: &str,
    ) -> Result<()> {
        self.check_clerk_of(presence, id).await?;
        let row = self.sending_of(sending).await?;
        let row = row.filter(|row| row.document_id == *id).ok_or(Error::NotFound)?;
        let address = outside::mail_address(address)?;
        let now = self.clock.now();
        let change = ActiveModel {
            address: Set(address.clone()),
            standing: Set(Standing::Waiting),
            answer: Set(None),
            sent_at: Set(now),
            standing_at: Set(now),
            ..Default::default()
        };
        let detail = json!({ "sending": sending, "address": address });
        self.store
            .write(async |tx| {
                if !move_on(tx, &row.id, Standing::Refused, change).await? {
                    return Err(outside::Refusal::NotRefused.into());
                }
                self.outbox.deliver(tx, &row.id).await?;
                let subject = format!("document/{id}");
                audit::append(
                    tx,
                    now,
                    &presence.actor(),
                    "document.readdressed",
                    &subject,
                    detail,
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// Hands a waiting letter to the mail server and records what it said; may run twice.
    ///
    /// A server that took it, and a program that died before it could record so, make a second letter with the same
    /// Message-ID, the same to the byte.
    ///
    /// # Errors
    /// [`Error::Mail`] where it may be taken later.
    pub async fn deliver(&self, sending: &str) -> Result<()> {
        let waiting = |row: &Model| row.standing == Standing::Waiting;
        let Some(row) = self.sending_of(sending).await?.filter(waiting) else {
            return Ok(());
        };
        let mailer = self
            .mailer
            .as_ref()
            .ok_or_else(|| Error::Mail("no mail server is set up".to_owned()))?;
        let letter = self.letter(&row).await?;
        let (standing, answer) = match mailer.send(letter).await {
            Ok(answer) => {
                fail_point::hit("outside.mailed");
                (Standing::Sent, answer)
            }
            Err(NotSent::Refused(answer)) => (Standing::Refused, answer),
            Err(NotSent::Later(answer)) if self.clock.now().since(row.sent_at) >= GIVE_UP_AFTER => {
                (Standing::Refused, answer)
            }
            Err(NotSent::Later(answer)) => return self.put_off(&row, answer).await,
        };
        self.record_delivery(&row, standing, answer).await
    }

    async fn record_delivery(&self, row: &Model, standing: Standing, answer: String) -> Result<()> {
        let now = self.clock.now();
        let answer: String = answer.chars().take(LONGEST_ANSWER).collect();
        let change = ActiveModel {
            standing: Set(standing),
            answer: Set(Some(answer.clone())),
            standing_at: Set(now),
            ..Default::default()
        };
        let action = match standing {
            Standing::Refused => "document.mail_refused",
            _ => "document.mailed",
        };
        let subject = format!("document/{}", row.document_id);
        let detail = json!({ "sending": row.id, "address": row.address, "answer": answer });
        let refused = match standing {
            Standing::Refused => Some(self.refused_letter(row, answer).await?),
            _ => None,
        };
        self.store
            .write(async |tx| {
                if move_on(tx, &row.id, Standing::Waiting, change).await? {
                    if let Some((about, telling)) = &refused {
                        self.tell(tx, now, about, telling).await?;
                    }
                    audit::append(tx, now, &Actor::System, action, &subject, detail).await?;
                }
                Ok(())
            })
            .await
    }

    /// What the clerk who sent a letter, and the drafter, are told when it will never arrive; once for each address.
    async fn refused_letter(&self, row: &Model, answer: String) -> Result<(About, Telling)> {
        let document = document::Entity::find_by_id(row.document_id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::Row("outside_sending.document_id"))?;
        let telling = Telling {
            kind: Kind::MailRefused,
            which: format!("{}/{}/{}", row.id, row.sent_at, row.address),
            to: [row.person_id.clone(), document.drafter_id.clone()].into(),
            words: Some(format!("{} <{}>: {answer}", row.receiver, row.address)),
            from: None,
        };
        Ok((About::sent(&document)?, telling))
    }

    /// Lets the clerk see why it still waits.
    async fn put_off(&self, row: &Model, answer: String) -> Result<()> {
        let change = ActiveModel {
            answer: Set(Some(answer.chars().take(LONGEST_ANSWER).collect())),
            ..Default::default()
        };
        self.store
            .write(async |tx| move_on(tx, &row.id, Standing::Waiting, change).await)
            .await?;
        Err(Error::Mail(answer))
    }

    async fn letter(&self, row: &Model) -> Result<Letter> {
        let read = self.store.read();
        let document = document::Entity::find_by_id(row.document_id.clone())
            .one(read)
            .await?;
        let document = document.ok_or(Error::Row("outside_sending.document_id"))?;
        let agency = agency::Entity::find_by_id(row.agency_id.clone())
            .one(read)
            .await?;
        let agency = agency.ok_or(Error::Row("outside_sending.agency_id"))?.name;
        let code = appendix::code(&document)?;
        let files = self.signed_files(&document).await?;
        let attachment = |(name, bytes): (String, Bytes)| Attachment {
            name,
            media_type: "application/pdf",
            bytes: bytes.into(),
        };
        Ok(Letter {
            id: row.id.clone(),
            to_name: row.receiver.clone(),
            to_address: row.address.clone(),
            subject: format!("{code}: {}", document.subject),
            text: format!(
                "Kính gửi {},\n\n{agency} gửi văn bản số {code}: {}.\n\nVăn bản đính kèm có chữ ký số và có giá trị như \
                 bản gốc; hãy kiểm tra chữ ký số trước khi dùng.\n\n{agency}\n",
                row.receiver, document.subject
            ),
            attachments: files.into_iter().map(attachment).collect(),
            written_at: row.sent_at.to_offset_date_time(),
        })
    }

    async fn sending_of(&self, id: &str) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(id).one(self.store.read()).await?)
    }

    /// The document, where this person is a clerk of the agency that issues it.
    pub(super) async fn check_clerk_of(
        &self,
        presence: &Presence,
        id: &DocumentId,
    ) -> Result<document::Model> {
        let (row, capacities) = self.document(presence, id).await?;
        let clerk = capacities.contains(&Capacity::Clerk);
        clerk.then_some(row).ok_or_else(|| Refusal::NotYours.into())
    }
}

/// Changes a sending that still stands as it was read, and says whether it did.
async fn move_on(tx: &Tx, id: &str, from: Standing, change: ActiveModel) -> Result<bool> {
    let changed = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::Standing.eq(from))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Of a server's answer so many characters are kept.
const LONGEST_ANSWER: usize = 500;
