//! A slot of a viewer: one SSRC whose stream stays continuous for the browser, whoever is shown in it and
//! in whichever layer.
//!
//! Between two switches everything is a shift: what comes in under index `i` goes out under `i − shift`,
//! and losses upstream stay gaps downstream, so that they can be repaired end to end. A switch picks
//! the shifts so that the new stream goes on where the old one ended; video switches at a key frame, and
//! the layer shown before goes on until it has come.

use std::time::Instant;

use super::codec::vp8;
use super::sdp::MOST_LAYERS;

/// A packet as its publisher sent it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    pub layer: u8,
    /// The endless sequence number.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub vp8: Option<vp8::Descriptor>,
}

impl Incoming {
    /// Whether a decoder can start here.
    pub fn is_entry(&self) -> bool {
        self.vp8.is_none_or(|descriptor| descriptor.begins_key_frame)
    }
}

/// The packet's time-stamp on the clock of each layer, where it is known.
pub type Clocks = [Option<u32>; MOST_LAYERS];

/// The header fields under which it goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub index: u64,
    pub timestamp: u32,
    pub shift: vp8::Shift,
}

/// The rewriting of one slot.
pub struct Rewriter {
    clock_rate: u32,
    current: Option<Span>,
    /// What was shown before of the same source, the latest first: viewers still ask for its losses.
    past: [Option<Span>; KEPT_SPANS],
    /// The last that went out, from which the next switch goes on.
    last: Option<Last>,
    next_index: u64,
    picture_id: u16,
    tl0_index: u8,
    key_index: u8,
}

/// A stretch of one layer between two switches.
#[derive(Clone, Copy)]
struct Span {
    layer: u8,
    first_in: u64,
    first_out: u64,
    /// What came after the switch does not belong to it.
    end_out: u64,
    timestamp_shift: u32,
    shift: vp8::Shift,
}

#[derive(Clone, Copy)]
struct Last {
    timestamp: u32,
    sent: Instant,
    /// The layer it came from and its shift, while the source is the same.
    clock: Option<(u8, u32)>,
}

impl Rewriter {
    /// Starts at a small index, so that the first roll-over count is known to be zero on both ends.
    pub fn new(clock_rate: u32, first_index: u16) -> Rewriter {
        Rewriter {
            clock_rate,
            current: None,
            past: [None; KEPT_SPANS],
            last: None,
            next_index: u64::from(first_index >> 1),
            picture_id: 0,
            tl0_index: 0,
            key_index: 0,
        }
    }

    /// Another source will be shown: nothing goes out until one of its packets can begin.
    pub fn switch(&mut self) {
        self.current = None;
        self.past = [None; KEPT_SPANS];
        if let Some(last) = &mut self.last {
            last.clock = None;
        }
    }

    /// Nothing more goes out until the same source can be entered again.
    pub fn pause(&mut self) {
        self.retire();
    }

    /// The layer that goes out; `None` while the slot waits for the first packet that can begin.
    pub fn shows(&self) -> Option<u8> {
        self.current.map(|current| current.layer)
    }

    /// Where an incoming packet goes; the layer `wanted` takes over when it can be entered. `None` for
    /// packets of other layers, for those before the entry, and while a video waits for it.
    pub fn place(
        &mut self,
        now: Instant,
        packet: &Incoming,
        wanted: Option<u8>,
        clocks: &Clocks,
    ) -> Option<Placed> {
        if wanted == Some(packet.layer) && self.shows() != wanted && packet.is_entry() {
            self.begin(now, packet, clocks);
        }
        let placed = self.place_again(packet)?;
        if placed.index >= self.next_index {
            self.next_index = placed.index + 1;
            self.last = Some(Last {
                timestamp: placed.timestamp,
                sent: now,
                clock: Some((packet.layer, placed.timestamp.wrapping_sub(packet.timestamp))),
            });
            if let Some(descriptor) = packet.vp8 {
                let id = descriptor.picture_id.map_or(0, |id| id.value);
                self.picture_id = id.wrapping_add(placed.shift.picture_id);
                let tl0 = descriptor.tl0_index.map_or(0, |(_, index)| index);
                self.tl0_index = tl0.wrapping_add(placed.shift.tl0_index);
                let key = descriptor.key_index.map_or(0, |(_, index)| index);
                self.key_index = key.wrapping_add(placed.shift.key_index);
            }
        }
        Some(placed)
    }

