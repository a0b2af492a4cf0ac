//! The end of a meeting, written down before anybody is told.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;

use super::roster::Identity;
use crate::clock::Timestamp;
use crate::domain::meeting::MeetingId;
use crate::store::audit::{self, Actor};
use crate::store::entity::meeting;
use crate::store::{Store, Tx};

/// The first end counts; ending again changes nothing.
pub(super) async fn ended(store: &Store, now: Timestamp, id: &MeetingId, by: &Identity) -> Result<(), DbErr> {
    let actor = match by {
        Identity::Person(person) => Actor::Person(person.clone()),
        // `domain::meeting::may` lets no guest, no room and no device end a meeting.
        Identity::Guest | Identity::Site(_) | Identity::Device(..) => Actor::System,
    };
    store
        .write(async |tx: &Tx| {
            let change = meeting::Entity::update_many()
                .col_expr(meeting::Column::EndedAt, Expr::value(Some(now)))
                .filter(meeting::Column::Id.eq(id.clone()))
                .filter(meeting::Column::EndedAt.is_null());
            if change.exec(tx).await?.rows_affected == 0 {
                return Ok(());
            }
            audit::append(
                tx,
                now,
                &actor,
                "meeting.ended",
                &format!("meeting/{id}"),
                json!({}),
            )
            .await
        })
        .await
}
