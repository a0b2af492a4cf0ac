//! A camera or a monitor: a participant without a page. Its offers come over HTTP (WHIP, WHEP), and what it stands in for is a
//! *stream* under a name that nobody can guess; after a restart of the program there is none, and the device offers anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Limit;
use super::command::{Admission, Entered};
use super::media_terms::{ice_server, to_media};
use super::protocol::{ErrorName, FloorState, IceServer, ServerMessage, Source, Welcome};
use super::registry::{Conferences, Hall, Meeting};
use super::roster::{Entrant, Identity};
use super::talk::{Out, Outbox};
use crate::clock::Timestamp;
use crate::domain::allowance::Allowance;
use crate::domain::device::{DeviceId, Purpose};
use crate::domain::floor::TurnId;
use crate::domain::meeting::{DisplayName, MeetingId, SeatId};
use crate::domain::meeting_right::{self, Act, device_may};
use crate::domain::procedure::{Stage, Step};
use crate::media::sfu::{check_fragment, check_offer};
use crate::media::{ParticipantId, Side, Watch};
use crate::net;

/// A device as its token names it.
#[derive(Debug, Clone)]
pub struct Device {
    pub id: DeviceId,
    pub meeting: MeetingId,
    pub name: DisplayName,
    pub purpose: Purpose,
}

/// What a device is answered.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The name of its stream.
    pub stream: String,
    /// Names the ICE session of the stream (RFC 9725 section 4.3.1).
    pub tag: String,
    pub answer: String,
    pub relays: Vec<IceServer>,
}

/// What came of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trickled {
    /// Nothing is to be said.
    Noted,
    /// ICE restarts: our side, and the new tag.
    Restarted { fragment: String, tag: String },
}

/// Why a device was not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unattached {
    #[error("the device tries too often")]
    TooOften(Duration),
    #[error("the door is held; somebody must let the device in")]
    Waits,
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    Unsupported(String),
    #[error("there is no such stream")]
    Gone,
    #[error("the tag is not that of the stream")]
    Stale,
    #[error("the meeting let it not in: {0:?}")]
    Refused(ErrorName),
}

/// The streams that run now, and how often each device tried of late.
#[derive(Default)]
pub(super) struct Streams {
    running: Mutex<HashMap<String, Stream>>,
    tries: Mutex<HashMap<DeviceId, Allowance>>,
}

struct Stream {
    device: DeviceId,
    media: Arc<net::Seat>,
    side: Side,
    tag: String,
    limit: Limit,
    /// Ends it as the device's own wish.
    end: CancellationToken,
}

impl Conferences {
    /// Lets a device in with its offer. It takes the place of its own former stream.
    ///
    /// In a task of its own: a device that goes away meanwhile must not leave a seat for which nobody stands in.
    ///
    /// # Errors
    /// [`Unattached`]; a former stream goes on then, unless the room itself refused.
    pub async fn attach(&self, device: Device, title: String, offer: String) -> Result<Attached, Unattached> {
        let conferences = self.clone();
        let attached = tokio::spawn(async move { conferences.let_in(&device, title, &offer).await });
        attached.await.unwrap_or(Err(UNAVAILABLE))
    }

    async fn let_in(&self, device: &Device, title: String, offer: &str) -> Result<Attached, Unattached> {
        let clock = self.clock();
        self.streams().try_once(&device.id, clock.now())?;
        let side = side_of(device.purpose);
        check_offer(side, offer)?;
        let room = Meeting::new(self.clone(), (device.meeting.clone(), Hall::Meeting), title);
        let (outbox, mut inbox) = Outbox::new();
        let cut_off = outbox.cut_off();
        let entrant = Entrant {
            identity: device.identity(),
            name: device.name.clone(),
            title: None,
            role: meeting_right::DEVICE,
            site: None,
            keeps_media: false,
        };
        let entered = match room
            .enter(entrant, None, outbox)
            .await
            .map_err(Unattached::Refused)?
        {
            Admission::In(entered) => entered,
            Admission::Waits(seat) => {
                tokio::spawn(wait(room, seat, inbox));
                return Err(Unattached::Waits);
            }
        };
        // It is the first word to whoever is in.
        let Some(Out::Say(first)) = inbox.recv().await else {
            return Err(UNAVAILABLE);
        };
        let mut attendant = Attendant {
            room,
            entered,
            purpose: device.purpose,
            spoke: None,
        };
        let answer = match attendant.describe(offer).await {
            Ok(answer) => answer,
            Err(error) => {
                attendant.room.leave(attendant.entered.ticket).await;
                return Err(match error {
                    net::Error::Gone => UNAVAILABLE,
                    error => error.into(),
                });
            }
        };
        let relays = match &*first {
            ServerMessage::Welcome(welcome) => welcome.ice_servers.clone(),
            _ => Vec::new(),
        };
        let stream = hex::encode(clock.random_bytes::<16>());
        let tag = hex::encode(clock.random_bytes::<8>());
        let end = CancellationToken::new();
        let running = Stream {
            device: device.id.clone(),
            media: attendant.entered.media.clone(),
            side,
            tag: tag.clone(),
            limit: Limit::new(clock.monotonic()),
            end: end.clone(),
        };
        self.streams().begin(stream.clone(), running);
        let (conferences, name) = (self.clone(), stream.clone());
        tokio::spawn(async move {
            attendant.heed(&first).await;
            attendant.attend(inbox, cut_off, end).await;
            conferences.streams().over(&name);
        });
        Ok(Attached {
            stream,
            tag,
            answer,
            relays,
        })
    }

