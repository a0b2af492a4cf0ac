//! The one task that owns a meeting's roster and media room.
//!
//! Sockets send it [`Command`]s, the media plane events; it changes the roster and tells everyone. It never waits for a
//! socket: one that does not take what it is told is dropped, and its seat is kept like any lost one.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};
use uuid::Uuid;

use super::protocol::{CloseCode, ErrorName, Layer, PublishParameters, ServerMessage, Slot, Source, Welcome};
use super::roster::{Entrant, Entry, Roster, SEAT_KEPT, Ticket};
use super::talk::Outbox;
use crate::clock::Clock;
use crate::domain::meeting::acts_of;
use crate::media::{Event, ParticipantId, RoomId, TrackState};
use crate::net;

/// What the sockets of a meeting ask of it.
pub(super) enum Command {
    Enter {
        entrant: Entrant,
        place: Option<String>,
        outbox: Outbox,
        reply: oneshot::Sender<Result<Entered, ErrorName>>,
    },
    Publish {
        ticket: Ticket,
        sources: Vec<Source>,
    },
    Mute {
        ticket: Ticket,
        source: Source,
        muted: bool,
    },
    Lose {
        ticket: Ticket,
    },
    Leave {
        ticket: Ticket,
    },
    /// Ends the meeting for everyone.
    End,
    /// The program stops; everyone shall come back in a moment.
    Stop,
}

/// What a socket holds once it is in.
#[derive(Clone)]
pub(super) struct Entered {
    pub ticket: Ticket,
    pub media: Arc<net::Seat>,
    /// The media is that of the former socket and goes on.
    pub is_kept: bool,
}

/// Runs a meeting until nobody is left in it, or it is ended.
pub(super) async fn run(
    room: RoomId,
    title: String,
    media: net::Media,
    clock: Clock,
    mut commands: mpsc::Receiver<Command>,
) {
    let (room, events) = match media.open(room).await {
        Ok(opened) => opened,
        Err(error) => {
            warn!(%error, "a meeting could not open its media room");
            return refuse_all(commands).await;
        }
    };
    info!(meeting.id = %title, "a meeting begins");
    let mut actor = Actor {
        title,
        room,
        clock,
        roster: Roster::default(),
        sockets: HashMap::new(),
    };
    actor.work(&mut commands, events).await;
    commands.close();
    info!("a meeting is over");
}

async fn refuse_all(mut commands: mpsc::Receiver<Command>) {
    commands.close();
    while let Some(command) = commands.recv().await {
        if let Command::Enter { reply, .. } = command {
            // Whoever asked may be gone by now.
            let _ = reply.send(Err(ErrorName::MediaUnavailable));
        }
    }
}

struct Actor {
    title: String,
    room: net::Room,
    clock: Clock,
    roster: Roster,
    sockets: HashMap<Uuid, Socket>,
}

