//! Papers of a meeting: the invitation to it, its minutes, the record of a vote, the notice of its conclusions. Each is
//! drafted in the transaction that names it in the meeting, so that of two who ask at once one drafts it.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::error::{Error, Result};
use super::{Custody, Presence, task};
use crate::clock::Timestamp;
use crate::domain::ballot::VoteId;
use crate::domain::conclusion_notice::Task;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::minutes::Paper;
use crate::store::entity::{meeting, meeting_document};
use crate::store::{Tx, audit};

/// The meeting whose paper a draft becomes.
#[derive(Debug, Clone)]
pub struct ForMeeting {
    pub meeting: MeetingId,
    pub what: What,
    /// The one that was recalled, where there was one before.
    pub in_place_of: Option<DocumentId>,
    /// Whose draft it is, where that is not who asks for it: the secretary's.
    pub drafter: Option<PersonId>,
    /// What it gives agencies to do.
    pub tasks: Vec<Task>,
}

/// Which paper of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Invitation,
    /// A paper that comes of it; `vote` is 0 where it is of no vote.
    Outcome {
        paper: Paper,
        vote: VoteId,
    },
}

impl ForMeeting {
    /// Makes `document` the meeting's.
    ///
    /// # Errors
    /// [`Error::Stale`] where it has got another meanwhile, or an invitation comes after its end.
    pub(super) async fn keep(
        &self,
        tx: &Tx,
        now: Timestamp,
        presence: &Presence,
        document: &DocumentId,
    ) -> Result<()> {
        let (is_kept, action) = match self.what {
            What::Invitation => (
                self.keep_invitation(tx, document).await?,
                "meeting.invitation_drafted",
            ),
            What::Outcome { paper, vote } => {
                let kept = self.keep_outcome(tx, paper, vote, document).await?;
                (kept, "meeting.paper_drafted")
            }
        };
        if !is_kept {
            return Err(Error::Stale);
        }
        if !self.tasks.is_empty() {
            task::keep(tx, document, &self.tasks).await?;
        }
        let subject = format!("meeting/{}", self.meeting);
        let detail = json!({ "document": document });
        Ok(audit::append(tx, now, &presence.actor(), action, &subject, detail).await?)
    }

    async fn keep_invitation(&self, tx: &Tx, document: &DocumentId) -> Result<bool> {
        let former = match &self.in_place_of {
            Some(former) => meeting::Column::InvitationId.eq(former.clone()),
            None => meeting::Column::InvitationId.is_null(),
        };
        let kept = meeting::Entity::update_many()
            .col_expr(meeting::Column::InvitationId, Expr::value(document.0.clone()))
            .filter(meeting::Column::Id.eq(self.meeting.clone()))
            .filter(meeting::Column::EndedAt.is_null())
            .filter(former)
            .exec(tx)
            .await?;
        Ok(kept.rows_affected == 1)
    }

    async fn keep_outcome(&self, tx: &Tx, paper: Paper, vote: VoteId, document: &DocumentId) -> Result<bool> {
        use meeting_document::{ActiveModel, Column, Entity};
        let vote = i32::try_from(vote).map_err(|_| Error::Row("meeting_document.vote"))?;
        let kept = match &self.in_place_of {
            Some(former) => {
                let change = Entity::update_many()
                    .col_expr(Column::DocumentId, Expr::value(document.0.clone()))
                    .filter(Column::DocumentId.eq(former.clone()));
                change.exec(tx).await?.rows_affected
            }
            None => {
                let row = ActiveModel {
                    meeting_id: Set(self.meeting.clone()),
                    paper: Set(paper),
                    vote: Set(vote),
                    document_id: Set(document.clone()),
                };
                let once = OnConflict::columns([Column::MeetingId, Column::Paper, Column::Vote])
                    .do_nothing()
                    .to_owned();
                Entity::insert(row)
                    .on_conflict(once)
                    .exec_without_returning(tx)
                    .await?
            }
        };
        Ok(kept == 1)
    }
}

impl Custody {
    /// A document is being issued: where it invites to a meeting, those who are called are written to.
    pub(super) async fn invite(&self, tx: &Tx, document: &DocumentId) -> Result<()> {
        let found = meeting::Entity::find()
            .filter(meeting::Column::InvitationId.eq(document.clone()))
            .one(tx)
            .await?;
        if let Some(meeting) = found {
            self.outbox.invite(tx, &meeting.id).await?;
        }
        Ok(())
    }
}
