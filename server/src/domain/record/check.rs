//! Whether a record is as it was written: its bytes, its links, and what it tells.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    AFTER_HASH, BEFORE_HASH, FORMAT, Finding, GENESIS, HASH_CHARACTERS, Report, SignedEntry, Subject, Trust,
    Wrong, hash,
};
use crate::clock::Timestamp;
use crate::domain::procedure::{Event, Procedure, Rules};
use crate::domain::roll::Roll;

/// Checks a record: that every byte is as it was written, that every entry is here and in its order, that the meeting could
/// have gone so, and that every count is that of its ballots. With `head`, as the minutes print it, also that it is this record.
///
/// Cost: a pass over the file, and the meeting once over.
pub fn check(file: &[u8], head: Option<&str>) -> Report {
    let (lines, mut findings) = read(file);
    let Chain {
        subject,
        rows,
        heads,
        found,
    } = Chain::of(&lines);
    findings.extend(found);
    let entries = rows.len() as u64;
    let is_whole = findings.is_empty();
    let (mut meeting, mut ballots) = (None, Vec::new());
    if is_whole {
        let (told, signed, impossible) = tell(&rows);
        findings.extend(impossible);
        meeting = Some(told);
        ballots = signed;
    }
    let is_known = |head: &str| heads.iter().any(|one| one.eq_ignore_ascii_case(head));
    // As the minutes print it, in groups.
    let head = head.map(|head| head.split_whitespace().collect::<String>());
    if head.is_some_and(|head| !is_known(&head)) {
        findings.push(Finding {
            line: None,
            entry: entries,
            wrong: Wrong::OtherHead,
        });
    }
    Report {
        subject,
        entries,
        head: heads.last().filter(|_| is_whole).cloned(),
        meeting,
        ballots,
        trust: Trust::NotAsked,
        findings,
    }
}

/// One line of the file.
struct Line<'a> {
    number: usize,
    /// As it stands there; nothing where it is no line of a record.
    stored: Option<&'a [u8]>,
    computed: String,
    entry: &'a [u8],
}

impl Line<'_> {
    fn fits(&self) -> bool {
        self.stored == Some(self.computed.as_bytes())
    }

    /// Whether `previous` is its hash, or what was left of it where one of the two was changed.
    fn is_named(&self, previous: &str) -> bool {
        previous == self.computed || self.stored == Some(previous.as_bytes())
    }
}

fn read(file: &[u8]) -> (Vec<Line<'_>>, Vec<Finding>) {
    let mut findings = Vec::new();
    let whole = file.strip_suffix(b"\n");
    let lines: Vec<Line<'_>> = whole
        .unwrap_or(file)
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .map(|(text, number)| line(text, number))
        .collect();
    if whole.is_none() {
        findings.push(Finding {
            line: Some(lines.len()),
            entry: lines.len() as u64 - 1,
            wrong: Wrong::CutOff,
        });
    }
    (lines, findings)
}

fn line(text: &[u8], number: usize) -> Line<'_> {
    let parts = || {
        let rest = text.strip_prefix(BEFORE_HASH.as_bytes())?;
        let (stored, rest) = rest.split_at_checked(HASH_CHARACTERS)?;
        let entry = rest.strip_prefix(AFTER_HASH.as_bytes())?.strip_suffix(b"}")?;
        Some((stored, entry))
    };
    let (stored, entry) = match parts() {
        Some((stored, entry)) => (Some(stored), entry),
        None => (None, text),
    };
    Line {
        number,
        stored,
        computed: hash(entry),
        entry,
    }
}

/// What every entry has; the rest depends on its kind.
#[derive(Deserialize)]
struct Linked {
    sequence: u64,
    previous: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    Opening {
        format: String,
        subject: Subject,
    },
    Event {
        at: Timestamp,
        #[expect(dead_code, reason = "part of the format")]
        actor: String,
        event: serde_json::Value,
    },
    Closing {
        #[expect(dead_code, reason = "part of the format")]
        exported_at: Timestamp,
        head: String,
    },
}

/// An entry that stands where it should.
struct Told {
    line: usize,
    entry: u64,
    at: Timestamp,
    event: serde_json::Value,
}

/// The links from line to line.
#[derive(Default)]
struct Chain {
    subject: Option<Subject>,
    rows: Vec<Told>,
    /// Of the opening and every entry.
    heads: Vec<String>,
    found: Vec<Finding>,
}

