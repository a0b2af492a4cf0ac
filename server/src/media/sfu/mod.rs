//! One shard's core: connections, rooms, and what passes between them.
//!
//! It performs no input or output and reads no clock. Whoever drives it
//!
//! 1. calls [`Sfu::receive`] with a batch of datagrams, which are decrypted where they lie,
//! 2. calls [`Sfu::forward`] until it is [`Progress::Done`], sending the [`Outbox`] after each call,
//! 3. calls [`Sfu::tick`] when [`Sfu::next_tick`] has come, and sends the outbox,
//! 4. calls the control methods between batches, and sends the outbox,
//! 5. takes the events out after each of these,
//! 6. where rooms span other shards, gives what comes from those to [`Sfu::receive_crossed`] in place of step 1, calls
//!    [`Sfu::cross`] after each of these, before anything else is received, and carries the notices.
//!
//! Steps 1, 2 and 6 neither allocate nor lock once the streams they touch are known. Nothing that comes in
//! may make it panic: a panic here is a bug, never bad input.

mod again;
mod control;
mod cross;
mod describe;
mod feedback;
mod forward;
mod inspect;
mod mix;
mod offered;
mod pace;
mod receive;
mod record;
mod send;
mod tick;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use slab::Slab;

use super::bandwidth::Egress;
use super::bandwidth::arrivals::Arrivals;
use super::codec::Codec;
use super::forward::{Clocks, Incoming};
use super::name::{Event, ParticipantId, RoomId, Side, Source};
use super::relay::{Crossing, Notice, ShardId};
use super::room::hearing::Line;
use super::room::{Room, Seated};
use super::sdp::Extensions;
use super::stats::{Drop, Drops, Stats};
use super::transport::Transport;
use super::transport::dtls::Identity;
use super::transport::outbox::Outbox;
use super::transport::path::Path;
pub use control::{Error, MAXIMUM_SEATS, MemberKey, PublishedTrack, Renewal, RoomKey};
pub use cross::Crossed;
pub use forward::Progress;
pub use offered::{check_fragment, check_offer};
pub use receive::Received;

/// What one shard is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Told from those of other shards by the first characters of its user fragments.
    pub shard: ShardId,
    /// The candidates of every description, the preferred one first.
    pub addresses: Vec<SocketAddr>,
    /// Those over TCP, behind all others.
    pub tcp_addresses: Vec<SocketAddr>,
    /// The most a publisher may send, told to him by REMB and `x-google-max-bitrate`.
    pub publisher_bitrate_kbps: u32,
    /// The playout-delay hint to viewers: the least and the most time to hold a picture back, 12 bits each
    /// in units of 10 ms.
    pub playout_delay: Option<[u8; 3]>,
}

pub struct Sfu {
    settings: Settings,
    identity: Identity,
    random: StdRng,
    connections: Slab<Connection>,
    /// Ways that a STUN check has proven.
    by_path: HashMap<Path, usize>,
    by_user_fragment: HashMap<String, usize>,
    /// For whom each way through a relay is.
    relayed: HashMap<u64, (RoomId, ParticipantId)>,
    rooms: Slab<Room>,
    by_room: HashMap<RoomId, usize>,
    serial: u64,
    arrivals: Vec<Arrival>,
    cursor: forward::Cursor,
    /// Packets of the present batch that other shards may have use for.
    leaving: Vec<cross::Leaving>,
    /// What is to be said to other shards.
    wishes: Vec<(ShardId, Crossing)>,
    notices: Vec<(ShardId, Notice)>,
    events: Vec<(RoomKey, Event)>,
    next_tick: Option<Instant>,
    /// Viewers with packets that wait for their time, by their connection.
    busy: Vec<usize>,
    /// The moment from which arrival times count.
    began: Option<Instant>,
    /// When the work of [`TICK`] was last done.
    last_round: Option<Instant>,
    last_report: Option<Instant>,
    stats: Stats,
}

struct Connection {
    transport: Transport,
    room: usize,
    member: usize,
    side: Side,
    dropped: Drops,
    /// Of a publisher who numbers his packets.
    arrivals: Option<Numbered>,
    /// Of a viewer who reports arrivals.
    egress: Option<Box<Egress>>,
    /// As the viewer numbers them.
    extensions: Extensions,
}

/// When a publisher's packets arrived.
struct Numbered {
    /// The id of the extension that numbers them.
    extension: u8,
    /// The last SSRC seen: Chromium drops reports that name none of its own.
    ssrc: u32,
    arrivals: Arrivals,
}

impl Connection {
    /// Counts a packet of this connection that went no further, in its own figures and in all.
    fn count_drop(&mut self, stats: &mut Stats, reason: Drop) {
        stats.count(reason);
        self.dropped.count(reason);
    }

    /// Sends a datagram as it once left; `false` where there is no way or no room.
    fn send_copy(&mut self, sealed: &[u8], out: &mut Outbox) -> bool {
        let Some((to, _)) = self.transport.sender() else {
            return false;
        };
        let sent = out.push(to, sealed);
        if let Some(egress) = self.egress.as_mut().filter(|_| sent) {
            egress.repeated(sealed.len());
        }
        sent
    }

    fn is_busy(&self) -> bool {
        self.egress.as_ref().is_some_and(|egress| egress.is_busy())
    }
}

