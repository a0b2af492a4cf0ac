//! A document's way through the house: Nghị định 30/2020/NĐ-CP, articles 9 to 19.
//!
//! ```text
//! draft → submitted → signing → signed → numbered → sealing → sealed → issued → recalled
//!            ↓ ↑         (time-stamp awaited)         (time-stamp awaited)
//!          returned
//! ```
//! All that may happen stands in [`TRANSITIONS`], one row a step: who, from where, on what condition, to what effect,
//! and under what name the audit chain keeps it. The shell loads a [`Document`], asks [`Document::apply`], and stores
//! what comes back in the transaction that stores the effect.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

crate::id!(
    /// A document, from its draft to its issue.
    DocumentId
);

/// Where a document stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    Draft,
    Submitted,
    Returned,
    /// The leader's key has signed; the version comes into being when its time-stamp arrives.
    Signing,
    Signed,
    Numbered,
    /// The agency's key has signed; the version comes into being when its time-stamp arrives.
    Sealing,
    Sealed,
    Issued,
    /// Asked back from every receiver (thu hồi): frozen here, each receiver answers for its copy.
    Recalled,
}

impl State {
    pub const ALL: [State; 10] = [
        State::Draft,
        State::Submitted,
        State::Returned,
        State::Signing,
        State::Signed,
        State::Numbered,
        State::Sealing,
        State::Sealed,
        State::Issued,
        State::Recalled,
    ];

    /// The name in messages, rows and the interface's data.
    pub fn name(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Submitted => "submitted",
            State::Returned => "returned",
            State::Signing => "signing",
            State::Signed => "signed",
            State::Numbered => "numbered",
            State::Sealing => "sealing",
            State::Sealed => "sealed",
            State::Issued => "issued",
            State::Recalled => "recalled",
        }
    }

    /// Whether a finished signature waits for its time-stamp.
    pub fn waits_for_time_stamp(self) -> bool {
        matches!(self, State::Signing | State::Sealing)
    }
}

/// What a stored version was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Purpose {
    /// As it was uploaded or typeset.
    Draft,
    /// With the empty fields that all later steps fill.
    Prepared,
    /// With the leader's signature.
    Signed,
    /// With number and date.
    Numbered,
    /// With the agency's signature.
    Sealed,
}

/// What someone, or a job, does to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DocumentAction)]
pub enum Action {
    /// The drafter replaces the file, or what is said of it (sửa dự thảo).
    Revise,
    Submit,
    Return,
    /// A reviewer initials the part they answer for (ký nháy).
    Initial,
    /// The leader's key signs; nothing is stored as a version yet.
    Sign,
    Number,
    /// The agency's key signs; nothing is stored as a version yet.
    Seal,
    /// The time-stamp of the waiting signature has arrived and the version passed our own validator.
    Complete,
    /// The waiting signature cannot become a valid version; the person is asked again.
    Abandon,
    Issue,
    /// Asks every receiver to give it back.
    Recall,
}

impl Action {
    pub const ALL: [Action; 11] = [
        Action::Revise,
        Action::Submit,
        Action::Return,
        Action::Initial,
        Action::Sign,
        Action::Number,
        Action::Seal,
        Action::Complete,
        Action::Abandon,
        Action::Issue,
        Action::Recall,
    ];
}

/// In what capacity someone acts on one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// The one who drafted it.
    Drafter,
    /// Named to check content or form before it is signed.
    Reviewer,
    /// A reviewer whose part is still to be checked.
    ReviewerDue,
    /// The one named as its signer, who holds the leader's role.
    Signer,
    /// A clerk of the issuing agency.
    Clerk,
    /// The program itself, in a job; it holds no key and only finishes what a person began.
    House,
}

/// What must hold besides the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Nothing,
    /// A reason is given in words.
    Reason,
    /// Everyone who was named to check it has initialled it (article 12).
    Initialled,
    /// The competent person has signed: the clerk numbers and seals only that (article 26).
    LeaderSigned,
    /// Signed and numbered.
    LeaderSignedAndNumbered,
    /// Signed by both, and numbered: only this has the value of an original (article 5).
    Complete,
}

