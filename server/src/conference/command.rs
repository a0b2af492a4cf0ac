//! What is asked of the task that owns a meeting, and what it gives.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::ballot_box::{SigningKey, Token};
use super::board::Seated;
use super::lines::Line;
use super::protocol::{ErrorName, OwnCheck, Source};
use super::roster::{Entrant, Ticket};
use super::talk::Outbox;
use crate::domain::ballot::{Choice, VoteId};
use crate::domain::floor::How;
use crate::domain::meeting::SeatId;
use crate::domain::minute_book::Writing;
use crate::domain::procedure::{Caller, Event, Procedure, Refusal, Step};
use crate::domain::replay::Fault;
use crate::net;
use crate::store::audit;

/// What the sockets of a meeting ask of it.
pub(super) enum Command {
    Enter {
        entrant: Entrant,
        place: Option<String>,
        outbox: Outbox,
        reply: oneshot::Sender<Result<Admission, ErrorName>>,
    },
    /// Whoever waited before the door went away.
    StopWaiting {
        seat: SeatId,
    },
    Step {
        ticket: Ticket,
        step: Step,
        /// For a secret vote that it opens.
        key: Option<SigningKey>,
        reply: oneshot::Sender<Result<Option<SigningKey>, ErrorName>>,
    },
    /// A ballot of a secret vote, by whom nobody knows.
    CastSecret {
        vote: VoteId,
        token: Token,
        choice: Choice,
        reply: oneshot::Sender<Result<(), ErrorName>>,
    },
    /// Something happened outside the room that belongs to the record.
    Happen {
        event: Box<Event>,
        actor: audit::Actor,
        reply: oneshot::Sender<Result<(), Unwritten>>,
    },
    /// What somebody asks who need not be here.
    Ask {
        asked: FromOutside,
        caller: Caller,
        actor: audit::Actor,
        reply: oneshot::Sender<Result<(), ErrorName>>,
    },
    /// What was prepared has changed.
    Replan,
    Point {
        ticket: Ticket,
        x: u16,
        y: u16,
    },
    KeepStill {
        ticket: Ticket,
        jpeg: Vec<u8>,
    },
    GiveStill {
        seat: SeatId,
        reply: oneshot::Sender<Option<Arc<[u8]>>>,
    },
    GiveLines {
        reply: oneshot::Sender<Vec<Line>>,
    },
    KeepCheck {
        ticket: Ticket,
        check: OwnCheck,
    },
    GiveSeated {
        reply: oneshot::Sender<Vec<Seated>>,
    },
    Publish {
        ticket: Ticket,
        sources: Vec<Source>,
    },
    Mute {
        ticket: Ticket,
        source: Source,
        muted: bool,
    },
    Lose {
        ticket: Ticket,
    },
    Leave {
        ticket: Ticket,
    },
    /// Ends the meeting for everyone.
    End,
    /// The program stops; everyone shall come back in a moment.
    Stop,
}

/// What can be asked of a meeting without a socket, whether it runs or not.
#[derive(Debug, Clone)]
pub(super) enum FromOutside {
    /// Registers a speech (đăng ký trước).
    Speech,
    /// Writes notes or a conclusion down.
    Write(Writing),
}

impl FromOutside {
    /// What it brings.
    pub fn decide(self, procedure: &Procedure, caller: &Caller) -> Result<Vec<Event>, Refusal> {
        match self {
            Self::Speech => procedure.ask(&caller.seat, &caller.name, How::Registered),
            Self::Write(writing) => procedure.decide(caller, Step::Write { writing }),
        }
    }
}

/// Why something that happened is not in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// It cannot follow on what the record tells, because something else came first, or it was wrong.
    #[error(transparent)]
    Impossible(#[from] Fault),
    #[error("the record could not be written")]
    NotKept,
}

/// What came of asking to enter.
pub(super) enum Admission {
    In(Entered),
    /// Held back; the outbox is told when somebody lets them in.
    Waits(SeatId),
}

/// What a socket holds once it is in.
#[derive(Clone)]
pub(super) struct Entered {
    pub ticket: Ticket,
    pub media: Arc<net::Seat>,
    /// The media is that of the former socket and goes on.
    pub is_kept: bool,
}
