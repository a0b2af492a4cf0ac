//! The meetings that run now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::actor::{self, Ground};
use super::ballot_box::{SigningKey, Token};
use super::board::Seated;
use super::command::{Admission, Command, FromOutside, Unwritten};
use super::device::Streams;
use super::entry::RELAYED;
use super::ledger::Ledger;
use super::line_test::Bench;
use super::lines::Line;
use super::prepared;
use super::protocol::{ErrorName, OwnCheck, Source};
use super::record;
use super::roster::{Entrant, Identity, Ticket};
use super::talk::{Outbox, Talk, Visitor};
use crate::clock::Clock;
use crate::domain::ballot::{Choice, VoteId};
use crate::domain::meeting::{MeetingId, SeatId};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::minute_book::Writing;
use crate::domain::procedure::{Caller, Event, Procedure, Step};
use crate::domain::roll::Roll;
use crate::media::{ParticipantId, RoomId};
use crate::net::{IceServer, Media};
use crate::secret::ServerSecret;
use crate::store::Store;
use crate::store::audit::Actor;
use crate::store::entity::{meeting, recording};

/// Which room of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hall {
    Meeting,
    /// Where one seat is tried out (họp thử) over the same way for sound and pictures, alone or with who looks after the lines:
    /// no roll is kept of it, and nothing that happens there counts.
    Trial(SeatId),
}

type Key = (MeetingId, Hall);

/// Starts meetings when the first participant comes and forgets them when the last has gone; cheap to clone.
#[derive(Clone)]
pub struct Conferences {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    store: Store,
    secret: ServerSecret,
    media: OnceLock<Media>,
    running: Mutex<HashMap<Key, mpsc::Sender<Command>>>,
    streams: Streams,
    /// Who sign the same paper, or answer the same question in writing, one after another.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    bench: Bench,
}

