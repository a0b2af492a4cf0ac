//! The one task that owns a meeting's roster and media room.
//!
//! Sockets send it [`Command`]s, the media plane events; it changes the roster and tells everyone. It never waits for a
//! socket: one that does not take what it is told is dropped, and its seat is kept like any lost one.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::ballot_box::BallotBox;
use super::command::Command;
use super::ledger::{ALIVE_EVERY, Ledger};
use super::lines::Lines;
use super::lobby::Lobby;
use super::media_terms::{from_media, to_media};
use super::prepared;
use super::protocol::{CloseCode, ErrorName, ServerMessage, Slot, Source};
use super::recording::{Tape, next_stored};
use super::registry::Hall;
use super::roster::{Roster, Ticket};
use super::talk::Outbox;
use super::votes::News;
use crate::clock::Clock;
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::Procedure;
use crate::domain::recording::Stop;
use crate::domain::roll::Departure;
use crate::media::{Event, MixedSound, RoomId, TrackState};
use crate::net;
use crate::secret::ServerSecret;
use crate::store::Store;

/// What a meeting is run with.
pub(super) struct Ground {
    pub meeting: MeetingId,
    pub hall: Hall,
    pub room: RoomId,
    pub title: String,
    pub media: net::Media,
    pub clock: Clock,
    pub store: Store,
    pub secret: ServerSecret,
}

/// Runs a meeting until nobody is left in it, or it is ended.
pub(super) async fn run(ground: Ground, mut commands: mpsc::Receiver<Command>) {
    let Ground {
        meeting,
        hall,
        room,
        title,
        media,
        clock,
        store,
        secret,
    } = ground;
    let (room, events) = match media.open(room).await {
        Ok(opened) => opened,
        Err(error) => {
            warn!(%error, "a meeting could not open its media room");
            return refuse_all(commands).await;
        }
    };
    let begun = match hall {
        Hall::Meeting => begin(&store, &clock, &meeting).await,
        Hall::Trial(_) => Ledger::of_trial(store.clone(), clock.clone(), meeting.clone()).await,
    };
    let (ledger, procedure) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            error!(%error, meeting.id = %meeting, "a meeting could not read its record");
            return refuse_all(commands).await;
        }
    };
    let ballot_box = match open_box(&store, &secret, &meeting, &procedure).await {
        Ok(ballot_box) => ballot_box,
        Err(error) => {
            error!(%error, meeting.id = %meeting, "a meeting could not open its ballot box");
            return refuse_all(commands).await;
        }
    };
    // How lines were is worth no meeting.
    let lines = Lines::load(&store, &meeting).await.unwrap_or_default();
    info!(meeting.id = %meeting, "a meeting begins");
    let mut actor = Actor {
        meeting,
        hall,
        title,
        room,
        clock,
        store,
        secret,
        ballot_box,
        close_again_at: None,
        news: None,
        counted_at: None,
        ledger,
        procedure,
        roster: Roster::default(),
        lobby: Lobby::default(),
        sockets: HashMap::new(),
        stills: HashMap::new(),
        lines,
        tape: None,
    };
    actor.work(&mut commands, events).await;
    actor.end_recording(Stop::MeetingOver).await;
    commands.close();
    info!(meeting.id = %actor.meeting, "a meeting is over");
}

async fn begin(
    store: &Store,
    clock: &Clock,
    meeting: &MeetingId,
) -> Result<(Ledger, Procedure), sea_orm::DbErr> {
    let (mut ledger, mut procedure) = Ledger::open(store.clone(), clock.clone(), meeting.clone()).await?;
    ledger.close_interrupted(&mut procedure).await?;
    ledger.settle_recordings(&mut procedure).await?;
    ledger.write_plan(&mut procedure).await?;
    Ok((ledger, procedure))
}

/// The box of the secret vote that is open.
async fn open_box(
    store: &Store,
    secret: &ServerSecret,
    meeting: &MeetingId,
    procedure: &Procedure,
) -> Result<Option<BallotBox>, sea_orm::DbErr> {
    let open = procedure.votes.open().filter(|vote| vote.opening.terms.is_secret);
    match open {
        Some(vote) => BallotBox::load(store.read(), secret, meeting, vote.id).await,
        None => Ok(None),
    }
}

async fn refuse_all(mut commands: mpsc::Receiver<Command>) {
    commands.close();
    while let Some(command) = commands.recv().await {
        // Whoever asked may be gone by now.
        if let Command::Enter { reply, .. } = command {
            let _ = reply.send(Err(ErrorName::MediaUnavailable));
        }
    }
}

