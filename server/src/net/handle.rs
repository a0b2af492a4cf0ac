//! What the conference holds: handles that turn calls into messages to the shard.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use tokio::sync::{mpsc as tokio_mpsc, oneshot};

use super::shard::{Bell, Desk, Job};
use crate::media::sfu::MemberKey;
use crate::media::stats::Reported;
use crate::media::{Event, Side, Source, Viewport, Watch};

pub use crate::media::sfu::{Error, MAXIMUM_SEATS, PublishedTrack, Renewal};

/// The events of one room, in the order in which they happened. Ends when the room is closed.
pub type Events = tokio_mpsc::UnboundedReceiver<Event>;

/// How many places a viewer's connection has.
///
/// A *seat* is a video section and, of the first nine, an audio section with the same stream id, so that the browser
/// keeps the person's lips and voice together; one more pair carries the shared screen. Where more people publish than
/// there are seats, whoever speaks takes the seat of who has said least of late, and of the voices the loudest are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotPool {
    /// 1 to 25. Fewer than a connection already has changes nothing: sections cannot be removed.
    pub seats: usize,
}

impl Default for SlotPool {
    fn default() -> Self {
        Self { seats: 9 }
    }
}

/// A participant's place in a room. Dropping it is leaving.
pub struct Seat {
    key: MemberKey,
    post: Arc<Post>,
    _counted: [Counted; 2],
}

impl Seat {
    /// `counted` are the shard's load and the people of the room there.
    pub(super) fn new(key: MemberKey, post: Arc<Post>, counted: [Counted; 2]) -> Seat {
        Seat {
            key,
            post,
            _counted: counted,
        }
    }

    /// Takes the client's offer of what it sends and gives the answer. Called again it renegotiates
    /// on the same connection; an offer with new ICE credentials restarts ICE, and one with another
    /// DTLS fingerprint begins a new connection.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] (no codec that is forwarded, DTLS role), [`Error::Gone`].
    pub async fn publish(&self, offer: &str, tracks: &[PublishedTrack]) -> Result<String, Error> {
        let (key, offer, tracks) = (self.key, offer.to_owned(), tracks.to_vec());
        self.post
            .ask(move |desk| desk.sfu.publish(desk.now, key, &offer, &tracks, &mut desk.outbox))
            .await?
    }

    /// Takes the offer of a camera, of which the first sound and the first picture are published; gives the answer, and what
    /// it is that is published.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub async fn publish_first(&self, offer: &str) -> Result<(String, Vec<Source>), Error> {
        let (key, offer) = (self.key, offer.to_owned());
        self.post
            .ask(move |desk| desk.sfu.publish_first(desk.now, key, &offer, &mut desk.outbox))
            .await?
    }

    /// Takes the offer of a monitor and gives the answer: what is on the stage will be in it.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub async fn show(&self, offer: &str) -> Result<String, Error> {
        let (key, offer) = (self.key, offer.to_owned());
        self.post
            .ask(move |desk| desk.sfu.show(desk.now, key, &offer, &mut desk.outbox))
            .await?
    }

    /// Takes what a device says of its transport on one side; where it restarts ICE, our own side comes back.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Gone`].
    pub async fn trickle(&self, side: Side, fragment: &str) -> Result<Option<String>, Error> {
        let (key, fragment) = (self.key, fragment.to_owned());
        self.post
            .ask(move |desk| desk.sfu.trickle(key, side, &fragment))
            .await?
    }

    /// The server's offer of places in which others will appear. Called again it does what `renewal`
    /// says.
    ///
    /// # Errors
    /// [`Error::Refused`] for more seats than 25, [`Error::Gone`].
    pub async fn subscribe(&self, pool: SlotPool, renewal: Renewal) -> Result<String, Error> {
        let key = self.key;
        self.post
            .ask(move |desk| {
                desk.sfu
                    .subscribe(desk.now, key, pool.seats, renewal, &mut desk.outbox)
            })
            .await?
    }

    /// Takes the client's answer to the last offer of [`Self::subscribe`].
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Refused`] without an offer, [`Error::Gone`].
    pub async fn accept(&self, answer: &str) -> Result<(), Error> {
        let (key, answer) = (self.key, answer.to_owned());
        self.post
            .ask(move |desk| desk.sfu.accept(desk.now, key, &answer, &mut desk.outbox))
            .await?
    }

    /// How large the viewer's page shows its sections, by their mid, in device pixels. It decides the
    /// simulcast layer; sections that were never named get the largest.
    pub fn view(&self, views: Vec<(String, Viewport)>) {
        let key = self.key;
        self.post
            .tell(move |desk| desk.sfu.view(desk.now, key, &views, &mut desk.outbox));
    }

    /// What the viewer wants of the others. `true` where the connection has fewer seats than `watch` has pictures, and
    /// [`Self::subscribe`] is to offer more.
    ///
    /// # Errors
    /// [`Error::Gone`].
    pub async fn watch(&self, watch: Watch) -> Result<bool, Error> {
        let key = self.key;
        self.post
            .ask(move |desk| desk.sfu.watch(desk.now, key, watch, &mut desk.outbox))
            .await?
    }

    /// What the client says of its own line.
    pub fn report(&self, reported: Reported) {
        let key = self.key;
        self.post
            .tell(move |desk| desk.sfu.hear_report(desk.now, key, reported));
    }

    /// Tells the whole state of this viewer's slots and layers once more, for a conference that may have
    /// missed it.
    pub fn tell_again(&self) {
        let key = self.key;
        self.post
            .tell(move |desk| desk.sfu.tell_again(desk.now, key, &mut desk.outbox));
    }

    /// Stops or resumes forwarding of one source, whatever the client sends: the truth of mute lies
    /// here. A muted source gives its slots back. May be called before the source is published.
    pub fn mute(&self, source: Source, muted: bool) {
        let key = self.key;
        self.post
            .tell(move |desk| desk.sfu.mute(desk.now, key, source, muted, &mut desk.outbox));
    }

    /// Leaves the room.
    pub fn leave(self) {}
}

impl Drop for Seat {
    fn drop(&mut self) {
        let key = self.key;
        self.post
            .tell(move |desk| desk.sfu.leave(desk.now, key, &mut desk.outbox));
    }
}

/// One more in a count, as long as it is held.
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(count: &Arc<AtomicUsize>) -> Counted {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way to the shard; when the last handle is gone, the shard ends.
pub(super) struct Post {
    sender: Option<mpsc::Sender<Job>>,
    bell: Bell,
}

impl Post {
    pub(super) fn new(sender: mpsc::Sender<Job>, bell: Bell) -> Post {
        let sender = Some(sender);
        Post { sender, bell }
    }

    pub(super) fn tell(&self, job: impl FnOnce(&mut Desk) + Send + 'static) {
        if let Some(sender) = &self.sender {
            // It fails only where the shard has ended; then there is nothing to tell.
            let _ = sender.send(Box::new(job));
            self.bell.ring();
        }
    }

    /// Wakes the shard for what lies in its mailboxes.
    pub(super) fn ring(&self) {
        self.bell.ring();
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        self.tell(move |desk| {
            let _ = sender.send(job(desk));
        });
        answer.await.map_err(|_| Error::Gone)
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.sender = None;
        self.bell.ring();
    }
}
