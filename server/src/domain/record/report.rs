//! What a check of a record found, in sentences.

use std::fmt;

use super::{GENESIS, SignedEntry, Subject, Trust};
use crate::domain::ballot::{Outcome, Vote};
use crate::domain::procedure::Procedure;
use crate::domain::replay::Fault;

/// What a check found.
#[derive(Debug)]
pub struct Report {
    pub subject: Option<Subject>,
    /// Entries between the opening and the closing line.
    pub entries: u64,
    /// Of the last entry, where the chain is whole.
    pub head: Option<String>,
    /// The meeting as the record tells it, where the chain is whole.
    pub meeting: Option<Procedure>,
    /// Those that their voters have signed, where the chain is whole.
    pub ballots: Vec<SignedEntry>,
    pub trust: Trust,
    /// Nothing where all is well.
    pub findings: Vec<Finding>,
}

/// Something that is wrong in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In the file, from 1; nothing where a whole entry is missing.
    pub line: Option<usize>,
    /// The number of the entry; that of the opening is 0.
    pub entry: u64,
    pub wrong: Wrong,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Its bytes do not fit their hash, or are no entry at all.
    Changed,
    /// It fits its hash, but names another entry before it.
    FollowsAnother,
    Removed,
    /// It stands later than where it belongs.
    Reordered,
    /// There are two of its number.
    PutIn,
    /// It comes after the end.
    AfterEnd,
    /// The record ends before it says that it does.
    CutOff,
    /// The words are not known here.
    Unreadable,
    /// The meeting could not have brought it.
    Impossible(Fault),
    /// A ballot's signer is nobody whom the given anchors vouch for.
    Untrusted {
        signer: String,
        reason: String,
    },
    /// No entry has the hash that was given.
    OtherHead,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.entry.saturating_sub(1);
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        let entry = self.entry;
        match &self.wrong {
            Wrong::Changed => write!(
                formatter,
                "entry {entry} was CHANGED: its content does not fit its hash"
            ),
            Wrong::FollowsAnother => write!(
                formatter,
                "entry {entry} follows another entry than the one here: entry {before} was CHANGED together with its hash, or PUT IN"
            ),
            Wrong::Removed => write!(formatter, "entry {entry} was REMOVED"),
            Wrong::Reordered => write!(
                formatter,
                "entry {entry} was REORDERED: it stands behind entries that came after it"
            ),
            Wrong::PutIn => write!(
                formatter,
                "entry {entry} is here twice: one of the two was PUT IN"
            ),
            Wrong::AfterEnd => write!(formatter, "it was PUT IN after the record's end"),
            Wrong::CutOff => write!(
                formatter,
                "the record was CUT OFF: entry {entry}, or its closing line, is not here"
            ),
            Wrong::Unreadable => write!(
                formatter,
                "entry {entry} cannot be read: it is not of this format, or of a later program"
            ),
            Wrong::Impossible(fault) => write!(formatter, "entry {entry} cannot be true: {fault}"),
            Wrong::Untrusted { signer, reason } => write!(
                formatter,
                "entry {entry} is a ballot signed by {signer}, who is NOT TRUSTED: {reason}"
            ),
            Wrong::OtherHead => write!(
                formatter,
                "no entry has the hash that was given: this is ANOTHER RECORD, or it was written anew"
            ),
        }
    }
}

impl Report {
    /// Whether the record can be relied on.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// In sentences, each on a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_good() {
            let is_untrusted = |finding: &Finding| matches!(finding.wrong, Wrong::Untrusted { .. });
            let heading = match self.findings.iter().all(is_untrusted) {
                true => "the record is as it was written, but NOT all who signed ballots are trusted:",
                false => "the record is NOT as it was written:",
            };
            writeln!(formatter, "{heading}")?;
            for finding in self.findings.iter().take(MOST_TOLD) {
                writeln!(formatter, "  {finding}")?;
            }
            let rest = self.findings.len().saturating_sub(MOST_TOLD);
            return match rest {
                0 => Ok(()),
                rest => writeln!(formatter, "  and {rest} more"),
            };
        }
        let Some(Subject::Meeting(id)) = &self.subject else {
            return Ok(());
        };
        let called = self.meeting.iter().filter_map(|meeting| meeting.called.as_ref());
        let title = called
            .map(|called| called.title.as_str())
            .next()
            .unwrap_or_default();
        let (entries, head) = (self.entries, self.head.as_deref().unwrap_or(GENESIS));
        writeln!(formatter, "the record of meeting {id} is whole: {title}")?;
        writeln!(formatter, "  {entries} entries, head {head}")?;
        for vote in self.meeting.iter().flat_map(|meeting| &meeting.votes.all) {
            writeln!(formatter, "  {}", told(vote))?;
        }
        for signing in self.meeting.iter().flat_map(|meeting| &meeting.signings.all) {
            let (signed, of, title) = (signing.signed(), signing.signatories.len(), &signing.title);
            writeln!(
                formatter,
                "  paper: {title} - {signed} of {of} have signed, file {}",
                signing.file
            )?;
        }
        for recording in self.meeting.iter().flat_map(|meeting| &meeting.recordings.all) {
            let (number, segments) = (recording.id, recording.kept());
            let state = if recording.is_whole {
                "whole"
            } else {
                "NOT over yet"
            };
            writeln!(
                formatter,
                "  recording {number}: {state}, {} seconds in {segments} segments",
                recording.duration_ms() / 1_000
            )?;
        }
        match (self.ballots.len(), self.trust) {
            (0, _) => Ok(()),
            (count, Trust::NotAsked) => writeln!(
                formatter,
                "  {count} signed ballots: the signatures fit; whether their certificates are to be trusted was not asked (--trust)"
            ),
            (count, Trust::Asked) => writeln!(
                formatter,
                "  {count} signed ballots: each certificate leads to an anchor; whether one was revoked by then was not asked"
            ),
        }
    }
}

fn told(vote: &Vote) -> String {
    let (number, question, tally) = (vote.id, &vote.opening.terms.question, vote.tally());
    let end = match vote.end.map(|end| end.outcome) {
        None => "open",
        Some(Outcome::Carried) => "carried",
        Some(Outcome::NotCarried) => "not carried",
        Some(Outcome::Withdrawn) => "withdrawn",
    };
    let terms = &vote.opening.terms;
    let manner = match (terms.is_secret, terms.is_signed) {
        (true, _) => "secret",
        (false, true) => "open, each ballot signed",
        (false, false) => "open",
    };
    format!(
        "vote {number} ({manner}): {question} - {end}: {} in favour, {} against, {} abstaining, {} needed",
        tally.in_favour,
        tally.against,
        tally.abstaining,
        vote.opening.needed()
    )
}

/// So many findings are printed.
const MOST_TOLD: usize = 50;
