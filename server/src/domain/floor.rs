//! The speaking queue and who has the floor.
//!
//! One list, whether somebody registered before or raises a hand now. A turn is asked for, waits, is offered, is taken
//! with the speaker's own consent, and ends; its number is given once, so a turn is never lost and never counted twice.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::meeting::SeatId;
use crate::clock::Timestamp;

/// Numbers turns within a meeting, from 1.
pub type TurnId = u32;

/// How a turn came into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Đăng ký trước.
    Registered,
    /// Giơ tay.
    Raised,
    /// Called by the chair without having asked.
    Called,
}

/// Somebody's wish, or duty, to speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Turn {
    pub id: TurnId,
    #[ts(type = "string")]
    pub seat: SeatId,
    pub name: String,
    pub how: How,
    #[ts(type = "string")]
    pub asked_at: Timestamp,
}

/// The turn that was offered or is being spoken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Current {
    pub turn: Turn,
    pub quota_ms: u32,
    /// Nothing until the speaker has taken the floor.
    #[ts(type = "string | null")]
    pub began_at: Option<Timestamp>,
    /// What was spoken before `runs_since`.
    pub spent_ms: u32,
    /// Since when the countdown runs; it stands still while the speaker's line is lost.
    #[ts(type = "string | null")]
    pub runs_since: Option<Timestamp>,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Spoken,
    /// The speaker did not take the floor.
    Declined,
    /// Given up before it was offered.
    Withdrawn,
}

/// A turn that is over; the course of the meeting in the minutes is made of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Past {
    pub turn: Turn,
    pub ending: Ending,
    #[ts(type = "string | null")]
    pub began_at: Option<Timestamp>,
    #[ts(type = "string")]
    pub ended_at: Timestamp,
    pub spent_ms: u32,
}

/// Queue, floor and history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    last: TurnId,
    pub waiting: Vec<Turn>,
    pub current: Option<Current>,
    pub past: Vec<Past>,
}

impl Floor {
    /// The number of the next turn.
    pub fn next_id(&self) -> TurnId {
        self.last + 1
    }

    /// The turn of `seat` that waits or is under way.
    pub fn turn_of(&self, seat: &SeatId) -> Option<&Turn> {
        let current = self.current.as_ref().map(|current| &current.turn);
        self.waiting.iter().chain(current).find(|turn| turn.seat == *seat)
    }

    pub fn is_waiting(&self, id: TurnId) -> bool {
        self.waiting.iter().any(|turn| turn.id == id)
    }

    /// Whether `seat` speaks now.
    pub fn speaks(&self, seat: &SeatId) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.turn.seat == *seat && current.began_at.is_some())
    }

    /// Puts a turn into the list: registered ones stand before raised hands, each in the order they came.
    pub(super) fn ask(&mut self, turn: Turn) {
        self.last = self.last.max(turn.id);
        let at = match turn.how {
            How::Registered => self
                .waiting
                .iter()
                .take_while(|one| one.how == How::Registered)
                .count(),
            How::Raised | How::Called => self.waiting.len(),
        };
        self.waiting.insert(at, turn);
    }

    pub(super) fn move_to(&mut self, id: TurnId, to: usize) {
        if let Some(turn) = self.take_waiting(id) {
            let to = to.min(self.waiting.len());
            self.waiting.insert(to, turn);
        }
    }

    pub(super) fn offer(&mut self, id: TurnId, quota_ms: u32) {
        self.give_back();
        self.current = self.take_waiting(id).map(|turn| Current {
            turn,
            quota_ms,
            began_at: None,
            spent_ms: 0,
            runs_since: None,
        });
    }

    /// An offer that was not answered goes back to the head of the list.
    fn give_back(&mut self) {
        if let Some(offered) = self.current.take_if(|current| current.began_at.is_none()) {
            self.waiting.insert(0, offered.turn);
        }
    }

    pub(super) fn accept(&mut self, id: TurnId, at: Timestamp) {
        if let Some(current) = self.current_of(id).filter(|current| current.began_at.is_none()) {
            current.began_at = Some(at);
            current.runs_since = Some(at);
        }
    }

    pub(super) fn extend(&mut self, id: TurnId, by_ms: u32) {
        if let Some(current) = self.current_of(id) {
            current.quota_ms = current.quota_ms.saturating_add(by_ms);
        }
    }

    /// Stops the countdown while the speaker's line is lost.
    pub(super) fn pause(&mut self, seat: &SeatId, at: Timestamp) {
        if let Some(current) = self.current.as_mut().filter(|current| current.turn.seat == *seat) {
            current.spent_ms = current.spent_at(at);
            current.runs_since = None;
        }
    }

    pub(super) fn resume(&mut self, seat: &SeatId, at: Timestamp) {
        let paused = |current: &&mut Current| {
            current.turn.seat == *seat && current.began_at.is_some() && current.runs_since.is_none()
        };
        if let Some(current) = self.current.as_mut().filter(paused) {
            current.runs_since = Some(at);
        }
    }

    /// Stops every countdown: nobody could speak while the program was gone.
    pub(super) fn pause_all(&mut self, at: Timestamp) {
        if let Some(seat) = self.current.as_ref().map(|current| current.turn.seat.clone()) {
            self.pause(&seat, at);
        }
    }

    pub(super) fn end(&mut self, id: TurnId, ending: Ending, at: Timestamp) {
        let past = |turn, began_at, spent_ms| Past {
            turn,
            ending,
            began_at,
            ended_at: at,
            spent_ms,
        };
        if let Some(current) = self.current.take_if(|current| current.turn.id == id) {
            let spent = current.spent_at(at);
            self.past.push(past(current.turn, current.began_at, spent));
        } else if let Some(turn) = self.take_waiting(id) {
            self.past.push(past(turn, None, 0));
        }
    }

    fn take_waiting(&mut self, id: TurnId) -> Option<Turn> {
        let at = self.waiting.iter().position(|turn| turn.id == id)?;
        Some(self.waiting.remove(at))
    }

    fn current_of(&mut self, id: TurnId) -> Option<&mut Current> {
        self.current.as_mut().filter(|current| current.turn.id == id)
    }
}

impl Current {
    /// How long was spoken by `now`, in milliseconds.
    pub fn spent_at(&self, now: Timestamp) -> u32 {
        let running = self.runs_since.map_or(0, |since| now.since(since).as_millis());
        self.spent_ms
            .saturating_add(u32::try_from(running).unwrap_or(u32::MAX))
    }
}
