//! The meetings that run now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::actor::{self, Command, Entered};
use super::protocol::{ErrorName, Source};
use super::record;
use super::roster::{Entrant, Identity, Ticket};
use super::talk::{Outbox, Talk, Visitor};
use crate::clock::Clock;
use crate::domain::meeting::{DisplayName, MeetingId};
use crate::media::RoomId;
use crate::net::Media;
use crate::store::Store;

/// Starts meetings when the first participant comes and forgets them when the last has gone; cheap to clone.
#[derive(Clone)]
pub struct Conferences {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    store: Store,
    media: OnceLock<Media>,
    running: Mutex<HashMap<MeetingId, mpsc::Sender<Command>>>,
}

impl Conferences {
    /// No meeting runs, and none can before [`Self::begin`].
    #[must_use]
    pub fn new(clock: Clock, store: Store) -> Self {
        let inner = Inner {
            clock,
            store,
            media: OnceLock::new(),
            running: Mutex::default(),
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
    pub fn talk(&self, id: MeetingId, title: String, visitor: Visitor, outbox: Outbox) -> Talk {
        let now = self.inner.clock.monotonic();
        Talk::new(
            Meeting {
                conferences: self.clone(),
                id,
                title,
            },
            visitor,
            outbox,
            now,
        )
    }

    /// Whether anybody is in the meeting.
    #[must_use]
    pub fn is_running(&self, id: &MeetingId) -> bool {
        self.running()
            .get(id)
            .is_some_and(|commands| !commands.is_closed())
    }

    /// Sends everyone away to come back in a moment: the program stops.
    pub async fn stop(&self) {
        let running: Vec<_> = self.running().drain().map(|(_, commands)| commands).collect();
        for commands in running {
            // A meeting that is already over needs no word.
            let _ = commands.send(Command::Stop).await;
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<MeetingId, mpsc::Sender<Command>>> {
        // Nothing panics while it is held; a poisoned map is still whole.
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, meeting: &Meeting) -> Result<mpsc::Sender<Command>, ErrorName> {
        let media = self.inner.media.get().ok_or(ErrorName::MediaUnavailable)?;
        let room = Uuid::parse_str(&meeting.id.0).map_err(|_| ErrorName::MediaUnavailable)?;
        let mut running = self.running();
        running.retain(|_, commands| !commands.is_closed());
        let commands = running.entry(meeting.id.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(COMMANDS);
            let (title, media, clock) = (meeting.title.clone(), media.clone(), self.inner.clock.clone());
            tokio::spawn(actor::run(RoomId(room), title, media, clock, receiver));
            sender
        });
        Ok(commands.clone())
    }
}

/// One meeting as a talk holds it.
pub(super) struct Meeting {
    conferences: Conferences,
    id: MeetingId,
    title: String,
}

impl Meeting {
    /// Lets somebody in, starting the meeting if it does not run.
    pub async fn enter(
        &self,
        entrant: Entrant,
        place: Option<String>,
        outbox: Outbox,
    ) -> Result<Entered, ErrorName> {
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

    /// Ends the meeting for everyone: first in the store, so that nobody can come back in.
    pub async fn end(&self, by: &Identity) -> Result<(), sea_orm::DbErr> {
        let Inner { clock, store, .. } = &*self.conferences.inner;
        record::ended(store, clock.now(), &self.id, by).await?;
        self.send(Command::End).await;
        Ok(())
    }

    /// Writes down who came; a failure is logged, since it is no reason to keep somebody out of a meeting.
    pub async fn record_entry(&self, who: &Identity, name: &DisplayName) {
        let Inner { clock, store, .. } = &*self.conferences.inner;
        if let Err(error) = record::entered(store, clock.now(), &self.id, who, name).await {
            tracing::error!(%error, meeting.id = %self.id, "an entry could not be written to the audit chain");
        }
    }

    /// To the meeting as it runs; one that is over needs to know nothing more.
    async fn send(&self, command: Command) {
        let commands = self.conferences.running().get(&self.id).cloned();
        if let Some(commands) = commands {
            let _ = commands.send(command).await;
        }
    }
}

/// Commands that may wait for an actor; senders wait when it is full, which holds back whoever sends most.
const COMMANDS: usize = 256;
const ENTRY_TRIES: usize = 3;
