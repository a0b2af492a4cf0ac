//! An open room, on one shard or on several.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Mutex;
use tokio::sync::mpsc::WeakUnboundedSender;

use super::handle::{Counted, Error, Post, Seat};
use super::mixer;
use super::plane::{IceServer, Media, close};
use super::recorder::{self, Segments, Taping};
use super::shard::Desk;
use crate::media::relay::{MIXER, RECORDER, ShardId};
use crate::media::sfu::RoomKey;
use crate::media::stats::Site;
use crate::media::{Event, ParticipantId, RoomId};

/// An open room. Dropping it closes it: everyone is let go.
///
/// It begins on one shard. Whoever comes when that one has as many people of the room as it is to have is put on another,
/// which the room then spans as well.
pub struct Room {
    id: RoomId,
    media: Media,
    /// For further shards; held weakly, so that the events end with the shard that opened the room.
    events: WeakUnboundedSender<Event>,
    parts: Mutex<Vec<Part>>,
    /// Where it is recorded. Taken after `parts`.
    recorded: Mutex<Option<Part>>,
    /// Where its voices are mixed. Taken after `recorded`.
    mixed: Mutex<Option<Part>>,
}

/// The room on one shard.
pub(super) struct Part {
    pub shard: ShardId,
    pub key: RoomKey,
    pub post: Arc<Post>,
    people: Arc<AtomicUsize>,
    _counted: Counted,
}

impl Part {
    pub(super) fn new(shard: ShardId, key: RoomKey, post: Arc<Post>, counted: Counted) -> Part {
        Part {
            shard,
            key,
            post,
            people: Arc::default(),
            _counted: counted,
        }
    }

    fn close(&self, id: RoomId) {
        let key = self.key;
        self.post.tell(move |desk| {
            // Not a later room of the same id.
            if desk.sfu.find(id) == Some(key) {
                close(desk, id);
            }
        });
    }
}

impl Room {
    pub(super) fn new(id: RoomId, media: Media, events: WeakUnboundedSender<Event>, first: Part) -> Room {
        Room {
            id,
            media,
            events,
            parts: Mutex::new(vec![first]),
            recorded: Mutex::default(),
            mixed: Mutex::default(),
        }
    }

    /// Lets a participant in. Whoever is there under the same id is replaced: his [`Seat`] answers
    /// [`Error::Gone`] from then on, and dropping it does not disturb the new one.
    ///
    /// # Errors
    /// [`Error::Gone`] when the room is closed, [`Error::Refused`] when it is full.
    pub async fn join(&self, participant: ParticipantId) -> Result<Seat, Error> {
        let mut parts = self.parts.lock().await;
        let at = self.place(&mut parts).await?;
        for (_, other) in parts.iter().enumerate().filter(|(other, _)| *other != at) {
            let key = other.key;
            other
                .post
                .tell(move |desk| desk.sfu.expel(desk.now, key, participant, &mut desk.outbox));
        }
        let Part {
            shard,
            key: room,
            ref post,
            ref people,
            ..
        } = parts[at];
        let join = move |desk: &mut Desk| desk.sfu.join(desk.now, room, participant, &mut desk.outbox);
        let key = post.ask(join).await??;
        let counted = [Counted::new(self.media.load(shard)), Counted::new(people)];
        Ok(Seat::new(key, post.clone(), counted))
    }

