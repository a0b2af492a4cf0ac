//! A meeting as a procedure: what may be asked of it ([`Step`]), what then happens ([`Event`]), and where it stands.
//!
//! [`Procedure::decide`] answers a step with the events it brings, none where it changes nothing, so that a click that comes
//! twice does what one does. [`Procedure::apply`] folds an event in. What is stored is the list of events alone: read
//! again from its start, it gives the same state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::ballot::{End, Votes};
use super::called::Called;
use super::floor::{Ending, Floor, How, Turn, TurnId};
use super::meeting::{Role, SeatId, words};
use super::meeting_right::{Act, leads, may};
use super::minute_book::MinuteBook;
use super::paper_signing::PaperSignings;
use super::recording::{Recordings, Stop};
use super::roll::{Departure, Entry, Mark, Roll};
pub use super::step::{Caller, Event, Microphones, Refusal, Rules, Said, Stage, Step};
use crate::clock::Timestamp;

/// Where a meeting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    pub roll: Roll,
    pub floor: Floor,
    pub votes: Votes,
    pub signings: PaperSignings,
    pub recordings: Recordings,
    pub stage: Stage,
    pub item: Option<u32>,
    /// When which item came under way, in that order.
    pub course: Vec<(Timestamp, Option<u32>)>,
    /// Who presents an item, by its number: the person, then the room where they sit.
    pub presenters: BTreeMap<u32, Vec<SeatId>>,
    pub rules: Rules,
    pub chat: VecDeque<Said>,
    /// What chair and secretary write down.
    pub minutes: MinuteBook,
    /// The plan as it was taken over last.
    pub called: Option<Called>,
    pub(super) admitted: BTreeSet<SeatId>,
    removed: BTreeSet<SeatId>,
}

impl Procedure {
    /// A meeting in which nothing has happened yet.
    pub fn new(roll: Roll, rules: Rules) -> Self {
        Self {
            roll,
            floor: Floor::default(),
            votes: Votes::default(),
            signings: PaperSignings::default(),
            recordings: Recordings::default(),
            stage: Stage::Free,
            item: None,
            course: Vec::new(),
            presenters: BTreeMap::new(),
            rules,
            chat: VecDeque::new(),
            minutes: MinuteBook::default(),
            called: None,
            admitted: BTreeSet::new(),
            removed: BTreeSet::new(),
        }
    }

    /// Whether somebody has to wait before the door.
    pub fn holds_back(&self, seat: &SeatId, role: Role) -> bool {
        if leads(role) || self.admitted.contains(seat) {
            return false;
        }
        let was_removed = self.removed.contains(seat);
        // Whoever was sent out could come back as a guest by another name: the link alone no longer opens.
        let is_stranger = role == Role::Guest && (self.rules.lobby || !self.removed.is_empty());
        self.rules.locked || was_removed || is_stranger
    }

    /// Whether `seat` may open a microphone now.
    pub fn may_be_heard(&self, seat: &SeatId, role: Role) -> bool {
        self.rules.microphones == Microphones::Free || leads(role) || self.floor.speaks(seat)
    }

    /// The events that a step brings; none where it changes nothing.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then.
    pub fn decide(&self, caller: &Caller, step: Step) -> Result<Vec<Event>, Refusal> {
        if !may(caller.role, step.act()) {
            return Err(Refusal::NotAllowed);
        }
        match step {
            Step::RaiseHand {} => self.ask(&caller.seat, &caller.name, How::Raised),
            Step::LowerHand {} => Ok(self.withdraw(&caller.seat)),
            Step::GiveFloor { turn } => self.offer(turn),
            Step::CallSpeaker { seat } => self.call(&seat),
            Step::AnswerFloor { turn, accept } => self.answer(caller, turn, accept),
            Step::EndTurn { turn } => self.end(caller, turn),
            Step::ExtendTurn { turn, seconds } => self.extend(turn, seconds),
            Step::MoveTurn { turn, to } => {
                self.waiting(turn)?;
                Ok(vec![Event::Moved { turn, to }])
            }
            Step::DropTurn { turn } => {
                self.waiting(turn)?;
                Ok(vec![withdrawn(turn)])
            }
            Step::Mark { seat, mark, reason } => self.mark(caller, seat, mark, reason),
            Step::Admit { seats } => {
                let news: Vec<SeatId> = seats
                    .into_iter()
                    .filter(|seat| !self.admitted.contains(seat))
                    .collect();
                Ok(if news.is_empty() {
                    Vec::new()
                } else {
                    vec![Event::Admitted { seats: news }]
                })
            }
            Step::Remove { seat } => self.remove(seat),
            Step::Mute { seat } => Ok(vec![Event::Muted { seat }]),
            Step::Lock { locked } => Ok(self.set(|rules| rules.locked = locked)),
            Step::SetLobby { lobby } => Ok(self.set(|rules| rules.lobby = lobby)),
            Step::SetChat { open } => Ok(self.set(|rules| rules.chat = open)),
            Step::SetMicrophones { rule } => Ok(self.set(|rules| rules.microphones = rule)),
            Step::SetQuota { seconds } => {
                usable(QUOTA_SECONDS.contains(&seconds))?;
                Ok(self.set(|rules| rules.quota_seconds = seconds))
            }
            Step::SetStage { stage } => self.set_stage(caller, stage),
            Step::SetItem { number } => self.set_item(number),
            Step::Say { text } => self.say(caller, &text),
            Step::OpenVote { terms } => self.open_vote(terms),
            Step::CloseVote { vote } => self.close_vote(vote),
            Step::WithdrawVote { vote } => self.withdraw_vote(vote),
            Step::CastBallot { vote, voter, choice } => self.cast_ballot(caller, vote, voter, choice),
            Step::AskToken { vote, voter, blinded } => self.ask_token(caller, vote, voter, blinded),
            Step::Write { writing } => self.write(caller, writing),
            Step::StartRecording {} => Ok(self.start_recording()),
            Step::PauseRecording {} => self.pause_recording(true),
            Step::ResumeRecording {} => self.pause_recording(false),
            Step::StopRecording {} => Ok(self.stop_recording(Stop::Stopped)),
        }
    }

