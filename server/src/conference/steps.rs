//! Steps of the procedure: decided by the rules, written down, and only then told.

use tracing::error;
use uuid::Uuid;

use super::actor::Actor;
use super::ballot_box::SigningKey;
use super::command::{FromOutside, Unwritten};
use super::lobby::Waiting;
use super::prepared::uuid_of;
use super::protocol::{
    CloseCode, ErrorName, FloorState, MinutesState, ProcedureState, ServerMessage, Source,
};
use super::roster::{Entrant, Identity, Ticket};
use super::votes::Told;
use crate::domain::meeting::{PaperId, Role, SeatId};
use crate::domain::meeting_right::{Act, leads, may};
use crate::domain::minute_book::Writing;
use crate::domain::procedure::{Caller, Event, Microphones, Stage, Step};
use crate::domain::roll::Departure;
use crate::fail_point;
use crate::media;
use crate::store::audit;

impl Actor {
    /// Takes a step; comes back with the key that signs, where a token was asked for.
    pub(super) async fn step(
        &mut self,
        ticket: Ticket,
        step: Step,
        key: Option<SigningKey>,
    ) -> Result<Option<SigningKey>, ErrorName> {
        let (caller, identity) = self.roster.caller(ticket).ok_or(ErrorName::NotJoined)?;
        let step = match step {
            Step::Admit { seats } if seats.is_empty() => Step::Admit {
                seats: self.lobby.seats(),
            },
            step => step,
        };
        let asks_token = matches!(step, Step::AskToken { .. });
        if self.is_overdue() && (asks_token || matches!(step, Step::CastBallot { .. })) {
            return Err(ErrorName::NotKept);
        }
        let mut events = self.procedure.decide(&caller, step)?;
        self.open_secret(&mut events, key).await?;
        let is_of_recording = events.iter().any(turns_tape);
        let loaded = self.load_tape(&events).await?;
        let written = self.carry_out(&actor_of(&identity, &caller.name), events).await;
        if written.is_err() && loaded.is_some() {
            self.room.stop_recording().await;
        }
        written?;
        if is_of_recording {
            self.turn_tape(loaded);
        }
        let ballot_box = self.ballot_box.as_ref().filter(|_| asks_token);
        Ok(ballot_box.map(|ballot_box| ballot_box.key.clone()))
    }

    pub(super) async fn ask(
        &mut self,
        asked: FromOutside,
        caller: &Caller,
        actor: &audit::Actor,
    ) -> Result<(), ErrorName> {
        let events = asked.decide(&self.procedure, caller)?;
        self.carry_out(actor, events).await
    }

    /// Writes what happened outside the room, where it can follow on what is known.
    pub(super) async fn happen(&mut self, actor: &audit::Actor, event: Event) -> Result<(), Unwritten> {
        if self.is_overdue() && matches!(event, Event::Voted { .. }) {
            return Err(Unwritten::NotKept);
        }
        self.procedure.can_follow(&event)?;
        let written = self.carry_out(actor, vec![event]).await;
        written.map_err(|_| Unwritten::NotKept)
    }

    pub(super) async fn carry_out(
        &mut self,
        actor: &audit::Actor,
        events: Vec<Event>,
    ) -> Result<(), ErrorName> {
        let events = self.with_ballots(events);
        let written = self
            .ledger
            .commit(actor, events.clone(), &mut self.procedure)
            .await;
        if let Err(error) = written {
            error!(%error, meeting.id = %self.meeting, "a step of a meeting could not be written");
            return Err(ErrorName::NotKept);
        }
        for event in events {
            self.tell_event(event);
        }
        Ok(())
    }