impl Conferences {
    /// No meeting runs, and none can before [`Self::begin`].
    #[must_use]
    pub fn new(clock: Clock, store: Store, secret: ServerSecret) -> Self {
        let inner = Inner {
            clock,
            store,
            secret,
            media: OnceLock::new(),
            running: Mutex::default(),
            streams: Streams::default(),
            turns: Mutex::default(),
            bench: Bench::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Meetings can run from now on, over this media plane. Only the first call counts.
    pub fn begin(&self, media: Media) {
        let _ = self.inner.media.set(media);
    }

    /// What the media plane has counted and knows of every site, in the Prometheus text format; nothing before
    /// [`Self::begin`].
    pub async fn metrics(&self) -> Option<String> {
        self.inner.media.get()?.metrics().await.ok()
    }

    /// Begins the talk of one socket. Nobody is in the meeting before their `join`.
    #[must_use]
    pub fn talk(&self, id: MeetingId, hall: Hall, title: String, visitor: Visitor, outbox: Outbox) -> Talk {
        let now = self.inner.clock.monotonic();
        Talk::new(
            Meeting::new(self.clone(), (id, hall), title),
            visitor,
            outbox,
            now,
        )
    }

    /// Whether anybody is in the meeting.
    #[must_use]
    pub fn is_running(&self, id: &MeetingId) -> bool {
        self.running()
            .get(&(id.clone(), Hall::Meeting))
            .is_some_and(|commands| !commands.is_closed())
    }

    /// Registers a speech (đăng ký trước) of somebody who was called, whether the meeting runs or not.
    ///
    /// # Errors
    /// As the procedure says.
    pub async fn register(&self, id: &MeetingId, caller: &Caller, actor: &Actor) -> Result<(), ErrorName> {
        self.ask(id, &FromOutside::Speech, caller, actor).await
    }

    /// Writes notes or a conclusion down, whether the meeting runs or not: minutes are finished after its end.
    ///
    /// # Errors
    /// As the procedure says: [`ErrorName::Stale`] where somebody else wrote meanwhile.
    pub async fn write(
        &self,
        id: &MeetingId,
        writing: &Writing,
        caller: &Caller,
        actor: &Actor,
    ) -> Result<(), ErrorName> {
        self.ask(id, &FromOutside::Write(writing.clone()), caller, actor)
            .await
    }

    async fn ask(
        &self,
        id: &MeetingId,
        asked: &FromOutside,
        caller: &Caller,
        actor: &Actor,
    ) -> Result<(), ErrorName> {
        // Between two looks the meeting may begin or end; whoever writes second is told so by the record.
        for _ in 0..ENTRY_TRIES {
            if self.is_running(id) {
                let (reply, answer) = oneshot::channel();
                let ask = Command::Ask {
                    asked: asked.clone(),
                    caller: caller.clone(),
                    actor: actor.clone(),
                    reply,
                };
                self.send_in(id, ask).await;
                if let Ok(answer) = answer.await {
                    return answer;
                }
                continue;
            }
            let Inner { clock, store, .. } = &*self.inner;
            let opened = Ledger::open(store.clone(), clock.clone(), id.clone()).await;
            let (mut ledger, mut procedure) = opened.map_err(|_| ErrorName::NotKept)?;
            if ledger.write_plan(&mut procedure).await.is_err() {
                continue;
            }
            let events = asked.clone().decide(&procedure, caller)?;
            if ledger.commit(actor, events, &mut procedure).await.is_ok() {
                return Ok(());
            }
        }
        Err(ErrorName::NotKept)
    }

    /// Writes what happened outside the room, whether the meeting runs or not, and tells everyone who is in it.
    ///
    /// # Errors
    /// [`Unwritten`]; nothing has happened then.
    pub async fn happen(&self, id: &MeetingId, actor: &Actor, event: Event) -> Result<(), Unwritten> {
        for _ in 0..ENTRY_TRIES {
            if self.is_running(id) {
                let (reply, answer) = oneshot::channel();
                let (actor, event) = (actor.clone(), Box::new(event.clone()));
                self.send_in(id, Command::Happen { event, actor, reply }).await;
                if let Ok(answer) = answer.await {
                    return answer;
                }
                continue;
            }
            let Inner { clock, store, .. } = &*self.inner;
            let opened = Ledger::open(store.clone(), clock.clone(), id.clone()).await;
            let (mut ledger, mut procedure) = opened.map_err(|_| Unwritten::NotKept)?;
            if ledger.write_plan(&mut procedure).await.is_err() {
                continue;
            }
            procedure.can_follow(&event)?;
            if ledger
                .commit(actor, vec![event.clone()], &mut procedure)
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        Err(Unwritten::NotKept)
    }

    /// The queue of those who sign this paper, or answer this question.
    #[must_use]
    pub fn turn(&self, id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.inner.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(id.to_owned()).or_default())
    }

    /// Ends the recordings that the program left open when it stopped without a word: what was kept of them is whole.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle_recordings(&self) -> Result<(), sea_orm::DbErr> {
        let Inner { clock, store, .. } = &*self.inner;
        let open = recording::Entity::find()
            .filter(recording::Column::SealedAt.is_null())
            .all(store.read())
            .await?;
        for row in open.into_iter().filter(|row| !self.is_running(&row.meeting_id)) {
            let (mut ledger, mut procedure) =
                Ledger::open(store.clone(), clock.clone(), row.meeting_id).await?;
            ledger.close_interrupted(&mut procedure).await?;
            ledger.settle_recordings(&mut procedure).await?;
        }
        Ok(())
    }

    /// The meeting as its record tells it: who came and spoke, for the minutes.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn procedure(&self, id: &MeetingId) -> Result<Procedure, sea_orm::DbErr> {
        let Inner { clock, store, .. } = &*self.inner;
        Ok(Ledger::open(store.clone(), clock.clone(), id.clone()).await?.1)
    }

    /// The seat that a person has in a meeting.
    #[must_use]
    pub fn seat_of(&self, id: &MeetingId, identity: &Identity) -> SeatId {
        prepared::seat_of(id, identity)
    }

    /// What was prepared has changed; a running meeting takes it over.
    pub async fn replan(&self, id: &MeetingId) {
        self.send_in(id, Command::Replan).await;
    }

    /// Casts a ballot of a secret vote.
    ///
    /// # Errors
    /// [`ErrorName::NothingThere`] where the meeting does not run or has no such vote, [`ErrorName::VoteClosed`],
    /// [`ErrorName::Refused`] for a token that is none, [`ErrorName::NotKept`].
    pub async fn cast_secret(
        &self,
        id: &MeetingId,
        vote: VoteId,
        token: Token,
        choice: Choice,
    ) -> Result<(), ErrorName> {
        if !self.is_running(id) && self.is_written(id).await? {
            return self.cast_secret_in_writing(id, &token, choice).await;
        }
        let (reply, answer) = oneshot::channel();
        let cast = Command::CastSecret {
            vote,
            token,
            choice,
            reply,
        };
        self.send_in(id, cast).await;
        answer.await.unwrap_or(Err(ErrorName::NothingThere))
    }

