//! A shard's ways that are no UDP. Whoever reads and writes the connections does so elsewhere; between them and the shard's
//! thread stand two rings, so that no connection, however slow, keeps a shard waiting.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use super::ring::{self, Consumer, Producer};
use super::shard::Bell;
use crate::media::sfu::{BATCH, Received};
use crate::media::transport::path::Path;

/// The shard's ends; the default has none, and sends nothing.
#[derive(Default)]
pub struct Streams {
    ends: Option<Ends>,
    /// Datagrams for which there was no room.
    pub refused: u64,
}

struct Ends {
    inward: Consumer<Path>,
    outward: Producer<Path>,
    bell: Bell,
    /// Something was put since the bell was last rung.
    is_stirred: bool,
}

/// The ends outside.
pub struct Gate {
    inward: Mutex<Producer<Path>>,
    outward: Mutex<Option<Outward>>,
}

/// What the shard sends, and what rings when there is something.
pub struct Outward {
    pub ring: Consumer<Path>,
    pub bell: UnixStream,
}

/// Both rings of a shard.
///
/// # Errors
/// The system has no more files to give.
pub fn pair() -> io::Result<(Streams, Gate)> {
    let nowhere = Path::from(std::net::SocketAddr::from(([0, 0, 0, 0], 0)));
    let (in_producer, inward) = ring::of(INWARD, nowhere);
    let (outward, ring) = ring::of(OUTWARD, nowhere);
    let (bell, heard) = Bell::pair()?;
    let ends = Ends {
        inward,
        outward,
        bell,
        is_stirred: false,
    };
    let streams = Streams {
        ends: Some(ends),
        refused: 0,
    };
    let gate = Gate {
        inward: Mutex::new(in_producer),
        outward: Mutex::new(Some(Outward { ring, bell: heard })),
    };
    Ok((streams, gate))
}

impl Streams {
    /// Gives a datagram to the connection of its way; without waiting.
    pub fn put(&mut self, to: Path, datagram: &[u8]) {
        let taken = self.ends.as_mut().is_some_and(|ends| {
            ends.is_stirred = true;
            ends.outward.put(&to, datagram)
        });
        self.refused += u64::from(!taken);
    }

    /// Wakes who writes the connections, where something was put.
    pub fn ring(&mut self) {
        if let Some(ends) = self.ends.as_mut().filter(|ends| ends.is_stirred) {
            ends.is_stirred = false;
            ends.bell.ring();
        }
    }

    /// Something waits to be taken.
    pub fn is_waiting(&self) -> bool {
        self.ends.as_ref().is_some_and(|ends| !ends.inward.is_empty())
    }

    /// Takes up to a batch: the bytes into `storage`, each at its place of the batch.
    pub fn take(&mut self, storage: &mut [u8], batch: &mut Vec<Received>) {
        batch.clear();
        let Some(ends) = &mut self.ends else { return };
        let place = storage.len() / BATCH;
        while batch.len() < BATCH {
            let start = batch.len() * place;
            let received = ends.inward.take(|from, bytes| {
                storage[start..start + bytes.len()].copy_from_slice(bytes);
                Received {
                    from: *from,
                    start,
                    length: bytes.len(),
                }
            });
            let Some(received) = received else { return };
            batch.push(received);
        }
    }
}

impl Gate {
    /// Gives the shard a datagram; `false` where it has too much to do. The shard's bell is to be rung afterwards.
    pub fn put(&self, from: Path, datagram: &[u8]) -> bool {
        let mut inward = self.inward.lock().unwrap_or_else(PoisonError::into_inner);
        inward.put(&from, datagram)
    }

    /// What the shard sends; for one taker alone.
    pub fn take_outward(&self) -> Option<Outward> {
        self.outward.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// 30 ms of 30,000 packets a second.
const INWARD: usize = 1024;
/// Four times what a shard sends between two looks: a key frame to many viewers leaves at once. 6 MB.
const OUTWARD: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::stats::Way;

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let (mut streams, gate) = pair().unwrap();
        let path = Path::stream("192.0.2.1:9".parse().unwrap(), Way::Tcp, 7);
        for _ in 0..OUTWARD + 3 {
            streams.put(path, &[1, 2, 3]);
        }
        assert_eq!(streams.refused, 3);
        let mut outward = gate.take_outward().unwrap();
        assert!(gate.take_outward().is_none());
        assert_eq!(outward.ring.take(|to, bytes| (*to, bytes.len())), Some((path, 3)));
        while gate.put(path, &[4; 5]) {}
        let (mut storage, mut batch) = (vec![0; BATCH * 2048], Vec::new());
        streams.take(&mut storage, &mut batch);
        assert_eq!((batch.len(), batch[63].length, batch[63].from), (BATCH, 5, path));
        assert_eq!(storage[batch[63].start..][..5], [4; 5]);
        Streams::default().put(path, &[1]);
    }
}
