//! A slot of a viewer: one SSRC whose stream stays continuous for the browser, whoever is shown in it and
//! in whichever layer.
//!
//! Between two switches everything is a shift: what comes in under index `i` goes out under `i − shift`,
//! and losses upstream stay gaps downstream, so that they can be repaired end to end. A switch picks
//! the shifts so that the new stream goes on where the old one ended; video switches at a key frame, and
//! the layer shown before goes on until it has come. Of a stream that has its layers within it some packets are left
//! out, and the numbers close over them.

use std::time::Instant;

use super::codec::{Descriptor, Shift};
use super::scale::{LeftOut, Most, Scaler};
use super::sdp::MOST_LAYERS;

/// A packet as its publisher sent it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    pub layer: u8,
    /// The endless sequence number.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    /// Of video.
    pub picture: Option<Descriptor>,
}

impl Incoming {
    /// Whether a decoder can start here.
    pub fn is_entry(&self) -> bool {
        self.picture.is_none_or(|picture| picture.begins_key_frame())
    }
}

/// What is to be shown of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// A simulcast layer, or the highest spatial layer within the one stream.
    pub layer: u8,
    /// The highest temporal layer.
    pub temporal: u8,
}

impl Wanted {
    /// All pictures of a layer.
    pub fn all_of(layer: u8) -> Wanted {
        Wanted {
            layer,
            temporal: u8::MAX,
        }
    }
}

/// The packet's time-stamp on the clock of each layer, where it is known.
pub type Clocks = [Option<u32>; MOST_LAYERS];

