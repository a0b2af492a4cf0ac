//! Telling people (thông báo): rows written in the transaction of what they tell, each thing once a person.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait};
use serde_json::Value;

use super::error::{Error, Result};
use super::{Custody, appendix};
use crate::clock::{Clock, Timestamp};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::notice::{Kind, NoticeId};
use crate::domain::numbering::local_date;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::entity::notice::{ActiveModel, Column, Entity};
use crate::store::entity::{dispatch, document};

/// The paper, or the question in writing, that notices tell of.
#[derive(Debug, Clone)]
pub struct About {
    /// Empty for a question, and for a key.
    pub document_id: DocumentId,
    /// As it came to the agency of those who are told; empty for those of its sender's side.
    pub dispatch_id: Option<DispatchId>,
    pub meeting_id: Option<MeetingId>,
    pub code: String,
    pub subject: String,
    pub due_on: Option<String>,
}

/// One thing, told to some people.
#[derive(Debug, Clone)]
pub struct Telling {
    pub kind: Kind,
    /// Which of its kind: with the kind, the key by which it is told once.
    pub which: String,
    pub to: BTreeSet<PersonId>,
    pub words: Option<String>,
    /// Whose step it is; that person knows already.
    pub from: Option<PersonId>,
}

impl Telling {
    /// By which a thing is told once.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.kind.key(), self.which)
    }
}

impl About {
    /// A document as its sender's side knows it.
    pub fn sent(document: &document::Model) -> Result<Self> {
        Ok(Self {
            document_id: document.id.clone(),
            dispatch_id: None,
            meeting_id: None,
            code: appendix::code(document)?,
            subject: document.subject.clone(),
            due_on: None,
        })
    }

    /// A key whose certificate ends.
    pub(super) fn key(subject: String, not_after: Timestamp) -> Self {
        Self {
            document_id: DocumentId(String::new()),
            dispatch_id: None,
            meeting_id: None,
            code: String::new(),
            subject,
            due_on: Some(local_date(not_after.to_offset_date_time()).to_string()),
        }
    }

    /// A question in writing, until when it can be answered.
    pub fn question(meeting: MeetingId, question: &str, closes_at: Option<Timestamp>) -> Self {
        let day = closes_at.map(|at| local_date(at.to_offset_date_time()).to_string());
        Self {
            document_id: DocumentId(String::new()),
            dispatch_id: None,
            meeting_id: Some(meeting),
            code: String::new(),
            subject: question.to_owned(),
            due_on: day,
        }
    }
}

impl Custody {
    /// A dispatch as its receiver knows it.
    pub(super) async fn about(&self, row: &dispatch::Model) -> Result<About> {
        let (code, subject) = match self.paper_of(row).await? {
            Some(paper) => (paper.code, paper.subject),
            None => {
                let document = self.dispatched(row).await?;
                (appendix::code(&document)?, document.subject)
            }
        };
        Ok(About {
            document_id: row.document_id.clone(),
            dispatch_id: Some(row.id.clone()),
            meeting_id: None,
            code,
            subject,
            due_on: row.due_on.clone(),
        })
    }

    /// The document of a dispatch that came through the system.
    pub(super) async fn dispatched(&self, row: &dispatch::Model) -> Result<document::Model> {
        let document = document::Entity::find_by_id(row.document_id.clone())
            .one(self.store.read())
            .await?;
        document.ok_or(Error::Row("dispatch.document_id"))
    }

    /// Tells of a dispatch what no person's step tells, and enters it in the audit chain if anybody was told; may run twice.
    pub(super) async fn tell_by_itself(
        &self,
        row: &dispatch::Model,
        telling: &Telling,
        action: &str,
        detail: Value,
    ) -> Result<()> {
        let about = self.about(row).await?;
        let now = self.clock.now();
        let subject = format!("dispatch/{}", row.id);
        self.store
            .write(async |tx| {
                if self.tell(tx, now, &about, telling).await? > 0 {
                    audit::append(tx, now, &Actor::System, action, &subject, detail).await?;
                }
                Ok(())
            })
            .await
    }

    /// As [`tell`].
    pub(super) async fn tell(
        &self,
        tx: &Tx,
        now: Timestamp,
        about: &About,
        telling: &Telling,
    ) -> Result<u64> {
        Ok(tell(tx, &self.clock, now, about, telling).await?)
    }
}

/// Tells each of these people, unless they were told already, and says how many were told now.
///
/// Rows are put in in the order of the people, and before the audit entry, so that no two transactions wait for each
/// other in a circle.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    tx: &Tx,
    clock: &Clock,
    now: Timestamp,
    about: &About,
    telling: &Telling,
) -> std::result::Result<u64, DbErr> {
    let key = telling.key();
    let knows = |person: &&PersonId| telling.from.as_ref() == Some(*person);
    let mut told = 0;
    for person in telling.to.iter().filter(|person| !knows(person)) {
        let row = ActiveModel {
            id: Set(NoticeId(clock.new_id())),
            person_id: Set(person.clone()),
            kind: Set(telling.kind),
            key: Set(key.clone()),
            document_id: Set(about.document_id.clone()),
            dispatch_id: Set(about.dispatch_id.clone()),
            meeting_id: Set(about.meeting_id.clone()),
            code: Set(about.code.clone()),
            subject: Set(about.subject.clone()),
            due_on: Set(about.due_on.clone()),
            words: Set(telling.words.clone()),
            from_id: Set(telling.from.clone()),
            told_at: Set(now),
            read_at: Set(None),
        };
        let once = OnConflict::columns([Column::PersonId, Column::Key])
            .do_nothing()
            .to_owned();
        told += Entity::insert(row)
            .on_conflict(once)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(told)
}
