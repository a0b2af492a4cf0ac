//! A document's way through the house: Nghị định 30/2020/NĐ-CP, articles 9 to 19.
//!
//! ```text
//! draft → submitted → signing → signed → numbered → sealing → sealed → issued → recalled
//!            ↓ ↑         (time-stamp awaited)         (time-stamp awaited)
//!          returned
//! ```
//! A paper of two signatories (văn bản liên tịch: two leaders, and two seals where they lead two agencies) takes a step more
//! on the same way: `signing → first_signed → second_signing → signed`, and `sealing → first_sealed → second_sealing → sealed`.
//! The second signatory may give it back, as the first may; the first signature then counts for nothing.
//!
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
    /// The first of two signatories has signed, the second is to.
    FirstSigned,
    /// The second signatory's key has signed, and awaits its time-stamp.
    SecondSigning,
    Signed,
    Numbered,
    /// The agency's key has signed; the version comes into being when its time-stamp arrives.
    Sealing,
    /// The first of two agencies has sealed, the second is to.
    FirstSealed,
    /// The second agency's key has signed, and awaits its time-stamp.
    SecondSealing,
    Sealed,
    Issued,
    /// Asked back from every receiver (thu hồi): frozen here, each receiver answers for its copy.
    Recalled,
}

impl State {
    pub const ALL: [State; 14] = [
        State::Draft,
        State::Submitted,
        State::Returned,
        State::Signing,
        State::FirstSigned,
        State::SecondSigning,
        State::Signed,
        State::Numbered,
        State::Sealing,
        State::FirstSealed,
        State::SecondSealing,
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
            State::FirstSigned => "first_signed",
            State::SecondSigning => "second_signing",
            State::Signed => "signed",
            State::Numbered => "numbered",
            State::Sealing => "sealing",
            State::FirstSealed => "first_sealed",
            State::SecondSealing => "second_sealing",
            State::Sealed => "sealed",
            State::Issued => "issued",
            State::Recalled => "recalled",
        }
    }

    /// Whether a finished signature waits for its time-stamp.
    pub fn waits_for_time_stamp(self) -> bool {
        matches!(
            self,
            State::Signing | State::SecondSigning | State::Sealing | State::SecondSealing
        )
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
    /// With the leader's signature, and a later one with the second signatory's.
    Signed,
    /// With number and date.
    Numbered,
    /// With the agency's signature, and a later one with the second agency's.
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
    /// The one named as its second signatory, who holds the leader's role there.
    Cosigner,
    /// A clerk of the issuing agency.
    Clerk,
    /// A clerk of the second signatory's agency, where that is another one.
    PartnerClerk,
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

/// For which papers a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Papers {
    All,
    OneSigner,
    TwoSigners,
    OneSeal,
    TwoSeals,
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
    pub papers: Papers,
    pub condition: Condition,
    pub effect: Effect,
    pub to: State,
    /// The action's name in the audit chain.
    pub audit: &'static str,
}

