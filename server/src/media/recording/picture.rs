//! Pictures out of packets: put in order, whole, and never one that lacks what it depends on.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::media::codec::Descriptor;
use crate::media::forward::Incoming;
use crate::media::name::{ParticipantId, Source};

/// Whose stream it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub participant: ParticipantId,
    pub source: Source,
    pub layer: u8,
}

/// A whole VP8 frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub at_us: i64,
    pub is_key: bool,
    /// Of a key frame.
    pub size: Option<(u16, u16)>,
    pub bytes: Vec<u8>,
}

/// The stream that is seen, and the one that takes over with its next key frame.
#[derive(Default)]
pub struct Pictures {
    wanted: Option<Origin>,
    current: Option<(Origin, Assembler)>,
    next: Option<(Origin, Assembler)>,
}

impl Pictures {
    pub fn want(&mut self, origin: Option<Origin>) {
        if self.wanted == origin {
            return;
        }
        self.wanted = origin;
        self.next = match origin {
            Some(origin)
                if self
                    .current
                    .as_ref()
                    .is_none_or(|(current, _)| *current != origin) =>
            {
                Some((origin, Assembler::default()))
            }
            _ => None,
        };
        if origin.is_none() {
            self.current = None;
        }
    }

    pub fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }

    /// Something is seen, if only a still.
    pub fn shows_something(&self) -> bool {
        self.current.is_some()
    }

    pub fn waits_for_key_frame(&self) -> bool {
        let waits =
            |one: &Option<(Origin, Assembler)>| one.as_ref().is_some_and(|(_, one)| one.next.is_none());
        waits(&self.next) || waits(&self.current)
    }

    /// Whatever comes next begins with a key frame.
    pub fn restart(&mut self) {
        self.current = None;
        self.next = self.wanted.map(|origin| (origin, Assembler::default()));
    }

    /// Takes a packet; whole frames go into `out`.
    pub fn take(
        &mut self,
        now: Instant,
        origin: Origin,
        packet: &Incoming,
        payload: &[u8],
        at_us: i64,
        out: &mut VecDeque<Frame>,
    ) {
        let Some(Descriptor::Vp8(vp8)) = packet.picture else {
            return;
        };
        let part = Part {
            at_us,
            ends: packet.marker,
            begins_key: vp8.begins_key_frame,
            size: vp8.size,
            bytes: payload.get(usize::from(vp8.frame)..).unwrap_or_default().to_vec(),
        };
        if let Some((_, next)) = self.next.as_mut().filter(|(of, _)| *of == origin) {
            let before = out.len();
            next.take(now, packet.index, part, out);
            if out.len() > before {
                self.current = self.next.take();
            }
        } else if let Some((_, current)) = self.current.as_mut().filter(|(of, _)| *of == origin) {
            current.take(now, packet.index, part, out);
        }
    }

    /// What did not come in time does not come any more.
    pub fn give_up(&mut self, now: Instant, out: &mut VecDeque<Frame>) {
        for (_, one) in [&mut self.current, &mut self.next].into_iter().flatten() {
            one.give_up(now, out);
        }
    }
}

/// One stream's packets, in their order.
#[derive(Default)]
struct Assembler {
    /// The index that comes next; nothing while a key frame is waited for.
    next: Option<u64>,
    waiting: BTreeMap<u64, Part>,
    /// Since when something is missing.
    missing: Option<Instant>,
    frame: Option<Frame>,
}

struct Part {
    at_us: i64,
    ends: bool,
    begins_key: bool,
    size: Option<(u16, u16)>,
    bytes: Vec<u8>,
}

impl Assembler {
    fn take(&mut self, now: Instant, index: u64, part: Part, out: &mut VecDeque<Frame>) {
        match self.next {
            None if part.begins_key => self.next = Some(index),
            // The first packet of a key frame may come after those behind it.
            None => {}
            Some(next) if index < next => return,
            Some(_) => {}
        }
        self.waiting.insert(index, part);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_first();
        }
        self.put_together(out);
        self.missing = match self.next.is_some() && !self.waiting.is_empty() {
            true => self.missing.or(Some(now)),
            false => None,
        };
    }

    fn put_together(&mut self, out: &mut VecDeque<Frame>) {
        while let Some(next) = self.next
            && let Some(part) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            self.missing = None;
            let frame = self.frame.get_or_insert_with(|| Frame {
                at_us: part.at_us,
                is_key: part.begins_key,
                size: part.size,
                bytes: Vec::new(),
            });
            frame.bytes.extend_from_slice(&part.bytes);
            if part.ends {
                out.extend(self.frame.take().filter(|frame| !frame.bytes.is_empty()));
            }
        }
        if let Some(next) = self.next {
            self.waiting = self.waiting.split_off(&next);
        }
    }

    fn give_up(&mut self, now: Instant, out: &mut VecDeque<Frame>) {
        let is_over = |since: Instant| now.saturating_duration_since(since) > PATIENCE;
        if !self.missing.is_some_and(is_over) {
            return;
        }
        self.missing = None;
        self.frame = None;
        // A key frame may have come already.
        self.next = self
            .waiting
            .iter()
            .find(|(_, part)| part.begins_key)
            .map(|(at, _)| *at);
        match self.next {
            Some(_) => self.put_together(out),
            None => self.waiting.clear(),
        }
    }
}

