//! A line is tested: a room of one, who is sent back what they send, over the same way for sound and pictures as in a meeting.
//!
//! The page tries each way alone, by taking only that way's candidates out of a description or by going through the relay
//! alone, and then measures over the best one. Nothing is written down. What a test may take is bounded: so many at once and
//! a minute ([`places`]), and each so long and so many bytes.

mod places;
pub mod protocol;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::{debug, warn};
use uuid::Uuid;

pub use places::{Asker, NoPlace};
use places::{Place, Places};
use protocol::{Ask, Measured, Say};

use super::limit::Limit;
use super::media_terms::{ice_server, to_media};
use super::protocol::{ErrorName, MESSAGE_BYTES, Way};
use super::registry::Conferences;
use super::talk::described;
use crate::clock::Clock;
use crate::media::stats::{self, Site};
use crate::media::{ParticipantId, RoomId};
use crate::net::own_ports::{self, OwnPorts};
use crate::net::{self, Renewal, SlotPool};

/// How long a test may take: three ways that are blocked, the measurement, and a slow computer.
pub const LONGEST: Duration = Duration::from_secs(90);
/// How often [`LineTest::look`] is to be called.
pub const LOOK: Duration = Duration::from_millis(500);
/// What may pass, both ways together: ten seconds at 2.5 Mbit/s are six million.
const MOST_BYTES: u64 = 25_000_000;

/// What all tests share.
#[derive(Default)]
pub(super) struct Bench {
    places: Arc<Places>,
    /// The ways by which somebody has come since the program started: their ports answer.
    proven: Arc<Mutex<HashSet<Proven>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Proven {
    Udp,
    Tcp,
}

impl Conferences {
    /// Keeps a place for a test; the word opens its socket once, within half a minute.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn ask_line_test(&self, askers: Vec<Asker>) -> Result<String, NoPlace> {
        let word = hex::encode(self.clock().random_bytes::<32>());
        let places = &self.bench().places;
        places.ask(askers, word.clone(), self.clock().now())?;
        Ok(word)
    }

    /// Begins the test whose place is kept under `word`; `None` where there is none any more.
    ///
    /// # Errors
    /// [`ErrorName::MediaUnavailable`].
    pub async fn begin_line_test(&self, word: &str) -> Option<Result<LineTest, ErrorName>> {
        let place = self.bench().places.take(word, self.clock().now())?;
        let test = LineTest::begin(self, place).await;
        Some(test.map_err(|error| {
            warn!(%error, "a line test could not open its media room");
            ErrorName::MediaUnavailable
        }))
    }
}

/// One test, until it is dropped.
pub struct LineTest {
    /// Before the room, so that they are given up first.
    sender: net::Seat,
    receiver: net::Seat,
    events: net::Events,
    room: net::Room,
    ids: [Uuid; 2],
    clock: Clock,
    limit: Limit,
    ports: Option<oneshot::Receiver<OwnPorts>>,
    proven: Arc<Mutex<HashSet<Proven>>>,
    looked: Instant,
    taken: Taken,
    _place: Place,
}

/// What a look at a test found.
#[derive(Debug, Default)]
pub struct Look {
    pub said: Vec<Say>,
    /// It took as much as it may.
    pub is_over: bool,
}

impl LineTest {
    async fn begin(conferences: &Conferences, place: Place) -> Result<Self, net::Error> {
        let clock = conferences.clock();
        let random = || uuid::Builder::from_random_bytes(clock.random_bytes()).into_uuid();
        let ids @ [sender, receiver] = [random(), random()];
        let media = conferences.media().ok_or(net::Error::Gone)?;
        let (room, events) = media.open(RoomId(random())).await?;
        let (sender, receiver) = (
            room.join(ParticipantId(sender)).await?,
            room.join(ParticipantId(receiver)).await?,
        );
        // A seat that the page knows nothing of: what is found by it disturbs neither connection.
        let asking = room.join(ParticipantId(random())).await?;
        let description = asking.subscribe(SlotPool { seats: 1 }, Renewal::Grow).await?;
        let (found, ports) = oneshot::channel();
        tokio::spawn(async move {
            // Whoever tests may be gone by now.
            let _ = found.send(own_ports::ask(&description).await);
            drop(asking);
        });
        let now = clock.monotonic();
        Ok(Self {
            sender,
            receiver,
            events,
            room,
            ids,
            limit: Limit::new(now),
            ports: Some(ports),
            proven: Arc::clone(&conferences.bench().proven),
            looked: now,
            taken: Taken::default(),
            clock,
            _place: place,
        })
    }

    /// The first message.
    #[must_use]
    pub fn welcome(&self) -> Say {
        let expires = self.clock.now().after(LONGEST).unix_seconds();
        let [sends_through, receives_through] = self.ids.map(|id| {
            let servers = self.room.ice_servers(ParticipantId(id), expires);
            servers.into_iter().map(ice_server).collect()
        });
        Say::Welcome {
            sends_through,
            receives_through,
            seconds: LONGEST.as_secs() as u32,
        }
    }

