//! Votes of a meeting (biểu quyết): a question is put, whoever is entitled answers it, and the count says what was decided.
//!
//! Who is entitled, with which weight, and whether there was a quorum is settled from the roll at the second of the opening
//! and stands in the record with it: nothing that is planned, marked or lost later changes a vote that is open or over.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::meeting::{SeatId, words};
use super::roll::{Entry, Quorum, Roll};
use super::step::Refusal;
use crate::clock::Timestamp;

/// Numbers votes within a meeting, from 1.
pub type VoteId = u32;

/// What somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VoteChoice)]
pub enum Choice {
    /// Tán thành.
    InFavour,
    /// Không tán thành.
    Against,
    /// Không biểu quyết.
    Abstaining,
}

impl Choice {
    /// Every choice, in the order in which they are read out.
    pub const ALL: [Self; 3] = [Self::InFavour, Self::Against, Self::Abstaining];
}

/// Who votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VoteElectorate)]
pub enum Electorate {
    /// Each person who counts for the quorum and is present, with the weight that the plan gives them.
    Delegates,
    /// Each site that is reached, with one vote.
    Sites,
    /// Everyone who is asked in writing, there or not; no meeting has it.
    Asked,
}

/// What must be in favour for the question to be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VoteMajority)]
pub enum Majority {
    /// More than half of all who are called, there or not.
    HalfOfCalled,
    /// More than half of those present when the vote was opened.
    HalfOfPresent,
    TwoThirdsOfCalled,
    TwoThirdsOfPresent,
}

impl Majority {
    /// The smallest weight in favour that carries the question.
    pub fn needed(self, called: u32, present: u32) -> u32 {
        match self {
            Self::HalfOfCalled => called / 2 + 1,
            Self::HalfOfPresent => present / 2 + 1,
            Self::TwoThirdsOfCalled => two_thirds(called),
            Self::TwoThirdsOfPresent => two_thirds(present),
        }
    }
}

fn two_thirds(of: u32) -> u32 {
    u32::try_from((2 * u64::from(of)).div_ceil(3)).unwrap_or(u32::MAX)
}

/// What is put to the vote, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VoteTerms)]
pub struct Terms {
    /// 1 to 500 characters.
    pub question: String,
    /// The item of the agenda that it belongs to.
    pub item: Option<u32>,
    pub electorate: Electorate,
    /// Nobody learns who chose what (bỏ phiếu kín): ballots are cast with blindly signed tokens.
    pub is_secret: bool,
    /// Each signs their ballot with their own certificate (phiếu có ký số): for delegates, in an open vote.
    #[serde(default)]
    pub is_signed: bool,
    pub majority: Majority,
    /// 10 to 7200; nothing: until the chair closes it.
    pub seconds: Option<u32>,
    /// When the time is over, who has lost the line is waited for, until so many seconds after their return: 0 to 600.
    pub grace_seconds: u32,
}

impl Terms {
    /// The terms with their words made regular.
    ///
    /// # Errors
    /// [`Refusal::Unusable`].
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.question = words(&self.question, QUESTION_CHARACTERS).map_err(|_| Refusal::Unusable)?;
        let in_range = self.seconds.is_none_or(|seconds| SECONDS.contains(&seconds));
        let may_sign = !self.is_signed || (!self.is_secret && self.electorate != Electorate::Sites);
        if may_sign && in_range && GRACE_SECONDS.contains(&self.grace_seconds) {
            Ok(self)
        } else {
            Err(Refusal::Unusable)
        }
    }
}

/// Somebody who is entitled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voter {
    pub seat: SeatId,
    pub name: String,
    pub weight: u32,
}

/// The public key that a secret vote's tokens are signed with, in hexadecimal, big-endian.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[schema(as = VoteTokenKey)]
pub struct TokenKey {
    pub n: String,
    pub e: String,
}

/// A ballot of a secret vote, as it is published when the vote is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretBallot {
    /// SHA-256 of the token with which it was cast, in hexadecimal.
    pub token: String,
    pub choice: Choice,
}

/// A vote as it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub terms: Terms,
    pub voters: Vec<Voter>,
    /// The weight of all who are called.
    pub called: u32,
    pub quorum: Quorum,
    /// Of a secret vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<TokenKey>,
}