/// A packet that was asked for again has come by then, and the recording is not held back longer.
const PATIENCE: Duration = Duration::from_millis(250);
/// Two large key frames.
const MOST_WAITING: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::vp8;
    use uuid::Uuid;

    const ANNA: Origin = Origin {
        participant: ParticipantId(Uuid::from_u128(1)),
        source: Source::Camera,
        layer: 2,
    };
    const SCREEN: Origin = Origin {
        source: Source::Screen,
        layer: 0,
        ..ANNA
    };

    struct Bench {
        pictures: Pictures,
        now: Instant,
        out: VecDeque<Frame>,
    }

    impl Bench {
        #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
        fn new() -> Self {
            let mut pictures = Pictures::default();
            pictures.want(Some(ANNA));
            Self {
                pictures,
                now: Instant::now(),
                out: VecDeque::new(),
            }
        }

        /// Each picture has two packets: `2n` and `2n + 1`.
        fn send(&mut self, origin: Origin, index: u64, is_key: bool) {
            let begins = index.is_multiple_of(2);
            let first = if begins { 0x10 } else { 0 };
            let mut payload = vec![first, u8::from(!is_key)];
            payload.push(index as u8);
            let vp8 = vp8::Descriptor::parse(&payload).unwrap();
            let packet = Incoming {
                layer: origin.layer,
                index,
                timestamp: 0,
                marker: !begins,
                picture: Some(Descriptor::Vp8(vp8)),
            };
            let at_us = (index / 2) as i64 * 33_000;
            self.pictures
                .take(self.now, origin, &packet, &payload, at_us, &mut self.out);
        }

        fn seen(&mut self) -> Vec<u8> {
            self.out.drain(..).map(|frame| frame.bytes[1]).collect()
        }
    }

    #[test]
    fn puts_packets_in_order_and_begins_with_a_key_frame() {
        let mut bench = Bench::new();
        bench.send(ANNA, 0, false);
        bench.send(ANNA, 1, false);
        assert!(bench.seen().is_empty() && bench.pictures.waits_for_key_frame());
        bench.send(ANNA, 3, true);
        bench.send(ANNA, 2, true);
        for index in [5, 4, 7, 6] {
            bench.send(ANNA, index, false);
        }
        let frames: Vec<Frame> = bench.out.drain(..).collect();
        assert_eq!(frames.len(), 3);
        assert_eq!(frames[0].bytes, [0, 2, 0, 3]);
        assert!(frames[0].is_key && !frames[1].is_key);
        assert_eq!(frames[2].at_us, 99_000);
    }

    #[test]
    fn after_a_loss_nothing_is_written_before_the_next_key_frame() {
        let mut bench = Bench::new();
        for index in [0, 1] {
            bench.send(ANNA, index, true);
        }
        for index in [3, 4, 5] {
            bench.send(ANNA, index, false);
        }
        assert_eq!(bench.seen(), [0]);
        bench.now += Duration::from_millis(100);
        bench.send(ANNA, 2, false);
        assert_eq!(bench.seen(), [2, 4], "it has come again");
        for index in [7, 8, 9] {
            bench.send(ANNA, index, false);
        }
        bench.now += Duration::from_millis(300);
        bench.pictures.give_up(bench.now, &mut bench.out);
        assert!(bench.seen().is_empty() && bench.pictures.waits_for_key_frame());
        bench.send(ANNA, 10, false);
        bench.send(ANNA, 11, false);
        bench.send(ANNA, 12, true);
        bench.send(ANNA, 13, true);
        assert_eq!(bench.seen(), [12]);
    }

    #[test]
    fn what_was_seen_goes_on_until_the_other_can_be_entered() {
        let mut bench = Bench::new();
        for index in [0, 1] {
            bench.send(ANNA, index, true);
        }
        bench.pictures.want(Some(SCREEN));
        for index in [2, 3] {
            bench.send(ANNA, index, false);
            bench.send(SCREEN, index + 100, false);
        }
        bench.send(SCREEN, 104, true);
        bench.send(ANNA, 4, false);
        bench.send(ANNA, 5, false);
        bench.send(SCREEN, 105, true);
        bench.send(ANNA, 6, false);
        bench.send(ANNA, 7, false);
        assert_eq!(bench.seen(), [0, 2, 4, 104]);
    }
}
