//! Which layer each viewer gets, and which layers a publisher need not send.

use std::time::{Duration, Instant};

use super::Room;
use super::mirror::needed_far;
use crate::media::forward::Wanted;
use crate::media::layer::{self, Priority, Request};
use crate::media::name::{Event, Source};
use crate::media::relay::What;
use crate::media::sdp::MOST_LAYERS;

impl Room {
    /// Begins a round of [`Self::choose`]: measures what every layer costs.
    pub fn measure(&mut self, now: Instant) {
        self.needed.clear();
        self.needed.resize(self.members.capacity(), [0; 4]);
        for (_, member) in &mut self.members {
            for stream in member.streams.iter_mut().flatten() {
                stream.rates = stream.measured(now);
            }
        }
        self.measure_stage();
    }

    /// Decides what one viewer's slots show within `budget` bits a second; gives what would be taken if
    /// there were more.
    pub fn choose(&mut self, now: Instant, viewer: usize, budget: Option<u64>) -> u64 {
        let mut requests = [NO_REQUEST; MOST_SLOTS];
        let (count, audio) = self.collect(now, viewer, &mut requests);
        let requests = &mut requests[..count];
        let left = budget.map_or(UNLIMITED, |budget| budget.saturating_sub(audio));
        let least = requests.iter().filter_map(Request::least).min();
        if let (Some(least), Some(_)) = (least, budget) {
            self.members[viewer].line.note(now, least > left);
        }
        // The first is shown whatever it costs; where it has layers in time, half of its pictures do.
        let is_tight = layer::allocate(left, requests) > left;
        // Sound alone has nothing that a probe could repeat.
        let voices = match requests.is_empty() {
            true => 0,
            false => self.members[viewer].hearing.demand(),
        };
        let mut demand = audio.max(voices);
        let Room { members, needed, .. } = self;
        let slots = &mut members[viewer].pool.slots;
        for request in requests {
            let slot = &mut slots[request.slot];
            slot.desired = request.desired;
            let temporal = if is_tight { 0 } else { u8::MAX };
            slot.target = request.granted.map(|layer| Wanted { layer, temporal });
            if request.granted.is_none() {
                slot.rewriter.pause();
            }
            demand += request.wished();
            if let (Some(holder), Some(desired)) = (slot.holder, request.desired) {
                let needed = &mut needed[holder][slot.source as usize];
                *needed = (*needed).max(desired + 1);
            }
        }
        demand * DEMAND_MARGIN_PERCENT / 100
    }

    /// Tells publishers which layers are needed: of more at once, of fewer when it has lasted. The lowest
    /// is always sent, so that whoever comes sees something at once and the source counts as live. The home of a stream
    /// that comes from another shard is told as well, and of such a one nothing may be needed here.
    pub fn ask_for_layers(&mut self, now: Instant, mut event: impl FnMut(Event)) {
        let mut wishes = Vec::new();
        for (at, member) in &mut self.members {
            for stream in member.streams.iter_mut().flatten() {
                let source = stream.announced.source;
                let is_choice = member.home.is_some() || stream.layers.len() > 1;
                if source.is_audio() || !is_choice || stream.state.is_none() {
                    continue;
                }
                let here = self.needed.get(at).map_or(0, |needed| needed[source as usize]);
                let least = usize::from(member.home.is_none());
                let needed = usize::from(here.max(needed_far(stream))).clamp(least, stream.layers.len());
                if needed >= stream.asked_layers {
                    stream.fewer_needed_since = None;
                }
                if needed == stream.asked_layers {
                    continue;
                }
                let since = *stream.fewer_needed_since.get_or_insert(now);
                if needed < stream.asked_layers && now.saturating_duration_since(since) < PATIENCE {
                    continue;
                }
                stream.asked_layers = needed;
                stream.fewer_needed_since = None;
                if let Some(home) = member.home {
                    let layers = needed as u8;
                    wishes.push((home, member.id, What::Needs { source, layers }));
                    continue;
                }
                let layers = &stream.announced.layers[..needed];
                event(Event::Layers {
                    participant: member.id,
                    source,
                    needed: layers.iter().filter_map(|layer| layer.rid.clone()).collect(),
                });
            }
        }
        for (home, participant, what) in wishes {
            self.wish(home, participant, what);
        }
    }

    /// The video slots of a viewer as requests, and what his audio costs.
    fn collect(&self, now: Instant, viewer: usize, requests: &mut [Request; MOST_SLOTS]) -> (usize, u64) {
        let slots = &self.members[viewer].pool.slots;
        let area = |at: usize| {
            let viewport = slots[at].viewport?;
            Some(u32::from(viewport.width) * u32::from(viewport.height))
        };
        let shown = |at: &usize| slots[*at].holder.is_some() && slots[*at].source == Source::Camera;
        let largest = (0..slots.len()).filter(shown).filter_map(area).max().unwrap_or(0);
        let (mut count, mut audio) = (0, 0);
        for (at, slot) in slots.iter().enumerate() {
            let stream = slot
                .holder
                .and_then(|holder| self.members.get(holder)?.streams[slot.source as usize].as_ref());
            let Some(stream) = stream else { continue };
            if slot.source.is_audio() {
                audio += stream.rates[0];
                continue;
            }
            if count == MOST_SLOTS {
                break;
            }
            let is_large = area(at).is_none_or(|area| u64::from(area) * 2 > u64::from(largest));
            requests[count] = Request {
                slot: at,
                priority: match slot.source {
                    Source::Camera if is_large => Priority::Stage,
                    Source::Camera => Priority::Thumbnail,
                    _ => Priority::Screen,
                },
                desired: layer::desired(slot.viewport, &stream.sizes(), stream.choices(now)),
                rates: stream.rates,
                shown: slot.rewriter.shows(),
                granted: None,
            };
            count += 1;
        }
        (count, audio)
    }
}

const NO_REQUEST: Request = Request {
    slot: 0,
    priority: Priority::Thumbnail,
    desired: None,
    rates: [0; MOST_LAYERS],
    shown: None,
    granted: None,
};
/// 25 seats and the screen.
const MOST_SLOTS: usize = 26;
/// No sum of rates comes near it, nor does adding to it wrap.
const UNLIMITED: u64 = u64::MAX / 4;
/// What is not shown yet must fit with a margin; the line is asked for a little more than that.
const DEMAND_MARGIN_PERCENT: u64 = 115;
/// Somebody who turns a page comes back within seconds.
const PATIENCE: Duration = Duration::from_secs(3);
