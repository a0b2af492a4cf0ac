//! Whether an event can follow on what a record tells before it: the rules of [`super::procedure`], asked backwards.
//!
//! A record is a list of events; [`Procedure::can_follow`] says of each whether the meeting as it stood could have brought it.
//! What depends on who asked is not asked again here: the record names who it was, and the rights of a role may change.

use std::collections::BTreeSet;

use hoian_signer::x509::Certificate;

use super::ballot::{Choice, Opening, SecretBallot, Vote, VoteId, Voter};
use super::floor::{Ending, TurnId};
use super::meeting::SeatId;
use super::paper_signing::{MOST_SIGNATORIES, PaperSignature, PaperSigning, PaperStamp};
use super::procedure::{Event, Procedure, Stage};
use super::recording::{Kept, RecordingId};
use super::roll::Entry;
use super::signed_ballot::{SignedBallot, Statement};
use super::voting::{counted, withdrawn};

/// Why an event cannot follow, in a sentence that goes on after "entry 7: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the record does not begin with who is called")]
    NotCalled,
    #[error("somebody comes who is in already")]
    InAlready,
    #[error("it tells of somebody who is not in the meeting then")]
    NotIn,
    #[error("it tells of somebody who is not on the roll")]
    NotOnRoll,
    #[error("the turn to speak is not the next one, or whoever asks has one already")]
    NotNextTurn,
    #[error("the turn to speak was not waiting, offered or under way")]
    NoSuchTurn,
    #[error("a turn ends otherwise than it went")]
    WrongEnding,
    #[error("nothing changes by it")]
    NoChange,
    #[error("it shows a page or a vote that is not there")]
    NothingToShow,
    #[error("somebody writes while the chat is closed")]
    ChatClosed,
    #[error("the vote is not the next one, or another one is open")]
    NotNextVote,
    #[error("voters, weights or quorum are not those of the roll at that moment")]
    WrongVoters,
    #[error("the vote is not open")]
    VoteNotOpen,
    #[error("somebody votes who is not entitled, or in a way that this vote does not have")]
    NotEntitled,
    #[error("the ballot does not bear its voter's signature over these very words")]
    NotSigned,
    #[error("a token is given to somebody who has one")]
    SecondToken,
    #[error("there are more ballots than tokens, or two with one token, or they are not sorted")]
    WrongBallots,
    #[error("notes or a conclusion take the place of another text than the one that stood there")]
    OtherText,
    #[error("nobody is to sign it, or somebody twice, or who is not on the roll")]
    WrongSignatories,
    #[error("a paper is signed or stamped that is not open for signing")]
    NotForSigning,
    #[error("somebody signs who was not asked to, or a second time")]
    NotSignatory,
    #[error("another paper or another file is signed or stamped than the one that was locked")]
    OtherPaper,
    #[error("the recording is not the next one, or another one runs")]
    NotNextRecording,
    #[error("the recording does not run then, or is paused, or is not")]
    RecordingNotSo,
    #[error("segments of a recording are missing before these, or overlap")]
    WrongSegments,
    #[error("the count or what came of it is not that of the ballots")]
    WrongCount,
}