    /// Takes what a device says of the transport of its stream. With `condition` being the stream's tag it is about the ICE
    /// session that stands; `*` asks for another.
    ///
    /// # Errors
    /// [`Unattached::Gone`], [`Unattached::Stale`], [`Unattached::Malformed`], [`Unattached::TooOften`].
    pub async fn trickle(
        &self,
        device: &DeviceId,
        stream: &str,
        condition: &str,
        fragment: &str,
    ) -> Result<Trickled, Unattached> {
        let clock = self.clock();
        let (media, side, tag) = self.streams().ask(device, stream, &clock)?;
        check_fragment(fragment)?;
        if condition.trim_matches('"') == tag {
            return Ok(Trickled::Noted);
        }
        if condition != "*" {
            return Err(Unattached::Stale);
        }
        let Some(fragment) = media.trickle(side, fragment).await? else {
            return Ok(Trickled::Noted);
        };
        let tag = hex::encode(clock.random_bytes::<8>());
        self.streams().retag(stream, &tag);
        Ok(Trickled::Restarted { fragment, tag })
    }

    /// Ends a stream by the wish of its device; `false` where there is none.
    #[must_use]
    pub fn detach(&self, device: &DeviceId, stream: &str) -> bool {
        self.streams()
            .end(|name, running| name == stream && running.device == *device)
    }

    /// Ends what runs of a device whose token was withdrawn.
    pub fn detach_all(&self, device: &DeviceId) {
        self.streams().end(|_, running| running.device == *device);
    }

    /// The devices of which a stream runs.
    #[must_use]
    pub fn attached(&self) -> Vec<DeviceId> {
        let running = self.streams().running();
        running.values().map(|stream| stream.device.clone()).collect()
    }

    /// The relays that a device may use on its way here, before it offers.
    #[must_use]
    pub fn relays_of(&self, device: &Device) -> Vec<IceServer> {
        let seat = super::prepared::uuid_of(&self.seat_of(&device.meeting, &device.identity()));
        let servers = seat.map(|seat| self.relays_for(&device.meeting, ParticipantId(seat)));
        servers.unwrap_or_default().into_iter().map(ice_server).collect()
    }
}

impl Device {
    fn identity(&self) -> Identity {
        Identity::Device(self.id.clone(), self.purpose)
    }
}