    /// What follows from an event in the room, and who is told.
    fn tell_event(&mut self, event: Event) {
        match event {
            Event::Came { seat, .. } | Event::Gone { seat, .. } => {
                self.tell_entry(&seat);
                let is_current = self
                    .procedure
                    .floor
                    .current
                    .as_ref()
                    .is_some_and(|one| one.turn.seat == seat);
                if is_current {
                    self.tell_floor();
                }
                self.tell_vote_of(&seat);
            }
            Event::Marked { seat, .. } => {
                self.tell_entry(&seat);
                self.tell_vote_of(&seat);
            }
            Event::Accepted { .. } => {
                self.silence_but_speaker(|role| role == Role::Chair);
                self.tell_floor();
            }
            Event::Ended { .. } | Event::Offered { .. } => {
                if self.procedure.rules.microphones == Microphones::FloorOnly {
                    self.silence_but_speaker(leads);
                }
                self.tell_floor();
            }
            Event::Asked { .. } | Event::Extended { .. } | Event::Moved { .. } => self.tell_floor(),
            Event::Muted { seat: Some(seat) } => {
                if let Some(id) = uuid_of(&seat) {
                    self.silence(id);
                }
            }
            Event::Muted { seat: None } => self.silence_but_speaker(leads),
            Event::Admitted { .. } => self.open_door(),
            Event::Removed { seat } => self.send_out(&seat),
            Event::RulesSet { rules } => {
                if rules.microphones == Microphones::FloorOnly {
                    self.silence_but_speaker(leads);
                }
                self.tell(&ServerMessage::Rules { rules });
                self.open_door();
            }
            Event::Staged { stage } => {
                self.spotlight();
                self.tell(&ServerMessage::Stage { stage });
            }
            Event::ItemSet { number } => self.tell(&ServerMessage::Item { number }),
            Event::Said { .. } => {
                if let Some(said) = self.procedure.chat.back().cloned() {
                    self.tell(&ServerMessage::Said { said });
                }
            }
            Event::VoteClosed { vote, .. } => {
                self.ballot_box = None;
                self.tell_vote(vote);
            }
            Event::VoteOpened { vote, .. } => self.tell_vote(vote),
            Event::Voted { vote, voter, by, .. } => self.tell_ballot(vote, &voter, &by),
            Event::TokenIssued { vote, .. } => {
                fail_point::hit("ballot.token_written");
                self.count_changed(vote, Told::Leaders);
            }
            Event::SigningOpened { signing, .. } => self.tell_signing(&signing.paper),
            Event::PaperSigned { signature } => self.tell_signing(&signature.paper),
            Event::PaperStamped { stamp } => self.tell_signing(&stamp.paper),
            Event::Written { writing, .. } => self.tell_writing(&writing),
            Event::RecordingStarted { .. }
            | Event::RecordingPaused { .. }
            | Event::RecordingResumed { .. }
            | Event::RecordingStopped { .. } => self.tell_recording(),
            Event::Interrupted {}
            | Event::Called { .. }
            | Event::Microphone { .. }
            | Event::RecordingKept { .. } => {}
        }
    }

    /// Writes that somebody came; without the record nobody comes in.
    pub(super) async fn write_entry(&mut self, entrant: &Entrant, id: Uuid) -> Result<(), ErrorName> {
        let Caller {
            seat,
            role,
            site,
            name,
        } = entrant.caller(id);
        if self
            .procedure
            .roll
            .entry(&seat)
            .is_some_and(|entry| entry.is_online())
        {
            return Ok(());
        }
        let actor = actor_of(&entrant.identity, &name);
        let kind = entrant.kind();
        let came = Event::Came {
            seat,
            name,
            kind,
            role,
            site,
        };
        self.carry_out(&actor, vec![came]).await
    }

    /// Writes that somebody opened or closed their own microphone; a closing has taken effect by then.
    pub(super) async fn note_microphone(&mut self, ticket: Ticket, is_open: bool) {
        let Some((caller, identity)) = self.roster.caller(ticket) else {
            return;
        };
        let actor = actor_of(&identity, &caller.name);
        let seat = caller.seat;
        let event = Event::Microphone { seat, is_open };
        self.ledger.note(&actor, vec![event], &mut self.procedure).await;
    }

    pub(super) async fn lose(&mut self, ticket: Ticket) {
        if !self.roster.lose(ticket, self.clock.monotonic()) {
            return;
        }
        self.tell_of(ticket.id);
        self.part(ticket.id, Departure::Lost).await;
    }

    pub(super) async fn leave(&mut self, ticket: Ticket) {
        if self.roster.leave(ticket) {
            self.gone(ticket.id);
            self.part(ticket.id, Departure::Left).await;
        }
    }

