//! What the conference holds: handles that turn calls into messages to the shard.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

use super::interfaces;
use super::shard::{Bell, Desk, Job, Shard};
use crate::clock;
use crate::media::sfu::{MemberKey, RoomKey, Settings, Sfu};
use crate::media::stats::{Site, Stats};
use crate::media::transport::dtls::Identity;
use crate::media::{Event, ParticipantId, RoomId, Source, Viewport};

pub use crate::media::sfu::{Error, PublishedTrack, Renewal};

/// Where media listens and what it tells the browsers.
#[derive(Clone, Debug)]
pub struct Config {
    /// The UDP address to bind; port 0 lets the system choose. Default `0.0.0.0:8081`.
    pub bind: SocketAddr,
    /// The addresses put into candidates. Empty means: every address of this machine that is up,
    /// loopback included. Firefox sends nothing to a loopback candidate, so a machine without any
    /// other address cannot be reached by it.
    pub advertise: Vec<IpAddr>,
    /// The most one publisher may send. Default 2,500: a camera at 720p.
    pub publisher_bitrate_kbps: u32,
    /// The least and the most milliseconds for which viewers may hold pictures back, in steps of 10 up to
    /// 40,950. Default 0 and 1,000: no longer than a lost packet takes to come again on a bad line.
    pub playout_delay_ms: Option<(u16, u16)>,
}

impl Default for Config {
    fn default() -> Self {
        let bind = SocketAddr::from(([0, 0, 0, 0], 8081));
        Self {
            bind,
            advertise: Vec::new(),
            publisher_bitrate_kbps: 2_500,
            playout_delay_ms: Some((0, 1_000)),
        }
    }
}

/// Why media could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen for media on UDP {address}: {source}")]
    Bind {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("cannot start the media thread: {0}")]
    Thread(std::io::Error),
    #[error("cannot make the DTLS certificate")]
    Identity,
}

/// The events of one room, in the order in which they happened. Ends when the room is closed.
pub type Events = tokio_mpsc::UnboundedReceiver<Event>;

/// How many places a viewer's connection has.
///
/// A *seat* is an audio and a video section with one stream id, so that the browser keeps the
/// person's lips and voice together; one more pair carries the shared screen. Where more people
/// publish than there are seats, whoever speaks takes the seat of who was silent longest.
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

/// All media of this process; cloning is cheap.
#[derive(Clone)]
pub struct Media {
    addresses: Arc<[SocketAddr]>,
    draining: Arc<AtomicBool>,
    post: Arc<Post>,
}

impl Media {
    /// Binds the port and starts the shard's thread.
    ///
    /// # Errors
    /// The address cannot be bound, the certificate or the thread cannot be made.
    pub fn start(config: Config) -> Result<Media, StartError> {
        let bind = |source| StartError::Bind {
            address: config.bind,
            source,
        };
        let socket = listen(config.bind).map_err(bind)?;
        let local = socket.local_addr().map_err(bind)?;
        let advertise = if config.advertise.is_empty() {
            if local.ip().is_unspecified() {
                interfaces::addresses(local)
            } else {
                vec![local.ip()]
            }
        } else {
            config.advertise
        };
        let addresses: Vec<SocketAddr> = advertise
            .into_iter()
            .map(|ip| SocketAddr::new(ip, local.port()))
            .collect();
        let settings = Settings {
            addresses: addresses.clone(),
            publisher_bitrate_kbps: config.publisher_bitrate_kbps,
            playout_delay: config.playout_delay_ms.map(playout_delay),
        };
        let identity = Identity::generate().ok_or(StartError::Identity)?;
        let sfu = Sfu::new(settings, identity, StdRng::from_seed(clock::seed()));
        let (sender, mailbox) = mpsc::channel();
        let (bell, heard) = Bell::pair().map_err(StartError::Thread)?;
        let shard = Shard::new(socket, mailbox, heard, sfu);
        std::thread::Builder::new()
            .name("media-0".to_owned())
            .spawn(move || shard.run())
            .map_err(StartError::Thread)?;
        tracing::info!(media.addresses = ?addresses, "media listens");
        let post = Arc::new(Post {
            sender: Some(sender),
            bell,
        });
        Ok(Media {
            addresses: addresses.into(),
            draining: Arc::default(),
            post,
        })
    }

