//! Who is called to a meeting and by which rules it begins, as the plan says: what its record begins with.

use serde::{Deserialize, Serialize};

use super::meeting::{MeetingId, SeatId, SiteId};
use super::procedure::Procedure;
use super::roll::{Entry, QuorumRule, Roll};
use super::step::Rules;
use crate::clock::Timestamp;

/// The plan as far as the procedure depends on it; written again whenever it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    pub meeting: MeetingId,
    pub title: String,
    /// The sites, then the people.
    pub entries: Vec<Entry>,
    pub main_site: Option<SiteId>,
    /// Who presents an item, by its number: the person, then the room where they sit.
    pub presenters: Vec<(u32, Vec<SeatId>)>,
    /// Until when a question in writing can be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// What is to be read before a question in writing is answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<Enclosed>,
    rules: Rules,
    quorum: QuorumRule,
}

/// A paper that goes with a question in writing, locked to its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    pub title: String,
    /// SHA-256 in hexadecimal.
    pub digest: String,
}

impl Called {
    /// Nobody is called yet.
    pub fn new(meeting: MeetingId, title: String, rules: Rules) -> Self {
        let quorum = rules.quorum;
        Self {
            meeting,
            title,
            entries: Vec::new(),
            main_site: None,
            presenters: Vec::new(),
            closes_at: None,
            papers: Vec::new(),
            // In the record the quorum stands beside the rules that leaders change as it goes.
            rules: Rules {
                quorum: QuorumRule::default(),
                ..rules
            },
            quorum,
        }
    }

    /// The roll before anybody came.
    pub fn roll(&self) -> Roll {
        Roll::new(self.entries.clone(), self.main_site.clone())
    }

    /// The rules with which the meeting begins.
    pub fn rules(&self) -> Rules {
        Rules {
            quorum: self.quorum,
            ..self.rules.clone()
        }
    }
}

impl Procedure {
    /// A meeting to which these are called, and in which nothing has happened yet.
    pub fn called(called: Called) -> Self {
        let mut meeting = Self::new(Roll::default(), called.rules());
        meeting.take_plan(called);
        meeting
    }

    /// Until when a question in writing can be answered.
    pub fn closes_at(&self) -> Option<Timestamp> {
        self.called.as_ref()?.closes_at
    }

    /// What is to be read before a question in writing is answered.
    pub fn enclosed(&self) -> &[Enclosed] {
        self.called.as_ref().map_or(&[][..], |called| &called.papers[..])
    }

    /// Takes the plan over: who came keeps what happened, and rules that the plan does not change stay as leaders set them.
    pub fn take_plan(&mut self, called: Called) {
        self.roll.call_again(called.roll());
        self.presenters = called.presenters.iter().cloned().collect();
        if self
            .called
            .as_ref()
            .is_none_or(|before| before.rules != called.rules)
        {
            let locked = self.rules.locked;
            self.rules = Rules {
                locked,
                ..called.rules()
            };
        }
        self.rules.quorum = called.quorum;
        self.called = Some(called);
    }
}