/// A media packet of the present batch, decrypted, waiting to be forwarded.
struct Arrival {
    room: usize,
    member: usize,
    source: Source,
    packet: Incoming,
    /// The publisher's.
    ssrc: u32,
    clocks: Clocks,
    /// Of video.
    codec: Option<Codec>,
    /// Where the dependency descriptor stands in the batch's storage; empty without one.
    dependency: Range<usize>,
    audience: Audience,
    /// In RED: where the newest frame stands in the payload.
    primary: Option<Range<usize>>,
    /// The blocks of RED name the payload type that viewers know.
    is_usual_opus: bool,
    /// The payload's place in the batch's storage.
    start: usize,
    length: usize,
}

/// For which viewers a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    All,
    /// Those who are given the newest frame of RED alone: it is a copy of a packet that was lost.
    WithoutRedundancy,
    /// The others: those have had the copy.
    WithRedundancy,
}

impl Sfu {
    /// `random` is the source of credentials and SSRCs and must be seeded from the system.
    pub fn new(settings: Settings, identity: Identity, random: StdRng) -> Sfu {
        Sfu {
            settings,
            identity,
            random,
            connections: Slab::new(),
            by_path: HashMap::new(),
            by_user_fragment: HashMap::new(),
            relayed: HashMap::new(),
            rooms: Slab::new(),
            by_room: HashMap::new(),
            serial: 0,
            arrivals: Vec::with_capacity(MOST_ARRIVALS),
            cursor: forward::Cursor::default(),
            leaving: Vec::with_capacity(BATCH),
            wishes: Vec::with_capacity(MOST_ARRIVALS),
            notices: Vec::new(),
            events: Vec::with_capacity(64),
            next_tick: None,
            busy: Vec::with_capacity(MOST_BUSY),
            began: None,
            last_round: None,
            last_report: None,
            stats: Stats::default(),
        }
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// What happened since this was last called.
    pub fn take_events(&mut self) -> std::vec::Drain<'_, (RoomKey, Event)> {
        self.events.drain(..)
    }

    /// When [`Self::tick`] is to be called; never while there is no connection.
    pub fn next_tick(&self) -> Option<Instant> {
        self.next_tick
    }

    /// How many rooms are open.
    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Decides the seating of the rooms where it may have changed, chooses layers there, and asks for the
    /// key frames that this makes necessary.
    fn settle(&mut self, now: Instant, out: &mut Outbox) {
        let mut settled = false;
        for (at, room) in &mut self.rooms {
            if room.is_settled() {
                continue;
            }
            let key = RoomKey {
                at,
                serial: room.serial,
            };
            let (connections, busy) = (&mut self.connections, &mut self.busy);
            match room.settle(now, |event| self.events.push((key, event))) {
                Seated::Everybody => {
                    choose(now, room, connections, busy);
                    room.tell_far();
                    self.notices.append(&mut room.notices);
                }
                seated @ Seated::Viewers(_) => {
                    for at in 0..room.viewers.len() {
                        let viewer = room.viewers[at];
                        if seated.has(viewer) {
                            choose_for(now, room, viewer, connections, busy);
                        }
                    }
                }
            }
            room.ask_for_layers(now, |event| self.events.push((key, event)));
            self.wishes.append(&mut room.wishes);
            settled = true;
        }
        if settled {
            self.ask_for_key_frames(now, out);
            self.wake(now);
        }
    }
}

/// Decides what every viewer of a room is shown, within what his line carries.
fn choose(now: Instant, room: &mut Room, connections: &mut Slab<Connection>, busy: &mut Vec<usize>) {
    room.choose_stage();
    room.measure(now);
    for at in 0..room.viewers.len() {
        choose_for(now, room, room.viewers[at], connections, busy);
    }
}

/// The same for one, while nothing has changed for the others.
fn choose_for(
    now: Instant,
    room: &mut Room,
    viewer: usize,
    connections: &mut Slab<Connection>,
    busy: &mut Vec<usize>,
) {
    let place = room.members[viewer].subscribe;
    let Some((place, connection)) = place.and_then(|at| Some((at, connections.get_mut(at)?))) else {
        return;
    };
    let was_busy = connection.is_busy();
    let line = connection.egress.as_ref().map(|egress| Line {
        estimate: egress.estimate(),
        is_calm: egress.is_calm(now),
        has_headroom: egress.has_headroom(now),
    });
    room.judge_hearing(now, viewer, line);
    let budget = line.map(|line| line.estimate);
    let demand = room.choose(now, viewer, budget);
    if let Some(egress) = connection
        .egress
        .as_mut()
        .filter(|_| connection.transport.is_connected())
    {
        egress.wants(now, demand);
    }
    if connection.is_busy() && !was_busy {
        busy.push(place);
    }
    room.want_key_frames(viewer);
}

/// How many datagrams one batch holds at most.
pub const BATCH: usize = 64;
/// A batch, and what its packets bring back of those before.
const MOST_ARRIVALS: usize = 2 * BATCH;
/// Fine enough to ask again for lost packets and to pace DTLS; 20 wake-ups a second cost nothing.
const TICK: Duration = Duration::from_millis(50);
/// The SSRC of our own RTCP; slots never have it.
const OUR_SSRC: u32 = 1;
/// Room for as many waiting viewers before the list grows.
const MOST_BUSY: usize = 2_048;
