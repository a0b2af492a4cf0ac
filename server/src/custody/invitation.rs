//! A document that invites to a meeting: drafted for it, and followed by letters once it is issued.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::meeting::MeetingId;
use crate::store::entity::meeting;
use crate::store::{Tx, audit};

/// The meeting to which a draft invites.
#[derive(Debug, Clone)]
pub struct Invites {
    pub meeting: MeetingId,
    /// The invitation that was recalled, where there was one before.
    pub in_place_of: Option<DocumentId>,
}

impl Invites {
    /// Makes `document` the meeting's invitation.
    ///
    /// # Errors
    /// [`Error::Stale`] where the meeting is over or has got another meanwhile.
    pub(super) async fn keep(
        &self,
        tx: &Tx,
        now: Timestamp,
        presence: &Presence,
        document: &DocumentId,
    ) -> Result<()> {
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
        if kept.rows_affected != 1 {
            return Err(Error::Stale);
        }
        let subject = format!("meeting/{}", self.meeting);
        let detail = json!({ "document": document });
        let action = "meeting.invitation_drafted";
        Ok(audit::append(tx, now, &presence.actor(), action, &subject, detail).await?)
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
