//! Who is told by a notice that a question in writing waits for them, and that it is over: in the transaction that writes it.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::clock::{Clock, Timestamp};
use crate::custody::notice::{self, About, Telling};
use crate::domain::called::Called;
use crate::domain::meeting::Role;
use crate::domain::notice::Kind;
use crate::domain::procedure::Event;
use crate::store::Tx;
use crate::store::audit::Actor;
use crate::store::entity::meeting_member;

/// Tells of `event` where it opens or closes a question in writing; of a meeting, whoever is there knows.
///
/// # Errors
/// When the database refuses.
pub(super) async fn tell(
    tx: &Tx,
    clock: &Clock,
    at: Timestamp,
    planned: Option<&Called>,
    (actor, event): (&Actor, &Event),
) -> Result<(), DbErr> {
    let Some(planned) = planned.filter(|planned| planned.closes_at.is_some()) else {
        return Ok(());
    };
    let kind = match event {
        Event::VoteOpened { .. } => Kind::BallotAsked,
        Event::VoteClosed { .. } => Kind::BallotCounted,
        _ => return Ok(()),
    };
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(planned.meeting.clone()))
        .all(tx)
        .await?;
    // Whoever puts a question without being asked has no ballot.
    let has_ballot = |role: Role| matches!(role, Role::Chair | Role::Delegate);
    let concerned = members
        .into_iter()
        .filter(|member| kind == Kind::BallotCounted || has_ballot(member.role));
    let telling = Telling {
        kind,
        which: planned.meeting.0.clone(),
        to: concerned.map(|member| member.person_id).collect(),
        words: None,
        from: match actor {
            Actor::Person(person) => Some(person.clone()),
            _ => None,
        },
    };
    let due = planned.closes_at.filter(|_| kind == Kind::BallotAsked);
    let about = About::question(planned.meeting.clone(), &planned.title, due);
    notice::tell(tx, clock, at, &about, &telling).await?;
    Ok(())
}
