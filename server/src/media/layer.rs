//! Which simulcast layer a viewer gets: no larger than what is shown, no more than the line carries.

use super::sdp::MOST_LAYERS;

/// How large a viewer shows a slot, in device pixels; nothing where either is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    pub width: u16,
    pub height: u16,
}

/// The smallest of `count` layers that fills the viewport, by the sizes that key frames told; the largest
/// while the viewport is unknown, `None` where nothing is shown.
pub fn desired(
    viewport: Option<Viewport>,
    sizes: &[Option<(u16, u16)>; MOST_LAYERS],
    count: usize,
) -> Option<u8> {
    let largest = count.clamp(1, MOST_LAYERS) - 1;
    let Some(viewport) = viewport else {
        return Some(largest as u8);
    };
    let needed = u32::from(viewport.width) * u32::from(viewport.height);
    if needed == 0 {
        return None;
    }
    let top = sizes[..=largest]
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, size)| Some(pixels((*size)?) << (2 * (largest - at))))
        .unwrap_or(NOMINAL_PIXELS);
    let fills = |at: &usize| {
        let has = sizes[*at].map_or(top >> (2 * (largest - at)), pixels);
        u64::from(has) * 100 >= u64::from(needed) * ENOUGH_PERCENT
    };
    Some((0..largest).find(fills).unwrap_or(largest) as u8)
}

/// What a slot asks of a viewer's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub slot: usize,
    pub priority: Priority,
    pub desired: Option<u8>,
    /// Bits a second of each layer now; 0 where nothing comes.
    pub rates: [u64; MOST_LAYERS],
    pub shown: Option<u8>,
    /// The outcome.
    pub granted: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Screen,
    Stage,
    Thumbnail,
}

/// Shares `budget` bits a second: in the order of priority everyone first gets the lowest layer, then is
/// raised as far as desired. The very first gets its lowest layer whatever the budget; others that do not
/// fit pause. What is not shown yet must fit with a margin, so that nobody is raised and lowered in turn.
///
/// Returns what the outcome costs.
pub fn allocate(budget: u64, requests: &mut [Request]) -> u64 {
    let mut used = 0;
    requests.sort_unstable_by_key(|request| (request.priority, request.slot));
    for request in requests.iter_mut() {
        request.granted = None;
        let Some(lowest) = request.lowest() else { continue };
        if used == 0 || used + request.cost(lowest) <= budget {
            request.granted = Some(lowest);
            used += request.rates[usize::from(lowest)];
        }
    }
    for priority in [Priority::Screen, Priority::Stage, Priority::Thumbnail] {
        for layer in 1..MOST_LAYERS as u8 {
            for request in requests.iter_mut().filter(|each| each.priority == priority) {
                let (Some(granted), Some(desired)) = (request.granted, request.desired) else {
                    continue;
                };
                let (now, rate) = (
                    request.rates[usize::from(granted)],
                    request.rates[usize::from(layer)],
                );
                if layer > granted
                    && layer <= desired
                    && rate > 0
                    && used - now + request.cost(layer) <= budget
                {
                    request.granted = Some(layer);
                    used = used - now + rate;
                }
            }
        }
    }
    used
}

impl Request {
    /// What it would cost to grant all that is desired and comes.
    pub fn wished(&self) -> u64 {
        let Some(desired) = self.desired else { return 0 };
        let upto = &self.rates[..=usize::from(desired)];
        let lowest = || self.rates.iter().find(|rate| **rate > 0);
        *upto
            .iter()
            .rev()
            .find(|rate| **rate > 0)
            .or_else(lowest)
            .unwrap_or(&0)
    }

    /// What the lowest layer that comes costs.
    pub fn least(&self) -> Option<u64> {
        self.lowest().map(|layer| self.rates[usize::from(layer)])
    }

    /// The lowest layer that comes; one above what is desired where nothing else does.
    fn lowest(&self) -> Option<u8> {
        self.desired?;
        (0..MOST_LAYERS as u8).find(|layer| self.rates[usize::from(*layer)] > 0)
    }

