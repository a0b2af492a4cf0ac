//! By which way a peer's datagrams come, and so by which way they go back.

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

use crate::media::stats::Way;

/// A way to a peer. Each connection that is no UDP has a number of its own, which is never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Of UDP and ICE-TCP the peer's address, of TURN the relayed one: what a binding response tells the peer.
    pub address: SocketAddr,
    pub way: Way,
    /// 0 of UDP.
    pub stream: u64,
}

impl Path {
    pub fn stream(address: SocketAddr, way: Way, stream: u64) -> Path {
        Path { address, way, stream }
    }

    /// Sent by the shard itself, from its own port.
    pub fn is_udp(&self) -> bool {
        self.way == Way::Udp
    }

    /// Through a relay: whoever uses it has named the seat they relay for.
    pub fn is_relayed(&self) -> bool {
        matches!(self.way, Way::TurnTcp | Way::TurnTls)
    }
}

impl From<SocketAddr> for Path {
    /// Over UDP.
    fn from(address: SocketAddr) -> Path {
        Path::stream(address, Way::Udp, 0)
    }
}

/// By the address alone, as if there were nothing but UDP: two ways with one address are rare.
impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}