/// Everything that may happen to a document.
#[rustfmt::skip]
pub const TRANSITIONS: [Transition; 27] = [
    // Once submitted it cannot be changed: any later change goes back to whoever will sign (article 9).
    row(Action::Revise,   Capacity::Drafter,      State::Draft,         Papers::All,        Condition::Nothing,                 Effect::StoreDraft,    State::Draft,         "document.revised"),
    row(Action::Revise,   Capacity::Drafter,      State::Returned,      Papers::All,        Condition::Nothing,                 Effect::StoreDraft,    State::Returned,      "document.revised"),
    row(Action::Submit,   Capacity::Drafter,      State::Draft,         Papers::All,        Condition::Nothing,                 Effect::Nothing,       State::Submitted,     "document.submitted"),
    row(Action::Submit,   Capacity::Drafter,      State::Returned,      Papers::All,        Condition::Nothing,                 Effect::Nothing,       State::Submitted,     "document.submitted"),
    row(Action::Return,   Capacity::Signer,       State::Submitted,     Papers::All,        Condition::Reason,                  Effect::Nothing,       State::Returned,      "document.returned"),
    row(Action::Return,   Capacity::Reviewer,     State::Submitted,     Papers::All,        Condition::Reason,                  Effect::Nothing,       State::Returned,      "document.returned"),
    row(Action::Return,   Capacity::Cosigner,     State::FirstSigned,   Papers::TwoSigners, Condition::Reason,                  Effect::Nothing,       State::Returned,      "document.returned"),
    row(Action::Initial,  Capacity::ReviewerDue,  State::Submitted,     Papers::All,        Condition::Nothing,                 Effect::StoreInitial,  State::Submitted,     "document.initialled"),
    row(Action::Sign,     Capacity::Signer,       State::Submitted,     Papers::All,        Condition::Initialled,              Effect::KeepPending,   State::Signing,       "document.signature_made"),
    row(Action::Complete, Capacity::House,        State::Signing,       Papers::OneSigner,  Condition::Nothing,                 Effect::StoreSigned,   State::Signed,        "document.signed"),
    row(Action::Complete, Capacity::House,        State::Signing,       Papers::TwoSigners, Condition::Nothing,                 Effect::StoreSigned,   State::FirstSigned,   "document.first_signed"),
    row(Action::Abandon,  Capacity::House,        State::Signing,       Papers::All,        Condition::Reason,                  Effect::DropPending,   State::Submitted,     "document.signature_abandoned"),
    row(Action::Sign,     Capacity::Cosigner,     State::FirstSigned,   Papers::TwoSigners, Condition::Nothing,                 Effect::KeepPending,   State::SecondSigning, "document.signature_made"),
    row(Action::Complete, Capacity::House,        State::SecondSigning, Papers::TwoSigners, Condition::Nothing,                 Effect::StoreSigned,   State::Signed,        "document.signed"),
    row(Action::Abandon,  Capacity::House,        State::SecondSigning, Papers::TwoSigners, Condition::Reason,                  Effect::DropPending,   State::FirstSigned,   "document.signature_abandoned"),
    row(Action::Number,   Capacity::Clerk,        State::Signed,        Papers::All,        Condition::LeaderSigned,            Effect::StoreNumbered, State::Numbered,      "document.numbered"),
    row(Action::Seal,     Capacity::Clerk,        State::Numbered,      Papers::All,        Condition::LeaderSignedAndNumbered, Effect::KeepPending,   State::Sealing,       "document.seal_made"),
    row(Action::Complete, Capacity::House,        State::Sealing,       Papers::OneSeal,    Condition::LeaderSignedAndNumbered, Effect::StoreSigned,   State::Sealed,        "document.sealed"),
    row(Action::Complete, Capacity::House,        State::Sealing,       Papers::TwoSeals,   Condition::LeaderSignedAndNumbered, Effect::StoreSigned,   State::FirstSealed,   "document.first_sealed"),
    row(Action::Abandon,  Capacity::House,        State::Sealing,       Papers::All,        Condition::Reason,                  Effect::DropPending,   State::Numbered,      "document.seal_abandoned"),
    row(Action::Seal,     Capacity::PartnerClerk, State::FirstSealed,   Papers::TwoSeals,   Condition::LeaderSignedAndNumbered, Effect::KeepPending,   State::SecondSealing, "document.seal_made"),
    row(Action::Complete, Capacity::House,        State::SecondSealing, Papers::TwoSeals,   Condition::LeaderSignedAndNumbered, Effect::StoreSigned,   State::Sealed,        "document.sealed"),
    row(Action::Abandon,  Capacity::House,        State::SecondSealing, Papers::TwoSeals,   Condition::Reason,                  Effect::DropPending,   State::FirstSealed,   "document.seal_abandoned"),
    row(Action::Issue,    Capacity::Clerk,        State::Sealed,        Papers::All,        Condition::Complete,                Effect::Dispatch,      State::Issued,        "document.issued"),
    // Sending again reaches receivers that were forgotten; those that have it already get nothing new.
    row(Action::Issue,    Capacity::Clerk,        State::Issued,        Papers::All,        Condition::Complete,                Effect::Dispatch,      State::Issued,        "document.sent_again"),
    row(Action::Recall,   Capacity::Clerk,        State::Issued,        Papers::All,        Condition::Reason,                  Effect::AskBack,       State::Recalled,      "document.recalled"),
    // Asking again reaches the receivers that refused.
    row(Action::Recall,   Capacity::Clerk,        State::Recalled,      Papers::All,        Condition::Reason,                  Effect::AskBack,       State::Recalled,      "document.recalled_again"),
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
    /// How many leaders sign it, and how many agencies seal it: one or two.
    pub signers: u8,
    pub seals: u8,
    /// How many initials are asked for before it is signed, and how many stand.
    pub initials_asked: u8,
    pub initials_made: u8,
    /// A stored version bears the signature of every leader who signs.
    pub leader_signed: bool,
    /// A stored version bears the number.
    pub numbered: bool,
    /// A stored version bears the signature of every agency that seals.
    pub agency_signed: bool,
}

impl Document {
    pub const DRAFT: Document = Document {
        state: State::Draft,
        signers: 1,
        seals: 1,
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
            .find(|row| row.from == self.state && self.is_among(row.papers))
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
            Effect::StoreSigned if transition.to == State::Sealed => after.agency_signed = true,
            // One of two; the other is still to come.
            Effect::StoreSigned => {}
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

    fn is_among(&self, papers: Papers) -> bool {
        match papers {
            Papers::All => true,
            Papers::OneSigner => self.signers < 2,
            Papers::TwoSigners => self.signers >= 2,
            Papers::OneSeal => self.seals < 2,
            Papers::TwoSeals => self.seals >= 2,
        }
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

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn row(
    action: Action,
    by: Capacity,
    from: State,
    papers: Papers,
    condition: Condition,
    effect: Effect,
    to: State,
    audit: &'static str,
) -> Transition {
    Transition {
        action,
        by,
        from,
        papers,
        condition,
        effect,
        to,
        audit,
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