impl Procedure {
    /// Whether `event` can happen now.
    ///
    /// # Errors
    /// The [`Fault`].
    pub fn can_follow(&self, event: &Event) -> Result<(), Fault> {
        if self.called.is_none() && !matches!(event, Event::Called { .. }) {
            return Err(Fault::NotCalled);
        }
        match event {
            Event::Called { called } => changes(self.called.as_ref() != Some(&**called)),
            Event::Came { seat, .. } => when(!self.is_in(seat), Fault::InAlready),
            Event::Gone { seat, .. } | Event::Microphone { seat, .. } => when(self.is_in(seat), Fault::NotIn),
            Event::Interrupted {} => when(self.roll.entries.iter().any(Entry::is_online), Fault::NotIn),
            Event::Asked { turn, seat, .. } => {
                let is_next = *turn == self.floor.next_id() && self.floor.turn_of(seat).is_none();
                when(is_next, Fault::NotNextTurn)
            }
            Event::Offered { turn, .. } | Event::Moved { turn, .. } => {
                when(self.floor.is_waiting(*turn), Fault::NoSuchTurn)
            }
            Event::Accepted { turn } => when(self.began(*turn) == Some(false), Fault::NoSuchTurn),
            Event::Extended { turn, .. } => when(self.began(*turn).is_some(), Fault::NoSuchTurn),
            Event::Ended { turn, ending } => self.can_end(*turn, *ending),
            Event::Marked { seat, mark, reason } => {
                let entry = self.roll.entry(seat).ok_or(Fault::NotOnRoll)?;
                changes((entry.mark, &entry.reason) != (*mark, reason))
            }
            Event::Admitted { seats } => changes(seats.iter().any(|seat| !self.admitted.contains(seat))),
            Event::Removed { seat } => when(self.roll.entry(seat).is_some(), Fault::NotOnRoll),
            Event::Muted { .. } | Event::RulesSet { .. } => Ok(()),
            Event::Staged { stage } => self.can_stage(stage),
            Event::ItemSet { number } => changes(*number != self.item),
            Event::Said { .. } => when(self.rules.chat, Fault::ChatClosed),
            Event::VoteOpened { vote, opening } => self.can_open(*vote, opening),
            Event::Voted {
                vote,
                voter,
                choice,
                signed,
                ..
            } => self.can_vote(*vote, voter, *choice, signed.as_deref()),
            Event::TokenIssued { vote, voter, .. } => {
                let vote = self.open_one(*vote)?;
                let is_entitled = vote.opening.voter(voter).is_some() && vote.opening.terms.is_secret;
                when(is_entitled, Fault::NotEntitled)?;
                when(!vote.issued.contains_key(voter), Fault::SecondToken)
            }
            Event::Written { writing, .. } => when(self.minutes.can_write(writing), Fault::OtherText),
            Event::SigningOpened { signing, .. } => self.can_open_signing(signing),
            Event::PaperSigned { signature } => self.can_sign(signature),
            Event::PaperStamped { stamp } => self.can_stamp(stamp),
            Event::RecordingStarted { recording } => {
                let is_next = self.recordings.open().is_none() && *recording == self.recordings.next_id();
                when(is_next, Fault::NotNextRecording)
            }
            Event::RecordingPaused { recording } => self.can_pause(*recording, false),
            Event::RecordingResumed { recording } => self.can_pause(*recording, true),
            Event::RecordingStopped { recording, .. } => {
                let is_open = self.recordings.open().is_some_and(|open| open.id == *recording);
                when(is_open, Fault::RecordingNotSo)
            }
            Event::RecordingKept {
                recording,
                first,
                segments,
                is_whole,
            } => self.can_keep(*recording, *first, segments, *is_whole),
            Event::VoteClosed { vote, ballots, .. } => can_close(self.open_one(*vote)?, event, ballots),
        }
    }

    fn is_in(&self, seat: &SeatId) -> bool {
        self.roll.entry(seat).is_some_and(Entry::is_online)
    }

    /// Of the turn that is offered or under way: whether it has begun.
    fn began(&self, turn: TurnId) -> Option<bool> {
        let current = self
            .floor
            .current
            .as_ref()
            .filter(|current| current.turn.id == turn);
        current.map(|current| current.began_at.is_some())
    }

    fn can_end(&self, turn: TurnId, ending: Ending) -> Result<(), Fault> {
        let ends = match self.began(turn) {
            Some(true) => Ending::Spoken,
            Some(false) => Ending::Declined,
            None if self.floor.is_waiting(turn) => Ending::Withdrawn,
            None => return Err(Fault::NoSuchTurn),
        };
        when(ending == ends, Fault::WrongEnding)
    }

    fn can_stage(&self, stage: &Stage) -> Result<(), Fault> {
        let is_there = match stage {
            Stage::Paper { page, .. } => *page > 0,
            Stage::Vote { vote } => self.votes.vote(*vote).is_some(),
            Stage::Picture { .. } | Stage::Free => true,
        };
        when(is_there, Fault::NothingToShow)?;
        changes(*stage != self.stage)
    }

    fn can_open(&self, vote: VoteId, opening: &Opening) -> Result<(), Fault> {
        let is_next = self.votes.open().is_none() && vote == self.votes.next_id();
        when(is_next, Fault::NotNextVote)?;
        let quorum = self.roll.quorum(self.rules.quorum);
        let settled =
            Opening::of(opening.terms.clone(), &self.roll, quorum).map_err(|_| Fault::WrongVoters)?;
        let has_key = opening.key.is_some() == opening.terms.is_secret;
        let settled = Opening {
            key: opening.key.clone(),
            ..settled
        };
        when(has_key && settled == *opening, Fault::WrongVoters)
    }

    fn can_open_signing(&self, signing: &PaperSigning) -> Result<(), Fault> {
        changes(self.signings.of(&signing.paper).is_none())?;
        let seats: BTreeSet<&SeatId> = signing.signatories.iter().map(|one| &one.seat).collect();
        let count = signing.signatories.len();
        let are_new = signing.signatories.iter().all(|one| one.signed_at.is_none());
        let on_roll = seats.iter().all(|seat| self.roll.entry(seat).is_some());
        let is_usable = (1..=MOST_SIGNATORIES).contains(&count) && seats.len() == count;
        when(is_usable && are_new && on_roll, Fault::WrongSignatories)
    }

