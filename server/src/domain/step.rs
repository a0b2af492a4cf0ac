//! What is asked of a meeting's procedure, and what then happens: the words of [`super::procedure`].

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use super::ballot::{Choice, Opening, Outcome, SecretBallot, Tally, Terms, VoteId};
use super::called::Called;
use super::floor::{Ending, How, TurnId};
use super::meeting::{PaperId, Role, SeatId, SiteId};
use super::meeting_right::Act;
use super::minute_book::Writing;
use super::paper_signing::{PaperSignature, PaperSigning, PaperStamp};
use super::recording::{Kept, RecordingId, Stop};
use super::roll::{Departure, Kind, Mark, QuorumRule};
use super::signed_ballot::SignedBallot;
use crate::clock::Timestamp;

/// What all sites see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    /// Everyone, as each likes it.
    #[default]
    Free,
    /// One picture, spotlighted.
    Picture {
        #[ts(type = "string")]
        seat: SeatId,
    },
    /// A page of a paper.
    Paper {
        #[ts(type = "string")]
        paper: PaperId,
        page: u32,
    },
    /// A question that is put to the vote, or its result.
    Vote { vote: VoteId },
}

/// Who may open a microphone.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    TS,
    utoipa::ToSchema,
    EnumIter,
    DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Microphones {
    /// Everyone.
    #[default]
    Free,
    /// Chair, secretary, technical host, and who has the floor.
    FloorOnly,
}

/// The rules of the room, which leaders change as it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Rules {
    /// Whoever was not called waits before the door.
    pub lobby: bool,
    /// Everyone who was not in yet waits before the door.
    pub locked: bool,
    pub chat: bool,
    pub microphones: Microphones,
    pub quota_seconds: u32,
    /// Above so many people one joins with a closed microphone.
    pub muted_above: u32,
    #[ts(skip)]
    #[serde(skip, default)]
    pub quorum: QuorumRule,
}

/// What a participant asks of the procedure; the messages that carry it are in `server/PROTOCOL.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    RaiseHand {},
    LowerHand {},
    /// The chair offers the floor to a turn of the queue.
    GiveFloor {
        turn: TurnId,
    },
    /// The chair offers it to somebody who did not ask.
    CallSpeaker {
        #[ts(type = "string")]
        seat: SeatId,
    },
    /// The speaker's own consent, without which nothing is unmuted.
    AnswerFloor {
        turn: TurnId,
        accept: bool,
    },
    /// Ends a turn: by who leads, or by the speaker.
    EndTurn {
        turn: TurnId,
    },
    ExtendTurn {
        turn: TurnId,
        seconds: u32,
    },
    MoveTurn {
        turn: TurnId,
        to: u32,
    },
    DropTurn {
        turn: TurnId,
    },
    Mark {
        #[ts(type = "string")]
        seat: SeatId,
        mark: Mark,
        reason: Option<String>,
    },
    /// Lets in who waits; nobody named: all.
    Admit {
        #[ts(type = "Array<string>")]
        seats: Vec<SeatId>,
    },
    Remove {
        #[ts(type = "string")]
        seat: SeatId,
    },
    /// Closes one microphone; nobody named: all but the leaders' and the speaker's.
    Mute {
        #[ts(type = "string | null")]
        seat: Option<SeatId>,
    },
    Lock {
        locked: bool,
    },
    SetLobby {
        lobby: bool,
    },
    SetChat {
        open: bool,
    },
    SetMicrophones {
        rule: Microphones,
    },
    SetQuota {
        seconds: u32,
    },
    SetStage {
        stage: Stage,
    },
    /// The item of the agenda that is under way.
    SetItem {
        number: Option<u32>,
    },
    Say {
        text: String,
    },
    /// Puts a question to the vote.
    OpenVote {
        terms: Terms,
    },
    CloseVote {
        vote: VoteId,
    },
    /// Takes the question back: nothing is decided.
    WithdrawVote {
        vote: VoteId,
    },
    /// A ballot in an open vote, the voter's own or of whom the caller votes for; it may be changed until the close.
    CastBallot {
        vote: VoteId,
        #[ts(type = "string")]
        voter: SeatId,
        choice: Choice,
    },
    /// A token of a secret vote, to be signed blindly.
    AskToken {
        vote: VoteId,
        #[ts(type = "string")]
        voter: SeatId,
        /// In hexadecimal, as long as the modulus of the vote's key. The rules know it by its SHA-256.
        blinded: String,
    },
    /// Writes notes or a conclusion down, for the minutes.
    Write {
        writing: Writing,
    },
    /// Records what is on the stage, and every voice. Everyone in the room is told, and whoever comes later.
    StartRecording {},
    PauseRecording {},
    ResumeRecording {},
    StopRecording {},
}

