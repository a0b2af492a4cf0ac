//! What was sent to a viewer and is not yet reported on.

use crate::media::rtp;

/// One packet as it left.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    index: u64,
    /// Microseconds since the connection began.
    pub at_us: u64,
    pub bytes: u16,
    /// It belongs to a probe.
    pub probes: bool,
    known: bool,
}

pub struct History {
    ring: Box<[Sent]>,
    next: u64,
}

impl Default for History {
    fn default() -> History {
        History {
            ring: vec![Sent::default(); CAPACITY].into_boxed_slice(),
            // 0 stands for "nothing" in a fresh ring.
            next: 1,
        }
    }
}

impl History {
    /// The number of the next packet.
    pub fn next(&self) -> u16 {
        self.next as u16
    }

    pub fn sent(&mut self, at_us: u64, bytes: usize, probes: bool) {
        self.ring[Self::place(self.next)] = Sent {
            index: self.next,
            at_us,
            bytes: bytes as u16,
            probes,
            known: false,
        };
        self.next += 1;
    }

    /// Takes the packet of this number out; `None` where it was never sent, is forgotten or was reported
    /// as arrived before.
    pub fn take(&mut self, number: u16, arrived: bool) -> Option<Sent> {
        let index = rtp::extend(self.next - 1, number);
        let sent = &mut self.ring[Self::place(index)];
        if sent.index != index || sent.known || index >= self.next {
            return None;
        }
        sent.known = arrived;
        Some(*sent)
    }

    fn place(index: u64) -> usize {
        (index % CAPACITY as u64) as usize
    }
}

/// Two seconds at a thousand packets a second: a report later than that helps nobody.
const CAPACITY: usize = 2048;
