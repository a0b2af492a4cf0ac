//! TURN: the relay of one connection. Each media port that it reaches is a way of its own, so that what comes back is known
//! by its sender.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::PoisonError;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::carry::{Heard, Speech, carry};
use super::{Sent, Turn, WAITING, Ways};
use crate::clock;
use crate::media::framing::{self, Frame, Malformed};
use crate::media::relay::ShardId;
use crate::media::stats::Way;
use crate::media::transport::path::Path;
use crate::media::turn::{Ground, Outcome, Session};

/// Carries one connection to its end; one that comes where there is no relay is closed.
pub(super) async fn serve<S>(ways: Ways, stream: S, peer: SocketAddr, way: Way) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    if ways.0.turn.is_none() {
        return Ok(());
    }
    let (writer, mut sent) = mpsc::channel(WAITING);
    let session = Session::new(clock::instant(), peer, ways.0.clock.random_bytes());
    let mut speech = Relay {
        ways,
        session,
        way,
        writer,
        reached: HashMap::new(),
        peers: HashMap::new(),
    };
    let carried = carry(stream, &[], &mut speech, &mut sent).await;
    speech.with_turn(|session, turn| {
        session.end(&mut turn.relays.lock().unwrap_or_else(PoisonError::into_inner));
    });
    speech.forget();
    carried
}

struct Relay {
    ways: Ways,
    session: Session,
    way: Way,
    writer: mpsc::Sender<Sent>,
    /// The media ports that were sent something, each with the way from here.
    reached: HashMap<SocketAddr, (ShardId, Path)>,
    /// The same by the way.
    peers: HashMap<u64, SocketAddr>,
}

impl Relay {
    fn with_turn<T>(&mut self, work: impl FnOnce(&mut Session, &Turn) -> T) -> Option<T> {
        let turn = self.ways.0.turn.as_ref()?;
        Some(work(&mut self.session, turn))
    }

    /// The way to a media port; there are no more of them than shards have addresses.
    fn reach(&mut self, peer: SocketAddr) -> Option<(ShardId, Path)> {
        if let Some(reached) = self.reached.get(&peer) {
            return Some(*reached);
        }
        let (seat, relayed) = self.session.relayed()?;
        let shard = self.ways.0.media.shard_at(peer)?;
        let path = Path::stream(relayed, self.way, self.ways.open(&self.writer));
        self.ways.relay_for(shard, path.stream, seat);
        self.reached.insert(peer, (shard, path));
        self.peers.insert(path.stream, peer);
        Some((shard, path))
    }

    /// The relay is no more, and neither are its ways.
    fn forget(&mut self) {
        self.peers.clear();
        for (_, (shard, path)) in self.reached.drain() {
            self.ways.close(shard, path);
        }
    }
}

impl Speech for Relay {
    fn cut(bytes: &[u8]) -> Result<Option<Frame>, Malformed> {
        framing::turn(bytes)
    }

    fn hear(&mut self, message: &[u8], out: &mut BytesMut) -> Result<Heard, Malformed> {
        let (before, unix_seconds) = (self.session.relayed(), self.ways.0.clock.now().unix_seconds());
        let outcome = self.with_turn(|session, turn| {
            let mut ground = Ground {
                now: clock::instant(),
                unix_seconds,
                secret: &turn.secret,
                relays: &mut turn.relays.lock().unwrap_or_else(PoisonError::into_inner),
                crypto: turn.crypto.as_ref(),
            };
            session.receive(message, &mut ground)
        });
        if self.session.relayed() != before {
            self.forget();
        }
        match outcome.ok_or(Malformed)? {
            Outcome::Nothing => {}
            Outcome::Reply(reply) => out.extend_from_slice(&reply),
            Outcome::Relay { peer, data } => {
                if let Some((shard, path)) = self.reach(peer)
                    && data.len() <= framing::MOST_DATAGRAM
                    && !self.ways.put(shard, path, &data)
                {
                    return Ok(Heard::Busy);
                }
            }
        }
        Ok(Heard::Taken)
    }

    fn pause(&mut self) {
        for (shard, _) in self.reached.values() {
            self.ways.ring(*shard);
        }
    }

    fn write(&mut self, sent: &Sent, out: &mut BytesMut) {
        let peer = self.peers.get(&sent.stream);
        if let Some(wrapped) = peer.and_then(|peer| self.session.wrap(clock::instant(), *peer, &sent.bytes)) {
            out.extend_from_slice(&wrapped);
        }
    }

    fn is_known(&self) -> bool {
        self.session.relayed().is_some()
    }
}