    /// What must be free for a layer.
    fn cost(&self, layer: u8) -> u64 {
        let rate = self.rates[usize::from(layer)];
        if self.shown.is_some_and(|shown| shown >= layer) {
            rate
        } else {
            rate * MARGIN_PERCENT / 100
        }
    }
}

fn pixels((width, height): (u16, u16)) -> u32 {
    u32::from(width) * u32::from(height)
}

/// The layer just above the size shown; pages round sizes up, and a picture blown up by so little looks the same.
const ENOUGH_PERCENT: u64 = 90;
const MARGIN_PERCENT: u64 = 110;
/// 1280 by 720, while no key frame has told.
const NOMINAL_PIXELS: u32 = 921_600;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_slot_decides_the_layer() {
        let sizes = [Some((320, 180)), Some((640, 360)), Some((1280, 720))];
        let at = |width, height| Some(Viewport { width, height });
        for (viewport, sizes, count, expected) in [
            (None, sizes, 3, Some(2)),
            (at(0, 360), sizes, 3, None),
            (at(320, 180), sizes, 3, Some(0)),
            (at(336, 189), sizes, 3, Some(0)),
            (at(400, 225), sizes, 3, Some(1)),
            (at(700, 394), sizes, 3, Some(2)),
            (at(640, 360), sizes, 3, Some(1)),
            (at(1920, 1080), sizes, 3, Some(2)),
            (at(320, 180), [None; 3], 3, Some(0)),
            (at(640, 360), [None, None, Some((640, 360))], 3, Some(2)),
            (at(160, 90), [None, None, Some((640, 360))], 3, Some(0)),
            (at(10, 10), [None; 3], 1, Some(0)),
        ] {
            assert_eq!(
                desired(viewport, &sizes, count),
                expected,
                "{viewport:?} {sizes:?}"
            );
        }
    }

    fn request(slot: usize, priority: Priority, desired: u8, shown: Option<u8>) -> Request {
        Request {
            slot,
            priority,
            desired: Some(desired),
            rates: [150_000, 500_000, 1_700_000],
            shown,
            granted: None,
        }
    }

    #[test]
    fn the_screen_comes_before_the_stage_and_that_before_thumbnails() {
        let screen = Request {
            rates: [900_000, 0, 0],
            ..request(0, Priority::Screen, 0, None)
        };
        let stage = request(3, Priority::Stage, 2, None);
        let thumbnail = request(5, Priority::Thumbnail, 1, None);
        for (budget, granted) in [
            (100_000, [Some(0), None, None]),
            (1_100_000, [Some(0), Some(0), None]),
            (1_300_000, [Some(0), Some(0), Some(0)]),
            (1_700_000, [Some(0), Some(1), Some(0)]),
            (3_000_000, [Some(0), Some(2), Some(0)]),
            (9_000_000, [Some(0), Some(2), Some(1)]),
        ] {
            let mut requests = [thumbnail, stage, screen];
            allocate(budget, &mut requests);
            assert_eq!(requests.map(|each| each.granted), granted, "{budget}");
        }
    }

    proptest! {
        /// Only the very first may cost more than there is.
        #[test]
        fn never_spends_more_than_the_budget(
            budget in 0u64..6_000_000,
            wishes in proptest::collection::vec((0u8..3, proptest::option::of(0u8..3), [0u64..300_000, 0u64..900_000, 0u64..3_000_000]), 1..12),
        ) {
            let mut requests: Vec<Request> = wishes.iter().enumerate().map(|(slot, (desired, shown, rates))| {
                Request { rates: *rates, ..request(slot, Priority::Thumbnail, *desired, *shown) }
            }).collect();
            let used = allocate(budget, &mut requests);
            let cost = |each: &Request| each.granted.map_or(0, |layer| each.rates[usize::from(layer)]);
            prop_assert_eq!(used, requests.iter().map(cost).sum::<u64>());
            let first = requests.iter().map(cost).find(|cost| *cost > 0).unwrap_or(0);
            prop_assert!(used <= budget.max(first));
        }
    }
}