    /// Takes one text message; `None` where it needs no answer.
    ///
    /// # Errors
    /// What [`ErrorName`] says: some of them end the test.
    pub async fn hear(&mut self, text: &str) -> Result<Option<Say>, ErrorName> {
        if !self.limit.take(self.clock.monotonic()) {
            return Err(ErrorName::TooFast);
        }
        if text.len() > MESSAGE_BYTES {
            return Err(ErrorName::TooLarge);
        }
        let ask = serde_json::from_str(text).map_err(|error| {
            debug!(%error, "a message of a line test could not be read");
            ErrorName::Malformed
        })?;
        self.answer(ask).await
    }

    async fn answer(&mut self, ask: Ask) -> Result<Option<Say>, ErrorName> {
        let said = match ask {
            Ask::PublishOffer { sdp, tracks } => {
                let tracks: Vec<_> = tracks
                    .into_iter()
                    .map(|track| net::PublishedTrack {
                        mid: track.mid,
                        source: to_media(track.source),
                    })
                    .collect();
                let answer = self.sender.publish(&sdp, &tracks).await;
                Say::PublishAnswer {
                    sdp: answer.map_err(described)?,
                }
            }
            Ask::Listen {} => {
                let pool = SlotPool { seats: 1 };
                let offer = self.receiver.subscribe(pool, Renewal::Anew).await;
                Say::SubscribeOffer {
                    sdp: offer.map_err(described)?,
                }
            }
            Ask::SubscribeAnswer { sdp } => {
                self.receiver.accept(&sdp).await.map_err(described)?;
                return Ok(None);
            }
            Ask::Ping { id } => Say::Pong { id },
        };
        Ok(Some(said))
    }

    /// What there is to be told now.
    pub async fn look(&mut self) -> Look {
        // Nobody has use for them, and they are kept until they are taken.
        while self.events.try_recv().is_ok() {}
        let Ok(sites) = self.room.sites().await else {
            return Look {
                said: Vec::new(),
                is_over: true,
            };
        };
        let mut said = Vec::new();
        let now = self.clock.monotonic();
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if let Some(measured) = self.measure(&sites) {
            self.taken.add(measured.up_kbps, passed);
            said.push(Say::Measured { measured });
        }
        if let Some(ports) = self.ports.as_mut().and_then(|ports| ports.try_recv().ok()) {
            self.ports = None;
            let has = |way| self.proven().contains(&way);
            said.push(Say::Ports {
                udp: ports.udp.map(|answers| answers || has(Proven::Udp)),
                tcp: ports.tcp.map(|answers| answers || has(Proven::Tcp)),
            });
        }
        Look {
            said,
            is_over: self.taken.is_too_much(),
        }
    }

    fn measure(&self, sites: &[Site]) -> Option<Measured> {
        let [sender, receiver] = self
            .ids
            .map(|id| sites.iter().find(|site| site.participant.0 == id));
        let sender = sender?;
        let way = sender.way_in.map(|path| path.way);
        match way {
            Some(stats::Way::Udp) => _ = self.proven().insert(Proven::Udp),
            Some(stats::Way::Tcp) => _ = self.proven().insert(Proven::Tcp),
            _ => {}
        }
        let published = &sender.published;
        if published.is_empty() {
            return None;
        }
        let bits: u64 = published.iter().map(|one| one.bits_per_second).sum();
        let worst = |of: fn(&stats::Published) -> u32| published.iter().map(of).max().unwrap_or_default();
        let down = receiver.and_then(|site| site.line);
        Some(Measured {
            way: way.map(Way::from),
            up_kbps: (bits / 1_000) as u32,
            up_lost_permille: worst(|one| u32::from(one.lost_permille)),
            up_jitter_ms: worst(|one| one.jitter_ms as u32),
            down_estimate_kbps: down.map(|line| (line.estimate / 1_000) as u32),
            down_lost_permille: down.map(|line| (line.loss * 1_000.0) as u32),
        })
    }

    fn proven(&self) -> std::sync::MutexGuard<'_, HashSet<Proven>> {
        // Nothing panics while it is held.
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a test has taken of the line, both ways together.
#[derive(Debug, Default)]
struct Taken {
    bytes: u64,
}

impl Taken {
    /// What came is sent back, whole or in part.
    fn add(&mut self, up_kbps: u32, passed: Duration) {
        let bytes = u64::from(up_kbps) * 125 * 2;
        self.bytes += (bytes as f64 * passed.as_secs_f64()) as u64;
    }

    fn is_too_much(&self) -> bool {
        self.bytes > MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_takes_what_a_measurement_needs_and_not_what_a_download_would() {
        let after = |up_kbps: u32, looks: u32| {
            let mut taken = Taken::default();
            (0..looks).for_each(|_| taken.add(up_kbps, LOOK));
            taken.is_too_much()
        };
        // Twice ten seconds of a camera, as after a page was reloaded.
        assert!(!after(2_500, 40));
        assert!(!after(64, 180), "sound alone, as long as a test may last");
        assert!(after(2_500, 100));
        assert!(after(100_000, 3), "a fast line is cut off within two seconds");
    }
}