pub(super) struct Actor {
    pub(super) meeting: MeetingId,
    pub(super) hall: Hall,
    pub(super) title: String,
    pub(super) room: net::Room,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) secret: ServerSecret,
    /// Of the secret vote that is open.
    pub(super) ballot_box: Option<BallotBox>,
    /// When closing a vote whose time is over is tried again.
    pub(super) close_again_at: Option<Instant>,
    /// A count that is not told yet, and when one was told last.
    pub(super) news: Option<News>,
    pub(super) counted_at: Option<Instant>,
    pub(super) ledger: Ledger,
    pub(super) procedure: Procedure,
    pub(super) roster: Roster,
    pub(super) lobby: Lobby,
    pub(super) sockets: HashMap<Uuid, Socket>,
    pub(super) stills: HashMap<Uuid, Arc<[u8]>>,
    pub(super) lines: Lines,
    /// What is recorded.
    pub(super) tape: Option<Tape>,
}

pub(super) struct Socket {
    pub(super) outbox: Outbox,
    pub(super) media: Arc<net::Seat>,
}

/// Whether the meeting goes on.
#[derive(PartialEq, Eq)]
enum Course {
    Goes,
    Over,
}

impl Actor {
    async fn work(&mut self, commands: &mut mpsc::Receiver<Command>, mut events: net::Events) {
        let mut media_stands = true;
        let mut alive = tokio::time::interval(ALIVE_EVERY);
        loop {
            let expiry = self.roster.next_expiry();
            let due = self.vote_due();
            let news = self.news.as_ref().map(|news| news.due);
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    // What comes after the hour comes too late, however long the timer sleeps.
                    self.close_due_vote().await;
                    if self.obey(command).await == Course::Over { return }
                }
                event = events.recv(), if media_stands => match event {
                    Some(event) => self.report(event).await,
                    None => media_stands = false,
                },
                stored = next_stored(&mut self.tape) => self.note_stored(stored).await,
                () = at(expiry) => self.expire(),
                () = at(due) => self.close_due_vote().await,
                () = at(news) => self.tell_count(),
                _ = alive.tick() => {
                    if let Err(error) = self.ledger.stay_alive().await {
                        warn!(%error, "a meeting could not note that it runs");
                    }
                    self.sample_lines().await;
                }
            }
            if self.roster.is_empty() && self.lobby.is_empty() {
                return;
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Course {
        match command {
            Command::Enter {
                entrant,
                place,
                outbox,
                reply,
            } => {
                // Whoever asked may be gone by now; the lost socket is then told in its turn.
                let _ = reply.send(self.enter(entrant, place, outbox).await);
            }
            Command::StopWaiting { seat } => self.stop_waiting(&seat),
            Command::Step {
                ticket,
                step,
                key,
                reply,
            } => {
                let _ = reply.send(self.step(ticket, step, key).await);
            }
            Command::CastSecret {
                vote,
                token,
                choice,
                reply,
            } => {
                let _ = reply.send(self.cast_secret(vote, &token, choice).await);
            }
            Command::Happen { event, actor, reply } => {
                let _ = reply.send(self.happen(&actor, *event).await);
            }
            Command::Ask {
                asked,
                caller,
                actor,
                reply,
            } => {
                let _ = reply.send(self.ask(asked, &caller, &actor).await);
            }
            Command::Replan => self.replan().await,
            Command::Point { ticket, x, y } => self.point(ticket, x, y),
            Command::KeepStill { ticket, jpeg } => {
                if self.roster.ticket_of(ticket.id) == Some(ticket) {
                    self.stills.insert(ticket.id, jpeg.into());
                }
            }
            Command::GiveStill { seat, reply } => {
                let still = prepared::uuid_of(&seat).and_then(|id| self.stills.get(&id));
                let _ = reply.send(still.cloned());
            }
            Command::GiveLines { reply } => {
                let _ = reply.send(self.lines_now().await);
            }
            Command::KeepCheck { ticket, check } => self.keep_check(ticket, check).await,
            Command::GiveSeated { reply } => {
                let _ = reply.send(self.seated(&self.hall).await);
            }
            Command::Publish { ticket, sources } => {
                if self.roster.publish(ticket, &sources) {
                    self.tell_of(ticket.id);
                }
            }
            Command::Mute {
                ticket,
                source,
                muted,
            } => self.mute(ticket, source, muted).await,
            Command::Lose { ticket } => self.lose(ticket).await,
            Command::Leave { ticket } => self.leave(ticket).await,
            Command::End => {
                self.sample_lines().await;
                self.end_recording(Stop::MeetingOver).await;
                self.all_part(Departure::Left).await;
                self.dismiss(Some(ServerMessage::Ended {}), CloseCode::Ended);
                return Course::Over;
            }
            Command::Stop => {
                self.sample_lines().await;
                self.end_recording(Stop::Interrupted).await;
                self.all_part(Departure::Interrupted).await;
                self.dismiss(None, CloseCode::GoingAway);
                return Course::Over;
            }
        }
        Course::Goes
    }

    async fn mute(&mut self, ticket: Ticket, source: Source, muted: bool) {
        if source == Source::Microphone && !muted && !self.is_heard(ticket) {
            if let Some(socket) = self.sockets.get(&ticket.id) {
                socket.outbox.say(ErrorName::FloorNeeded.message());
            }
            return self.tell_of(ticket.id);
        }
        let was_open = self.roster.is_open(ticket, source);
        let Some(gave_stage_back) = self.roster.mute(ticket, source, muted) else {
            return;
        };
        if let Some(socket) = self.sockets.get(&ticket.id) {
            socket.media.mute(to_media(source), muted);
        }
        if source == Source::Microphone && was_open == muted {
            self.note_microphone(ticket, !muted).await;
        }
        for id in gave_stage_back {
            if let Some(socket) = self.sockets.get(&id) {
                socket.media.mute(crate::media::Source::Screen, true);
                socket.media.mute(crate::media::Source::ScreenAudio, true);
            }
            self.tell_of(id);
        }
        self.tell_of(ticket.id);
    }

    async fn report(&mut self, event: Event) {
        match event {
            Event::Track {
                participant,
                source,
                state,
            } => {
                if self
                    .roster
                    .see(participant.0, from_media(source), state == TrackState::Live)
                {
                    self.tell_of(participant.0);
                }
            }
            Event::Slots { viewer, slots } => {
                let slots = slots.into_iter().map(|slot| Slot {
                    mid: slot.mid,
                    participant: slot.participant.map(|one| one.0.to_string()),
                    source: from_media(slot.source),
                });
                if let Some(socket) = self.sockets.get(&viewer.0) {
                    socket.outbox.say(ServerMessage::Slots {
                        slots: slots.collect(),
                    });
                }
            }
            Event::Layers {
                participant,
                source,
                needed,
            } => {
                if let Some(socket) = self.sockets.get(&participant.0) {
                    socket.outbox.say(ServerMessage::SendLayers {
                        source: from_media(source),
                        layers: needed,
                    });
                }
            }
            Event::ThinLine { viewer, is_thin } => {
                if let Some(socket) = self.sockets.get(&viewer.0) {
                    socket.outbox.say(ServerMessage::ThinLine { is_thin });
                }
            }
            Event::MixedSound { viewer, state } => {
                if state != MixedSound::Off {
                    self.mix_voices().await;
                }
                if let Some(socket) = self.sockets.get(&viewer.0) {
                    let state = state.into();
                    socket.outbox.say(ServerMessage::MixedSound { state });
                }
            }
            Event::Speaker { participant } => {
                let participants = participant.iter().map(|speaker| speaker.0.to_string()).collect();
                self.tell(&ServerMessage::Speaking { participants });
            }
            // A device has no socket that could be lost.
            Event::Lost { participant, .. } if self.roster.is_device(participant.0) => {
                if let Some(socket) = self.sockets.get(&participant.0) {
                    socket.outbox.close(CloseCode::TimedOut);
                }
            }
            // The socket says whether somebody is here; what arrives of them says the rest.
            Event::Connected { .. } | Event::Lost { .. } => {}
        }
    }

    /// Somebody is to hear all voices in one stream. Where that cannot be, each voice goes on coming by itself.
    async fn mix_voices(&self) {
        if let Err(error) = self.room.mix().await {
            warn!(%error, meeting.id = %self.meeting, "the voices of a meeting could not be mixed");
        }
    }

    fn expire(&mut self) {
        for id in self.roster.expire(self.clock.monotonic()) {
            self.gone(id);
        }
    }

    /// Tells of somebody who has given the seat up; dropping the media seat lets the media plane forget them.
    pub(super) fn gone(&mut self, id: Uuid) {
        self.stills.remove(&id);
        if let Some(socket) = self.sockets.remove(&id) {
            socket.outbox.close(CloseCode::Left);
        }
        self.tell(&ServerMessage::Left { id: id.to_string() });
    }

    fn dismiss(&mut self, message: Option<ServerMessage>, code: CloseCode) {
        for socket in self.sockets.values() {
            if let Some(message) = &message {
                socket.outbox.say(message.clone());
            }
            socket.outbox.close(code);
        }
    }

    pub(super) fn tell_of(&self, id: Uuid) {
        if let Some(participant) = self.roster.participant(id) {
            self.tell(&ServerMessage::Participant { participant });
        }
    }

    pub(super) fn tell(&self, message: &ServerMessage) {
        let message = Arc::new(message.clone());
        for socket in self.sockets.values() {
            socket.outbox.say_shared(&message);
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => pending().await,
    }
}