    /// Whether it is a question in writing, which has no room.
    async fn is_written(&self, id: &MeetingId) -> Result<bool, ErrorName> {
        let row = meeting::Entity::find_by_id(id.clone())
            .one(self.inner.store.read())
            .await;
        let row = row.map_err(|_| ErrorName::NotKept)?;
        Ok(row.is_some_and(|row| row.kind == MeetingKind::Written))
    }

    pub(super) fn bench(&self) -> &Bench {
        &self.inner.bench
    }

    pub(super) fn media(&self) -> Option<&Media> {
        self.inner.media.get()
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(super) fn secret(&self) -> &ServerSecret {
        &self.inner.secret
    }

    pub(super) fn clock(&self) -> Clock {
        self.inner.clock.clone()
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.inner.streams
    }

    /// The relays for one participant of a meeting.
    pub(super) fn relays_for(&self, id: &MeetingId, participant: ParticipantId) -> Vec<IceServer> {
        let Inner { media, clock, .. } = &*self.inner;
        let room = Uuid::parse_str(&id.0).ok().map(RoomId);
        let (Some(media), Some(room)) = (media.get(), room) else {
            return Vec::new();
        };
        media.relays((room, participant), clock.now().after(RELAYED).unix_seconds())
    }

    /// The last still of a participant's camera, a JPEG.
    pub async fn still(&self, id: &MeetingId, seat: SeatId) -> Option<Arc<[u8]>> {
        let (reply, answer) = oneshot::channel();
        self.send_in(id, Command::GiveStill { seat, reply }).await;
        answer.await.ok().flatten()
    }

    /// How the lines of those who are in a meeting are now.
    pub async fn lines(&self, id: &MeetingId) -> Vec<Line> {
        let (reply, answer) = oneshot::channel();
        self.send_in(id, Command::GiveLines { reply }).await;
        answer.await.unwrap_or_default()
    }

    /// Everyone who is called to a meeting, before anybody came.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn called(&self, id: &MeetingId) -> Result<Roll, sea_orm::DbErr> {
        Ok(prepared::plan(self.inner.store.read(), id).await?.roll())
    }

    /// Everyone who is connected: in the meeting, or while a seat of it is tried out.
    pub async fn seated(&self, id: &MeetingId) -> Vec<Seated> {
        let asked = self.rooms_of(id).into_iter().map(|commands| async move {
            let (reply, answer) = oneshot::channel();
            // A room that is just closing has nobody in it.
            let _ = commands.send(Command::GiveSeated { reply }).await;
            answer.await.unwrap_or_default()
        });
        futures::future::join_all(asked).await.concat()
    }

    fn rooms_of(&self, id: &MeetingId) -> Vec<mpsc::Sender<Command>> {
        let running = self.running();
        let of_meeting = running.iter().filter(|((meeting, _), _)| meeting == id);
        of_meeting.map(|(_, commands)| commands.clone()).collect()
    }

    /// To the meeting itself.
    async fn send_in(&self, id: &MeetingId, command: Command) {
        self.send(&(id.clone(), Hall::Meeting), command).await;
    }

    /// To a room as it runs; one that is over needs to know nothing more.
    async fn send(&self, key: &Key, command: Command) {
        let commands = self.running().get(key).cloned();
        if let Some(commands) = commands {
            let _ = commands.send(command).await;
        }
    }

