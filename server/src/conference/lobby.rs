//! Who waits before the door.

use super::protocol::Knock;
use super::roster::Entrant;
use super::talk::Outbox;
use crate::domain::meeting::SeatId;

/// Somebody before the door.
pub struct Waiting {
    pub seat: SeatId,
    pub entrant: Entrant,
    pub outbox: Outbox,
}

/// Those before the door, in the order in which they came.
#[derive(Default)]
pub struct Lobby {
    waiting: Vec<Waiting>,
}

impl Lobby {
    /// Whoever comes again by the same seat keeps the place in the row.
    pub fn come(&mut self, newcomer: Waiting) {
        match self.waiting.iter_mut().find(|one| one.seat == newcomer.seat) {
            Some(before) => *before = newcomer,
            None => self.waiting.push(newcomer),
        }
    }

    /// Takes everyone out for whom `is_in` holds.
    pub fn take(&mut self, is_in: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let (out, rest) = std::mem::take(&mut self.waiting).into_iter().partition(is_in);
        self.waiting = rest;
        out
    }

    pub fn seats(&self) -> Vec<SeatId> {
        self.waiting.iter().map(|one| one.seat.clone()).collect()
    }

    pub fn knocks(&self) -> Vec<Knock> {
        let knock = |one: &Waiting| Knock {
            seat: one.seat.0.clone(),
            name: one.entrant.name.as_str().to_owned(),
            title: one.entrant.title.clone(),
            role: one.entrant.role,
        };
        self.waiting.iter().map(knock).collect()
    }

    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_WAITING
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Above the largest conference; each costs a socket and a line.
const MOST_WAITING: usize = 300;
