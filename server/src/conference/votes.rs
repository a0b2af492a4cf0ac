//! Votes as each may see them, closed when their time is over; the ballots of secret ones.

use std::time::{Duration, Instant};

use tracing::error;
use uuid::Uuid;

use super::actor::Actor;
use super::ballot_box::{BallotBox, SigningKey, Token};
use super::protocol::{ErrorName, MissingVoter, OwnBallot, ServerMessage, VoteState};
use crate::domain::ballot::{Choice, Outcome, Vote, VoteId, Voter};
use crate::domain::meeting::SeatId;
use crate::domain::meeting_right::{Act, may};
use crate::domain::procedure::{Caller, Event};
use crate::domain::voting::{counted, withdrawn};
use crate::store::Tx;
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

    /// Gives a secret vote that is about to be opened its key: the box is durable before the record says that there is one.
    pub(super) async fn open_secret(
        &mut self,
        events: &mut [Event],
        key: Option<SigningKey>,
    ) -> Result<(), ErrorName> {
        for event in events {
            let Event::VoteOpened { vote, opening } = event else {
                continue;
            };
            if !opening.terms.is_secret {
                continue;
            }
            let key = key.clone().ok_or(ErrorName::NotKept)?;
            opening.key = Some(key.public());
            let fresh = BallotBox::new(key);
            self.keep_box(*vote, &fresh).await?;
            self.ballot_box = Some(fresh);
        }
        Ok(())
    }

    /// The close of a secret vote publishes what is in the box.
    pub(super) fn with_ballots(&self, events: Vec<Event>) -> Vec<Event> {
        let publish = |event| match (&event, self.procedure.votes.open()) {
            (Event::VoteClosed { outcome, .. }, Some(vote))
                if *outcome != Outcome::Withdrawn && vote.opening.terms.is_secret =>
            {
                // A backup holds no box: what is restored from it has nothing to count.
                let ballot_box = self.ballot_box.as_ref();
                ballot_box.map_or_else(
                    || withdrawn(vote),
                    |ballot_box| counted(vote, ballot_box.published()),
                )
            }
            _ => event,
        };
        events.into_iter().map(publish).collect()
    }

    /// Puts a ballot into the box. Of whom it is, nothing says.
    pub(super) async fn cast_secret(
        &mut self,
        id: VoteId,
        token: &Token,
        choice: Choice,
    ) -> Result<(), ErrorName> {
        let vote = self.procedure.votes.vote(id).ok_or(ErrorName::NothingThere)?;
        if vote.end.is_some() {
            return Err(ErrorName::VoteClosed);
        }
        let ballot_box = self.ballot_box.as_ref().ok_or(ErrorName::NothingThere)?;
        if !ballot_box.key.knows(token) {
            return Err(ErrorName::Refused);
        }
        let mut changed = ballot_box.clone();
        if !changed.put(token, choice) {
            return Ok(());
        }
        self.keep_box(id, &changed).await?;
        self.ballot_box = Some(changed);
        self.tell_vote(id);
        Ok(())
    }

    async fn keep_box(&self, vote: VoteId, ballot_box: &BallotBox) -> Result<(), ErrorName> {
        if !self.ledger.is_kept() {
            return Ok(());
        }
        let kept = self.store.write(async |tx: &Tx| {
            ballot_box
                .keep(tx, (&self.secret, &self.clock), &self.meeting, vote)
                .await
        });
        kept.await.map_err(|error| {
            error!(%error, meeting.id = %self.meeting, "a ballot box could not be kept");
            ErrorName::NotKept
        })
    }

    /// To everyone, as each may see it.
    pub(super) fn tell_vote(&self, id: VoteId) {
        self.tell_vote_to(id, |_| true);
    }

    /// That somebody has a token is for who leads the vote.
    pub(super) fn tell_leaders(&self, id: VoteId) {
        self.tell_vote_to(id, |caller| may(caller.role, Act::CallVote));
    }

    /// What a line lost, or back, or a mark makes of the open vote.
    pub(super) fn tell_vote_of(&self, seat: &SeatId) {
        let open = self.procedure.votes.open();
        if let Some(vote) = open.filter(|vote| vote.opening.voter(seat).is_some()) {
            self.tell_vote(vote.id);
        }
    }

    fn tell_vote_to(&self, id: VoteId, is_told: impl Fn(&Caller) -> bool) {
        let Some(vote) = self.procedure.votes.vote(id) else {
            return;
        };
        let of_all = self.vote_state(vote);
        for (seat, caller) in self.roster.callers().filter(|(_, caller)| is_told(caller)) {
            if let Some(socket) = self.sockets.get(&seat) {
                let vote = Box::new(self.as_seen(of_all.clone(), vote, &caller));
                socket.outbox.say(ServerMessage::Vote { vote });
            }
        }
    }

    pub(super) fn vote_states(&self, reader: Uuid) -> Vec<VoteState> {
        let caller = self.roster.callers().find(|(id, _)| *id == reader);
        let Some((_, caller)) = caller else {
            return Vec::new();
        };
        let votes = self.procedure.votes.all.iter();
        votes
            .map(|vote| self.as_seen(self.vote_state(vote), vote, &caller))
            .collect()
    }

    /// What everyone may see of a vote.
    fn vote_state(&self, vote: &Vote) -> VoteState {
        let opening = &vote.opening;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let in_box = self.ballot_box.as_ref().filter(|_| vote.end.is_none());
        let voted = vote.ballots.len() + vote.published.len() + in_box.map_or(0, BallotBox::count);
        VoteState {
            id: vote.id,
            terms: opening.terms.clone(),
            opened_at: vote.opened_at,
            closes_at: vote.closes_at(&self.procedure.roll),
            now: self.clock.now(),
            quorum: opening.quorum,
            key: opening.key.clone(),
            voters: count(opening.voters.len()),
            voted: count(voted),
            called: opening.called,
            present: opening.present(),
            needed: opening.needed(),
            tally: vote.tally(),
            end: vote.end,
            ballots: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn as_seen(&self, of_all: VoteState, vote: &Vote, reader: &Caller) -> VoteState {
        let leads = vote.end.is_none() && may(reader.role, Act::CallVote);
        let missing = vote.missing().filter(|_| leads);
        let own = self.procedure.ballots_of(vote, reader).into_iter();
        VoteState {
            ballots: own.map(|voter| own_ballot(vote, voter)).collect(),
            missing: missing.map(|voter| self.missing(voter, reader)).collect(),
            ..of_all
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
