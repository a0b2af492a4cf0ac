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
use crate::fail_point;
use crate::store::Tx;
use crate::store::audit;

impl Actor {
    /// When the open vote closes by itself, as things stand; where it could not be closed, when that is tried again.
    pub(super) fn vote_due(&self) -> Option<Instant> {
        let closes_at = self.procedure.votes.open()?.closes_at(&self.procedure.roll)?;
        let due = self.clock.monotonic() + closes_at.since(self.clock.now());
        Some(self.close_again_at.map_or(due, |again| due.max(again)))
    }

    pub(super) async fn close_due_vote(&mut self) {
        let events = self.procedure.fall_due(self.clock.now());
        self.close_again_at = None;
        if events.is_empty() {
            return;
        }
        // Where it could not be written it stays open, takes no ballot, and closing it is tried again.
        if let Err(error) = self.carry_out(&audit::Actor::System, events).await {
            error!(?error, meeting.id = %self.meeting, "a vote whose time is over could not be closed yet");
            self.close_again_at = Some(self.clock.monotonic() + TRIED_AGAIN_AFTER);
        }
    }

    /// Whether a vote stays open past its time because it could not be closed.
    pub(super) fn is_overdue(&self) -> bool {
        self.close_again_at.is_some()
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
        if self.is_overdue() {
            return Err(ErrorName::NotKept);
        }
        let mut ballot_box = self.ballot_box.take().ok_or(ErrorName::NothingThere)?;
        let cast = self.put_in(&mut ballot_box, id, token, choice).await;
        self.ballot_box = Some(ballot_box);
        if cast? {
            fail_point::hit("ballot.boxed");
            self.count_changed(id, Told::Everyone);
        }
        Ok(())
    }

    /// Whether the box is another one afterwards; where it could not be kept, it is what it was.
    async fn put_in(
        &self,
        ballot_box: &mut BallotBox,
        id: VoteId,
        token: &Token,
        choice: Choice,
    ) -> Result<bool, ErrorName> {
        if !ballot_box.key.knows(token) {
            return Err(ErrorName::Refused);
        }
        let former = ballot_box.put(token, Some(choice));
        if former == Some(choice) {
            return Ok(false);
        }
        let kept = self.keep_box(id, ballot_box).await;
        if kept.is_err() {
            ballot_box.put(token, former);
        }
        kept.map(|()| true)
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

    /// To everyone at once, as each may see it.
    pub(super) fn tell_vote(&mut self, id: VoteId) {
        self.news = None;
        self.tell_vote_to(id, |_| true);
    }

    /// To whose ballot it is, and who cast it, at once; to the others with the next count.
    pub(super) fn tell_ballot(&mut self, id: VoteId, voter: &SeatId, by: &SeatId) {
        self.tell_vote_to(id, |caller| caller.seat == *voter || caller.seat == *by);
        self.count_changed(id, Told::Everyone);
    }

    /// What a line lost, or back, or a mark makes of the open vote.
    pub(super) fn tell_vote_of(&mut self, seat: &SeatId) {
        let open = self.procedure.votes.open();
        let of_voter = open.filter(|vote| vote.opening.voter(seat).is_some());
        if let Some(id) = of_voter.map(|vote| vote.id) {
            self.count_changed(id, Told::Everyone);
        }
    }

    /// The count is told soon: where two hundred vote at once, each is told a few times and not two hundred.
    pub(super) fn count_changed(&mut self, vote: VoteId, told: Told) {
        let due = self.counted_at.map(|at| at + LEAST_BETWEEN_COUNTS);
        let now = self.clock.monotonic();
        let news = self.news.get_or_insert(News {
            vote,
            told,
            due: due.map_or(now, |due| due.max(now)),
        });
        news.vote = vote;
        news.told = news.told.max(told);
    }

    pub(super) fn tell_count(&mut self) {
        let Some(News { vote, told, .. }) = self.news.take() else {
            return;
        };
        self.counted_at = Some(self.clock.monotonic());
        self.tell_vote_to(vote, |caller| {
            told == Told::Everyone || may(caller.role, Act::CallVote)
        });
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

/// A count that is to be told.
pub(super) struct News {
    vote: VoteId,
    told: Told,
    pub due: Instant,
}

/// Whom a count is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// That somebody has a token is for who leads the vote.
    Leaders,
    Everyone,
}

/// The eye takes it for at once; each voter's page is told four times a second at the most.
const LEAST_BETWEEN_COUNTS: Duration = Duration::from_millis(250);
/// A database that refuses is not asked without end.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(200);
