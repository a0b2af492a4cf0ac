//! What chair and secretary write down while a meeting goes on: running notes on each item of the agenda, and the
//! conclusions, each with the agency that is to act and by when.
//!
//! Whoever writes says which revision they saw. Of two who write at once the second is refused and sees what the first
//! wrote: nothing is overwritten unseen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;
use ts_rs::TS;
use utoipa::ToSchema;

use super::document_metadata::day;
use super::id::AgencyId;
use super::meeting::{is_printable, words};
use super::procedure::Procedure;
use super::step::{Caller, Event, Refusal};
use crate::clock::Timestamp;

/// Numbers conclusions within a meeting, from 1; one that was struck out gives its number to no other.
pub type ConclusionId = u32;

/// Something that is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = MinuteEntry)]
pub enum Writing {
    /// The notes on an item of the agenda, whole; without an item, on what is on none.
    Note {
        item: Option<u32>,
        /// Of what is replaced, 0 where nothing was there.
        revision: u32,
        /// Lines; up to 8000 characters, empty to clear them.
        text: String,
    },
    /// A conclusion: a new one where none is named.
    Conclusion {
        conclusion: Option<ConclusionId>,
        revision: u32,
        /// 1 to 1000 characters.
        text: String,
        /// Who is to act.
        #[ts(type = "string | null")]
        agency: Option<AgencyId>,
        /// By when.
        #[ts(type = "string | null")]
        #[schema(value_type = Option<String>, format = Date)]
        #[serde(default, with = "day")]
        due_on: Option<Date>,
    },
    /// Takes a conclusion out.
    Strike { conclusion: ConclusionId, revision: u32 },
}

/// Notes as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[schema(as = MinuteNote)]
pub struct Note {
    pub item: Option<u32>,
    /// Raised with each writing.
    pub revision: u32,
    pub text: String,
    /// Who wrote last, and when.
    pub by: String,
    #[ts(type = "string")]
    pub at: Timestamp,
}

/// A conclusion as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Conclusion {
    pub id: ConclusionId,
    pub revision: u32,
    pub text: String,
    #[ts(type = "string | null")]
    pub agency: Option<AgencyId>,
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default, with = "day")]
    pub due_on: Option<Date>,
    pub by: String,
    #[ts(type = "string")]
    pub at: Timestamp,
}

/// All that was written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MinuteBook {
    notes: BTreeMap<Option<u32>, Note>,
    /// In the order in which they were first written.
    pub conclusions: Vec<Conclusion>,
    last: ConclusionId,
    /// Revisions of what was struck out, so that a stale change does not bring it back.
    struck: BTreeMap<ConclusionId, u32>,
}