impl Step {
    /// The right it needs; more may depend on whose turn or site it is.
    pub fn act(&self) -> Act {
        match self {
            Self::RaiseHand {} | Self::LowerHand {} | Self::AnswerFloor { .. } | Self::EndTurn { .. } => {
                Act::RaiseHand
            }
            Self::GiveFloor { .. }
            | Self::CallSpeaker { .. }
            | Self::ExtendTurn { .. }
            | Self::MoveTurn { .. }
            | Self::DropTurn { .. }
            | Self::SetQuota { .. } => Act::GiveFloor,
            Self::Mark { .. } => Act::ReportSite,
            Self::Admit { .. } | Self::SetLobby { .. } => Act::Admit,
            Self::Remove { .. } => Act::Remove,
            Self::Mute { .. } => Act::MuteOthers,
            Self::Lock { .. } => Act::Lock,
            Self::SetChat { .. } | Self::SetMicrophones { .. } => Act::SetRules,
            // Who has the floor turns the pages of the paper on the stage; `decide` knows whether they do.
            Self::SetStage { .. } => Act::RaiseHand,
            Self::SetItem { .. } => Act::SetStage,
            Self::Say { .. } => Act::Chat,
            Self::OpenVote { .. } | Self::CloseVote { .. } | Self::WithdrawVote { .. } => Act::CallVote,
            Self::CastBallot { .. } | Self::AskToken { .. } => Act::Vote,
            Self::Write { .. } => Act::TakeMinutes,
            Self::StartRecording {}
            | Self::PauseRecording {}
            | Self::ResumeRecording {}
            | Self::StopRecording {} => Act::Record,
        }
    }
}

/// What happened. Stored, one row each, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Who is called: first of all, and again whenever the plan has changed.
    Called {
        called: Box<Called>,
    },
    Came {
        seat: SeatId,
        name: String,
        kind: Kind,
        role: Role,
        site: Option<SiteId>,
    },
    Gone {
        seat: SeatId,
        departure: Departure,
    },
    /// The program stopped and runs again; what stood open then ended when it was last alive.
    Interrupted {},
    Asked {
        turn: TurnId,
        seat: SeatId,
        name: String,
        how: How,
    },
    Offered {
        turn: TurnId,
        quota_ms: u32,
    },
    Accepted {
        turn: TurnId,
    },
    Ended {
        turn: TurnId,
        ending: Ending,
    },
    Extended {
        turn: TurnId,
        by_ms: u32,
    },
    Moved {
        turn: TurnId,
        to: u32,
    },
    Marked {
        seat: SeatId,
        mark: Mark,
        reason: Option<String>,
    },
    Admitted {
        seats: Vec<SeatId>,
    },
    Removed {
        seat: SeatId,
    },
    Muted {
        seat: Option<SeatId>,
    },
    /// Somebody opened or closed their own microphone.
    Microphone {
        seat: SeatId,
        is_open: bool,
    },
    RulesSet {
        rules: Rules,
    },
    Staged {
        stage: Stage,
    },
    ItemSet {
        number: Option<u32>,
    },
    Said {
        seat: SeatId,
        name: String,
        text: String,
    },
    VoteOpened {
        vote: VoteId,
        opening: Box<Opening>,
    },
    Voted {
        vote: VoteId,
        voter: SeatId,
        choice: Choice,
        /// Who cast it.
        by: SeatId,
        /// In a vote whose ballots are signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<Box<SignedBallot>>,
    },
    VoteClosed {
        vote: VoteId,
        outcome: Outcome,
        tally: Tally,
        /// Of a secret vote, sorted by token.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ballots: Vec<SecretBallot>,
    },
    TokenIssued {
        vote: VoteId,
        voter: SeatId,
        /// SHA-256 of what was signed blindly.
        blinded: String,
    },
    Written {
        writing: Writing,
        /// Who wrote it.
        name: String,
    },
    /// A paper on the table is open for signing from now on, and locked to its bytes.
    SigningOpened {
        signing: Box<PaperSigning>,
        /// Of the file with the empty fields.
        size_bytes: u64,
    },
    PaperSigned {
        signature: Box<PaperSignature>,
    },
    /// A time-stamp over the whole paper, for signatures without one of their own.
    PaperStamped {
        stamp: Box<PaperStamp>,
    },
    RecordingStarted {
        recording: RecordingId,
    },
    RecordingPaused {
        recording: RecordingId,
    },
    RecordingResumed {
        recording: RecordingId,
    },
    RecordingStopped {
        recording: RecordingId,
        stop: Stop,
    },
    /// Segments of a recording are stored: those after the first `first`.
    RecordingKept {
        recording: RecordingId,
        first: u32,
        segments: Vec<Kept>,
        /// None follows.
        is_whole: bool,
    },
}

/// One thing somebody wrote to everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Said {
    #[ts(type = "string")]
    pub at: Timestamp,
    #[ts(type = "string")]
    pub seat: SeatId,
    pub name: String,
    pub text: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub seat: SeatId,
    pub role: Role,
    pub site: Option<SiteId>,
    pub name: String,
}

/// Why a step is not taken; everything stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the role may not do this")]
    NotAllowed,
    #[error("what was named is no longer there")]
    Gone,
    #[error("the chat is closed")]
    ChatClosed,
    #[error("the words or figures cannot be used")]
    Unusable,
    #[error("so many wait already")]
    Full,
    #[error("another vote is open")]
    VoteOpen,
    #[error("the vote is over")]
    VoteClosed,
    #[error("who was not there when the vote was opened has no ballot in it")]
    NotEntitled,
    #[error("too few are present")]
    NoQuorum,
    #[error("too few vote, or with unequal weights, for a vote to stay secret")]
    NotSecret,
    #[error("the voter has a token already")]
    TokenGiven,
    #[error("somebody else has written there meanwhile")]
    Stale,
    #[error("in this vote a ballot is signed by its voter")]
    SignatureNeeded,
}
