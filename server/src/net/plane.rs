//! All media of the process: the shards, and which of them a room goes to.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, mpsc as tokio_mpsc, oneshot};

use super::aside::Aside;
use super::handle::{Counted, Error, Events, Post};
use super::interfaces;
use super::links::Link;
use super::mixer;
use super::ring;
use super::room::{Part, Room};
use super::shard::{Bell, Desk, Shard};
use super::streams::{self, Gate};
use crate::clock;
use crate::media::RoomId;
use crate::media::relay::{MIXER, MOST_SHARDS, RECORDER, ShardId};
use crate::media::sfu::{Settings, Sfu};
use crate::media::stats::Stats;
use crate::media::transport::dtls::Identity;
use crate::media::turn;
use crate::scheduling;

/// Where media listens and what it tells the browsers.
#[derive(Clone, Debug)]
pub struct Config {
    /// The UDP address to bind; port 0 lets the system choose. Default `0.0.0.0:8081`. Each further shard has the next
    /// port.
    pub bind: SocketAddr,
    /// How many threads carry media, each with a port and rooms of its own; 16 at most. Default 1: a core forwards some
    /// 280,000 packets a second.
    pub shards: usize,
    /// So many people of one room a shard carries before the room spans another. Default 150: each with nine faces and five
    /// voices, they are what a core forwards.
    pub people_per_shard: usize,
    /// The addresses put into candidates. Empty means: every address of this machine that is up,
    /// loopback included. Firefox sends nothing to a loopback candidate, so a machine without any
    /// other address cannot be reached by it.
    pub advertise: Vec<IpAddr>,
    /// The TCP ports on which [`super::tcp`] takes connections, put into candidates as well. Default: none.
    pub tcp_ports: Vec<u16>,
    /// The relay for those who reach nothing but such a port. Default: none.
    pub turn: Option<Turn>,
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
            shards: 1,
            people_per_shard: 150,
            advertise: Vec::new(),
            tcp_ports: Vec::new(),
            turn: None,
            publisher_bitrate_kbps: 2_500,
            playout_delay_ms: Some((0, 1_000)),
        }
    }
}

/// How a relay is reached, and by what its passwords are made.
#[derive(Clone)]
pub struct Turn {
    pub secret: [u8; 32],
    /// As browsers take them: `turns:host:443?transport=tcp`. Where there are none, browsers are told of no relay.
    pub urls: Vec<String>,
}

impl std::fmt::Debug for Turn {
    /// Without the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Turn")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// What a browser is told of a relay (`RTCIceServer`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    pub urls: Vec<String>,
    pub credential: turn::Credential,
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

/// All media of this process; cloning is cheap.
#[derive(Clone)]
pub struct Media {
    addresses: Arc<[SocketAddr]>,
    turn: Option<Arc<Turn>>,
    draining: Arc<AtomicBool>,
    shards: Arc<[Carrier]>,
    /// Two threads beside them, which carry nobody.
    recorder: Arc<Carrier>,
    mixer: Arc<Carrier>,
    people_per_shard: usize,
    /// Datagrams for which a connection over TCP was too slow.
    slow: Arc<AtomicU64>,
    /// The pairs of shards between which there are rings.
    linked: Arc<Mutex<HashSet<(usize, usize)>>>,
}

/// A shard, as its rooms are given out.
struct Carrier {
    post: Arc<Post>,
    /// Where media comes over TCP as well.
    gate: Option<Gate>,
    /// The ports, as candidates name them.
    addresses: Vec<SocketAddr>,
    /// The rooms and people on it.
    load: Arc<AtomicUsize>,
}

impl Media {
    /// Binds the ports and starts the shards' threads.
    ///
    /// # Errors
    /// An address cannot be bound, the certificate or a thread cannot be made.
    pub fn start(config: Config) -> Result<Media, StartError> {
        let identity = Identity::generate().ok_or(StartError::Identity)?;
        let shards = (0..config.shards.clamp(1, MOST_SHARDS))
            .map(|at| Carrier::start(&config, at, identity.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        let addresses: Vec<SocketAddr> = shards.iter().flat_map(|shard| shard.addresses.clone()).collect();
        let recorder = Carrier::aside(RECORDER, "media-recorder", identity.clone())?;
        let mixer = Carrier::aside(MIXER, "media-mixer", identity)?;
        tracing::info!(media.addresses = ?addresses, "media listens");
        Ok(Media {
            recorder: Arc::new(recorder),
            mixer: Arc::new(mixer),
            addresses: addresses.into(),
            turn: config.turn.map(Arc::new),
            draining: Arc::default(),
            shards: shards.into(),
            people_per_shard: config.people_per_shard.max(1),
            slow: Arc::default(),
            linked: Arc::default(),
        })
    }

    /// The bound ports with each advertised address, as the candidates name them: shard by shard.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Opens the room of a meeting on the shard that has least to do. Opening it again closes the earlier one: a
    /// conference that was started anew starts with an empty room.
    ///
    /// # Errors
    /// [`Error::Refused`] while draining, [`Error::Gone`] when media has stopped.
    pub async fn open(&self, id: RoomId) -> Result<(Room, Events), Error> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Error::Refused("media is shutting down"));
        }
        let shards = self.shards.iter().enumerate();
        let least = shards.min_by_key(|(_, shard)| shard.load.load(Ordering::Relaxed));
        let (at, chosen) = least.ok_or(Error::Gone)?;
        for other in self.shards.iter().filter(|other| !std::ptr::eq(*other, chosen)) {
            other.post.tell(move |desk| close(desk, id));
        }
        let counted = Counted::new(&chosen.load);
        let (sender, events) = tokio_mpsc::unbounded_channel();
        let weak = sender.downgrade();
        let open = move |desk: &mut Desk| {
            let key = desk.sfu.open(desk.now, id, &mut desk.outbox);
            desk.events.retain(|standing, _| desk.sfu.is_open(*standing));
            desk.events.insert(key, sender);
            key
        };
        let key = chosen.post.ask(open).await?;
        let part = Part::new(ShardId(at), key, chosen.post.clone(), counted);
        Ok((Room::new(id, self.clone(), weak, part), events))
    }

