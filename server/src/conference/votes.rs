//! Votes as each may see them, and closed when their time is over.

use std::time::{Duration, Instant};

use tracing::error;
use uuid::Uuid;

use super::actor::Actor;
use super::protocol::{MissingVoter, OwnBallot, ServerMessage, VoteState};
use crate::domain::ballot::{Vote, VoteId, Voter};
use crate::domain::meeting::SeatId;
use crate::domain::meeting_right::{Act, may};
use crate::domain::procedure::Caller;
use crate::store::audit;

impl Actor {
    /// When the open vote closes by itself, as things stand.
    pub(super) fn vote_due(&self) -> Option<Instant> {
        let closes_at = self.procedure.votes.open()?.closes_at(&self.procedure.roll)?;
        Some(self.clock.monotonic() + closes_at.since(self.clock.now()))
    }

    pub(super) async fn close_due_vote(&mut self) {
        let events = self.procedure.fall_due(self.clock.now());
        if events.is_empty() {
            return;
        }
        // Where it could not be written it stays open, and closing it is tried again.
        if let Err(error) = self.carry_out(&audit::Actor::System, events).await {
            error!(?error, meeting.id = %self.meeting, "a vote whose time is over could not be closed yet");
            tokio::time::sleep(TRIED_AGAIN_AFTER).await;
        }
    }

    /// To everyone, as each may see it.
    pub(super) fn tell_vote(&self, id: VoteId) {
        let Some(vote) = self.procedure.votes.vote(id) else {
            return;
        };
        for (seat, caller) in self.roster.callers() {
            if let Some(socket) = self.sockets.get(&seat) {
                let vote = Box::new(self.vote_state(vote, &caller));
                socket.outbox.say(ServerMessage::Vote { vote });
            }
        }
    }

    /// What a line lost, or back, or a mark makes of the open vote.
    pub(super) fn tell_vote_of(&self, seat: &SeatId) {
        let open = self.procedure.votes.open();
        if let Some(vote) = open.filter(|vote| vote.opening.voter(seat).is_some()) {
            self.tell_vote(vote.id);
        }
    }

    pub(super) fn vote_states(&self, reader: Uuid) -> Vec<VoteState> {
        let caller = self.roster.callers().find(|(id, _)| *id == reader);
        let Some((_, caller)) = caller else {
            return Vec::new();
        };
        let votes = self.procedure.votes.all.iter();
        votes.map(|vote| self.vote_state(vote, &caller)).collect()
    }

    fn vote_state(&self, vote: &Vote, reader: &Caller) -> VoteState {
        let opening = &vote.opening;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let voters = opening.voters.iter();
        let own = voters.filter(|voter| self.procedure.casts_for(reader, &voter.seat));
        let leads = vote.end.is_none() && may(reader.role, Act::CallVote);
        let missing = vote.missing().filter(|_| leads);
        VoteState {
            id: vote.id,
            terms: opening.terms.clone(),
            opened_at: vote.opened_at,
            closes_at: vote.closes_at(&self.procedure.roll),
            now: self.clock.now(),
            quorum: opening.quorum,
            voters: count(opening.voters.len()),
            voted: count(vote.ballots.len()),
            called: opening.called,
            present: opening.present(),
            needed: opening.needed(),
            tally: vote.tally(),
            end: vote.end,
            ballots: own.map(|voter| own_ballot(vote, voter)).collect(),
            missing: missing.map(|voter| self.missing(voter, reader)).collect(),
        }
    }

    fn missing(&self, voter: &Voter, reader: &Caller) -> MissingVoter {
        let entry = self.procedure.roll.entry(&voter.seat);
        MissingVoter {
            voter: voter.seat.0.clone(),
            name: voter.name.clone(),
            is_lost: entry.is_some_and(|entry| entry.is_lost()),
            by_hand: self.procedure.records_for(reader, &voter.seat),
        }
    }
}

fn own_ballot(vote: &Vote, voter: &Voter) -> OwnBallot {
    OwnBallot {
        voter: voter.seat.0.clone(),
        name: voter.name.clone(),
        weight: voter.weight,
        choice: vote.ballots.get(&voter.seat).copied(),
    }
}

/// A database that refuses is not asked without end.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(200);
