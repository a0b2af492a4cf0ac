//! A bounded way between two threads, such as two shards: one puts, one takes, and neither ever waits, locks or allocates.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use uuid::Uuid;

use crate::media::relay::{Crossing, What};
use crate::media::{ParticipantId, RoomId, Source};

/// The end at which bytes are put, each with what stands before them.
pub struct Producer<H = Crossing>(Arc<Shared<H>>);

/// The end at which the other takes.
pub struct Consumer<H = Crossing>(Arc<Shared<H>>);

struct Shared<H> {
    slots: Box<[UnsafeCell<Slot<H>>]>,
    /// How many were ever put, written by the producer alone.
    put: Count,
    /// How many were ever taken, written by the consumer alone.
    taken: Count,
}

struct Slot<H> {
    head: H,
    length: usize,
    bytes: [u8; LARGEST],
}

/// On a cache line of its own, so that the two threads do not take it from each other.
#[repr(align(64))]
struct Count(AtomicUsize);

// SAFETY: the slot `count` modulo the capacity is touched by the producer only while `taken <= count - capacity` fails to hold, that is
// before it publishes `put > count`, and by the consumer only after that and before it publishes `taken > count`. There is
// one of each: neither end can be cloned, and both need `&mut self`.
unsafe impl<H: Send> Sync for Shared<H> {}

/// A new ring between two shards, and its two ends.
pub fn pair() -> (Producer, Consumer) {
    let empty = Crossing {
        room: RoomId(Uuid::nil()),
        participant: ParticipantId(Uuid::nil()),
        what: What::Needs {
            source: Source::Camera,
            layers: 0,
        },
    };
    of(CAPACITY, empty)
}

/// A new ring of `capacity`, a power of two, and its two ends. `empty` stands in the places that nothing was put into.
pub fn of<H: Copy>(capacity: usize, empty: H) -> (Producer<H>, Consumer<H>) {
    debug_assert!(capacity.is_power_of_two());
    let slot = || {
        UnsafeCell::new(Slot {
            head: empty,
            length: 0,
            bytes: [0; LARGEST],
        })
    };
    let shared = Arc::new(Shared {
        slots: (0..capacity).map(|_| slot()).collect(),
        put: Count(AtomicUsize::new(0)),
        taken: Count(AtomicUsize::new(0)),
    });
    (Producer(shared.clone()), Consumer(shared))
}

impl<H: Copy> Producer<H> {
    /// How many more may be put now.
    pub fn room(&self) -> usize {
        let shared = &self.0;
        let waiting = shared
            .put
            .0
            .load(Ordering::Relaxed)
            .wrapping_sub(shared.taken.0.load(Ordering::Acquire));
        shared.slots.len() - waiting
    }

    /// `false` where it is full, or the bytes are more than a packet has.
    pub fn put(&mut self, head: &H, bytes: &[u8]) -> bool {
        if self.room() == 0 || bytes.len() > LARGEST {
            return false;
        }
        let shared = &self.0;
        let count = shared.put.0.load(Ordering::Relaxed);
        // SAFETY: there is room, so the consumer has done with this slot; see `Shared`.
        let slot = unsafe { &mut *shared.slots[count & (shared.slots.len() - 1)].get() };
        slot.head = *head;
        slot.length = bytes.len();
        slot.bytes[..bytes.len()].copy_from_slice(bytes);
        shared.put.0.store(count.wrapping_add(1), Ordering::Release);
        true
    }

    /// The other end is gone.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl<H: Copy> Consumer<H> {
    pub fn is_empty(&self) -> bool {
        let shared = &self.0;
        shared.put.0.load(Ordering::Acquire) == shared.taken.0.load(Ordering::Relaxed)
    }

    /// Takes the oldest; nothing where it is empty.
    pub fn take<T>(&mut self, read: impl FnOnce(&H, &[u8]) -> T) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let shared = &self.0;
        let count = shared.taken.0.load(Ordering::Relaxed);
        // SAFETY: the producer has published this slot and will not touch it before it is taken; see `Shared`.
        let slot = unsafe { &*shared.slots[count & (shared.slots.len() - 1)].get() };
        let value = read(&slot.head, &slot.bytes[..slot.length]);
        shared.taken.0.store(count.wrapping_add(1), Ordering::Release);
        Some(value)
    }
}

/// A power of two, so that the counts may wrap. 30 ms of 30,000 packets a second; 1.6 MB.
const CAPACITY: usize = 1024;
/// What fits an Ethernet frame.
const LARGEST: usize = 1500;

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(index: u64) -> Crossing {
        Crossing {
            room: RoomId(Uuid::from_u128(1)),
            participant: ParticipantId(Uuid::from_u128(2)),
            what: What::Packet {
                source: Source::Microphone,
                layer: 0,
                is_repair: false,
                index,
            },
        }
    }

    #[test]
    fn is_full_at_its_capacity_and_has_room_again_once_something_is_taken() {
        let (mut producer, mut consumer) = pair();
        for index in 0..CAPACITY as u64 {
            assert!(producer.put(&numbered(index), &[1; 100]));
        }
        assert!(!producer.put(&numbered(0), &[]));
        assert_eq!(consumer.take(|crossing, _| *crossing), Some(numbered(0)));
        assert_eq!(producer.room(), 1);
        assert!(
            !producer.put(&numbered(7), &[0; LARGEST + 1]),
            "more than a packet"
        );
        assert!(producer.put(&numbered(7), &[0; LARGEST]));
        drop(consumer);
        assert!(producer.is_abandoned());
    }

    /// Every one arrives once, in order, with its own bytes.
    #[test]
    fn two_threads_lose_and_mix_nothing() {
        const MANY: u64 = 300_000;
        let (mut producer, mut consumer) = pair();
        let putting = std::thread::spawn(move || {
            for index in 0..MANY {
                let bytes = [index as u8; 1200];
                let length = (index % 1200) as usize;
                while !producer.put(&numbered(index), &bytes[..length]) {
                    std::thread::yield_now();
                }
            }
        });
        for index in 0..MANY {
            let read = |crossing: &Crossing, bytes: &[u8]| {
                assert_eq!(*crossing, numbered(index));
                assert_eq!(bytes.len() as u64, index % 1200);
                assert!(bytes.iter().all(|byte| *byte == index as u8));
            };
            while consumer.take(read).is_none() {
                std::thread::yield_now();
            }
        }
        putting.join().unwrap();
        assert!(consumer.is_empty());
    }
}
