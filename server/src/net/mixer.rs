//! What mixes voices for thin lines, on a thread of its own ([`super::aside`]).

use super::handle::{Error, Post};
use super::shard::Desk;
use crate::media::RoomId;
use crate::media::mixing::{MOST_STREAMS, Mixing};
use crate::media::sfu::RoomKey;
use crate::media::stats::Mixed;

/// Opens a room on the mixer.
pub(super) async fn begin(post: &Post, id: RoomId) -> Result<RoomKey, Error> {
    let open = move |desk: &mut Desk| {
        let key = desk.sfu.open_branch(desk.now, id, &mut desk.outbox);
        desk.sfu.mix(key);
        desk.mixes.insert(key, Mixing::new(desk.now, key));
        key
    };
    post.ask(open).await
}

/// Gives every listener a stream, and sends what is due.
pub(super) fn work(desk: &mut Desk) {
    let Desk {
        mixes,
        sfu,
        outbox,
        now,
        mixed,
        ..
    } = desk;
    mixes.retain(|key, mixing| {
        let is_open = sfu.is_open(*key);
        if !is_open {
            mixed.add(&mixing.counted());
        }
        is_open
    });
    let mut used: usize = mixes.values().map(Mixing::streams).sum();
    for mixing in mixes.values_mut() {
        let others = used - mixing.streams();
        mixing.serve(*now, MOST_STREAMS.saturating_sub(used), sfu, outbox);
        used = others + mixing.streams();
    }
    // Of a new stream the shards hear before its first packet comes.
    desk.carry_notices();
    let Desk {
        mixes,
        sfu,
        links,
        now,
        ..
    } = desk;
    for mixing in mixes.values_mut() {
        mixing.send(*now, sfu, |sfu, storage| sfu.cross(storage, links));
    }
    desk.links.ring();
}

/// What is mixed now, and what has been.
pub(super) fn describe(desk: &mut Desk) -> Mixed {
    let mut sum = desk.mixed.clone();
    for mixing in desk.mixes.values() {
        sum.add(&mixing.counted());
        sum.streams += mixing.streams() as u64;
        sum.voices += mixing.voices() as u64;
        sum.lacking += mixing.lacking() as u64;
    }
    sum
}