    /// Sends everyone away to come back in a moment: the program stops.
    pub async fn stop(&self) {
        let running: Vec<_> = self.running().drain().map(|(_, commands)| commands).collect();
        for commands in running {
            // A meeting that is already over needs no word.
            let _ = commands.send(Command::Stop).await;
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Key, mpsc::Sender<Command>>> {
        // Nothing panics while it is held; a poisoned map is still whole.
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, meeting: &Meeting) -> Result<mpsc::Sender<Command>, ErrorName> {
        let media = self.inner.media.get().ok_or(ErrorName::MediaUnavailable)?;
        let (id, hall) = &meeting.key;
        let room = match hall {
            Hall::Meeting => Uuid::parse_str(&id.0).ok(),
            Hall::Trial(seat) => prepared::uuid_of(&prepared::trial_room(id, seat)),
        };
        let room = room.ok_or(ErrorName::MediaUnavailable)?;
        let mut running = self.running();
        running.retain(|_, commands| !commands.is_closed());
        let commands = running.entry(meeting.key.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(COMMANDS);
            let ground = Ground {
                meeting: id.clone(),
                hall: hall.clone(),
                room: RoomId(room),
                title: meeting.title.clone(),
                media: media.clone(),
                clock: self.inner.clock.clone(),
                store: self.inner.store.clone(),
                secret: self.inner.secret.clone(),
            };
            tokio::spawn(actor::run(ground, receiver));
            sender
        });
        Ok(commands.clone())
    }
}

/// One meeting as a talk holds it.
pub(super) struct Meeting {
    conferences: Conferences,
    key: Key,
    title: String,
}

impl Meeting {
    pub fn new(conferences: Conferences, key: (MeetingId, Hall), title: String) -> Self {
        Self {
            conferences,
            key,
            title,
        }
    }

    /// Lets somebody in, starting the meeting if it does not run.
    pub async fn enter(
        &self,
        entrant: Entrant,
        place: Option<String>,
        outbox: Outbox,
    ) -> Result<Admission, ErrorName> {
        // A meeting that is just closing behind its last participant does not answer; the next try starts it anew.
        for _ in 0..ENTRY_TRIES {
            let (reply, answer) = oneshot::channel();
            let (entrant, place, outbox) = (entrant.clone(), place.clone(), outbox.clone());
            let _ = self
                .conferences
                .of(self)?
                .send(Command::Enter {
                    entrant,
                    place,
                    outbox,
                    reply,
                })
                .await;
            if let Ok(answer) = answer.await {
                return answer;
            }
        }
        Err(ErrorName::MediaUnavailable)
    }

    pub fn clock(&self) -> Clock {
        self.conferences.inner.clock.clone()
    }

    pub async fn publish(&self, ticket: Ticket, sources: Vec<Source>) {
        self.send(Command::Publish { ticket, sources }).await;
    }

    pub async fn mute(&self, ticket: Ticket, source: Source, muted: bool) {
        self.send(Command::Mute {
            ticket,
            source,
            muted,
        })
        .await;
    }

    pub async fn lose(&self, ticket: Ticket) {
        self.send(Command::Lose { ticket }).await;
    }

    pub async fn leave(&self, ticket: Ticket) {
        self.send(Command::Leave { ticket }).await;
    }

    /// Ends the meeting for everyone: first in the store, so that nobody can come back in. The end of a trial is no end of
    /// the meeting.
    pub async fn end(&self, by: &Identity) -> Result<(), sea_orm::DbErr> {
        let Inner { clock, store, .. } = &*self.conferences.inner;
        if self.key.1 == Hall::Meeting {
            record::ended(store, clock.now(), &self.key.0, by).await?;
        }
        self.send(Command::End).await;
        Ok(())
    }

    /// Takes a step of the procedure.
    pub async fn step(
        &self,
        ticket: Ticket,
        step: Step,
        key: Option<SigningKey>,
    ) -> Result<Option<SigningKey>, ErrorName> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Step {
            ticket,
            step,
            key,
            reply,
        })
        .await;
        answer.await.unwrap_or(Err(ErrorName::NotJoined))
    }

    pub async fn stop_waiting(&self, seat: SeatId) {
        self.send(Command::StopWaiting { seat }).await;
    }

    pub async fn point(&self, ticket: Ticket, x: u16, y: u16) {
        self.send(Command::Point { ticket, x, y }).await;
    }

    pub async fn keep_still(&self, ticket: Ticket, jpeg: Vec<u8>) {
        self.send(Command::KeepStill { ticket, jpeg }).await;
    }

    pub async fn keep_check(&self, ticket: Ticket, check: OwnCheck) {
        self.send(Command::KeepCheck { ticket, check }).await;
    }

    /// To the room as it runs; one that is over needs to know nothing more.
    async fn send(&self, command: Command) {
        self.conferences.send(&self.key, command).await;
    }
}

/// Commands that may wait for an actor; senders wait when it is full, which holds back whoever sends most.
const COMMANDS: usize = 256;
const ENTRY_TRIES: usize = 3;
