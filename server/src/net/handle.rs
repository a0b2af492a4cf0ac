//! What the conference holds: handles that turn calls into messages to the shard.

use std::net::{IpAddr, SocketAddr};

use crate::media::{Event, ParticipantId, RoomId, Source};

/// Where media listens and what it tells the browsers.
#[derive(Clone, Debug)]
pub struct Config {
    /// The UDP address to bind; port 0 lets the system choose. Default `0.0.0.0:8081`.
    pub bind: SocketAddr,
    /// The addresses put into candidates. Empty means: every address of this machine that is up,
    /// loopback included. Firefox sends nothing to a loopback candidate, so a machine without any
    /// other address cannot be reached by it.
    pub advertise: Vec<IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([0, 0, 0, 0], 8081)),
            advertise: Vec::new(),
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
}

/// Why a call to a room was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Their bytes: the session description cannot be read.
    #[error("malformed session description: {0}")]
    Malformed(String),
    /// We lack it: no common codec, a DTLS role we do not take.
    #[error("unsupported session description: {0}")]
    Unsupported(String),
    /// Limits or order: too many slots, an answer without an offer, a room that drains.
    #[error("refused: {0}")]
    Refused(String),
    /// The room was closed, the participant left or was replaced, or media has stopped.
    #[error("the room or the participant is no longer there")]
    Gone,
}

/// The events of one room, in the order in which they happened. Ends when the room is closed.
pub type Events = tokio::sync::mpsc::UnboundedReceiver<Event>;

/// Which source the media section with this `a=mid` carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTrack {
    pub mid: String,
    pub source: Source,
}

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
pub struct Media {}

impl Media {
    /// Binds the port and starts the shard's thread.
    ///
    /// # Errors
    /// The address cannot be bound, or the thread cannot be made.
    pub fn start(config: Config) -> Result<Media, StartError> {
        let _ = config;
        Ok(Media {})
    }

    /// The bound port with each advertised address, as the candidates name them.
    pub fn addresses(&self) -> &[SocketAddr] {
        &[]
    }

    /// Opens the room of a meeting. Opening it again closes the earlier one: a conference that was
    /// started anew starts with an empty room.
    ///
    /// # Errors
    /// [`Error::Refused`] while draining, [`Error::Gone`] when media has stopped.
    pub async fn open(&self, room: RoomId) -> Result<(Room, Events), Error> {
        let _ = room;
        Err(Error::Gone)
    }

    /// Opens no more rooms, waits until those that stand are closed, then closes the port. A drain
    /// that shall not wait closes its rooms first.
    pub async fn drain(&self) {}
}

/// An open room. Dropping it closes it: everyone is let go.
pub struct Room {}

impl Room {
    /// Lets a participant in. Whoever is there under the same id is replaced: his [`Seat`] answers
    /// [`Error::Gone`] from then on, and dropping it does not disturb the new one.
    ///
    /// # Errors
    /// [`Error::Gone`] when the room is closed.
    pub async fn join(&self, participant: ParticipantId) -> Result<Seat, Error> {
        let _ = participant;
        Err(Error::Gone)
    }

    /// Lets everyone go and ends the events.
    pub fn close(self) {}
}

/// A participant's place in a room. Dropping it is leaving.
pub struct Seat {}

impl Seat {
    /// Takes the client's offer of what it sends and gives the answer. Called again it renegotiates
    /// on the same connection; an offer with new ICE credentials restarts ICE, and one with another
    /// DTLS fingerprint begins a new connection.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] (no Opus or VP8, DTLS role), [`Error::Gone`].
    pub async fn publish(&self, offer: &str, tracks: &[PublishedTrack]) -> Result<String, Error> {
        let _ = (offer, tracks);
        Err(Error::Gone)
    }

    /// The server's offer of places in which others will appear. Called again it grows the pool or,
    /// when the client lost its connection, begins a new one (`fresh`).
    ///
    /// # Errors
    /// [`Error::Refused`] for more seats than 25, [`Error::Gone`].
    pub async fn subscribe(&self, pool: SlotPool, fresh: bool) -> Result<String, Error> {
        let _ = (pool, fresh);
        Err(Error::Gone)
    }

    /// Takes the client's answer to the last offer of [`Self::subscribe`].
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Refused`] without an offer, [`Error::Gone`].
    pub async fn accept(&self, answer: &str) -> Result<(), Error> {
        let _ = answer;
        Err(Error::Gone)
    }

    /// Stops or resumes forwarding of one source, whatever the client sends: the truth of mute lies
    /// here. A muted source gives its slots back. May be called before the source is published.
    pub fn mute(&self, source: Source, muted: bool) {
        let _ = (source, muted);
    }

    /// Leaves the room.
    pub fn leave(self) {}
}