impl Chain {
    fn of(lines: &[Line<'_>]) -> Self {
        let entries: Vec<Option<Linked>> = lines
            .iter()
            .map(|line| serde_json::from_slice(line.entry).ok().filter(|_| line.fits()))
            .collect();
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        for (entry, line) in entries.iter().zip(lines) {
            if let Some(entry) = entry {
                places.entry(entry.sequence).or_insert(line.number);
            }
        }
        let mut chain = Self::default();
        let (mut next, mut ended) = (0, false);
        let mut before: Option<&Line<'_>> = None;
        for (line, entry) in lines.iter().zip(entries) {
            if ended {
                chain.find(line, next, Wrong::AfterEnd);
                continue;
            }
            let Some(entry) = entry else {
                let wrong = match line.fits() {
                    true => Wrong::Unreadable,
                    false => Wrong::Changed,
                };
                chain.find(line, next, wrong);
                before = Some(line);
                next += 1;
                continue;
            };
            let sequence = entry.sequence;
            if sequence < next {
                // One that was missed before stands here; of its number there is another, or it was told of already.
                if places.get(&sequence) != Some(&line.number) {
                    chain.find(line, sequence, Wrong::PutIn);
                    before = Some(line);
                }
                continue;
            }
            let is_next = sequence == next;
            chain.miss(next..sequence, &places);
            let is_named = match before {
                Some(before) => before.is_named(&entry.previous),
                None => entry.previous == GENESIS,
            };
            if is_next && !is_named {
                chain.find(line, sequence, Wrong::FollowsAnother);
            }
            ended = chain.take(line, entry);
            before = Some(line);
            next = sequence + 1;
        }
        if !ended {
            chain.found.push(Finding {
                line: None,
                entry: next,
                wrong: Wrong::CutOff,
            });
        }
        chain
    }

    /// Takes an entry that stands in its place; says whether the record ends with it.
    fn take(&mut self, line: &Line<'_>, entry: Linked) -> bool {
        let number = entry.sequence;
        match entry.kind {
            Kind::Opening { format, subject } if number == 0 && format == FORMAT => {
                self.subject = Some(subject);
                self.heads.push(line.computed.clone());
            }
            Kind::Event { at, event, .. } if number > 0 => {
                self.rows.push(Told {
                    line: line.number,
                    entry: number,
                    at,
                    event,
                });
                self.heads.push(line.computed.clone());
            }
            Kind::Closing { head, .. } if head == entry.previous => return true,
            _ => self.find(line, number, Wrong::Unreadable),
        }
        false
    }

    fn miss(&mut self, missing: std::ops::Range<u64>, places: &BTreeMap<u64, usize>) {
        // A number that somebody made up could stand for more entries than there can be.
        for entry in missing.take(MOST_MISSING) {
            let line = places.get(&entry).copied();
            let wrong = match line {
                Some(_) => Wrong::Reordered,
                None => Wrong::Removed,
            };
            self.found.push(Finding { line, entry, wrong });
        }
    }

    fn find(&mut self, line: &Line<'_>, entry: u64, wrong: Wrong) {
        self.found.push(Finding {
            line: Some(line.number),
            entry,
            wrong,
        });
    }
}

/// The meeting once over, by its own rules; with the ballots that their voters have signed.
fn tell(rows: &[Told]) -> (Procedure, Vec<SignedEntry>, Vec<Finding>) {
    let mut meeting = Procedure::new(Roll::default(), Rules::default());
    let mut findings = Vec::new();
    let mut ballots = Vec::new();
    for told in rows {
        let mut find = |wrong| {
            findings.push(Finding {
                line: Some(told.line),
                entry: told.entry,
                wrong,
            });
        };
        match serde_json::from_value::<Event>(told.event.clone()) {
            Err(_) => find(Wrong::Unreadable),
            Ok(event) => {
                if let Err(fault) = meeting.can_follow(&event) {
                    find(Wrong::Impossible(fault));
                }
                ballots.extend(meeting.signed(&event).map(|(signer, signed)| SignedEntry {
                    line: told.line,
                    entry: told.entry,
                    signer,
                    signed,
                }));
                meeting.apply(told.at, event);
            }
        }
    }
    (meeting, ballots, findings)
}

/// More are not told one by one.
const MOST_MISSING: usize = 1000;