    /// The bound port with each advertised address, as the candidates name them.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Opens the room of a meeting. Opening it again closes the earlier one: a conference that was
    /// started anew starts with an empty room.
    ///
    /// # Errors
    /// [`Error::Refused`] while draining, [`Error::Gone`] when media has stopped.
    pub async fn open(&self, id: RoomId) -> Result<(Room, Events), Error> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Error::Refused("media is shutting down"));
        }
        let (sender, events) = tokio_mpsc::unbounded_channel();
        let open = move |desk: &mut Desk| {
            let key = desk.sfu.open(desk.now, id, &mut desk.outbox);
            desk.events.retain(|standing, _| desk.sfu.is_open(*standing));
            desk.events.insert(key, sender);
            key
        };
        let key = self.post.ask(open).await?;
        Ok((
            Room {
                key,
                post: self.post.clone(),
            },
            events,
        ))
    }

    /// What the shard has counted since it started.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn stats(&self) -> Result<Stats, Error> {
        self.post.ask(|desk| desk.sfu.stats().clone()).await
    }

    /// The counters and the state of every site, in the Prometheus text format.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn metrics(&self) -> Result<String, Error> {
        let look = |desk: &mut Desk| (desk.sfu.stats().clone(), desk.sfu.all_sites(desk.now));
        let (stats, rooms) = self.post.ask(look).await?;
        Ok(crate::media::stats::text(&stats, &rooms))
    }

    /// Opens no more rooms, waits until those that stand are closed, then closes the port. A drain
    /// that shall not wait closes its rooms first.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        let (sender, drained) = oneshot::channel();
        self.post.tell(move |desk| desk.drained = Some(sender));
        // It fails only where the thread has ended before.
        let _ = drained.await;
    }
}

/// An open room. Dropping it closes it: everyone is let go.
pub struct Room {
    key: RoomKey,
    post: Arc<Post>,
}

impl Room {
    /// Lets a participant in. Whoever is there under the same id is replaced: his [`Seat`] answers
    /// [`Error::Gone`] from then on, and dropping it does not disturb the new one.
    ///
    /// # Errors
    /// [`Error::Gone`] when the room is closed, [`Error::Refused`] when it is full.
    pub async fn join(&self, participant: ParticipantId) -> Result<Seat, Error> {
        let room = self.key;
        let key = self
            .post
            .ask(move |desk| desk.sfu.join(desk.now, room, participant, &mut desk.outbox))
            .await??;
        Ok(Seat {
            key,
            post: self.post.clone(),
        })
    }

    /// What is known of everyone's media now.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn sites(&self) -> Result<Vec<Site>, Error> {
        let room = self.key;
        self.post.ask(move |desk| desk.sfu.sites(desk.now, room)).await
    }

    /// Lets everyone go and ends the events.
    pub fn close(self) {}
}

impl Drop for Room {
    fn drop(&mut self) {
        let key = self.key;
        self.post.tell(move |desk| {
            desk.sfu.close(desk.now, key, &mut desk.outbox);
            desk.events.remove(&key);
        });
    }
}

/// A participant's place in a room. Dropping it is leaving.
pub struct Seat {
    key: MemberKey,
    post: Arc<Post>,
}

impl Seat {
    /// Takes the client's offer of what it sends and gives the answer. Called again it renegotiates
    /// on the same connection; an offer with new ICE credentials restarts ICE, and one with another
    /// DTLS fingerprint begins a new connection.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] (no Opus or VP8, DTLS role), [`Error::Gone`].
    pub async fn publish(&self, offer: &str, tracks: &[PublishedTrack]) -> Result<String, Error> {
        let (key, offer, tracks) = (self.key, offer.to_owned(), tracks.to_vec());
        self.post
            .ask(move |desk| desk.sfu.publish(desk.now, key, &offer, &tracks, &mut desk.outbox))
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

/// The way to the shard; when the last handle is gone, the shard ends.
struct Post {
    sender: Option<mpsc::Sender<Job>>,
    bell: Bell,
}

impl Post {
    fn tell(&self, job: impl FnOnce(&mut Desk) + Send + 'static) {
        if let Some(sender) = &self.sender {
            // It fails only where the shard has ended; then there is nothing to tell.
            let _ = sender.send(Box::new(job));
            self.bell.ring();
        }
    }

    async fn ask<T: Send + 'static>(
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

/// Two numbers of 12 bits in units of 10 ms.
fn playout_delay((least, most): (u16, u16)) -> [u8; 3] {
    let (least, most) = ((least / 10).min(0xfff), (most / 10).min(0xfff));
    let both = u32::from(least) << 12 | u32::from(most);
    let [_, first, second, third] = both.to_be_bytes();
    [first, second, third]
}

/// A socket with buffers for bursts: a key frame to a hundred viewers leaves at once.
fn listen(address: SocketAddr) -> std::io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The system may grant less, and that is no reason to fail.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

const SOCKET_BUFFER: usize = 4 * 1024 * 1024;
