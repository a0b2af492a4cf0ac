//! A room over several shards: what passes between them.
//!
//! Each shard carries the connections of some of the room's people, whose *home* it is. Of the others it has mirrors:
//! members without a connection. A publisher's packet crosses once to each shard where somebody has use for it, decrypted
//! and with its endless number, so that a mirror keeps the same layers and the same cache as the home does, and viewers
//! are served from it like any others. Back come wishes: which layers are needed there, and key frames.
//!
//! Packets and wishes go through bounded [`Mailboxes`]. A shard that does not take them in time is left out: of sound the
//! packet, of pictures everything up to the next key frame, which is asked for. What people and descriptions change is told
//! by [`Notice`]s, each the whole truth of one member.

use std::time::Instant;

use super::name::{ParticipantId, RoomId, Source, TrackState};
use super::room::stream::Announced;
use super::sdp::MOST_LAYERS;

/// A shard of this process, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardId(pub usize);

/// A process has no more shards than this.
pub const MOST_SHARDS: usize = 16;
/// The place of the thread that records: a room that is recorded spans it like a further shard.
pub const RECORDER: ShardId = ShardId(MOST_SHARDS);
/// The place of the thread that mixes voices for thin lines.
pub const MIXER: ShardId = ShardId(MOST_SHARDS + 1);
/// How many other shards there can be for a stream to go to.
pub const FAR_SHARDS: usize = MOST_SHARDS + 2;

/// What is said of a member of a room, who is at home on one of the two shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub room: RoomId,
    pub participant: ParticipantId,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// From home: a packet as it came, decrypted; its bytes go with it.
    Packet {
        source: Source,
        layer: u8,
        is_repair: bool,
        /// The endless sequence number.
        index: u64,
    },
    /// From home: the publisher's clock, of a sender report.
    Clock { ssrc: u32, ntp: u64, rtp: u32 },
    /// To home: how many of the lowest layers somebody has use for.
    Needs { source: Source, layers: u8 },
    /// To home: a viewer waits for a key frame.
    KeyFrame { source: Source, layer: u8 },
}

/// The ways to the other shards. Nothing here waits.
pub trait Mailboxes {
    /// How many more crossings a shard's mailbox takes now.
    fn room(&self, to: ShardId) -> usize;

    /// `false` where the mailbox is full. What nobody is there to take any more counts as taken.
    fn put(&mut self, to: ShardId, crossing: &Crossing, bytes: &[u8]) -> bool;
}

/// One member as the home knows it.
#[derive(Clone, Debug)]
pub struct Notice {
    pub room: RoomId,
    pub participant: ParticipantId,
    /// Whoever joined later under the same id is the one who counts.
    pub joined: Instant,
    /// Every published stream with its state; nothing once the member is gone.
    pub streams: Option<Vec<(Announced, Option<TrackState>)>>,
    /// Nobody, but what the mixer makes of those who are somebody.
    pub mix: Option<Mix>,
    /// He is to hear the others mixed.
    pub wants_mix: bool,
}

/// Whose voices a mixed stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mix {
    Everyone,
    AllBut(ParticipantId),
}

/// What another shard is given of one published stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Far {
    /// How many of the lowest layers it needs.
    pub needs: u8,
    /// A layer that the other shard could not take: nothing crosses until a key frame.
    held: [bool; MOST_LAYERS],
    /// A picture has begun and not ended.
    in_picture: [bool; MOST_LAYERS],
}

impl Far {
    /// Whether a packet of pictures crosses where the mailbox has room for `room` more. `is_entry` says that a decoder can
    /// begin with it.
    pub fn takes(&mut self, layer: u8, is_entry: bool, ends_picture: bool, room: usize) -> bool {
        let at = usize::from(layer).min(MOST_LAYERS - 1);
        let begins = !std::mem::replace(&mut self.in_picture[at], !ends_picture);
        if begins && room < PICTURE {
            self.held[at] = true;
        } else if is_entry && room >= PICTURE {
            self.held[at] = false;
        }
        !self.held[at]
    }

    /// The rest of the picture is left out, and what depends on it.
    pub fn hold(&mut self, layer: u8) {
        self.held[usize::from(layer).min(MOST_LAYERS - 1)] = true;
    }

    pub fn is_held(&self, layer: u8) -> bool {
        self.held[usize::from(layer).min(MOST_LAYERS - 1)]
    }
}

/// Packets of a large picture: one begins to cross only where it will probably do so whole.
const PICTURE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_leaves_whole_pictures_out_until_a_key_frame() {
        let mut far = Far::default();
        assert!(far.takes(0, true, false, 100));
        assert!(far.takes(0, false, true, 10), "what has begun goes on");
        assert!(!far.takes(0, false, false, 10));
        assert!(!far.takes(0, false, true, 100), "the rest of the picture");
        assert!(!far.takes(0, false, true, 100), "it depends on what was left out");
        assert!(!far.takes(0, true, true, 10), "no room for the key frame either");
        assert!(far.takes(1, false, true, 100), "another layer");
        assert!(far.takes(0, true, false, 100));
        far.hold(0);
        assert!(far.is_held(0) && !far.is_held(1));
        assert!(!far.takes(0, false, true, 100));
    }
}
