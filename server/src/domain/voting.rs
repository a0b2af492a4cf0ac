//! Steps and events of a vote: the part of [`super::procedure`] that decides.

use super::ballot::{Choice, End, Opening, Outcome, Tally, Terms, Vote, VoteId};
use super::meeting::SeatId;
use super::meeting_right::{Act, may};
use super::procedure::Procedure;
use super::roll::{Kind, Mark};
use super::step::{Caller, Event, Refusal, Stage};
use crate::clock::Timestamp;

impl Procedure {
    /// Puts a question, and shows it to all sites.
    pub(super) fn open_vote(&self, terms: Terms) -> Result<Vec<Event>, Refusal> {
        let terms = terms.checked()?;
        if let Some(open) = self.votes.open() {
            // Two clicks at once.
            let is_same = open.opening.terms == terms;
            return if is_same {
                Ok(Vec::new())
            } else {
                Err(Refusal::VoteOpen)
            };
        }
        let quorum = self.roll.quorum(self.rules.quorum);
        let opening = Opening::of(terms, &self.roll, quorum)?;
        let vote = self.votes.next_id();
        let stage = Stage::Vote { vote };
        Ok(vec![
            Event::VoteOpened {
                vote,
                opening: Box::new(opening),
            },
            Event::Staged { stage },
        ])
    }

    pub(super) fn cast_ballot(
        &self,
        caller: &Caller,
        vote: VoteId,
        voter: SeatId,
        choice: Choice,
    ) -> Result<Vec<Event>, Refusal> {
        let vote = self.open_vote_of(vote)?;
        if vote.opening.voter(&voter).is_none() {
            return Err(Refusal::NotEntitled);
        }
        if !self.casts_for(caller, &voter) && !self.records_for(caller, &voter) {
            return Err(Refusal::NotAllowed);
        }
        if vote.ballots.get(&voter) == Some(&choice) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Voted {
            vote: vote.id,
            voter,
            choice,
            by: caller.seat.clone(),
        }])
    }

    pub(super) fn close_vote(&self, vote: VoteId) -> Result<Vec<Event>, Refusal> {
        match self.votes.vote(vote) {
            None => Err(Refusal::Gone),
            // Two clicks at once, or the time was over.
            Some(vote) if vote.end.is_some() => Ok(Vec::new()),
            Some(vote) => Ok(vec![closed(vote, vote.result())]),
        }
    }

    pub(super) fn withdraw_vote(&self, vote: VoteId) -> Result<Vec<Event>, Refusal> {
        let vote = self.open_vote_of(vote)?;
        Ok(vec![withdrawn(vote)])
    }

    /// What the hour brings: a vote whose time is over.
    pub fn fall_due(&self, now: Timestamp) -> Vec<Event> {
        let due = self.votes.open().filter(|vote| {
            let closes_at = vote.closes_at(&self.roll);
            closes_at.is_some_and(|closes_at| closes_at <= now)
        });
        due.map(|vote| closed(vote, vote.result())).into_iter().collect()
    }

    /// The meeting ends: what was not decided by then is not decided.
    pub fn break_off(&self) -> Vec<Event> {
        self.votes.open().map(withdrawn).into_iter().collect()
    }

    /// Whether `caller` votes for this voter: for themselves, and a site's room for its people who have no line of their own.
    pub fn casts_for(&self, caller: &Caller, voter: &SeatId) -> bool {
        if caller.seat == *voter {
            return true;
        }
        let is_room = |seat: &SeatId| {
            self.roll
                .entry(seat)
                .is_some_and(|entry| entry.kind == Kind::Site)
        };
        let sits_there = self.roll.entry(voter).is_some_and(|entry| {
            entry.mark == Mark::InPerson
                && !entry.is_online()
                && entry.site.is_some()
                && entry.site == caller.site
        });
        sits_there && is_room(&caller.seat)
    }

    /// Whether `caller` may write down how this voter raised their hand: who leads the vote, for those present without a line.
    pub fn records_for(&self, caller: &Caller, voter: &SeatId) -> bool {
        let is_without_line = |voter: &SeatId| {
            self.roll
                .entry(voter)
                .is_some_and(|entry| !entry.is_online() && self.roll.is_present(entry))
        };
        may(caller.role, Act::CallVote) && is_without_line(voter)
    }

    fn open_vote_of(&self, vote: VoteId) -> Result<&Vote, Refusal> {
        let vote = self.votes.vote(vote).ok_or(Refusal::Gone)?;
        if vote.end.is_none() {
            Ok(vote)
        } else {
            Err(Refusal::VoteClosed)
        }
    }

    pub(super) fn apply_closed(&mut self, at: Timestamp, vote: VoteId, outcome: Outcome, tally: Tally) {
        self.votes.close(vote, End { at, outcome, tally });
    }
}

fn closed(vote: &Vote, (outcome, tally): (Outcome, Tally)) -> Event {
    Event::VoteClosed {
        vote: vote.id,
        outcome,
        tally,
    }
}

fn withdrawn(vote: &Vote) -> Event {
    closed(vote, (Outcome::Withdrawn, vote.tally()))
}

#[cfg(test)]
#[path = "voting_tests.rs"]
mod tests;
