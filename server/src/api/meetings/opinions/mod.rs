//! `/opinions`: votes in writing without a meeting (phiếu lấy ý kiến): put, seen by whoever is asked, answered, counted.

mod answer;
mod ask;
mod seen;

use sea_orm::EntityTrait;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{member_of, refusals};
use crate::api::problem::Problem;
use crate::api::session::Person;
use crate::conference::{Close, Identity};
use crate::domain::ballot::Vote;
use crate::domain::id::PersonId;
use crate::domain::meeting::{MeetingId, SeatId};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::procedure::Procedure;
use crate::parts::App;
use crate::store::entity::{meeting, meeting_member};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(seen::list, ask::create))
        .routes(routes!(seen::read))
        .routes(routes!(answer::cast))
        .routes(routes!(answer::token))
        .routes(routes!(answer::close))
}

/// A question that the caller is asked or has put.
async fn found(
    app: &App,
    caller: &Person,
    id: MeetingId,
) -> Result<(meeting::Model, meeting_member::Model), Problem> {
    let reader = app.store.read();
    let row = meeting::Entity::find_by_id(id).one(reader).await?;
    let row = row.filter(|row| row.kind == MeetingKind::Written);
    let row = row.ok_or_else(Problem::not_found)?;
    let member = member_of(reader, &row.id, &caller.id).await?;
    Ok((row, member.ok_or_else(Problem::not_found)?))
}

async fn due(app: &App, row: &meeting::Model) -> Result<(), Problem> {
    if row.ends_at.is_none_or(|at| at > app.clock.now()) {
        return Ok(());
    }
    let closed = app.conferences.close_in_writing(&row.id, Close::Due).await;
    closed.map_err(|_| refusals::ballot_not_kept())
}

fn seat(app: &App, id: &MeetingId, person: &PersonId) -> SeatId {
    app.conferences.seat_of(id, &Identity::Person(person.clone()))
}

fn question(procedure: &Procedure) -> Option<&Vote> {
    procedure.votes.all.first()
}