impl MinuteBook {
    /// The notes, those on no item first, then by item.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.values()
    }

    /// The notes on an item; none where nothing was written.
    pub fn note(&self, item: Option<u32>) -> Option<&Note> {
        self.notes.get(&item)
    }

    pub fn conclusion(&self, id: ConclusionId) -> Option<&Conclusion> {
        self.conclusions.iter().find(|one| one.id == id)
    }

    /// What a writing brings, its words made regular and a new conclusion numbered; nothing where it changes nothing, so
    /// that what is sent twice is written once.
    fn decide(&self, writing: Writing) -> Result<Option<Writing>, Refusal> {
        match writing {
            Writing::Note { item, revision, text } => self.note_written(item, revision, &text),
            Writing::Conclusion {
                conclusion,
                revision,
                text,
                agency,
                due_on,
            } => {
                let text = words(&text, CONCLUSION_CHARACTERS).map_err(|_| Refusal::Unusable)?;
                let is_same =
                    |one: &&Conclusion| (&one.text, &one.agency, one.due_on) == (&text, &agency, due_on);
                let id = match conclusion {
                    Some(id) => {
                        let known = self.conclusion(id).ok_or(Refusal::Gone)?;
                        if is_same(&known) {
                            return Ok(None);
                        }
                        current(known.revision, revision)?;
                        id
                    }
                    None if self.conclusions.iter().any(|one| is_same(&one)) => return Ok(None),
                    None if self.conclusions.len() >= MOST_CONCLUSIONS => return Err(Refusal::Full),
                    None => self.last + 1,
                };
                Ok(Some(Writing::Conclusion {
                    conclusion: Some(id),
                    revision,
                    text,
                    agency,
                    due_on,
                }))
            }
            Writing::Strike { conclusion, revision } => match self.conclusion(conclusion) {
                None if self.struck.contains_key(&conclusion) => Ok(None),
                None => Err(Refusal::Gone),
                Some(known) => {
                    current(known.revision, revision)?;
                    Ok(Some(writing))
                }
            },
        }
    }

    /// Whether a writing that is in the record can follow on what stands here.
    pub(super) fn can_write(&self, writing: &Writing) -> bool {
        let mut asked = writing.clone();
        if let Writing::Conclusion { conclusion, .. } = &mut asked {
            *conclusion = conclusion.filter(|id| self.conclusion(*id).is_some());
        }
        self.decide(asked) == Ok(Some(writing.clone()))
    }

    fn note_written(&self, item: Option<u32>, revision: u32, text: &str) -> Result<Option<Writing>, Refusal> {
        let known = self.note(item);
        let text = lines(text)?;
        if item.is_some_and(|item| !(1..=MOST_ITEMS).contains(&item)) {
            return Err(Refusal::Unusable);
        }
        if known.map_or("", |known| known.text.as_str()) == text {
            return Ok(None);
        }
        current(known.map_or(0, |known| known.revision), revision)?;
        Ok(Some(Writing::Note { item, revision, text }))
    }

    /// Folds in what `by` wrote at `at`.
    pub(super) fn write(&mut self, at: Timestamp, by: String, writing: Writing) {
        match writing {
            Writing::Note { item, revision, text } => {
                let revision = revision + 1;
                let note = Note {
                    item,
                    revision,
                    text,
                    by,
                    at,
                };
                self.notes.insert(item, note);
            }
            Writing::Conclusion {
                conclusion,
                revision,
                text,
                agency,
                due_on,
            } => {
                let id = conclusion.unwrap_or(self.last + 1);
                self.last = self.last.max(id);
                let written = Conclusion {
                    id,
                    revision: revision + 1,
                    text,
                    agency,
                    due_on,
                    by,
                    at,
                };
                match self.conclusions.iter_mut().find(|one| one.id == id) {
                    Some(known) => *known = written,
                    None => self.conclusions.push(written),
                }
            }
            Writing::Strike { conclusion, revision } => {
                self.conclusions.retain(|one| one.id != conclusion);
                self.struck.insert(conclusion, revision);
            }
        }
    }
}

impl Procedure {
    /// Writes something down.
    ///
    /// # Errors
    /// [`Refusal::Stale`] where somebody else wrote meanwhile, [`Refusal::Gone`], [`Refusal::Full`], [`Refusal::Unusable`].
    pub(super) fn write(&self, caller: &Caller, writing: Writing) -> Result<Vec<Event>, Refusal> {
        let written = self.minutes.decide(writing)?;
        let event = |writing| Event::Written {
            writing,
            name: caller.name.clone(),
        };
        Ok(written.map(event).into_iter().collect())
    }
}

fn current(stands: u32, seen: u32) -> Result<(), Refusal> {
    if stands == seen {
        Ok(())
    } else {
        Err(Refusal::Stale)
    }
}

/// Lines as people type them, each in NFC and without blanks at its end.
fn lines(text: &str) -> Result<String, Refusal> {
    use unicode_normalization::UnicodeNormalization;
    // As for one line: no letter takes more than twelve bytes before it is composed.
    if text.len() > 12 * NOTE_CHARACTERS {
        return Err(Refusal::Unusable);
    }
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.nfc().collect::<String>().trim_end().to_owned())
        .collect();
    let text = lines.join("\n").trim_matches('\n').to_owned();
    let is_usable = text.chars().count() <= NOTE_CHARACTERS
        && text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c));
    if is_usable {
        Ok(text)
    } else {
        Err(Refusal::Unusable)
    }
}

/// Notes on one item fill five pages at the most.
const NOTE_CHARACTERS: usize = 8000;
const CONCLUSION_CHARACTERS: usize = 1000;
const MOST_CONCLUSIONS: usize = 100;
/// Of an agenda, as in `domain::meeting_plan`.
const MOST_ITEMS: u32 = 100;

#[cfg(test)]
#[path = "minute_book_tests.rs"]
mod tests;