    async fn part(&mut self, id: Uuid, departure: Departure) {
        let seat = SeatId(id.to_string());
        let events = self.procedure.part(&seat, departure);
        self.ledger
            .note(&audit::Actor::System, events.clone(), &mut self.procedure)
            .await;
        for event in events {
            self.tell_event(event);
        }
    }

    /// The meeting ends, or the program stops: every interval ends now.
    pub(super) async fn all_part(&mut self, departure: Departure) {
        let online = self
            .procedure
            .roll
            .entries
            .iter()
            .filter(|entry| entry.is_online());
        let gone = online.map(|entry| Event::Gone {
            seat: entry.seat.clone(),
            departure,
        });
        let mut events: Vec<Event> = gone.collect();
        if departure == Departure::Left {
            events.extend(self.procedure.break_off());
        }
        self.ledger
            .note(&audit::Actor::System, events, &mut self.procedure)
            .await;
    }

    pub(super) async fn replan(&mut self) {
        if let Err(error) = self.ledger.write_plan(&mut self.procedure).await {
            error!(%error, meeting.id = %self.meeting, "a meeting could not take its plan over");
            return;
        }
        for (id, socket) in &self.sockets {
            let state = self.procedure_state(*id);
            socket.outbox.say(ServerMessage::Procedure { state });
        }
    }

    /// The pointer of who may turn the page.
    pub(super) fn point(&self, ticket: Ticket, x: u16, y: u16) {
        let Some((caller, _)) = self.roster.caller(ticket) else {
            return;
        };
        let presents = may(caller.role, Act::SetStage) || self.procedure.floor.speaks(&caller.seat);
        let is_shown = matches!(self.procedure.stage, Stage::Paper { .. });
        if presents && is_shown && x <= POINT_MOST && y <= POINT_MOST {
            self.tell(&ServerMessage::Pointer { x, y });
        }
    }

    pub(super) fn is_heard(&self, ticket: Ticket) -> bool {
        self.roster
            .caller(ticket)
            .is_some_and(|(caller, _)| self.procedure.may_be_heard(&caller.seat, caller.role))
    }

    pub(super) fn knock(&mut self, newcomer: Waiting) {
        if self.lobby.is_full() {
            return newcomer.outbox.close(CloseCode::RoomFull);
        }
        self.lobby.come(newcomer);
        self.tell_knocks();
    }

    pub(super) fn stop_waiting(&mut self, seat: &SeatId) {
        if !self.lobby.take(|one| one.seat == *seat).is_empty() {
            self.tell_knocks();
        }
    }

    /// Lets in whoever is no longer held back.
    fn open_door(&mut self) {
        let procedure = &self.procedure;
        let admitted = self
            .lobby
            .take(|one| !procedure.holds_back(&one.seat, one.entrant.role));
        for one in &admitted {
            one.outbox.say(ServerMessage::Admitted {});
        }
        if !admitted.is_empty() {
            self.tell_knocks();
        }
    }

    fn send_out(&mut self, seat: &SeatId) {
        for one in self.lobby.take(|one| one.seat == *seat) {
            one.outbox.say(ServerMessage::Removed {});
            one.outbox.close(CloseCode::Removed);
        }
        self.tell_knocks();
        let Some(ticket) = uuid_of(seat).and_then(|id| self.roster.ticket_of(id)) else {
            return;
        };
        if let Some(socket) = self.sockets.get(&ticket.id) {
            socket.outbox.say(ServerMessage::Removed {});
            socket.outbox.close(CloseCode::Removed);
        }
        self.roster.leave(ticket);
        self.gone(ticket.id);
    }

    /// Closes every microphone but the speaker's and of those whom `spares` names.
    fn silence_but_speaker(&mut self, spares: impl Fn(Role) -> bool) {
        let others: Vec<Uuid> = self
            .roster
            .roles()
            .filter(|(id, role)| !spares(*role) && !self.procedure.floor.speaks(&SeatId(id.to_string())))
            .map(|(id, _)| id)
            .collect();
        for id in others {
            self.silence(id);
        }
    }

    fn silence(&mut self, id: Uuid) {
        if !self.roster.silence(id, Source::Microphone) {
            return;
        }
        if let Some(socket) = self.sockets.get(&id) {
            socket.media.mute(media::Source::Microphone, true);
        }
        self.tell_of(id);
    }

