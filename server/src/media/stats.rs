//! What is counted: packets in and out, and every drop under its reason.

/// Why bytes from the network went no further. Nothing is logged per packet; it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// None of STUN, DTLS, RTP or RTCP by its first byte (RFC 7983).
    NotOurs,
    /// Media or DTLS from an address that no STUN check has proven.
    UnknownAddress,
    /// A STUN message that is malformed or for nobody here.
    StrayStun,
    /// STUN integrity, SRTP tag or DTLS record does not verify.
    Forged,
    Replayed,
    Truncated,
    /// More SSRCs than one connection may have.
    TooManyStreams,
    /// An SSRC that no description has announced.
    UnknownStream,
    /// Muted by the conference: decrypted, counted, not forwarded.
    Muted,
    /// Media before DTLS has given keys.
    NoKeys,
    /// DTLS ahead of the other end's description, beyond what is held for it.
    HeldTooMuch,
    /// An RTCP compound that ends too soon.
    MalformedFeedback,
    /// The outgoing slab is full.
    NoRoom,
}

const REASONS: usize = Drop::NoRoom as usize + 1;

/// Counters of one shard since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub received_packets: u64,
    pub forwarded_packets: u64,
    pub retransmitted_packets: u64,
    /// Asked for again by a viewer, but no longer in the cache.
    pub retransmission_misses: u64,
    pub key_frame_requests: u64,
    dropped: [u64; REASONS],
}

impl Stats {
    pub fn count(&mut self, reason: Drop) {
        self.dropped[reason as usize] += 1;
    }

    pub fn dropped(&self, reason: Drop) -> u64 {
        self.dropped[reason as usize]
    }
}