    /// Where a packet of the publisher stands that goes out again, or late.
    pub fn place_again(&self, packet: &Incoming) -> Option<Placed> {
        let spans = self.current.iter().chain(self.past.iter().flatten());
        spans
            .filter(|span| span.layer == packet.layer)
            .find_map(|span| span.place(packet))
    }

    /// The layer and the publisher's index of what the viewer knows under this sequence number, if it
    /// was sent and the source is still the same.
    pub fn index_of(&self, sequence_number: u16) -> Option<(u8, u64)> {
        let out = super::rtp::extend(self.next_index, sequence_number);
        let spans = self.current.iter().chain(self.past.iter().flatten());
        spans
            .filter(|span| out >= span.first_out && out < span.end_out.min(self.next_index))
            .map(|span| (span.layer, out - span.first_out + span.first_in))
            .next()
    }

    /// The time-stamp that the viewer sees for one of the layer that [`Self::shows`].
    pub fn timestamp_of(&self, timestamp: u32) -> Option<u32> {
        Some(timestamp.wrapping_add(self.current?.timestamp_shift))
    }

    fn begin(&mut self, now: Instant, packet: &Incoming, clocks: &Clocks) {
        let timestamp = self.last.map_or(packet.timestamp, |last| {
            last.followed_by(now, self.clock_rate, clocks)
        });
        let shift = packet.vp8.map_or_else(vp8::Shift::default, |descriptor| {
            let id = descriptor.picture_id.map_or(0, |id| id.value);
            let tl0 = descriptor.tl0_index.map_or(0, |(_, index)| index);
            let key = descriptor.key_index.map_or(0, |(_, index)| index);
            vp8::Shift {
                picture_id: self.picture_id.wrapping_add(1).wrapping_sub(id),
                tl0_index: self.tl0_index.wrapping_add(1).wrapping_sub(tl0),
                key_index: self.key_index.wrapping_add(1).wrapping_sub(key),
            }
        });
        self.retire();
        self.current = Some(Span {
            layer: packet.layer,
            first_in: packet.index,
            first_out: self.next_index,
            end_out: u64::MAX,
            timestamp_shift: timestamp.wrapping_sub(packet.timestamp),
            shift,
        });
    }

    fn retire(&mut self) {
        if let Some(mut span) = self.current.take() {
            span.end_out = self.next_index;
            self.past.rotate_right(1);
            self.past[0] = Some(span);
        }
    }
}

impl Last {
    /// The time-stamp after this one at `now`: by the publisher's own clocks where they tell, so that lips
    /// and voice stay together over a switch, else by the time that has passed.
    fn followed_by(&self, now: Instant, clock_rate: u32, clocks: &Clocks) -> u32 {
        let passed = now.saturating_duration_since(self.sent).as_nanos();
        let ticks = (passed * u128::from(clock_rate) / 1_000_000_000) as u32;
        let by_time = self.timestamp.wrapping_add(ticks.max(1));
        let by_clock = self.clock.and_then(|(layer, shift)| {
            let timestamp = (*clocks.get(usize::from(layer))?)?.wrapping_add(shift);
            let is_later = (timestamp.wrapping_sub(self.timestamp) as i32) > 0;
            let apart = (timestamp.wrapping_sub(by_time) as i32).unsigned_abs();
            (is_later && apart < clock_rate).then_some(timestamp)
        });
        by_clock.unwrap_or(by_time)
    }
}

impl Span {
    fn place(&self, packet: &Incoming) -> Option<Placed> {
        let index = self.first_out + packet.index.checked_sub(self.first_in)?;
        (index < self.end_out).then(|| Placed {
            index,
            timestamp: packet.timestamp.wrapping_add(self.timestamp_shift),
            shift: self.shift,
        })
    }
}