impl Streams {
    fn try_once(&self, device: &DeviceId, now: Timestamp) -> Result<(), Unattached> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MOST_REMEMBERED {
            tries.clear();
        }
        let whole = || Allowance::whole(TRIES_A_MINUTE, now);
        let share = tries.entry(device.clone()).or_insert_with(whole);
        share.take(TRIES_A_MINUTE, now).map_err(Unattached::TooOften)
    }

    fn begin(&self, name: String, stream: Stream) {
        let mut running = self.running();
        running.retain(|_, other| other.device != stream.device);
        running.insert(name, stream);
    }

    fn over(&self, name: &str) {
        self.running().remove(name);
    }

    fn ask(
        &self,
        device: &DeviceId,
        name: &str,
        clock: &crate::clock::Clock,
    ) -> Result<(Arc<net::Seat>, Side, String), Unattached> {
        let mut running = self.running();
        let stream = running.get_mut(name).filter(|stream| stream.device == *device);
        let stream = stream.ok_or(Unattached::Gone)?;
        if !stream.limit.take(clock.monotonic()) {
            return Err(Unattached::TooOften(Duration::from_secs(1)));
        }
        Ok((stream.media.clone(), stream.side, stream.tag.clone()))
    }

    fn retag(&self, name: &str, tag: &str) {
        if let Some(stream) = self.running().get_mut(name) {
            tag.clone_into(&mut stream.tag);
        }
    }

    fn end(&self, is_meant: impl Fn(&str, &Stream) -> bool) -> bool {
        let mut running = self.running();
        let before = running.len();
        running.retain(|name, stream| {
            let ends = is_meant(name, stream);
            if ends {
                stream.end.cancel();
            }
            !ends
        });
        running.len() < before
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Stream>> {
        // Nothing panics while it is held; a poisoned map is still whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands in for a device in its meeting.
struct Attendant {
    room: Meeting,
    entered: Entered,
    purpose: Purpose,
    /// The turn for which the microphone was opened: who leads may close it again.
    spoke: Option<TurnId>,
}

impl Attendant {
    /// Answers the offer, and opens what a camera sends.
    async fn describe(&self, offer: &str) -> Result<String, net::Error> {
        let Entered { ticket, media, .. } = &self.entered;
        if !device_may(self.purpose, Act::Speak) {
            return media.show(offer).await;
        }
        let (answer, sources) = media.publish_first(offer).await?;
        let own = |source: &Source| sources.contains(&to_media(*source));
        let sent: Vec<Source> = [Source::Microphone, Source::Camera]
            .into_iter()
            .filter(own)
            .collect();
        self.room.publish(*ticket, sent.clone()).await;
        for source in sent {
            self.room.mute(*ticket, source, false).await;
        }
        Ok(answer)
    }

    /// Until the device goes, or is sent away.
    async fn attend(
        &mut self,
        mut inbox: mpsc::Receiver<Out>,
        cut_off: CancellationToken,
        end: CancellationToken,
    ) {
        let ticket = self.entered.ticket;
        loop {
            tokio::select! {
                () = end.cancelled() => return self.room.leave(ticket).await,
                () = cut_off.cancelled() => break,
                out = inbox.recv() => match out {
                    Some(Out::Say(message)) => self.heed(&message).await,
                    Some(Out::Close(_)) | None => break,
                },
            }
        }
        // It counts for nothing where the seat was given up or taken by another.
        self.room.lose(ticket).await;
    }

    async fn heed(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Welcome(welcome) => {
                let Welcome { procedure, .. } = &**welcome;
                self.stage(&procedure.stage).await;
                self.answer_floor(&procedure.floor).await;
            }
            ServerMessage::Procedure { state } => self.stage(&state.stage).await,
            ServerMessage::Stage { stage } => self.stage(stage).await,
            ServerMessage::Floor { floor } => self.answer_floor(floor).await,
            _ => {}
        }
    }

    /// A monitor shows whom the chair has put on the stage.
    async fn stage(&self, stage: &Stage) {
        if self.purpose != Purpose::Monitor {
            return;
        }
        let first = match stage {
            Stage::Picture { seat } => super::prepared::uuid_of(seat).map(ParticipantId),
            _ => None,
        };
        let watch = Watch {
            pictures: Some(1),
            first: first.into_iter().collect(),
            sound_only: false,
            mixed_sound: false,
        };
        // A stream that is gone shows nothing.
        let _ = self.entered.media.watch(watch).await;
    }

    /// Nobody is there to answer: a camera to which the floor is offered takes it, and is heard.
    async fn answer_floor(&mut self, floor: &FloorState) {
        let ticket = self.entered.ticket;
        let own = SeatId(ticket.id.to_string());
        let current = floor.current.as_ref().filter(|current| current.turn.seat == own);
        let Some(current) = current.filter(|_| self.purpose == Purpose::Camera) else {
            return;
        };
        let turn = current.turn.id;
        if current.began_at.is_none() {
            let answer = Step::AnswerFloor { turn, accept: true };
            // Refused, it was given to another meanwhile.
            let _ = self.room.step(ticket, answer, None).await;
        } else if self.spoke != Some(turn) {
            self.spoke = Some(turn);
            self.room.mute(ticket, Source::Microphone, false).await;
        }
    }
}

/// Keeps the place before the door for so long that somebody can open it and the device come again.
async fn wait(room: Meeting, seat: SeatId, mut inbox: mpsc::Receiver<Out>) {
    let is_over = |out: Option<Out>| match out {
        Some(Out::Say(message)) => matches!(*message, ServerMessage::Admitted {}),
        Some(Out::Close(_)) | None => true,
    };
    let over = async { while !is_over(inbox.recv().await) {} };
    if timeout(WAITS, over).await.is_err() {
        room.stop_waiting(seat).await;
    }
}

fn side_of(purpose: Purpose) -> Side {
    match purpose {
        Purpose::Camera => Side::Publish,
        Purpose::Monitor => Side::Subscribe,
    }
}

impl From<net::Error> for Unattached {
    fn from(error: net::Error) -> Self {
        match error {
            net::Error::Malformed(reason) => Self::Malformed(reason),
            net::Error::Unsupported(reason) => Self::Unsupported(reason),
            net::Error::Refused(reason) => Self::Unsupported(reason.to_owned()),
            net::Error::Gone => Self::Gone,
        }
    }
}

/// The room closes, or media has stopped.
const UNAVAILABLE: Unattached = Unattached::Refused(ErrorName::MediaUnavailable);
/// An encoder that is restarted again and again; each entry is a line of the record.
const TRIES_A_MINUTE: u32 = 12;
/// Of all meetings at once, before what was tried is forgotten.
const MOST_REMEMBERED: usize = 10_000;
/// Encoders come again within seconds.
const WAITS: Duration = Duration::from_secs(60);