/// The header fields under which it goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub shift: Shift,
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
    counters: Shift,
    scaler: Scaler,
    /// Of the present stretch.
    left_out: LeftOut,
    /// The present stretch has its layers within it.
    is_scalable: bool,
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
    shift: Shift,
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
            counters: Shift::default(),
            scaler: Scaler::default(),
            left_out: LeftOut::default(),
            is_scalable: false,
        }
    }

    /// Another source will be shown: nothing goes out until one of its packets can begin.
    pub fn switch(&mut self) {
        self.current = None;
        self.left_out = LeftOut::default();
        self.past = [None; KEPT_SPANS];
        if let Some(last) = &mut self.last {
            last.clock = None;
        }
    }

    /// Nothing more goes out until the same source can be entered again.
    pub fn pause(&mut self) {
        self.retire();
    }

    /// The layer that goes out, simulcast or within the stream; `None` while the slot waits for the first packet that
    /// can begin.
    pub fn shows(&self) -> Option<u8> {
        self.current.map(|current| {
            if self.is_scalable {
                self.scaler.spatial()
            } else {
                current.layer
            }
        })
    }

    /// The publisher's stream that goes out, by its simulcast layer.
    pub fn stream(&self) -> Option<u8> {
        self.current.map(|current| current.layer)
    }

    /// Whether only a key frame brings the layer `target`: within a stream, fewer layers need none.
    pub fn waits_for_key_frame(&self, target: u8) -> bool {
        match self.shows() {
            Some(shown) if self.is_scalable => shown < target,
            shown => shown != Some(target),
        }
    }

    /// Where an incoming packet goes; the layer `wanted` takes over when it can be entered. `None` for
    /// packets of other layers, for those before the entry, and while a video waits for it.
    pub fn place(
        &mut self,
        now: Instant,
        packet: &Incoming,
        wanted: Option<Wanted>,
        clocks: &Clocks,
    ) -> Option<Placed> {
        let layers = packet.picture.and_then(|picture| picture.layers());
        let stream = wanted.map(|wanted| if layers.is_some() { 0 } else { wanted.layer });
        if stream == Some(packet.layer) && self.stream() != stream && packet.is_entry() {
            self.begin(now, packet, clocks);
            self.is_scalable = layers.is_some();
        }
        if let Some(layers) = layers.filter(|_| self.is_scalable && self.stream() == Some(packet.layer)) {
            if let Some(wanted) = wanted {
                let (spatial, temporal) = (wanted.layer, wanted.temporal);
                self.scaler.turn(&layers, Most { spatial, temporal });
            }
            let is_left_out = !self.scaler.takes(&layers);
            self.left_out.judge(packet.index, is_left_out);
            if is_left_out {
                return None;
            }
        }
        let placed = self.place_again(packet)?;
        if placed.index >= self.next_index {
            self.next_index = placed.index + 1;
            self.last = Some(Last {
                timestamp: placed.timestamp,
                sent: now,
                clock: Some((packet.layer, placed.timestamp.wrapping_sub(packet.timestamp))),
            });
            if let Some(picture) = packet.picture {
                self.counters = placed.shift.of(picture.counters());
            }
        }
        Some(placed)
    }

    /// Where a packet of the publisher stands that goes out again, or late.
    pub fn place_again(&self, packet: &Incoming) -> Option<Placed> {
        if let Some(current) = self.current.filter(|span| span.layer == packet.layer)
            && packet.index >= current.first_in
        {
            let mut placed = current.place(packet, self.left_out.before(packet.index)?)?;
            let layers = packet.picture.and_then(|picture| picture.layers());
            placed.marker |= layers.is_some_and(|layers| self.scaler.ends_picture(&layers));
            return Some(placed);
        }
        let mut past = self.past.iter().flatten();
        past.find_map(|span| (span.layer == packet.layer).then(|| span.place(packet, 0))?)
    }

    /// The layer and the publisher's index of what the viewer knows under this sequence number, if it
    /// was sent and the source is still the same.
    pub fn index_of(&self, sequence_number: u16) -> Option<(u8, u64)> {
        let out = super::rtp::extend(self.next_index, sequence_number);
        if let Some(current) = self
            .current
            .filter(|span| out >= span.first_out && out < self.next_index)
        {
            let place = out - current.first_out;
            return Some((
                current.layer,
                if self.is_scalable {
                    self.left_out.index_at(current.first_in, place)?
                } else {
                    current.first_in + place
                },
            ));
        }
        let mut past = self.past.iter().flatten();
        past.find(|span| out >= span.first_out && out < span.end_out)
            .map(|span| (span.layer, out - span.first_out + span.first_in))
    }

    /// The time-stamp that the viewer sees for one of the layer that [`Self::shows`].
    pub fn timestamp_of(&self, timestamp: u32) -> Option<u32> {
        Some(timestamp.wrapping_add(self.current?.timestamp_shift))
    }

    fn begin(&mut self, now: Instant, packet: &Incoming, clocks: &Clocks) {
        let timestamp = self.last.map_or(packet.timestamp, |last| {
            last.followed_by(now, self.clock_rate, clocks)
        });
        let shift = packet.picture.map_or_else(Shift::default, |picture| {
            Shift::after(self.counters, picture.counters())
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
        let Some(mut span) = self.current.take() else {
            return;
        };
        // Of a stretch with packets left out only the present one can be retraced.
        if !self.is_scalable {
            span.end_out = self.next_index;
            self.past.rotate_right(1);
            self.past[0] = Some(span);
        }
        self.left_out = LeftOut::default();
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
    /// Where a packet goes before which so many were left out.
    fn place(&self, packet: &Incoming, left_out: u64) -> Option<Placed> {
        let index = self.first_out + packet.index.checked_sub(self.first_in)?.checked_sub(left_out)?;
        (index < self.end_out).then(|| Placed {
            index,
            timestamp: packet.timestamp.wrapping_add(self.timestamp_shift),
            marker: packet.marker,
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
    use crate::media::codec::{PictureId, vp8, vp9};
    use proptest::prelude::*;
    use std::time::Duration;

    fn video(index: u64, timestamp: u32, key: bool, picture: u16) -> Incoming {
        let picture_id = Some(PictureId {
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
            picture: Some(Descriptor::Vp8(descriptor)),
        }
    }

    #[test]
    fn waits_for_a_key_frame_and_drops_what_came_before_it() {
        let (mut rewriter, now) = (Rewriter::new(90_000, 0), Instant::now());
        assert_eq!(
            rewriter.place(now, &video(9, 0, false, 1), SHOWN, &NO_CLOCKS),
            None
        );
        assert_eq!(rewriter.shows(), None);
        assert!(
            rewriter
                .place(now, &video(10, 0, true, 2), SHOWN, &NO_CLOCKS)
                .is_some()
        );
        assert_eq!(
            rewriter.place(now, &video(8, 0, false, 0), SHOWN, &NO_CLOCKS),
            None,
            "late, from before the key frame"
        );
        assert_eq!(
            rewriter
                .place(now, &video(13, 0, false, 3), SHOWN, &NO_CLOCKS)
                .unwrap()
                .index,
            3,
            "a loss stays a gap"
        );
        assert_eq!(rewriter.index_of(2), Some((0, 12)));
        assert_eq!(rewriter.index_of(4), None, "never sent");
    }

    const NO_CLOCKS: Clocks = [None; MOST_LAYERS];
    const SHOWN: Option<Wanted> = Some(Wanted {
        layer: 0,
        temporal: u8::MAX,
    });

    #[test]
    fn shows_the_old_layer_until_the_new_one_can_be_entered_and_repairs_both() {
        let (mut rewriter, now) = (Rewriter::new(90_000, 0), Instant::now());
        let on = |layer, packet| Incoming { layer, ..packet };
        let mut place =
            |packet, wanted, clocks| rewriter.place(now, &packet, Some(Wanted::all_of(wanted)), &clocks);
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
                    let placed = rewriter.place(now, &packet, SHOWN, &NO_CLOCKS).unwrap();
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

        /// Pictures of three spatial and three temporal layers, some packets lost, what is wanted ever changing: the
        /// viewer's numbers rise by one but for what was lost, every picture ends with a marker, and what a viewer
        /// asks for again is what was sent.
        #[test]
        fn stays_continuous_while_layers_come_and_go(
            first in any::<u16>(),
            steps in proptest::collection::vec((0u8..4, 0u8..3, any::<bool>(), proptest::option::of(0u8..3)), 1..60),
        ) {
            let (mut rewriter, mut now) = (Rewriter::new(90_000, 60_000), Instant::now());
            let (mut index, mut last, mut lost) = (u64::from(first), None, 0);
            for (at, (wanted, most_temporal, is_key, loses)) in steps.into_iter().enumerate() {
                let wanted = Wanted { layer: wanted.min(2), temporal: most_temporal };
                let is_key = is_key || at == 0;
                let temporal = if is_key { 0 } else { (at % 3) as u8 };
                let mut sent = Vec::new();
                for spatial in 0..3 {
                    let packet = layered(index, at, spatial, temporal, is_key && spatial == 0);
                    index += 1;
                    if loses == Some(spatial) && at > 0 {
                        // It would have gone out, or not: nobody knows, so its number stays free.
                        lost += 1;
                        continue;
                    }
                    let placed = rewriter.place(now, &packet, Some(wanted), &NO_CLOCKS);
                    if let Some(placed) = placed {
                        let before = last.replace(placed.index);
                        if let Some(before) = before {
                            prop_assert!(placed.index > before && placed.index <= before + 1 + lost);
                        }
                        lost = 0;
                        prop_assert_eq!(rewriter.index_of(placed.index as u16), Some((0, packet.index)));
                        prop_assert_eq!(rewriter.place_again(&packet), Some(placed));
                        sent.push(placed);
                    } else {
                        prop_assert_eq!(rewriter.place_again(&packet), None);
                    }
                }
                let markers = sent.iter().filter(|placed| placed.marker).count();
                prop_assert!(markers <= 1);
                if loses.is_none() && !sent.is_empty() {
                    prop_assert!(sent[sent.len() - 1].marker);
                }
                now += Duration::from_millis(33);
            }
        }
    }

    /// A frame of one layer in one packet, the picture of step `at`.
    fn layered(index: u64, at: usize, spatial: u8, temporal: u8, is_key: bool) -> Incoming {
        let layers = crate::media::codec::Scalable {
            spatial,
            temporal,
            begins: true,
            ends: true,
            is_key,
        };
        let descriptor = vp9::Descriptor {
            layers: Some(layers),
            begins_key_frame: is_key,
            ..vp9::Descriptor::default()
        };
        Incoming {
            layer: 0,
            index,
            timestamp: at as u32 * 3_000,
            marker: spatial == 2,
            picture: Some(Descriptor::Vp9(descriptor)),
        }
    }
}