    /// What a participant's browser is told of relays, until `expires`, in seconds since 1970.
    pub fn relays(&self, seat: turn::Seat, expires: u64) -> Vec<IceServer> {
        let turn = self.turn.as_ref().filter(|turn| !turn.urls.is_empty());
        let server = turn.map(|turn| IceServer {
            urls: turn.urls.clone(),
            credential: turn::Secret::new(&turn.secret).issue(seat, expires),
        });
        server.into_iter().collect()
    }

    pub(super) fn slow(&self) -> &Arc<AtomicU64> {
        &self.slow
    }

    pub(super) fn turn_secret(&self) -> Option<turn::Secret> {
        self.turn.as_ref().map(|turn| turn::Secret::new(&turn.secret))
    }

    /// The shard whose port this is.
    pub(super) fn shard_at(&self, address: SocketAddr) -> Option<ShardId> {
        let at = self
            .shards
            .iter()
            .position(|shard| shard.addresses.contains(&address));
        at.map(ShardId)
    }

    /// Where a shard takes what comes over TCP.
    pub(super) fn gate(&self, shard: ShardId) -> Option<&Gate> {
        self.shards.get(shard.0)?.gate.as_ref()
    }

    pub(super) fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.shards.iter().filter_map(|shard| shard.gate.as_ref())
    }

    pub(super) fn tell(&self, shard: ShardId, job: impl FnOnce(&mut Desk) + Send + 'static) {
        if let Some(shard) = self.shards.get(shard.0) {
            shard.post.tell(job);
        }
    }

    pub(super) fn ring(&self, shard: ShardId) {
        if let Some(shard) = self.shards.get(shard.0) {
            shard.post.ring();
        }
    }

    pub(super) fn people_per_shard(&self) -> usize {
        self.people_per_shard
    }

    pub(super) fn load(&self, shard: ShardId) -> &Arc<AtomicUsize> {
        &self.shards[shard.0].load
    }

    pub(super) fn post(&self, shard: ShardId) -> (Arc<Post>, Counted) {
        let Carrier { post, load, .. } = self.carrier(shard);
        (post.clone(), Counted::new(load))
    }

    fn carrier(&self, shard: ShardId) -> &Carrier {
        match shard {
            RECORDER => &self.recorder,
            MIXER => &self.mixer,
            ShardId(at) => &self.shards[at],
        }
    }

    /// The shard with least to do, of those that a room does not span yet; nothing where all have as much as `than`.
    pub(super) fn less_loaded(&self, spanned: &[ShardId], than: ShardId) -> Option<ShardId> {
        let load = |shard: &ShardId| self.shards[shard.0].load.load(Ordering::Relaxed);
        let others = (0..self.shards.len()).map(ShardId);
        let least = others.filter(|shard| !spanned.contains(shard)).min_by_key(load)?;
        (load(&least) < load(&than)).then_some(least)
    }

    /// Makes the rings between two shards, once.
    pub(super) async fn link(&self, one: ShardId, other: ShardId) -> Result<(), Error> {
        let mut linked = self.linked.lock().await;
        let pair = (one.0.min(other.0), one.0.max(other.0));
        if linked.contains(&pair) {
            return Ok(());
        }
        let ((there, arriving), (back, returning)) = (ring::pair(), ring::pair());
        for (here, far, out, back) in [(one, other, there, returning), (other, one, back, arriving)] {
            let link = Link {
                shard: far,
                out,
                back,
                post: Arc::downgrade(&self.carrier(far).post),
                is_stirred: false,
            };
            let post = &self.carrier(here).post;
            post.ask(move |desk| desk.links.add(link)).await?;
        }
        linked.insert(pair);
        Ok(())
    }

    /// What all shards have counted since they started.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn stats(&self) -> Result<Stats, Error> {
        let mut sum = Stats::of_slow(self.slow.load(Ordering::Relaxed));
        for shard in self.shards.iter() {
            sum.add(&shard.post.ask(|desk| desk.sfu.stats().clone()).await?);
        }
        Ok(sum)
    }

    /// The counters and the state of every site, in the Prometheus text format.
    ///
    /// # Errors
    /// [`Error::Gone`] when media has stopped.
    pub async fn metrics(&self) -> Result<String, Error> {
        let mut sum = Stats::of_slow(self.slow.load(Ordering::Relaxed));
        let mut rooms = Vec::new();
        for shard in self.shards.iter() {
            let look = |desk: &mut Desk| (desk.sfu.stats().clone(), desk.sfu.all_sites(desk.now));
            let (stats, sites) = shard.post.ask(look).await?;
            sum.add(&stats);
            rooms.extend(sites);
        }
        let mixed = self.mixer.post.ask(mixer::describe).await?;
        Ok(crate::media::stats::text(&sum, &mixed, &rooms))
    }

    /// Opens no more rooms, waits until those that stand are closed, then closes the ports. A drain
    /// that shall not wait closes its rooms first.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        let threads = self.shards.iter().chain([&*self.recorder, &*self.mixer]);
        let ends: Vec<oneshot::Receiver<()>> = threads
            .map(|shard| {
                let (sender, drained) = oneshot::channel();
                shard.post.tell(move |desk| desk.drained = Some(sender));
                drained
            })
            .collect();
        for drained in ends {
            // It fails only where the thread has ended before.
            let _ = drained.await;
        }
    }
}