    fn can_sign(&self, signature: &PaperSignature) -> Result<(), Fault> {
        let signing = self.signings.of(&signature.paper).ok_or(Fault::NotForSigning)?;
        when(signing.field_of(&signature.seat).is_some(), Fault::NotSignatory)?;
        let is_same = signing.digest == signature.digest && signing.file == signature.over;
        when(is_same, Fault::OtherPaper)
    }

    fn can_stamp(&self, stamp: &PaperStamp) -> Result<(), Fault> {
        let signing = self.signings.of(&stamp.paper).ok_or(Fault::NotForSigning)?;
        changes(self.signings.needs_stamp(&stamp.paper))?;
        when(signing.file == stamp.over, Fault::OtherPaper)
    }

    fn can_pause(&self, recording: RecordingId, is_paused: bool) -> Result<(), Fault> {
        let open = self.recordings.open().filter(|open| open.id == recording);
        when(
            open.is_some_and(|open| open.is_paused() == is_paused),
            Fault::RecordingNotSo,
        )
    }

    fn can_keep(
        &self,
        recording: RecordingId,
        first: u32,
        segments: &[Kept],
        is_whole: bool,
    ) -> Result<(), Fault> {
        let known = self.recordings.of(recording).filter(|one| !one.is_whole);
        let known = known.ok_or(Fault::RecordingNotSo)?;
        when(!is_whole || known.stop.is_some(), Fault::RecordingNotSo)?;
        let follows = segments.is_sorted_by(|one, next| one.begins_ms + one.duration_ms <= next.begins_ms);
        let begins = segments
            .first()
            .is_none_or(|one| one.begins_ms >= known.duration_ms());
        when(first == known.kept() && follows && begins, Fault::WrongSegments)?;
        changes(is_whole || !segments.is_empty())
    }

    fn can_vote(
        &self,
        vote: VoteId,
        voter: &SeatId,
        choice: Choice,
        signed: Option<&SignedBallot>,
    ) -> Result<(), Fault> {
        let vote = self.open_one(vote)?;
        let terms = &vote.opening.terms;
        let entitled = vote.opening.voter(voter).filter(|_| !terms.is_secret);
        let entitled = entitled.ok_or(Fault::NotEntitled)?;
        changes(vote.ballots.get(voter) != Some(&choice))?;
        match (terms.is_signed, signed) {
            (false, None) => Ok(()),
            (true, Some(signed)) => {
                let signer = self.signer(vote, entitled, choice, signed);
                when(signer.is_some(), Fault::NotSigned)
            }
            _ => Err(Fault::NotSigned),
        }
    }

    /// Of a ballot that its voter has signed: with which certificate.
    pub fn signed(&self, event: &Event) -> Option<(Certificate, SignedBallot)> {
        let Event::Voted {
            vote,
            voter,
            choice,
            signed: Some(signed),
            ..
        } = event
        else {
            return None;
        };
        let vote = self.votes.vote(*vote)?;
        let signer = self.signer(vote, vote.opening.voter(voter)?, *choice, signed)?;
        Some((signer, (**signed).clone()))
    }

    fn signer(
        &self,
        vote: &Vote,
        voter: &Voter,
        choice: Choice,
        signed: &SignedBallot,
    ) -> Option<Certificate> {
        let called = self.called.as_ref()?;
        let statement = Statement {
            meeting: &called.meeting,
            vote: vote.id,
            question: &vote.opening.terms.question,
            papers: &called.papers,
            voter,
            choice,
        };
        statement.signer(signed).ok()
    }

    fn open_one(&self, vote: VoteId) -> Result<&Vote, Fault> {
        let open = self.votes.open().filter(|open| open.id == vote);
        open.ok_or(Fault::VoteNotOpen)
    }
}

fn can_close(vote: &Vote, event: &Event, ballots: &[SecretBallot]) -> Result<(), Fault> {
    let is_sorted = ballots.is_sorted_by(|one, next| one.token < next.token);
    let may_be = vote.opening.terms.is_secret || ballots.is_empty();
    when(
        is_sorted && may_be && ballots.len() <= vote.issued.len(),
        Fault::WrongBallots,
    )?;
    let is_counted = *event == counted(vote, ballots.to_vec()) || *event == withdrawn(vote);
    when(is_counted, Fault::WrongCount)
}

fn when(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn changes(changes: bool) -> Result<(), Fault> {
    when(changes, Fault::NoChange)
}