/// What a transition adds to a document, besides the new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// A new draft version, or new words about it; what was drafted before stays stored.
    StoreDraft,
    /// The initial and who made it.
    StoreInitial,
    /// The finished SignerInfo is kept as pending, and a job will complete it.
    KeepPending,
    /// A new version, ending in the signature that waited.
    StoreSigned,
    /// The pending signature is dropped.
    DropPending,
    /// A number from the sequence and a new version that shows it.
    StoreNumbered,
    /// One dispatch a receiver.
    Dispatch,
    /// A request for its return to each receiver that has it (status 13).
    AskBack,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    pub action: Action,
    pub by: Capacity,
    pub from: State,
    pub condition: Condition,
    pub effect: Effect,
    pub to: State,
    /// The action's name in the audit chain.
    pub audit: &'static str,
}

/// Everything that may happen to a document.
#[rustfmt::skip]
pub const TRANSITIONS: [Transition; 18] = [
    // Once submitted it cannot be changed: any later change goes back to whoever will sign (article 9).
    row(Action::Revise,   Capacity::Drafter, State::Draft,     Condition::Nothing,                 Effect::StoreDraft,    State::Draft,     "document.revised"),
    row(Action::Revise,   Capacity::Drafter, State::Returned,  Condition::Nothing,                 Effect::StoreDraft,    State::Returned,  "document.revised"),
    row(Action::Submit,   Capacity::Drafter, State::Draft,     Condition::Nothing,                 Effect::Nothing,       State::Submitted, "document.submitted"),
    row(Action::Submit,   Capacity::Drafter, State::Returned,  Condition::Nothing,                 Effect::Nothing,       State::Submitted, "document.submitted"),
    row(Action::Return,   Capacity::Signer,  State::Submitted, Condition::Reason,                  Effect::Nothing,       State::Returned,  "document.returned"),
    row(Action::Return,   Capacity::Reviewer,    State::Submitted, Condition::Reason,              Effect::Nothing,       State::Returned,  "document.returned"),
    row(Action::Initial,  Capacity::ReviewerDue, State::Submitted, Condition::Nothing,             Effect::StoreInitial,  State::Submitted, "document.initialled"),
    row(Action::Sign,     Capacity::Signer,  State::Submitted, Condition::Initialled,              Effect::KeepPending,   State::Signing,   "document.signature_made"),
    row(Action::Complete, Capacity::House,   State::Signing,   Condition::Nothing,                 Effect::StoreSigned,   State::Signed,    "document.signed"),
    row(Action::Abandon,  Capacity::House,   State::Signing,   Condition::Reason,                  Effect::DropPending,   State::Submitted, "document.signature_abandoned"),
    row(Action::Number,   Capacity::Clerk,   State::Signed,    Condition::LeaderSigned,            Effect::StoreNumbered, State::Numbered,  "document.numbered"),
    row(Action::Seal,     Capacity::Clerk,   State::Numbered,  Condition::LeaderSignedAndNumbered, Effect::KeepPending,   State::Sealing,   "document.seal_made"),
    row(Action::Complete, Capacity::House,   State::Sealing,   Condition::LeaderSignedAndNumbered, Effect::StoreSigned,   State::Sealed,    "document.sealed"),
    row(Action::Abandon,  Capacity::House,   State::Sealing,   Condition::Reason,                  Effect::DropPending,   State::Numbered,  "document.seal_abandoned"),
    row(Action::Issue,    Capacity::Clerk,   State::Sealed,    Condition::Complete,                Effect::Dispatch,      State::Issued,    "document.issued"),
    // Sending again reaches receivers that were forgotten; those that have it already get nothing new.
    row(Action::Issue,    Capacity::Clerk,   State::Issued,    Condition::Complete,                Effect::Dispatch,      State::Issued,    "document.sent_again"),
    row(Action::Recall,   Capacity::Clerk,   State::Issued,    Condition::Reason,                  Effect::AskBack,       State::Recalled,  "document.recalled"),
    // Asking again reaches the receivers that refused.
    row(Action::Recall,   Capacity::Clerk,   State::Recalled,  Condition::Reason,                  Effect::AskBack,       State::Recalled,  "document.recalled_again"),
];