impl Opening {
    /// The vote that can be opened now.
    ///
    /// # Errors
    /// [`Refusal::NoQuorum`], also where nobody could vote; [`Refusal::NotSecret`].
    pub fn of(terms: Terms, roll: &Roll, quorum: Quorum) -> Result<Self, Refusal> {
        let weight = |entry: &Entry| match terms.electorate {
            Electorate::Delegates | Electorate::Asked => entry.weight,
            Electorate::Sites => 1,
        };
        let called = roll.electorate(terms.electorate);
        // Whoever has no line of their own cannot ask for a token.
        let can_vote = |entry: &Entry| match terms.electorate {
            Electorate::Asked => true,
            _ => roll.is_present(entry) && (!terms.is_secret || entry.is_online()),
        };
        let present = called.iter().filter(|entry| can_vote(entry));
        let voter = |entry: &&Entry| Voter {
            seat: entry.seat.clone(),
            name: entry.name.clone(),
            weight: weight(entry),
        };
        let voters: Vec<Voter> = present.map(voter).collect();
        if voters.is_empty() || !quorum.is_reached {
            return Err(Refusal::NoQuorum);
        }
        // Among few the count tells who chose what, and a ballot that counts more than others tells whose it is.
        let may_hide = voters.len() >= SMALLEST_SECRET && voters.iter().all(|voter| voter.weight == 1);
        if terms.is_secret && !may_hide {
            return Err(Refusal::NotSecret);
        }
        let called = sum(called.iter().map(|entry| weight(entry)));
        Ok(Self {
            terms,
            voters,
            called,
            quorum,
            key: None,
        })
    }

    /// The weight of those who were present.
    pub fn present(&self) -> u32 {
        sum(self.voters.iter().map(|voter| voter.weight))
    }

    /// The weight that carries the question.
    pub fn needed(&self) -> u32 {
        self.terms.majority.needed(self.called, self.present())
    }

    pub fn voter(&self, seat: &SeatId) -> Option<&Voter> {
        self.voters.iter().find(|voter| voter.seat == *seat)
    }

    fn outcome(&self, tally: &Tally) -> Outcome {
        if tally.in_favour >= self.needed() {
            Outcome::Carried
        } else {
            Outcome::NotCarried
        }
    }
}

/// The weights of the ballots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[schema(as = VoteTally)]
pub struct Tally {
    pub in_favour: u32,
    pub against: u32,
    pub abstaining: u32,
}

impl Tally {
    /// Counts one more ballot.
    pub fn add(&mut self, choice: Choice, weight: u32) {
        let sum = match choice {
            Choice::InFavour => &mut self.in_favour,
            Choice::Against => &mut self.against,
            Choice::Abstaining => &mut self.abstaining,
        };
        *sum = sum.saturating_add(weight);
    }
}

/// What came of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VoteOutcome)]
pub enum Outcome {
    Carried,
    NotCarried,
    /// Taken back, or broken off by the end of the meeting: nothing is decided.
    Withdrawn,
}

/// How a vote ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[schema(as = VoteEnd)]
pub struct End {
    #[ts(type = "string")]
    pub at: Timestamp,
    pub outcome: Outcome,
    pub tally: Tally,
}

/// A vote, open or over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub id: VoteId,
    pub opening: Opening,
    pub opened_at: Timestamp,
    /// Until when, where nobody is waited for.
    time_limit: Option<Timestamp>,
    /// Since when the program itself was gone; that time does not count.
    halted_at: Option<Timestamp>,
    pub ballots: BTreeMap<SeatId, Choice>,
    /// Who has a token of a secret vote, each with the SHA-256 of what was signed blindly.
    pub issued: BTreeMap<SeatId, String>,
    /// The ballots of a secret vote that is over, sorted by token.
    pub published: Vec<SecretBallot>,
    pub end: Option<End>,
}

impl Vote {
    fn new(id: VoteId, opening: Opening, at: Timestamp) -> Self {
        let seconds = opening.terms.seconds;
        Self {
            id,
            opening,
            opened_at: at,
            time_limit: seconds.map(|seconds| at.after(Duration::from_secs(seconds.into()))),
            halted_at: None,
            ballots: BTreeMap::new(),
            issued: BTreeMap::new(),
            published: Vec::new(),
            end: None,
        }
    }

    /// The ballots so far; of a secret vote nothing until it is over.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for ballot in &self.published {
            tally.add(ballot.choice, 1);
        }
        for voter in &self.opening.voters {
            if let Some(choice) = self.ballots.get(&voter.seat) {
                tally.add(*choice, voter.weight);
            }
        }
        tally
    }

    /// What such a count comes to.
    pub fn outcome(&self, tally: &Tally) -> Outcome {
        self.opening.outcome(tally)
    }

    /// Whether somebody has taken part: of a secret vote it is known only that they have a token.
    pub fn has_voted(&self, voter: &SeatId) -> bool {
        self.ballots.contains_key(voter) || self.issued.contains_key(voter)
    }

    /// Who is entitled and has not voted.
    pub fn missing(&self) -> impl Iterator<Item = &Voter> {
        let voters = self.opening.voters.iter();
        voters.filter(|voter| !self.has_voted(&voter.seat))
    }

    /// When it closes by itself; nothing while the chair alone can close it, because there is no limit or somebody who
    /// lost the line is waited for.
    pub fn closes_at(&self, roll: &Roll) -> Option<Timestamp> {
        let mut closes_at = self.time_limit.filter(|_| self.halted_at.is_none())?;
        let grace = Duration::from_secs(self.opening.terms.grace_seconds.into());
        if grace.is_zero() {
            return Some(closes_at);
        }
        for voter in self.missing() {
            let Some(entry) = roll.entry(&voter.seat) else {
                continue;
            };
            if entry.is_lost() {
                return None;
            }
            // Back since the vote was opened.
            let returned = entry.intervals.last().map(|last| last.from);
            if let Some(returned) = returned.filter(|from| *from > self.opened_at && entry.is_online()) {
                closes_at = closes_at.max(returned.after(grace));
            }
        }
        Some(closes_at)
    }
}