struct Socket {
    outbox: Outbox,
    media: Arc<net::Seat>,
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
        loop {
            let expiry = self.roster.next_expiry();
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    if self.obey(command).await == Course::Over { return }
                }
                event = events.recv(), if media_stands => match event {
                    Some(event) => self.report(event),
                    None => media_stands = false,
                },
                () = at(expiry) => self.expire(),
            }
            if self.roster.is_empty() {
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
                let _ = reply.send(self.enter(entrant, place.as_deref(), outbox).await);
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
            } => self.mute(ticket, source, muted),
            Command::Lose { ticket } => {
                if self.roster.lose(ticket, self.clock.monotonic()) {
                    self.tell_of(ticket.id);
                }
            }
            Command::Leave { ticket } => {
                if self.roster.leave(ticket) {
                    self.gone(ticket.id);
                }
            }
            Command::End => {
                self.dismiss(Some(ServerMessage::Ended {}), CloseCode::Ended);
                return Course::Over;
            }
            Command::Stop => {
                self.dismiss(None, CloseCode::GoingAway);
                return Course::Over;
            }
        }
        Course::Goes
    }

    async fn enter(
        &mut self,
        entrant: Entrant,
        place: Option<&str>,
        outbox: Outbox,
    ) -> Result<Entered, ErrorName> {
        let (role, wants_to_keep, given) = (entrant.role, entrant.keeps_media, place);
        let fresh = (self.new_id(), hex::encode(self.clock.random_bytes::<16>()));
        let Entry {
            ticket,
            place,
            replaced,
        } = self.roster.enter(entrant, place, fresh)?;
        let former = self.sockets.remove(&ticket.id);
        if let (Some(_), Some(former)) = (replaced, &former) {
            former.outbox.say(ServerMessage::Replaced {});
            former.outbox.close(CloseCode::Replaced);
        }
        let kept = former
            .filter(|_| wants_to_keep && given == Some(&place))
            .map(|former| former.media);
        let is_kept = kept.is_some();
        let media = match kept {
            Some(media) => media,
            None => self.seat_media(ticket).await?,
        };
        outbox.say(ServerMessage::Welcome(Box::new(Welcome {
            id: ticket.id.to_string(),
            place,
            role,
            may: acts_of(role),
            title: self.title.clone(),
            participants: self.roster.participants(),
            publish: publish_parameters(),
            kept: is_kept,
            seat_kept_seconds: SEAT_KEPT.as_secs() as u32,
        })));
        self.sockets.insert(
            ticket.id,
            Socket {
                outbox,
                media: media.clone(),
            },
        );
        self.tell_of(ticket.id);
        if is_kept {
            // What changed while nobody listened.
            media.tell_again();
        }
        Ok(Entered {
            ticket,
            media,
            is_kept,
        })
    }

    /// A new place in the media room, everything muted.
    async fn seat_media(&mut self, ticket: Ticket) -> Result<Arc<net::Seat>, ErrorName> {
        let media = match self.room.join(ParticipantId(ticket.id)).await {
            Ok(seat) => Arc::new(seat),
            Err(error) => {
                warn!(%error, "the media room let nobody in");
                self.roster.leave(ticket);
                self.tell(&ServerMessage::Left {
                    id: ticket.id.to_string(),
                });
                return Err(ErrorName::MediaUnavailable);
            }
        };
        for source in crate::media::Source::ALL {
            media.mute(source, true);
        }
        Ok(media)
    }

    fn mute(&mut self, ticket: Ticket, source: Source, muted: bool) {
        let Some(gave_stage_back) = self.roster.mute(ticket, source, muted) else {
            return;
        };
        if let Some(socket) = self.sockets.get(&ticket.id) {
            socket.media.mute(to_media(source), muted);
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

    fn report(&mut self, event: Event) {
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
                    participant: slot.participant.0.to_string(),
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
            Event::Speaker { participant } => {
                let participants = participant.iter().map(|speaker| speaker.0.to_string()).collect();
                self.tell(&ServerMessage::Speaking { participants });
            }
            // The socket says whether somebody is here; what arrives of them says the rest.
            Event::Connected { .. } | Event::Lost { .. } => {}
        }
    }

    fn expire(&mut self) {
        for id in self.roster.expire(self.clock.monotonic()) {
            self.gone(id);
        }
    }

    /// Tells of somebody who has given the seat up; dropping the media seat lets the media plane forget them.
    fn gone(&mut self, id: Uuid) {
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

    fn tell_of(&self, id: Uuid) {
        if let Some(participant) = self.roster.participant(id) {
            self.tell(&ServerMessage::Participant { participant });
        }
    }

    fn tell(&self, message: &ServerMessage) {
        for socket in self.sockets.values() {
            socket.outbox.say(message.clone());
        }
    }

    fn new_id(&self) -> Uuid {
        // `new_id` writes a UUID, so the fallback, a random one, is never needed.
        Uuid::parse_str(&self.clock.new_id())
            .unwrap_or_else(|_| uuid::Builder::from_random_bytes(self.clock.random_bytes()).into_uuid())
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => pending().await,
    }
}

/// Three layers of a face, 720p at the top, and a page of text that is sharp within two seconds. Together they stay
/// under what one publisher may send.
fn publish_parameters() -> PublishParameters {
    let layer = |rid: &str, scale_down_by, bitrate_bps| Layer {
        rid: rid.into(),
        scale_down_by,
        bitrate_bps,
    };
    PublishParameters {
        camera: vec![
            layer("q", 4.0, 150_000),
            layer("h", 2.0, 500_000),
            layer("f", 1.0, 1_500_000),
        ],
        screen_bitrate_bps: 2_500_000,
        screen_frames_per_second: 15,
    }
}

pub(super) fn to_media(source: Source) -> crate::media::Source {
    match source {
        Source::Microphone => crate::media::Source::Microphone,
        Source::Camera => crate::media::Source::Camera,
        Source::Screen => crate::media::Source::Screen,
        Source::ScreenAudio => crate::media::Source::ScreenAudio,
    }
}

fn from_media(source: crate::media::Source) -> Source {
    match source {
        crate::media::Source::Microphone => Source::Microphone,
        crate::media::Source::Camera => Source::Camera,
        crate::media::Source::Screen => Source::Screen,
        crate::media::Source::ScreenAudio => Source::ScreenAudio,
    }
}