/// Why a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The person has no part in this step; who may not know the document exists never gets this far.
    #[error("this step belongs to someone else")]
    NotYours,
    /// The document is not where this step begins.
    #[error("a document that is {} cannot take this step", .0.name())]
    WrongState(State),
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("a signature or the number is missing")]
    Incomplete,
    #[error("someone who was named to check it has not initialled it")]
    NotInitialled,
}

/// What the rules need to know of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    pub state: State,
    /// How many initials are asked for before it is signed, and how many stand.
    pub initials_asked: u8,
    pub initials_made: u8,
    /// A stored version bears the leader's signature.
    pub leader_signed: bool,
    /// A stored version bears the number.
    pub numbered: bool,
    /// A stored version bears the agency's signature.
    pub agency_signed: bool,
}

impl Document {
    pub const DRAFT: Document = Document {
        state: State::Draft,
        initials_asked: 0,
        initials_made: 0,
        leader_signed: false,
        numbered: false,
        agency_signed: false,
    };

    /// The row of the table for this action, if the person may take it now.
    ///
    /// `capacities` are all those the person has towards this document; `reason` what they wrote, if anything.
    ///
    /// # Errors
    /// [`Refusal`]. A person without any part in the action is told so before the state is looked at.
    pub fn permit(
        &self,
        action: Action,
        capacities: &[Capacity],
        reason: Option<&str>,
    ) -> Result<Transition, Refusal> {
        let mut rows = TRANSITIONS
            .iter()
            .filter(|row| row.action == action && capacities.contains(&row.by))
            .peekable();
        if rows.peek().is_none() {
            return Err(Refusal::NotYours);
        }
        let row = rows
            .find(|row| row.from == self.state)
            .ok_or(Refusal::WrongState(self.state))?;
        self.check(row.condition, reason)?;
        Ok(*row)
    }

    /// The document after a permitted transition.
    #[must_use]
    pub fn apply(self, transition: &Transition) -> Document {
        let mut after = Document {
            state: transition.to,
            ..self
        };
        match transition.effect {
            Effect::StoreSigned if transition.to == State::Signed => after.leader_signed = true,
            Effect::StoreSigned => after.agency_signed = true,
            Effect::StoreNumbered => after.numbered = true,
            // Who checked the draft before has not checked this one.
            Effect::StoreDraft => after.initials_made = 0,
            Effect::StoreInitial => after.initials_made = (self.initials_made + 1).min(self.initials_asked),
            Effect::Nothing
            | Effect::KeepPending
            | Effect::DropPending
            | Effect::Dispatch
            | Effect::AskBack => {}
        }
        after
    }

    fn check(&self, condition: Condition, reason: Option<&str>) -> Result<(), Refusal> {
        let holds = match condition {
            Condition::Nothing => true,
            Condition::Reason if reason.is_none_or(|reason| reason.trim().is_empty()) => {
                return Err(Refusal::ReasonMissing);
            }
            Condition::Reason => true,
            Condition::Initialled if self.initials_made < self.initials_asked => {
                return Err(Refusal::NotInitialled);
            }
            Condition::Initialled => true,
            Condition::LeaderSigned => self.leader_signed,
            Condition::LeaderSignedAndNumbered => self.leader_signed && self.numbered,
            Condition::Complete => self.leader_signed && self.numbered && self.agency_signed,
        };
        holds.then_some(()).ok_or(Refusal::Incomplete)
    }
}

const fn row(
    action: Action,
    by: Capacity,
    from: State,
    condition: Condition,
    effect: Effect,
    to: State,
    audit: &'static str,
) -> Transition {
    Transition {
        action,
        by,
        from,
        condition,
        effect,
        to,
        audit,
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