    pub(super) fn tell_entry(&self, seat: &SeatId) {
        if let Some(entry) = self.procedure.roll.entry(seat).cloned() {
            let quorum = self.procedure.roll.quorum(self.procedure.rules.quorum);
            self.tell(&ServerMessage::Roll { entry, quorum });
        }
    }

    fn tell_signing(&self, paper: &PaperId) {
        if let Some(signing) = self.procedure.signings.of(paper).cloned() {
            self.tell(&ServerMessage::Signing { signing });
        }
    }

    fn tell_floor(&self) {
        self.tell(&ServerMessage::Floor {
            floor: self.floor_state(),
        });
    }

    fn tell_knocks(&self) {
        for (id, role) in self.roster.roles() {
            if leads(role) {
                self.say_knocks(id);
            }
        }
    }

    /// To somebody who has just come and may let others in.
    pub(super) fn tell_knocks_to(&self, id: Uuid) {
        let may_admit = self.roster.roles().any(|(one, role)| one == id && leads(role));
        if may_admit && !self.lobby.is_empty() {
            self.say_knocks(id);
        }
    }

    fn say_knocks(&self, id: Uuid) {
        if let Some(socket) = self.sockets.get(&id) {
            let waiting = self.lobby.knocks();
            socket.outbox.say(ServerMessage::Knocking { waiting });
        }
    }

    /// To those who take minutes: what was just written.
    fn tell_writing(&self, writing: &Writing) {
        let book = &self.procedure.minutes;
        let message = match writing {
            Writing::Note { item, .. } => match book.note(*item).cloned() {
                Some(note) => ServerMessage::Note { note },
                None => return,
            },
            Writing::Conclusion { .. } | Writing::Strike { .. } => ServerMessage::Conclusions {
                conclusions: book.conclusions.clone(),
            },
        };
        for (id, role) in self.roster.roles() {
            if let Some(socket) = self.sockets.get(&id).filter(|_| may(role, Act::TakeMinutes)) {
                socket.outbox.say(message.clone());
            }
        }
    }

    fn minutes_state(&self, reader: Uuid) -> Option<MinutesState> {
        let takes = |(id, role): (Uuid, Role)| id == reader && may(role, Act::TakeMinutes);
        let book = &self.procedure.minutes;
        self.roster.roles().any(takes).then(|| MinutesState {
            notes: book.notes().cloned().collect(),
            conclusions: book.conclusions.clone(),
        })
    }

    fn floor_state(&self) -> FloorState {
        FloorState {
            current: self.procedure.floor.current.clone(),
            waiting: self.procedure.floor.waiting.clone(),
            now: self.clock.now(),
        }
    }

    /// As whoever sits there is told.
    pub(super) fn procedure_state(&self, reader: Uuid) -> ProcedureState {
        ProcedureState {
            floor: self.floor_state(),
            roll: self.procedure.roll.entries.clone(),
            quorum: self.procedure.roll.quorum(self.procedure.rules.quorum),
            rules: self.procedure.rules.clone(),
            stage: self.procedure.stage.clone(),
            item: self.procedure.item,
            chat: self.procedure.chat.iter().cloned().collect(),
            votes: self.vote_states(reader),
            signings: self.procedure.signings.all.clone(),
            recording: self.procedure.recordings.state(),
            minutes: self.minutes_state(reader),
        }
    }
}

/// Whether what records has to follow.
fn turns_tape(event: &Event) -> bool {
    matches!(
        event,
        Event::RecordingStarted { .. }
            | Event::RecordingPaused { .. }
            | Event::RecordingResumed { .. }
            | Event::RecordingStopped { .. }
    )
}

fn actor_of(identity: &Identity, name: &str) -> audit::Actor {
    match identity {
        Identity::Person(person) => audit::Actor::Person(person.clone()),
        // A room, a device and a guest have no account; they stand in the chain by the name shown.
        Identity::Site(_) | Identity::Device(..) | Identity::Guest => audit::Actor::Guest(name.to_owned()),
    }
}

/// Ten-thousandths of the page.
const POINT_MOST: u16 = 10_000;
