//! A shard's ways to the other shards that its rooms span.

use std::sync::Weak;

use super::handle::Post;
use super::ring::{Consumer, Producer};
use super::shard::Desk;
use crate::media::relay::{Crossing, Mailboxes, ShardId};
use crate::media::sfu::{BATCH, Crossed};

/// The links of one shard, made when its first room spans another.
#[derive(Default)]
pub struct Links {
    links: Vec<Link>,
}

/// Both rings between this shard and another, and the way for whatever is no packet.
pub struct Link {
    pub shard: ShardId,
    pub out: Producer,
    pub back: Consumer,
    /// Not its owner: a shard ends when the last handle outside is gone.
    pub post: Weak<Post>,
    /// Something was put since its bell was last rung.
    pub is_stirred: bool,
}

impl Links {
    pub fn add(&mut self, link: Link) {
        self.links.push(link);
    }

    /// Wakes the shards for which something was put.
    pub fn ring(&mut self) {
        for link in self.links.iter_mut().filter(|link| link.is_stirred) {
            link.is_stirred = false;
            if let Some(post) = link.post.upgrade() {
                post.ring();
            }
        }
    }

    /// Something waits to be taken.
    pub fn is_waiting(&self) -> bool {
        self.links.iter().any(|link| !link.back.is_empty())
    }

    /// Takes up to a batch: the bytes into `storage`, each at its place of the batch.
    pub fn take(&mut self, storage: &mut [u8], batch: &mut Vec<Crossed>) {
        batch.clear();
        let place = storage.len() / BATCH;
        for Link { shard, back, .. } in &mut self.links {
            while batch.len() < BATCH {
                let start = batch.len() * place;
                let crossed = back.take(|crossing, bytes| {
                    storage[start..start + bytes.len()].copy_from_slice(bytes);
                    Crossed {
                        from: *shard,
                        crossing: *crossing,
                        start,
                        length: bytes.len(),
                    }
                });
                let Some(crossed) = crossed else { break };
                batch.push(crossed);
            }
        }
    }

    pub fn tell(&self, to: ShardId, job: impl FnOnce(&mut Desk) + Send + 'static) {
        let link = self.links.iter().find(|link| link.shard == to);
        if let Some(post) = link.and_then(|link| link.post.upgrade()) {
            post.tell(job);
        }
    }

    fn find(&self, shard: ShardId) -> Option<&Link> {
        self.links.iter().find(|link| link.shard == shard)
    }
}

impl Mailboxes for Links {
    fn room(&self, to: ShardId) -> usize {
        self.find(to).map_or(usize::MAX, |link| link.out.room())
    }

    fn put(&mut self, to: ShardId, crossing: &Crossing, bytes: &[u8]) -> bool {
        let link = self.links.iter_mut().find(|link| link.shard == to);
        let Some(link) = link.filter(|link| !link.out.is_abandoned()) else {
            return true;
        };
        link.is_stirred = true;
        link.out.put(crossing, bytes)
    }
}
