//! ICE-TCP: the datagrams of one connection to a shard, each in a frame of RFC 4571.

use std::io;
use std::net::SocketAddr;

use bytes::{BufMut, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::carry::{Heard, Speech, carry};
use super::{Sent, WAITING, Ways};
use crate::media::framing::{self, Frame, Malformed};
use crate::media::relay::ShardId;
use crate::media::stats::Way;
use crate::media::transport::ice_lite::{Request, shard_of};
use crate::media::transport::path::Path;

/// Carries one connection to its end.
pub(super) async fn serve(ways: Ways, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let (writer, mut sent) = mpsc::channel(WAITING);
    let path = Path::stream(peer, Way::Tcp, ways.open(&writer));
    let mut speech = Ice {
        ways,
        path,
        shard: None,
        is_known: false,
    };
    let carried = carry(stream, &[], &mut speech, &mut sent).await;
    match speech.shard {
        Some(shard) => speech.ways.close(shard, path),
        None => drop(speech.ways.0.routes.lock().remove(&path.stream)),
    }
    carried
}

struct Ice {
    ways: Ways,
    path: Path,
    /// Known by the first check.
    shard: Option<ShardId>,
    is_known: bool,
}

impl Ice {
    /// The shard that the first message names.
    fn find(&mut self, message: &[u8]) -> Result<ShardId, Malformed> {
        if let Some(shard) = self.shard {
            return Ok(shard);
        }
        let request = Request::parse(message).ok_or(Malformed)?;
        let named = shard_of(&request.user_fragment).filter(|shard| self.ways.has(*shard));
        self.shard = named;
        named.ok_or(Malformed)
    }
}

impl Speech for Ice {
    fn cut(bytes: &[u8]) -> Result<Option<Frame>, Malformed> {
        framing::rfc_4571(bytes)
    }

    fn hear(&mut self, message: &[u8], _: &mut BytesMut) -> Result<Heard, Malformed> {
        let shard = self.find(message)?;
        Ok(match self.ways.put(shard, self.path, message) {
            true => Heard::Taken,
            false => Heard::Busy,
        })
    }

    fn pause(&mut self) {
        if let Some(shard) = self.shard {
            self.ways.ring(shard);
        }
    }

    /// Only what has proven itself is answered.
    fn write(&mut self, sent: &Sent, out: &mut BytesMut) {
        self.is_known = true;
        if let Ok(length) = u16::try_from(sent.bytes.len()) {
            out.put_u16(length);
            out.put_slice(&sent.bytes);
        }
    }

    fn is_known(&self) -> bool {
        self.is_known
    }
}