impl Carrier {
    /// A thread that carries nobody: no port, and no addresses to tell.
    fn aside(place: ShardId, name: &str, identity: Identity) -> Result<Carrier, StartError> {
        let settings = Settings {
            shard: place,
            tcp_addresses: Vec::new(),
            addresses: Vec::new(),
            publisher_bitrate_kbps: 0,
            playout_delay: None,
        };
        let sfu = Sfu::new(settings, identity, StdRng::from_seed(clock::seed()));
        let (sender, mailbox) = mpsc::channel();
        let (bell, heard) = Bell::pair().map_err(StartError::Thread)?;
        let aside = Aside::new(place, mailbox, heard, sfu);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || aside.run())
            .map_err(StartError::Thread)?;
        Ok(Carrier {
            post: Arc::new(Post::new(sender, bell)),
            gate: None,
            addresses: Vec::new(),
            load: Arc::default(),
        })
    }

    fn start(config: &Config, at: usize, identity: Identity) -> Result<Carrier, StartError> {
        let mut address = config.bind;
        if address.port() != 0 {
            address.set_port(address.port().saturating_add(at as u16));
        }
        let bind = |source| StartError::Bind { address, source };
        let socket = listen(address).map_err(bind)?;
        let addresses = advertised(config, socket.local_addr().map_err(bind)?);
        let settings = Settings {
            shard: ShardId(at),
            tcp_addresses: over_tcp(config, &addresses),
            addresses: addresses.clone(),
            publisher_bitrate_kbps: config.publisher_bitrate_kbps,
            playout_delay: config.playout_delay_ms.map(playout_delay),
        };
        let sfu = Sfu::new(settings, identity, StdRng::from_seed(clock::seed()));
        let (sender, mailbox) = mpsc::channel();
        let (bell, heard) = Bell::pair().map_err(StartError::Thread)?;
        let is_streaming = !config.tcp_ports.is_empty() || config.turn.is_some();
        let pair = is_streaming.then(streams::pair).transpose();
        let (streams, gate) = pair.map_err(StartError::Thread)?.unzip();
        let shard = Shard::new(
            ShardId(at),
            socket,
            mailbox,
            heard,
            streams.unwrap_or_default(),
            sfu,
        );
        std::thread::Builder::new()
            .name(format!("media-{at}"))
            .spawn(move || {
                scheduling::be_prompt();
                shard.run();
            })
            .map_err(StartError::Thread)?;
        Ok(Carrier {
            post: Arc::new(Post::new(sender, bell)),
            gate,
            addresses,
            load: Arc::default(),
        })
    }
}

