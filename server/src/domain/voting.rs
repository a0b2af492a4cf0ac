//! Steps and events of a vote: the part of [`super::procedure`] that decides.

use std::collections::BTreeSet;

use super::ballot::{Choice, Electorate, Opening, Outcome, SecretBallot, Terms, Vote, VoteId, Voter};
use super::meeting::SeatId;
use super::meeting_right::{Act, may};
use super::procedure::Procedure;
use super::roll::{Entry, Kind, Mark};
use super::step::{Caller, Event, Refusal, Stage};
use crate::clock::Timestamp;

impl Procedure {
    /// Puts a question, and shows it to all sites.
    pub(super) fn open_vote(&self, terms: Terms) -> Result<Vec<Event>, Refusal> {
        let terms = terms.checked()?;
        if terms.electorate == Electorate::Asked {
            return Err(Refusal::Unusable);
        }
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
        if vote.opening.terms.is_secret {
            return Err(Refusal::Unusable);
        }
        if vote.opening.terms.is_signed {
            return Err(Refusal::SignatureNeeded);
        }
        let casts = self.ballots_of(vote, caller).iter().any(|one| one.seat == voter);
        if !casts && !self.records_for(caller, &voter) {
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
            signed: None,
        }])
    }

    /// A token of a secret vote, once a voter: asked again for the same one, it is signed again.
    pub(super) fn ask_token(
        &self,
        caller: &Caller,
        vote: VoteId,
        voter: SeatId,
        blinded: String,
    ) -> Result<Vec<Event>, Refusal> {
        let vote = self.open_vote_of(vote)?;
        if vote.opening.voter(&voter).is_none() {
            return Err(Refusal::NotEntitled);
        }
        if caller.seat != voter {
            return Err(Refusal::NotAllowed);
        }
        if !vote.opening.terms.is_secret {
            return Err(Refusal::Unusable);
        }
        match vote.issued.get(&voter) {
            Some(known) if *known == blinded => Ok(Vec::new()),
            Some(_) => Err(Refusal::TokenGiven),
            None => Ok(vec![Event::TokenIssued {
                vote: vote.id,
                voter,
                blinded,
            }]),
        }
    }

    pub(super) fn close_vote(&self, vote: VoteId) -> Result<Vec<Event>, Refusal> {
        match self.votes.vote(vote) {
            None => Err(Refusal::Gone),
            // Two clicks at once, or the time was over.
            Some(vote) if vote.end.is_some() => Ok(Vec::new()),
            Some(vote) => Ok(vec![counted(vote, Vec::new())]),
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
        due.map(|vote| counted(vote, Vec::new())).into_iter().collect()
    }

    /// The meeting ends: what was not decided by then is not decided.
    pub fn break_off(&self) -> Vec<Event> {
        self.votes.open().map(withdrawn).into_iter().collect()
    }

    /// Whose ballots of a vote are the caller's to cast: their own, and in an open vote, for the room of a site, those of its
    /// people who have no line of their own.
    pub fn ballots_of<'a>(&self, vote: &'a Vote, caller: &Caller) -> Vec<&'a Voter> {
        let is_room = self
            .roll
            .entry(&caller.seat)
            .is_some_and(|entry| entry.kind == Kind::Site);
        let votes_for_room = is_room && caller.site.is_some() && !vote.opening.terms.is_secret;
        let sits_there =
            |entry: &&Entry| entry.mark == Mark::InPerson && !entry.is_online() && entry.site == caller.site;
        let entries = self.roll.entries.iter().filter(|_| votes_for_room);
        let mut seats: BTreeSet<&SeatId> = entries.filter(sits_there).map(|entry| &entry.seat).collect();
        seats.insert(&caller.seat);
        let voters = vote.opening.voters.iter();
        voters.filter(|voter| seats.contains(&voter.seat)).collect()
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
}

/// The close of a vote; of a secret one with its ballots, which only whoever opens the box knows.
pub fn counted(vote: &Vote, ballots: Vec<SecretBallot>) -> Event {
    let mut tally = vote.tally();
    for ballot in &ballots {
        tally.add(ballot.choice, 1);
    }
    Event::VoteClosed {
        vote: vote.id,
        outcome: vote.outcome(&tally),
        tally,
        ballots,
    }
}

/// Nothing is decided.
pub fn withdrawn(vote: &Vote) -> Event {
    Event::VoteClosed {
        vote: vote.id,
        outcome: Outcome::Withdrawn,
        tally: vote.tally(),
        ballots: Vec::new(),
    }
}

#[cfg(test)]
#[path = "voting_tests.rs"]
mod tests;