    /// What is known of everyone's media now.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn sites(&self) -> Result<Vec<Site>, Error> {
        let parts = self.parts.lock().await;
        let mut sites = Vec::new();
        for part in parts.iter() {
            let room = part.key;
            sites.extend(part.post.ask(move |desk| desk.sfu.sites(desk.now, room)).await?);
        }
        Ok(sites)
    }

    /// The relays that a participant's browser may use on the way here, until `expires`, in seconds since 1970.
    #[must_use]
    pub fn ice_servers(&self, participant: ParticipantId, expires: u64) -> Vec<IceServer> {
        self.media.relays((self.id, participant), expires)
    }

    /// How many people of the room each of its shards carries.
    pub async fn spread(&self) -> Vec<(ShardId, usize)> {
        let parts = self.parts.lock().await;
        let people = |part: &Part| part.people.load(Ordering::Relaxed);
        parts.iter().map(|part| (part.shard, people(part))).collect()
    }

    /// Lets everyone go and ends the events.
    pub fn close(self) {}

    /// Records the room from now on: what is on its stage, and every voice. A recording that runs ends.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped, [`Error::Refused`] where there is no memory for it.
    pub async fn record(&self) -> Result<(Taping, Segments), Error> {
        let parts = self.parts.lock().await;
        let mut recorded = self.recorded.lock().await;
        if let Some(before) = recorded.take() {
            self.forget(parts.iter(), &before);
        }
        let (post, counted) = self.media.post(RECORDER);
        let (segments, key) = recorder::begin(&post, self.id).await?;
        let recorder = Part::new(RECORDER, key, post.clone(), counted);
        self.join_all(parts.iter(), &recorder).await?;
        *recorded = Some(recorder);
        Ok((Taping::new(key, post), segments))
    }

    /// Nothing more goes to a recording that has ended.
    pub async fn stop_recording(&self) {
        let parts = self.parts.lock().await;
        if let Some(recorder) = self.recorded.lock().await.take() {
            self.forget(parts.iter(), &recorder);
        }
    }

    /// Has the room's voices mixed for whoever is to hear them so, until it is closed. Called again it changes nothing.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn mix(&self) -> Result<(), Error> {
        let parts = self.parts.lock().await;
        let mut mixed = self.mixed.lock().await;
        if mixed.is_some() {
            return Ok(());
        }
        let (post, counted) = self.media.post(MIXER);
        let key = mixer::begin(&post, self.id).await?;
        let mixer = Part::new(MIXER, key, post, counted);
        self.join_all(parts.iter(), &mixer).await?;
        tracing::info!(meeting.room = %self.id.0, "the voices of a room are mixed for thin lines");
        *mixed = Some(mixer);
        Ok(())
    }

    /// The part that one more is put on.
    async fn place(&self, parts: &mut Vec<Part>) -> Result<usize, Error> {
        let people = |part: &Part| part.people.load(Ordering::Relaxed);
        let least = (0..parts.len()).min_by_key(|at| people(&parts[*at]));
        let least = least.ok_or(Error::Gone)?;
        if people(&parts[least]) < self.media.people_per_shard() {
            return Ok(least);
        }
        let spanned: Vec<ShardId> = parts.iter().map(|part| part.shard).collect();
        let Some(shard) = self.media.less_loaded(&spanned, parts[least].shard) else {
            return Ok(least);
        };
        self.span(parts, shard).await?;
        Ok(parts.len() - 1)
    }

    /// Opens the room on another shard and links it with those that have it.
    async fn span(&self, parts: &mut Vec<Part>, shard: ShardId) -> Result<(), Error> {
        let events = self.events.upgrade().ok_or(Error::Gone)?;
        let id = self.id;
        let open = move |desk: &mut Desk| {
            let key = desk.sfu.open_branch(desk.now, id, &mut desk.outbox);
            desk.events.insert(key, events);
            key
        };
        let (post, counted) = self.media.post(shard);
        let key = post.ask(open).await?;
        let branch = Part::new(shard, key, post, counted);
        let (recorded, mixed) = (self.recorded.lock().await, self.mixed.lock().await);
        let others = parts.iter().chain(recorded.as_ref()).chain(mixed.as_ref());
        self.join_all(others, &branch).await?;
        tracing::info!(media.shard = shard.0, "a room spans one more shard");
        parts.push(branch);
        Ok(())
    }

    /// Links a part that was just opened with those that stand; refused by one of them, it is closed again.
    async fn join_all<'p>(
        &self,
        others: impl Iterator<Item = &'p Part> + Clone,
        opened: &Part,
    ) -> Result<(), Error> {
        for other in others.clone() {
            let joined = async {
                self.media.link(other.shard, opened.shard).await?;
                join_parts(other, opened).await
            };
            if let Err(error) = joined.await {
                self.forget(others, opened);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Closes a part, and the others know of it no longer.
    fn forget<'p>(&self, others: impl Iterator<Item = &'p Part>, gone: &Part) {
        for other in others {
            let (key, shard) = (other.key, gone.shard);
            other
                .post
                .tell(move |desk| desk.sfu.unlink(desk.now, key, shard, &mut desk.outbox));
        }
        gone.close(self.id);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let asides = [self.recorded.get_mut().take(), self.mixed.get_mut().take()];
        for part in self.parts.get_mut().iter().chain(asides.iter().flatten()) {
            part.close(self.id);
        }
    }
}

/// Each of two shards that have the room is told of the other.
async fn join_parts(one: &Part, other: &Part) -> Result<(), Error> {
    for (one, other) in [(one, other), (other, one)] {
        let (key, shard) = (one.key, other.shard);
        let link = move |desk: &mut Desk| desk.sfu.link(desk.now, key, shard, &mut desk.outbox);
        one.post.ask(link).await??;
    }
    Ok(())
}
