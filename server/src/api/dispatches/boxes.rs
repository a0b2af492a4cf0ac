//! The boxes into which dispatches fall for a person: what waits, what is late, what was sent and where it stands.

use sea_orm::sea_query::{Expr, ExprTrait, Query as Select};
use sea_orm::{ColumnTrait, Condition};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::today;
use crate::api::session::Person;
use crate::domain::dispatch::{Recall, Status};
use crate::domain::id::AgencyId;
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

/// The dispatches of a box, as arms (see [`crate::api::arms`]).
pub(super) fn within(app: &App, r#box: Box, person: &Person) -> Vec<Condition> {
    let of = |statuses: &[Status]| with_status(&received(person), statuses);
    match r#box {
        Box::Waiting => {
            let asked = received(person)
                .into_iter()
                .map(|arm| arm.add(Column::Recall.eq(Recall::Asked)));
            of(&[Status::Arrived]).into_iter().chain(asked).collect()
        }
        Box::Valid => received(person).into_iter().map(valid).collect(),
        Box::ToInstruct => with_status(&at(person, Action::Instruct), &[Status::Accepted]),
        Box::Mine => mine(person),
        Box::Handling => of(&OPEN)
            .into_iter()
            .map(|arm| arm.add(Column::Recall.ne(Recall::Asked)))
            .collect(),
        Box::Late => of(&OPEN).into_iter().map(|arm| late(app, arm)).collect(),
        Box::Done => of(&[Status::Completed]),
        Box::Returned => of(&[Status::Returned, Status::RecallAgreed]),
        Box::Over => of(&[Status::Returned, Status::Completed, Status::RecallAgreed]),
        Box::Sent => {
            let own = own(person).into_iter();
            let own = own.map(|arm| arm.add(Column::Status.is_in(UNDONE)));
            with_status(&issued(person), &UNDONE)
                .into_iter()
                .chain(own)
                .collect()
        }
        Box::AllSent => issued(person).into_iter().chain(own(person)).collect(),
    }
}

/// What came to the agencies in which this person may read it.
pub(super) fn received(person: &Person) -> Vec<Condition> {
    at(person, Action::ReadDispatches)
}

/// Of an arm, what is past its due date.
pub(super) fn late(app: &App, arm: Condition) -> Condition {
    arm.add(Column::DueOn.lt(today(app)))
        .add(Column::Status.is_in(OPEN))
}

/// Of an arm, what is verified and valid.
pub(super) fn valid(arm: Condition) -> Condition {
    let passed = Select::select()
        .expr(Expr::val(1))
        .from(verification::Entity)
        .and_where(
            verification::Column::Id
                .into_expr()
                .eq(Column::VerificationId.into_expr()),
        )
        .and_where(verification::Column::Verdict.eq("TOTAL-PASSED"))
        .to_owned();
    arm.add(Expr::exists(passed))
}

fn at(person: &Person, action: Action) -> Vec<Condition> {
    let agencies = person.agencies_where(action).into_iter();
    agencies
        .map(|agency| Condition::all().add(Column::ReceiverId.eq(agency)))
        .collect()
}

fn with_status(arms: &[Condition], statuses: &[Status]) -> Vec<Condition> {
    let each = |arm: &Condition| {
        let arm = arm.clone();
        let with = move |status: &Status| arm.clone().add(Column::Status.eq(*status));
        statuses.iter().map(with).collect::<Vec<_>>()
    };
    arms.iter().flat_map(each).collect()
}

fn mine(person: &Person) -> Vec<Condition> {
    let supported = Select::select()
        .column(dispatch_support::Column::DispatchId)
        .from(dispatch_support::Entity)
        .and_where(dispatch_support::Column::PersonId.eq(person.id.clone()))
        .to_owned();
    let whose = [
        Column::LeadId.eq(person.id.clone()),
        Column::Id.in_subquery(supported),
    ];
    let arms: Vec<_> = received(person)
        .into_iter()
        .flat_map(|arm| whose.clone().map(|whose| arm.clone().add(whose)))
        .collect();
    with_status(&arms, &HANDLED)
}

/// What the agencies sent in which this person issues.
fn issued(person: &Person) -> Vec<Condition> {
    let agencies = person.agencies_where(Action::Issue).into_iter();
    agencies
        .map(|agency| Condition::all().add(Column::SenderId.eq(agency)))
        .collect()
}

/// What the person drafted or signed in other agencies, as its own agency sent it; what receivers handed on is theirs.
fn own(person: &Person) -> Vec<Condition> {
    let issues = person.agencies_where(Action::Issue);
    let mut drafts = person.agencies_where(Action::Draft);
    drafts.retain(|agency| !issues.contains(agency));
    let named = |whose: document::Column, agency: &AgencyId| {
        let documents = Select::select()
            .column(document::Column::Id)
            .from(document::Entity)
            .and_where(whose.eq(person.id.clone()))
            .and_where(document::Column::AgencyId.eq(agency.clone()))
            .to_owned();
        Condition::all()
            .add(Column::ForwardedFrom.is_null())
            .add(Column::DocumentId.in_subquery(documents))
    };
    let both =
        |agency| [document::Column::DrafterId, document::Column::SignerId].map(|whose| named(whose, agency));
    drafts.iter().flat_map(both).collect()
}

const HANDLED: [Status; 2] = [Status::Assigned, Status::InProgress];
const OPEN: [Status; 3] = [Status::Accepted, Status::Assigned, Status::InProgress];
/// Not done at the receiver: every status that a row may have but the last ones.
const UNDONE: [Status; 7] = [
    Status::Arrived,
    Status::Returned,
    Status::Accepted,
    Status::Assigned,
    Status::InProgress,
    Status::RecallAsked,
    Status::RecallRefused,
];