    /// A turn registered before, or a raised hand.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub fn ask(&self, seat: &SeatId, name: &str, how: How) -> Result<Vec<Event>, Refusal> {
        if self.floor.turn_of(seat).is_some() {
            return Ok(Vec::new());
        }
        if self.floor.waiting.len() >= MOST_WAITING {
            return Err(Refusal::Full);
        }
        let turn = self.floor.next_id();
        let (seat, name) = (seat.clone(), name.to_owned());
        Ok(vec![Event::Asked {
            turn,
            seat,
            name,
            how,
        }])
    }

    /// What a line that is lost, or somebody who leaves, brings.
    pub fn part(&self, seat: &SeatId, departure: Departure) -> Vec<Event> {
        let mut events = Vec::new();
        if self.roll.entry(seat).is_some_and(Entry::is_online) {
            events.push(Event::Gone {
                seat: seat.clone(),
                departure,
            });
        }
        if departure == Departure::Left {
            events.extend(self.withdraw(seat));
        }
        events
    }

    fn withdraw(&self, seat: &SeatId) -> Vec<Event> {
        let Some(turn) = self.floor.turn_of(seat).map(|turn| turn.id) else {
            return Vec::new();
        };
        let ending = match &self.floor.current {
            Some(current) if current.turn.id == turn && current.began_at.is_some() => Ending::Spoken,
            Some(current) if current.turn.id == turn => Ending::Declined,
            _ => Ending::Withdrawn,
        };
        vec![Event::Ended { turn, ending }]
    }

    fn waiting(&self, turn: TurnId) -> Result<(), Refusal> {
        if self.floor.is_waiting(turn) {
            Ok(())
        } else {
            Err(Refusal::Gone)
        }
    }

    fn offer(&self, turn: TurnId) -> Result<Vec<Event>, Refusal> {
        if self
            .floor
            .current
            .as_ref()
            .is_some_and(|current| current.turn.id == turn)
        {
            return Ok(Vec::new());
        }
        self.waiting(turn)?;
        let mut events = self.end_current();
        let quota_ms = self.rules.quota_seconds.saturating_mul(1000);
        events.push(Event::Offered { turn, quota_ms });
        Ok(events)
    }

    /// Who speaks is thanked; an offer that was not answered goes back into the list by itself.
    fn end_current(&self) -> Vec<Event> {
        let spoken = self
            .floor
            .current
            .iter()
            .filter(|current| current.began_at.is_some());
        spoken
            .map(|current| Event::Ended {
                turn: current.turn.id,
                ending: Ending::Spoken,
            })
            .collect()
    }

    fn call(&self, seat: &SeatId) -> Result<Vec<Event>, Refusal> {
        if let Some(turn) = self.floor.turn_of(seat) {
            return self.offer(turn.id);
        }
        let name = self.roll.entry(seat).ok_or(Refusal::Gone)?.name.clone();
        let turn = self.floor.next_id();
        let mut events = self.end_current();
        events.push(Event::Asked {
            turn,
            seat: seat.clone(),
            name,
            how: How::Called,
        });
        let quota_ms = self.rules.quota_seconds.saturating_mul(1000);
        events.push(Event::Offered { turn, quota_ms });
        Ok(events)
    }

    fn answer(&self, caller: &Caller, turn: TurnId, accept: bool) -> Result<Vec<Event>, Refusal> {
        let current = self
            .floor
            .current
            .as_ref()
            .filter(|current| current.turn.id == turn);
        let current = current.ok_or(Refusal::Gone)?;
        if current.turn.seat != caller.seat {
            return Err(Refusal::NotAllowed);
        }
        Ok(match (current.began_at, accept) {
            (None, true) => vec![Event::Accepted { turn }],
            (None, false) => vec![Event::Ended {
                turn,
                ending: Ending::Declined,
            }],
            (Some(_), _) => Vec::new(),
        })
    }

    fn end(&self, caller: &Caller, turn: TurnId) -> Result<Vec<Event>, Refusal> {
        let Some(current) = self
            .floor
            .current
            .as_ref()
            .filter(|current| current.turn.id == turn)
        else {
            // Two clicks at once: the other one ended it.
            return Ok(Vec::new());
        };
        if current.turn.seat != caller.seat && !may(caller.role, Act::GiveFloor) {
            return Err(Refusal::NotAllowed);
        }
        let ending = if current.began_at.is_some() {
            Ending::Spoken
        } else {
            Ending::Declined
        };
        Ok(vec![Event::Ended { turn, ending }])
    }

    fn extend(&self, turn: TurnId, seconds: u32) -> Result<Vec<Event>, Refusal> {
        usable(QUOTA_SECONDS.contains(&seconds))?;
        let is_current = self
            .floor
            .current
            .as_ref()
            .is_some_and(|current| current.turn.id == turn);
        if is_current {
            Ok(vec![Event::Extended {
                turn,
                by_ms: seconds * 1000,
            }])
        } else {
            Err(Refusal::Gone)
        }
    }

    fn mark(
        &self,
        caller: &Caller,
        seat: SeatId,
        mark: Mark,
        reason: Option<String>,
    ) -> Result<Vec<Event>, Refusal> {
        let entry = self.roll.entry(&seat).ok_or(Refusal::Gone)?;
        let own = entry.seat == caller.seat || entry.site.is_some() && entry.site == caller.site;
        if !own && !may(caller.role, Act::CallRoll) {
            return Err(Refusal::NotAllowed);
        }
        let reason = reason.filter(|text| mark == Mark::Absent && !text.trim().is_empty());
        let reason = reason.map(|text| words(&text, REASON_CHARACTERS).map_err(|_| Refusal::Unusable));
        let reason = reason.transpose()?;
        if (entry.mark, &entry.reason) == (mark, &reason) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Marked { seat, mark, reason }])
    }

    fn remove(&self, seat: SeatId) -> Result<Vec<Event>, Refusal> {
        if self.roll.entry(&seat).ok_or(Refusal::Gone)?.role == Role::Chair {
            return Err(Refusal::NotAllowed);
        }
        let mut events = self.part(&seat, Departure::Left);
        events.push(Event::Removed { seat });
        Ok(events)
    }

    fn set(&self, change: impl FnOnce(&mut Rules)) -> Vec<Event> {
        let mut rules = self.rules.clone();
        change(&mut rules);
        if rules == self.rules {
            Vec::new()
        } else {
            vec![Event::RulesSet { rules }]
        }
    }

    fn set_stage(&self, caller: &Caller, stage: Stage) -> Result<Vec<Event>, Refusal> {
        let turns_page = match (&self.stage, &stage) {
            (Stage::Paper { paper: now, .. }, Stage::Paper { paper, .. }) => now == paper,
            _ => false,
        };
        // Who has the floor turns the pages of the paper they speak to.
        let may_set = may(caller.role, Act::SetStage) || (turns_page && self.floor.speaks(&caller.seat));
        if !may_set {
            return Err(Refusal::NotAllowed);
        }
        match &stage {
            Stage::Paper { page, .. } => usable((1..=MOST_PAGES).contains(page))?,
            Stage::Vote { vote } if self.votes.vote(*vote).is_none() => return Err(Refusal::Gone),
            Stage::Vote { .. } | Stage::Picture { .. } | Stage::Free => {}
        }
        Ok(if stage == self.stage {
            Vec::new()
        } else {
            vec![Event::Staged { stage }]
        })
    }

    /// The item is under way, and whoever presents it is offered the floor where they are here.
    fn set_item(&self, number: Option<u32>) -> Result<Vec<Event>, Refusal> {
        if number == self.item {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::ItemSet { number }];
        let presenters = number.and_then(|number| self.presenters.get(&number));
        let is_here = |seat: &&SeatId| self.roll.entry(seat).is_some_and(Entry::is_online);
        if let Some(seat) = presenters.into_iter().flatten().find(is_here) {
            events.extend(self.call(seat)?);
        }
        Ok(events)
    }

    fn say(&self, caller: &Caller, text: &str) -> Result<Vec<Event>, Refusal> {
        if !self.rules.chat {
            return Err(Refusal::ChatClosed);
        }
        let text = words(text, SAID_CHARACTERS).map_err(|_| Refusal::Unusable)?;
        let (seat, name) = (caller.seat.clone(), caller.name.clone());
        Ok(vec![Event::Said { seat, name, text }])
    }

    /// Folds in what happened at `at`.
    pub fn apply(&mut self, at: Timestamp, event: Event) {
        match event {
            Event::Called { called } => self.take_plan(*called),
            Event::Came {
                seat,
                name,
                kind,
                role,
                site,
            } => {
                self.floor.resume(&seat, at);
                self.votes.resume(at);
                let entry = Entry {
                    site,
                    ..Entry::new(seat, kind, name, role)
                };
                self.roll.come(entry, at);
            }
            Event::Gone { seat, departure } => {
                self.floor.pause(&seat, at);
                if departure == Departure::Interrupted {
                    self.votes.halt(at);
                }
                self.roll.go(&seat, departure, at);
            }
            Event::Interrupted {} => {
                self.floor.pause_all(at);
                self.votes.halt(at);
                self.roll.interrupt(at);
            }
            Event::Asked {
                turn,
                seat,
                name,
                how,
            } => {
                self.floor.ask(Turn {
                    id: turn,
                    seat,
                    name,
                    how,
                    asked_at: at,
                });
            }
            Event::Offered { turn, quota_ms } => self.floor.offer(turn, quota_ms),
            Event::Accepted { turn } => self.floor.accept(turn, at),
            Event::Ended { turn, ending } => self.floor.end(turn, ending, at),
            Event::Extended { turn, by_ms } => self.floor.extend(turn, by_ms),
            Event::Moved { turn, to } => self.floor.move_to(turn, to as usize),
            Event::Marked { seat, mark, reason } => self.roll.mark(&seat, mark, reason),
            Event::Admitted { seats } => {
                for seat in seats {
                    self.removed.remove(&seat);
                    self.admitted.insert(seat);
                }
            }
            Event::Removed { seat } => {
                self.admitted.remove(&seat);
                self.removed.insert(seat);
            }
            Event::Muted { .. } | Event::Microphone { .. } => {}
            Event::RulesSet { rules } => {
                self.rules = Rules {
                    quorum: self.rules.quorum,
                    ..rules
                }
            }
            Event::Staged { stage } => self.stage = stage,
            Event::ItemSet { number } => {
                self.item = number;
                self.course.push((at, number));
            }
            Event::VoteOpened { vote, opening } => self.votes.begin(vote, *opening, at),
            Event::Voted {
                vote, voter, choice, ..
            } => self.votes.cast(vote, voter, choice),
            Event::VoteClosed {
                vote,
                outcome,
                tally,
                ballots,
            } => self.votes.close(vote, End { at, outcome, tally }, ballots),
            Event::SigningOpened { signing, .. } => self.signings.open(*signing),
            Event::PaperSigned { signature } => self.signings.sign(&signature, at),
            Event::PaperStamped { stamp } => self.signings.stamp(&stamp),
            Event::TokenIssued { vote, voter, blinded } => self.votes.issue(vote, voter, blinded),
            Event::Written { writing, name } => self.minutes.write(at, name, writing),
            Event::RecordingStarted { recording } => self.recordings.start(recording, at),
            Event::RecordingPaused { recording } => self.recordings.pause(recording, at),
            Event::RecordingResumed { recording } => self.recordings.resume(recording, at),
            Event::RecordingStopped { recording, stop } => self.recordings.stop(recording, stop, at),
            Event::RecordingKept {
                recording,
                segments,
                is_whole,
                ..
            } => self.recordings.keep(recording, segments, is_whole),
            Event::Said { seat, name, text } => {
                self.chat.push_back(Said { at, seat, name, text });
                while self.chat.len() > SAID_KEPT {
                    self.chat.pop_front();
                }
            }
        }
    }
}

fn withdrawn(turn: TurnId) -> Event {
    Event::Ended {
        turn,
        ending: Ending::Withdrawn,
    }
}

fn usable(is_usable: bool) -> Result<(), Refusal> {
    if is_usable { Ok(()) } else { Err(Refusal::Unusable) }
}

/// From half a minute to two hours.
const QUOTA_SECONDS: std::ops::RangeInclusive<u32> = 30..=7200;
const MOST_PAGES: u32 = 5000;
/// Above the largest conference.
const MOST_WAITING: usize = 500;
const REASON_CHARACTERS: usize = 200;
const SAID_CHARACTERS: usize = 1000;
/// What somebody who comes late is told; the rest stays in the record.
const SAID_KEPT: usize = 200;

#[cfg(test)]
#[path = "procedure_tests.rs"]
mod tests;
