//! Media for those whose network blocks UDP: ICE-TCP (RFC 6544) and TURN over TCP and TLS (RFC 8656), on ports that may be
//! HTTP's as well.
//!
//! A [`door`] takes connections and tells by their first bytes what they speak; [`carry`] reads and writes one; the shard sees
//! datagrams that come by a [`Path`] of their own. No connection keeps a shard waiting: what a slow reader does not take is
//! dropped, as on any line.

mod carry;
mod door;
mod ice;
mod limit;
mod relay;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rtc_crypto::RTCCryptoProvider;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::plane::Media;
use super::ring::Consumer;
use super::streams::Outward;
use crate::clock::Clock;
use crate::media::relay::ShardId;
use crate::media::transport::path::Path;
use crate::media::turn::{Relays, Seat, Secret};
pub use door::{HttpListener, HttpStream, listen, listen_with_http};
use limit::Limits;
pub use limit::place;

/// The ways into a media plane that are no UDP; cheap to clone.
#[derive(Clone)]
pub struct Ways(Arc<Inner>);

struct Inner {
    media: Media,
    clock: Clock,
    turn: Option<Turn>,
    limits: Arc<Limits>,
    routes: Arc<Routes>,
}

struct Turn {
    secret: Secret,
    relays: Mutex<Relays>,
    crypto: Arc<dyn RTCCryptoProvider>,
}

/// Who writes what the shards send, way by way.
#[derive(Default)]
struct Routes {
    writers: Mutex<HashMap<u64, mpsc::Sender<Sent>>>,
    last: AtomicU64,
    slow: Arc<AtomicU64>,
}

/// A datagram of a shard, on its way to a connection.
struct Sent {
    stream: u64,
    bytes: Bytes,
}

impl Ways {
    /// Takes what the shards send from now on. To be called within a runtime, once for each media plane.
    ///
    /// # Errors
    /// The runtime does not take the shards' bells.
    pub fn begin(media: Media, clock: Clock) -> std::io::Result<Ways> {
        let crypto = rtc_crypto::default_provider().ok();
        let turn = media.turn_secret().zip(crypto).map(|(secret, crypto)| Turn {
            secret,
            relays: Mutex::new(Relays::new(media.addresses().to_vec())),
            crypto,
        });
        let routes = Arc::new(Routes {
            slow: media.slow().clone(),
            ..Routes::default()
        });
        for Outward { ring, bell } in media.gates().filter_map(|gate| gate.take_outward()) {
            tokio::spawn(deliver(ring, UnixStream::from_std(bell)?, routes.clone()));
        }
        Ok(Ways(Arc::new(Inner {
            media,
            clock,
            turn,
            limits: Arc::default(),
            routes,
        })))
    }

    /// A way of its own for a connection, which writes what comes out of `writer`.
    fn open(&self, writer: &mpsc::Sender<Sent>) -> u64 {
        let stream = self.0.routes.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.routes.lock().insert(stream, writer.clone());
        stream
    }

    fn close(&self, shard: ShardId, path: Path) {
        self.0.routes.lock().remove(&path.stream);
        self.0.media.tell(shard, move |desk| desk.sfu.forget(path));
    }

    fn has(&self, shard: ShardId) -> bool {
        self.0.media.gate(shard).is_some()
    }

    /// `false` where the shard has too much to do. [`Self::ring`] is to follow.
    fn put(&self, shard: ShardId, from: Path, datagram: &[u8]) -> bool {
        self.0
            .media
            .gate(shard)
            .is_some_and(|gate| gate.put(from, datagram))
    }

    fn ring(&self, shard: ShardId) {
        self.0.media.ring(shard);
    }

    fn relay_for(&self, shard: ShardId, stream: u64, seat: Seat) {
        self.0
            .media
            .tell(shard, move |desk| desk.sfu.relay_for(stream, seat));
    }
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Sent>>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives what a shard sends to the connections, until the shard ends.
async fn deliver(mut ring: Consumer<Path>, mut bell: UnixStream, routes: Arc<Routes>) {
    let mut rings = [0; 64];
    while bell.read(&mut rings).await.is_ok_and(|count| count > 0) {
        while deliver_some(&mut ring, &routes) {
            tokio::task::yield_now().await;
        }
    }
}

/// `true` where more may wait.
fn deliver_some(ring: &mut Consumer<Path>, routes: &Routes) -> bool {
    let writers = routes.lock();
    for _ in 0..DELIVERED_AT_ONCE {
        let taken = ring.take(|to, datagram| {
            let sent = || Sent {
                stream: to.stream,
                bytes: Bytes::copy_from_slice(datagram),
            };
            // A way that is closed has nobody to miss anything.
            let writer = writers.get(&to.stream);
            writer.is_none_or(|writer| writer.try_send(sent()).is_ok())
        });
        match taken {
            None => return false,
            Some(true) => {}
            Some(false) => drop(routes.slow.fetch_add(1, Ordering::Relaxed)),
        }
    }
    true
}

const DELIVERED_AT_ONCE: usize = 256;
/// Datagrams that a connection may have waiting: a key frame. More would only come too late.
const WAITING: usize = 128;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::media::stats::Way;
    use crate::net::ring;

    #[test]
    fn a_slow_connection_loses_datagrams_and_another_none() {
        let path = |stream| Path::stream(SocketAddr::from(([192, 0, 2, 1], 9)), Way::Tcp, stream);
        let (mut shard, mut ring) = ring::of(1024, path(0));
        let routes = Routes::default();
        let (slow, mut waiting) = mpsc::channel(WAITING);
        let (quick, mut taken) = mpsc::channel(WAITING);
        routes.lock().extend([(1, slow), (2, quick)]);
        let mut arrived = 0;
        for _ in 0..2 * WAITING {
            for stream in [1, 2, 3] {
                assert!(shard.put(&path(stream), &[1; 100]));
            }
            while deliver_some(&mut ring, &routes) {}
            arrived += usize::from(taken.try_recv().is_ok());
        }
        assert_eq!(arrived, 2 * WAITING);
        assert_eq!(routes.slow.load(Ordering::Relaxed), WAITING as u64);
        assert_eq!(std::iter::from_fn(|| waiting.try_recv().ok()).count(), WAITING);
    }
}