/// A room of this id that an earlier conference has left behind.
pub(super) fn close(desk: &mut Desk, id: RoomId) {
    if let Some(key) = desk.sfu.find(id) {
        desk.sfu.close(desk.now, key, &mut desk.outbox);
        desk.events.remove(&key);
    }
}

/// What candidates say of a bound port.
fn advertised(config: &Config, local: SocketAddr) -> Vec<SocketAddr> {
    let ips = match &config.advertise[..] {
        [] if local.ip().is_unspecified() => interfaces::addresses(local),
        [] => vec![local.ip()],
        given => given.to_vec(),
    };
    ips.into_iter()
        .map(|ip| SocketAddr::new(ip, local.port()))
        .collect()
}

/// Each TCP port at each address.
fn over_tcp(config: &Config, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let at = |port: u16| {
        addresses
            .iter()
            .map(move |address| SocketAddr::new(address.ip(), port))
    };
    config.tcp_ports.iter().copied().flat_map(at).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::ParticipantId;
    use uuid::Uuid;

    fn media(shards: usize) -> Media {
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        Media::start(Config {
            bind,
            shards,
            ..Config::default()
        })
        .unwrap()
    }

    fn loads(media: &Media) -> Vec<usize> {
        let load = |shard: &Carrier| shard.load.load(Ordering::Relaxed);
        media.shards.iter().map(load).collect()
    }

    #[tokio::test]
    async fn rooms_go_where_there_is_least_to_do() {
        let media = media(3);
        assert_eq!(media.addresses().len(), 3);
        let (crowded, _events) = media.open(RoomId(Uuid::from_u128(1))).await.unwrap();
        let mut people = Vec::new();
        for person in 0..5 {
            people.push(
                crowded
                    .join(ParticipantId(Uuid::from_u128(person)))
                    .await
                    .unwrap(),
            );
        }
        let mut others = Vec::new();
        for room in 2..8 {
            others.push(media.open(RoomId(Uuid::from_u128(room))).await.unwrap());
        }
        assert_eq!(loads(&media), [6, 3, 3]);
        drop(people);
        drop(crowded);
        assert_eq!(loads(&media), [0, 3, 3]);
    }

    #[tokio::test]
    async fn a_room_opened_again_elsewhere_ends_the_earlier_one() {
        let media = media(2);
        let id = RoomId(Uuid::from_u128(1));
        let (earlier, mut events) = media.open(id).await.unwrap();
        let (_later, _) = media.open(id).await.unwrap();
        assert_eq!(events.recv().await, None);
        let person = ParticipantId(Uuid::from_u128(9));
        assert!(matches!(earlier.join(person).await, Err(Error::Gone)));
    }

    #[tokio::test]
    async fn what_a_room_that_ended_asks_for_is_not_left_open() {
        let media = media(1);
        let id = RoomId(Uuid::from_u128(1));
        let (earlier, _) = media.open(id).await.unwrap();
        let (_later, _) = media.open(id).await.unwrap();
        assert!(matches!(earlier.record().await, Err(Error::Gone)));
        assert!(matches!(earlier.mix().await, Err(Error::Gone)));
        for aside in [&media.recorder, &media.mixer] {
            assert_eq!(aside.post.ask(|desk| desk.sfu.rooms()).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_drain_lets_running_rooms_finish_and_opens_none() {
        let media = media(2);
        let (room, mut events) = media.open(RoomId(Uuid::from_u128(1))).await.unwrap();
        let draining = media.clone();
        let drained = tokio::spawn(async move { draining.drain().await });
        while !media.draining.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let refused = media.open(RoomId(Uuid::from_u128(2))).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        let seat = room.join(ParticipantId(Uuid::from_u128(3))).await;
        assert!(seat.is_ok(), "who runs goes on");
        drop((seat, room));
        assert_eq!(events.recv().await, None);
        drained.await.unwrap();
    }
}
