//! The boxes into which dispatches fall for a person: what waits, what is late, what was sent and where it stands.

use sea_orm::sea_query::{Query as Select, SelectStatement};
use sea_orm::{ColumnTrait, Condition};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::today;
use crate::api::session::Person;
use crate::domain::dispatch::{Recall, Status};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::dispatch::Column;
use crate::store::entity::{dispatch_support, document, verification};

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DispatchBox)]
pub(super) enum Box {
    /// What the clerk answers: not accepted or returned yet, or asked back by the sender.
    Waiting,
    /// Verified, and its signatures are valid.
    Valid,
    /// Registered, and no leader has written on it.
    ToInstruct,
    /// What the person who asks handles or supports, not done yet.
    Mine,
    /// Registered, assigned or in progress, by whomever.
    Handling,
    /// Past its due date and not done.
    Late,
    /// Done.
    Done,
    /// Sent back, or given back to the sender.
    Returned,
    /// Done, returned, or given back to the sender.
    Over,
    /// Sent by this person's agency or drafted by this person, and not done at its receiver.
    Sent,
    /// Sent likewise, wherever it stands.
    AllSent,
}

/// The dispatches of a box.
pub(super) fn within(app: &App, r#box: Box, person: &Person) -> Condition {
    let all = received(person);
    match r#box {
        Box::Waiting => all.add(
            Condition::any()
                .add(Column::Status.eq(Status::Arrived))
                .add(Column::Recall.eq(Recall::Asked)),
        ),
        Box::Valid => all.add(Column::VerificationId.in_subquery(passed())),
        Box::ToInstruct => all
            .add(Column::Status.eq(Status::Accepted))
            .add(Column::ReceiverId.is_in(person.agencies_where(Action::Instruct))),
        Box::Mine => all.add(Column::Status.is_in(HANDLED)).add(
            Condition::any()
                .add(Column::LeadId.eq(person.id.clone()))
                .add(Column::Id.in_subquery(supported(person))),
        ),
        Box::Handling => all
            .add(Column::Status.is_in(OPEN))
            .add(Column::Recall.ne(Recall::Asked)),
        Box::Late => all
            .add(Column::DueOn.lt(today(app)))
            .add(Column::Status.is_in(OPEN)),
        Box::Done => all.add(Column::Status.eq(Status::Completed)),
        Box::Returned => all.add(Column::Status.is_in([Status::Returned, Status::RecallAgreed])),
        Box::Over => {
            all.add(Column::Status.is_in([Status::Returned, Status::Completed, Status::RecallAgreed]))
        }
        Box::Sent => sent(person).add(Column::Status.is_not_in([Status::Completed, Status::RecallAgreed])),
        Box::AllSent => sent(person),
    }
}

/// What came to the agencies in which this person may read it.
pub(super) fn received(person: &Person) -> Condition {
    Condition::all().add(Column::ReceiverId.is_in(person.agencies_where(Action::ReadDispatches)))
}

/// What the clerk's agency sent, and what the person drafted or signed there.
fn sent(person: &Person) -> Condition {
    let own = Select::select()
        .column(document::Column::Id)
        .from(document::Entity)
        .cond_where(
            Condition::any()
                .add(document::Column::DrafterId.eq(person.id.clone()))
                .add(document::Column::SignerId.eq(person.id.clone())),
        )
        .to_owned();
    let drafts = Condition::all()
        .add(Column::SenderId.is_in(person.agencies_where(Action::Draft)))
        .add(Column::DocumentId.in_subquery(own));
    Condition::all().add(
        Condition::any()
            .add(Column::SenderId.is_in(person.agencies_where(Action::Issue)))
            .add(drafts),
    )
}

fn supported(person: &Person) -> SelectStatement {
    Select::select()
        .column(dispatch_support::Column::DispatchId)
        .from(dispatch_support::Entity)
        .and_where(dispatch_support::Column::PersonId.eq(person.id.clone()))
        .to_owned()
}

fn passed() -> SelectStatement {
    Select::select()
        .column(verification::Column::Id)
        .from(verification::Entity)
        .and_where(verification::Column::Verdict.eq("TOTAL-PASSED"))
        .to_owned()
}

const HANDLED: [Status; 2] = [Status::Assigned, Status::InProgress];
const OPEN: [Status; 3] = [Status::Accepted, Status::Assigned, Status::InProgress];
