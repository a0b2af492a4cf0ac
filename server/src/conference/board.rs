//! The board of those who look after the lines: who has signed on, what each tried out, how each line is; before the meeting,
//! while seats are tried out one by one, and as it runs.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::ToSchema;

use super::actor::Actor;
use super::lines::Line;
use super::protocol::{OwnCheck, Participant};
use super::registry::Hall;
use super::roster::Ticket;
use crate::clock::Timestamp;
use crate::domain::meeting::{MeetingId, SeatId};
use crate::store::Tx;
use crate::store::entity::meeting_check;

/// What a seat reported, and how its line was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingCheck)]
pub struct Check {
    #[serde(flatten)]
    pub devices: OwnCheck,
    pub round_trip_ms: Option<u32>,
    /// The worse of both ways.
    pub lost_permille: Option<u32>,
}

/// Somebody who is connected, in the meeting or while being tried out.
#[derive(Debug, Clone)]
pub struct Seated {
    pub hall: Hall,
    pub participant: Participant,
    pub line: Option<Line>,
}

impl Actor {
    /// Keeps what a seat reports of its devices. That it could not be written is worth no meeting.
    pub(super) async fn keep_check(&mut self, ticket: Ticket, devices: OwnCheck) {
        if self.roster.ticket_of(ticket.id) != Some(ticket) {
            return;
        }
        let seat = SeatId(ticket.id.to_string());
        let line = self.lines_now().await.into_iter().find(|line| line.seat == seat);
        let check = Check {
            devices,
            round_trip_ms: line.as_ref().and_then(|line| line.round_trip_ms),
            lost_permille: line
                .as_ref()
                .and_then(|line| line.up_lost_permille.max(line.down_lost_permille)),
        };
        let written = self.write_check(seat, check).await;
        if let Err(error) = written {
            warn!(%error, meeting.id = %self.meeting, "what a seat reported could not be written");
        }
    }

    async fn write_check(&self, seat: SeatId, check: Check) -> Result<(), DbErr> {
        use meeting_check::Column;
        let body = serde_json::to_string(&check).map_err(|error| DbErr::Json(error.to_string()))?;
        let row = meeting_check::ActiveModel {
            meeting_id: Set(self.meeting.clone()),
            seat: Set(seat),
            tested_at: Set(self.clock.now()),
            body: Set(body),
        };
        let replace = OnConflict::columns([Column::MeetingId, Column::Seat])
            .update_columns([Column::TestedAt, Column::Body])
            .to_owned();
        self.store
            .write(async |tx: &Tx| {
                meeting_check::Entity::insert(row)
                    .on_conflict(replace)
                    .exec_without_returning(tx)
                    .await?;
                Ok(())
            })
            .await
    }

    /// Everyone here, with how the line is.
    pub(super) async fn seated(&self, hall: &Hall) -> Vec<Seated> {
        let mut lines = self.lines_now().await;
        let seated = |participant: Participant| {
            let found = lines.iter().position(|line| line.seat.0 == participant.id);
            Seated {
                hall: hall.clone(),
                line: found.map(|index| lines.swap_remove(index)),
                participant,
            }
        };
        self.roster.participants().into_iter().map(seated).collect()
    }
}

/// What the seats of a meeting reported last, and when.
///
/// # Errors
/// When the database refuses, or a row is not ours.
pub async fn checks(
    reader: &impl ConnectionTrait,
    meeting: &MeetingId,
) -> Result<Vec<(SeatId, Timestamp, Check)>, DbErr> {
    let rows = meeting_check::Entity::find()
        .filter(meeting_check::Column::MeetingId.eq(meeting.clone()))
        .all(reader)
        .await?;
    let read = |row: meeting_check::Model| {
        let check = serde_json::from_str(&row.body).map_err(|error| DbErr::Json(error.to_string()))?;
        Ok((row.seat, row.tested_at, check))
    };
    rows.into_iter().map(read).collect()
}