/// All votes of a meeting, in their order; at most one is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Votes {
    pub all: Vec<Vote>,
}

impl Votes {
    /// The number of the next vote.
    pub fn next_id(&self) -> VoteId {
        self.all.last().map_or(0, |vote| vote.id) + 1
    }

    pub fn vote(&self, id: VoteId) -> Option<&Vote> {
        self.all.iter().find(|vote| vote.id == id)
    }

    /// The one that is open.
    pub fn open(&self) -> Option<&Vote> {
        self.all.iter().find(|vote| vote.end.is_none())
    }

    fn open_mut(&mut self) -> Option<&mut Vote> {
        self.all.iter_mut().find(|vote| vote.end.is_none())
    }

    fn open_as(&mut self, id: VoteId) -> Option<&mut Vote> {
        self.open_mut().filter(|vote| vote.id == id)
    }

    pub(super) fn begin(&mut self, id: VoteId, opening: Opening, at: Timestamp) {
        self.all.push(Vote::new(id, opening, at));
    }

    pub(super) fn cast(&mut self, id: VoteId, voter: SeatId, choice: Choice) {
        if let Some(vote) = self.open_as(id) {
            vote.ballots.insert(voter, choice);
        }
    }

    pub(super) fn issue(&mut self, id: VoteId, voter: SeatId, blinded: String) {
        if let Some(vote) = self.open_as(id) {
            vote.issued.insert(voter, blinded);
        }
    }

    pub(super) fn close(&mut self, id: VoteId, end: End, published: Vec<SecretBallot>) {
        if let Some(vote) = self.open_as(id) {
            vote.published = published;
            vote.end = Some(end);
        }
    }

    /// The program is gone: nobody could vote.
    pub(super) fn halt(&mut self, at: Timestamp) {
        if let Some(vote) = self.open_mut() {
            vote.halted_at.get_or_insert(at);
        }
    }

    /// The first is back.
    pub(super) fn resume(&mut self, at: Timestamp) {
        let Some(vote) = self.open_mut() else { return };
        if let Some(halted_at) = vote.halted_at.take() {
            let gone = at.since(halted_at);
            vote.time_limit = vote.time_limit.map(|limit| limit.after(gone));
        }
    }
}

fn sum(weights: impl Iterator<Item = u32>) -> u32 {
    weights.fold(0, u32::saturating_add)
}

/// Among fewer the count alone says too much.
pub const SMALLEST_SECRET: usize = 5;
const QUESTION_CHARACTERS: usize = 500;
const SECONDS: RangeInclusive<u32> = 10..=7200;
const GRACE_SECONDS: RangeInclusive<u32> = 0..=600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majorities_round_as_the_law_reads() {
        let needed = |majority: Majority| {
            [(3, 2), (4, 4), (30, 21), (31, 31)].map(|(called, present)| majority.needed(called, present))
        };
        assert_eq!(needed(Majority::HalfOfCalled), [2, 3, 16, 16]);
        assert_eq!(needed(Majority::HalfOfPresent), [2, 3, 11, 16]);
        assert_eq!(needed(Majority::TwoThirdsOfCalled), [2, 3, 20, 21]);
        assert_eq!(needed(Majority::TwoThirdsOfPresent), [2, 3, 14, 21]);
        assert_eq!(Majority::TwoThirdsOfCalled.needed(u32::MAX, 0), 2_863_311_530);
    }

    #[test]
    fn terms_keep_to_their_ranges() {
        let terms = |question: &str, seconds, grace_seconds| Terms {
            question: question.into(),
            item: None,
            electorate: Electorate::Sites,
            is_secret: false,
            is_signed: false,
            majority: Majority::HalfOfPresent,
            seconds,
            grace_seconds,
        };
        let made = terms("  Thông qua  dự thảo? ", Some(10), 600).checked().unwrap();
        assert_eq!(made.question, "Thông qua dự thảo?");
        for wrong in [
            terms(" ", None, 0),
            terms(&"a".repeat(501), None, 0),
            terms("a", Some(9), 0),
            terms("a", Some(7201), 0),
            terms("a", None, 601),
        ] {
            assert_eq!(wrong.checked(), Err(Refusal::Unusable));
        }
    }
}
