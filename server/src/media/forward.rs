//! A slot of a viewer: one SSRC whose stream stays continuous for the browser, whoever is shown in it.
//!
//! Between two switches everything is a shift: what comes in under index `i` goes out under `i − shift`,
//! and losses upstream stay gaps downstream, so that they can be repaired end to end. A switch picks
//! the shifts so that the new stream goes on where the old one ended; video switches at a key frame.

use std::time::Instant;

use super::codec::vp8;

/// A packet as its publisher sent it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// The endless sequence number.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub vp8: Option<vp8::Descriptor>,
}

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
    current: Option<Current>,
    /// The last that went out, from which the next switch goes on.
    last: Option<Last>,
    next_index: u64,
    picture_id: u16,
    tl0_index: u8,
}

#[derive(Clone, Copy)]
struct Current {
    first_in: u64,
    first_out: u64,
    timestamp_shift: u32,
    shift: vp8::Shift,
}

#[derive(Clone, Copy)]
struct Last {
    timestamp: u32,
    sent: Instant,
}

impl Rewriter {
    /// Starts at a small index, so that the first roll-over count is known to be zero on both ends.
    pub fn new(clock_rate: u32, first_index: u16) -> Rewriter {
        Rewriter {
            clock_rate,
            current: None,
            last: None,
            next_index: u64::from(first_index >> 1),
            picture_id: 0,
            tl0_index: 0,
        }
    }

    /// Another stream will be shown: nothing goes out until one of its packets can begin.
    pub fn switch(&mut self) {
        self.current = None;
    }

    /// Nothing has gone out since the last switch.
    pub fn is_waiting(&self) -> bool {
        self.current.is_none()
    }

    /// Where an incoming packet goes. `None` while a video waits for its key frame, and for packets from
    /// before it.
    pub fn place(&mut self, now: Instant, packet: &Incoming) -> Option<Placed> {
        let current = match self.current {
            Some(current) => current,
            None if packet.vp8.is_some_and(|descriptor| !descriptor.begins_key_frame) => return None,
            None => self.begin(now, packet),
        };
        let placed = current.place(packet)?;
        if placed.index >= self.next_index {
            self.next_index = placed.index + 1;
            self.last = Some(Last {
                timestamp: placed.timestamp,
                sent: now,
            });
            if let Some(descriptor) = packet.vp8 {
                let id = descriptor.picture_id.map_or(0, |id| id.value);
                self.picture_id = id.wrapping_add(placed.shift.picture_id);
                self.tl0_index = descriptor
                    .tl0_index
                    .map_or(0, |(_, index)| index)
                    .wrapping_add(placed.shift.tl0_index);
            }
        }
        Some(placed)
    }

    /// Where a packet of the publisher stands that goes out again.
    pub fn place_again(&self, packet: &Incoming) -> Option<Placed> {
        self.current?.place(packet)
    }

    /// The publisher's index of what the viewer knows under this sequence number, if it was sent since
    /// the last switch.
    pub fn index_of(&self, sequence_number: u16) -> Option<u64> {
        let current = self.current?;
        let out = super::rtp::extend(self.next_index, sequence_number);
        (out >= current.first_out && out < self.next_index)
            .then(|| out - current.first_out + current.first_in)
    }

    /// The time-stamp that the viewer sees for one of the publisher's.
    pub fn timestamp_of(&self, timestamp: u32) -> Option<u32> {
        Some(timestamp.wrapping_add(self.current?.timestamp_shift))
    }

    fn begin(&mut self, now: Instant, packet: &Incoming) -> Current {
        let timestamp = self.last.map_or(packet.timestamp, |last| {
            let passed = now.saturating_duration_since(last.sent).as_nanos();
            let ticks = (passed * u128::from(self.clock_rate) / 1_000_000_000) as u32;
            last.timestamp.wrapping_add(ticks.max(1))
        });
        let shift = packet.vp8.map_or_else(vp8::Shift::default, |descriptor| {
            let id = descriptor.picture_id.map_or(0, |id| id.value);
            let tl0 = descriptor.tl0_index.map_or(0, |(_, index)| index);
            vp8::Shift {
                picture_id: self.picture_id.wrapping_add(1).wrapping_sub(id),
                tl0_index: self.tl0_index.wrapping_add(1).wrapping_sub(tl0),
            }
        });
        let current = Current {
            first_in: packet.index,
            first_out: self.next_index,
            timestamp_shift: timestamp.wrapping_sub(packet.timestamp),
            shift,
        };
        self.current = Some(current);
        current
    }
}

impl Current {
    fn place(&self, packet: &Incoming) -> Option<Placed> {
        let ahead = packet.index.checked_sub(self.first_in)?;
        Some(Placed {
            index: self.first_out + ahead,
            timestamp: packet.timestamp.wrapping_add(self.timestamp_shift),
            shift: self.shift,
        })
    }
}

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
            tl0_index: None,
            begins_key_frame: key,
        };
        Incoming {
            index,
            timestamp,
            marker: true,
            vp8: Some(descriptor),
        }
    }

    #[test]
    fn waits_for_a_key_frame_and_drops_what_came_before_it() {
        let (mut rewriter, now) = (Rewriter::new(90_000, 0), Instant::now());
        assert_eq!(rewriter.place(now, &video(9, 0, false, 1)), None);
        assert!(rewriter.is_waiting());
        assert!(rewriter.place(now, &video(10, 0, true, 2)).is_some());
        assert_eq!(
            rewriter.place(now, &video(8, 0, false, 0)),
            None,
            "late, from before the key frame"
        );
        assert_eq!(
            rewriter.place(now, &video(13, 0, false, 3)).unwrap().index,
            3,
            "a loss stays a gap"
        );
        assert_eq!(rewriter.index_of(2), Some(12));
        assert_eq!(rewriter.index_of(4), None, "never sent");
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
                    let placed = rewriter.place(now, &packet).unwrap();
                    let id = picture.wrapping_add(placed.shift.picture_id);
                    if let Some((last, last_id)) = before {
                        prop_assert_eq!(placed.index, last.index + 1);
                        prop_assert!((placed.timestamp.wrapping_sub(last.timestamp) as i32) > 0);
                        prop_assert_eq!(id & 0x7fff, last_id.wrapping_add(1) & 0x7fff);
                    }
                    prop_assert_eq!(rewriter.index_of(placed.index as u16), Some(packet.index));
                    prop_assert_eq!(rewriter.place_again(&packet), Some(placed));
                    before = Some((placed, id));
                    now += Duration::from_millis(33);
                }
            }
        }
    }
}