/// A viewer's losses of up to so many switches ago can be repaired.
const KEPT_SPANS: usize = 3;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn video(index: u64, timestamp: u32, key: bool, picture: u16) -> Incoming {
        let picture_id = Some(vp8::PictureId {
            offset: 2,
            wide: true,
            value: picture,
        });
        let descriptor = vp8::Descriptor {
            picture_id,
            begins_key_frame: key,
            ..vp8::Descriptor::default()
        };
        Incoming {
            layer: 0,
            index,
            timestamp,
            marker: true,
            vp8: Some(descriptor),
        }
    }

    #[test]
    fn waits_for_a_key_frame_and_drops_what_came_before_it() {
        let (mut rewriter, now) = (Rewriter::new(90_000, 0), Instant::now());
        assert_eq!(
            rewriter.place(now, &video(9, 0, false, 1), Some(0), &NO_CLOCKS),
            None
        );
        assert_eq!(rewriter.shows(), None);
        assert!(
            rewriter
                .place(now, &video(10, 0, true, 2), Some(0), &NO_CLOCKS)
                .is_some()
        );
        assert_eq!(
            rewriter.place(now, &video(8, 0, false, 0), Some(0), &NO_CLOCKS),
            None,
            "late, from before the key frame"
        );
        assert_eq!(
            rewriter
                .place(now, &video(13, 0, false, 3), Some(0), &NO_CLOCKS)
                .unwrap()
                .index,
            3,
            "a loss stays a gap"
        );
        assert_eq!(rewriter.index_of(2), Some((0, 12)));
        assert_eq!(rewriter.index_of(4), None, "never sent");
    }

    const NO_CLOCKS: Clocks = [None; MOST_LAYERS];

    #[test]
    fn shows_the_old_layer_until_the_new_one_can_be_entered_and_repairs_both() {
        let (mut rewriter, now) = (Rewriter::new(90_000, 0), Instant::now());
        let on = |layer, packet| Incoming { layer, ..packet };
        let mut place = |packet, wanted, clocks| rewriter.place(now, &packet, Some(wanted), &clocks);
        let first = place(on(0, video(100, 1_000, true, 1)), 0, NO_CLOCKS).unwrap();
        assert_eq!(place(on(1, video(700, 9_000, false, 1)), 1, NO_CLOCKS), None);
        let second = place(on(0, video(102, 4_000, false, 2)), 1, NO_CLOCKS).unwrap();
        assert_eq!(second.index, first.index + 2);
        let clocks = [Some(7_000), Some(12_000), None];
        let third = place(on(1, video(701, 12_000, true, 2)), 1, clocks).unwrap();
        assert_eq!(third.index, second.index + 1);
        assert_eq!(
            third.timestamp,
            second.timestamp + 3_000,
            "by the publisher's clocks"
        );
        assert_eq!(place(on(0, video(103, 7_000, false, 3)), 1, NO_CLOCKS), None);
        let late = place(on(0, video(101, 2_500, false, 1)), 1, NO_CLOCKS).unwrap();
        assert_eq!(late.index, first.index + 1, "a late packet fills its gap");
        assert_eq!(rewriter.index_of(second.index as u16), Some((0, 102)));
        assert_eq!(rewriter.index_of(third.index as u16), Some((1, 701)));
        assert_eq!(rewriter.shows(), Some(1));
    }

    proptest! {
        /// Whatever is shown one after the other: sequence numbers go on without a gap, time-stamps never
        /// go back, picture ids rise by one a frame.
        #[test]
        fn stays_continuous_over_switches(
            streams in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<u16>(), 1u64..30, 1u64..5_000), 1..8)
        ) {
            let mut rewriter = Rewriter::new(90_000, 60_000);
            let mut now = Instant::now();
            let mut before: Option<(Placed, u16)> = None;
            for (first_index, first_timestamp, first_picture, frames, pause_ms) in streams {
                rewriter.switch();
                now += Duration::from_millis(pause_ms);
                for at in 0..frames {
                    let picture = first_picture.wrapping_add(at as u16);
                    let timestamp = first_timestamp.wrapping_add(at as u32 * 3_000);
                    let packet = video(u64::from(first_index) + at, timestamp, at == 0, picture);
                    let placed = rewriter.place(now, &packet, Some(0), &NO_CLOCKS).unwrap();
                    let id = picture.wrapping_add(placed.shift.picture_id);
                    if let Some((last, last_id)) = before {
                        prop_assert_eq!(placed.index, last.index + 1);
                        prop_assert!((placed.timestamp.wrapping_sub(last.timestamp) as i32) > 0);
                        prop_assert_eq!(id & 0x7fff, last_id.wrapping_add(1) & 0x7fff);
                    }
                    prop_assert_eq!(rewriter.index_of(placed.index as u16), Some((0, packet.index)));
                    prop_assert_eq!(rewriter.place_again(&packet), Some(placed));
                    before = Some((placed, id));
                    now += Duration::from_millis(33);
                }
            }
        }
    }
}
