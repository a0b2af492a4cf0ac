//! One published source: its simulcast layers, and what is kept of each.

use std::time::{Duration, Instant};

use crate::media::codec::{Codec, Descriptor, av1};
use crate::media::forward::Incoming;
use crate::media::keyframe::KeyFrames;
use crate::media::meter::Meter;
use crate::media::name::{Source, TrackState};
use crate::media::reception::Reception;
use crate::media::relay::{FAR_SHARDS, Far};
use crate::media::retransmit::cache::Cache;
use crate::media::retransmit::gaps::Gaps;
use crate::media::rtp;
use crate::media::sdp::MOST_LAYERS;
use crate::media::window::Window;

/// How the description announced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    pub source: Source,
    pub mid: String,
    /// Of video.
    pub codec: Option<Codec>,
    /// The smallest first; a single one without simulcast.
    pub layers: Vec<AnnouncedLayer>,
    /// SSRCs with those of their repair streams.
    pub repairs: Vec<(u32, u32)>,
    pub payload_type: u8,
    pub repair_payload_type: Option<u8>,
    pub redundancy_payload_type: Option<u8>,
    pub clock_rate: u32,
    pub audio_level: Option<u8>,
    pub mid_extension: Option<u8>,
    pub rid_extension: Option<u8>,
    pub repaired_rid_extension: Option<u8>,
    /// Of AV1: which element says what depends on what.
    pub dependency_extension: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedLayer {
    /// `None` without simulcast.
    pub rid: Option<String>,
    /// Unknown where the description names no SSRC: then the first packet with the MID or RID tells.
    pub ssrc: Option<u32>,
}

pub struct Stream {
    pub announced: Announced,
    pub layers: Vec<Layer>,
    /// What was last reported of it; nothing before the first packet.
    pub state: Option<TrackState>,
    /// What [`Self::measured`] last gave.
    pub rates: [u64; MOST_LAYERS],
    /// How many of the lowest layers the publisher was last asked for, and since when fewer are needed.
    pub asked_layers: usize,
    pub fewer_needed_since: Option<Instant>,
    /// What each other shard is given of it.
    pub far: [Far; FAR_SHARDS],
    last_arrival: Option<Instant>,
}

/// One stream of packets.
pub struct Layer {
    pub ssrc: Option<u32>,
    pub repair_ssrc: Option<u32>,
    pub reception: Option<Reception>,
    pub gaps: Gaps,
    /// Video only: a lost audio packet is too late when it comes again.
    pub cache: Option<Cache>,
    pub key_frames: KeyFrames,
    pub meter: Meter,
    /// Of the pictures, as the last key frame told; of each layer within the stream, where it has some.
    pub sizes: [Option<(u16, u16)>; MOST_LAYERS],
    /// What the stream's dependency descriptors go by.
    pub structure: av1::Structure,
    within: [Within; MOST_LAYERS],
    /// The newest index, for probes that repeat what is at hand.
    pub newest: Option<u64>,
    last_arrival: Option<Instant>,
    cache_bytes: Option<usize>,
    /// An index goes out at most once: a viewer's cipher must never see it with two contents.
    seen: Window,
    /// Likewise of what went out from the copies in a later packet, to viewers without RED.
    restored: Window,
}

/// A spatial layer within a stream.
#[derive(Default)]
struct Within {
    meter: Meter,
    last_arrival: Option<Instant>,
}

impl Stream {
    pub fn new(announced: Announced) -> Stream {
        let count = announced.layers.len();
        let layer = |(at, layer): (usize, &AnnouncedLayer)| {
            let cache_bytes = (!announced.source.is_audio()).then(|| CACHE_BYTES >> (count - 1 - at).min(2));
            Layer::new(layer.ssrc, repair_of(&announced, layer.ssrc), cache_bytes)
        };
        Stream {
            layers: announced.layers.iter().enumerate().map(layer).collect(),
            rates: [0; MOST_LAYERS],
            asked_layers: count,
            fewer_needed_since: None,
            far: [Far::default(); FAR_SHARDS],
            announced,
            state: None,
            last_arrival: None,
        }
    }

    /// The mirror of a stream that comes from another shard: nothing of it is asked for yet.
    pub fn mirrored(announced: Announced) -> Stream {
        Stream {
            asked_layers: 0,
            ..Stream::new(announced)
        }
    }

    /// The layer is the one of this SSRC, as its home has found out.
    pub fn is_known_as(&mut self, layer: usize, is_repair: bool, ssrc: u32) {
        if let Some(layer) = self.layers.get_mut(layer) {
            let own = if is_repair {
                &mut layer.repair_ssrc
            } else {
                &mut layer.ssrc
            };
            *own = Some(ssrc);
        }
    }

    /// Which layer a packet belongs to, and whether it repairs it: by its SSRC, or, while that is not yet
    /// known, by the MID and RID that it carries.
    pub fn find(&mut self, header: &rtp::Header, packet: &[u8]) -> Option<(usize, bool)> {
        let announced = &self.announced;
        let is_main = announced.payload_type == header.payload_type
            || announced.redundancy_payload_type == Some(header.payload_type);
        let is_repair = announced.repair_payload_type == Some(header.payload_type);
        for (at, layer) in self.layers.iter().enumerate() {
            if layer.ssrc == Some(header.ssrc) && is_main {
                return Some((at, false));
            }
            if layer.repair_ssrc == Some(header.ssrc) && is_repair {
                return Some((at, true));
            }
        }
        self.learn(header, packet, is_main, is_repair)
    }

    fn learn(
        &mut self,
        header: &rtp::Header,
        packet: &[u8],
        is_main: bool,
        is_repair: bool,
    ) -> Option<(usize, bool)> {
        let announced = &self.announced;
        let element = |id: Option<u8>| header.element(packet, id?);
        let is_ours = element(announced.mid_extension).map(|mid| mid == announced.mid.as_bytes());
        let named = |rid: &[u8]| {
            let has = |layer: &AnnouncedLayer| layer.rid.as_ref().is_some_and(|own| own.as_bytes() == rid);
            announced.layers.iter().position(has)
        };
        if is_repair && is_ours != Some(false) {
            let at = named(element(announced.repaired_rid_extension)?)?;
            self.layers[at].repair_ssrc.get_or_insert(header.ssrc);
            return (self.layers[at].repair_ssrc == Some(header.ssrc)).then_some((at, true));
        }
        if !is_main || is_ours == Some(false) {
            return None;
        }
        let at = match element(announced.rid_extension).and_then(named) {
            Some(at) => at,
            None if is_ours == Some(true) && announced.layers.len() == 1 => 0,
            None => return None,
        };
        if self.layers[at].ssrc.is_some() {
            return None;
        }
        let repair = repair_of(announced, Some(header.ssrc));
        let layer = &mut self.layers[at];
        layer.ssrc = Some(header.ssrc);
        layer.repair_ssrc = layer.repair_ssrc.or(repair);
        Some((at, false))
    }

    /// Takes note of a packet. `false` where it was here before or is too old.
    pub fn arrived(
        &mut self,
        now: Instant,
        layer: usize,
        packet: &Incoming,
        dependency: &[u8],
        payload: &[u8],
    ) -> bool {
        let clock_rate = self.announced.clock_rate;
        let Some(layer) = self.layers.get_mut(layer) else {
            return false;
        };
        let is_new = layer.arrived(now, clock_rate, packet, dependency, payload);
        if is_new {
            self.last_arrival = Some(now);
        }
        is_new
    }

    /// What it is now, by what arrived.
    pub fn observed(&self, now: Instant, muted: bool) -> Option<TrackState> {
        let quiet = now.saturating_duration_since(self.last_arrival?);
        Some(match quiet {
            _ if muted => TrackState::Gone,
            quiet if quiet > STALLED_AFTER => TrackState::Stalled,
            _ => TrackState::Live,
        })
    }

    /// Whether viewers may be shown it.
    pub fn is_shown(&self) -> bool {
        matches!(self.state, Some(TrackState::Live | TrackState::Stalled))
    }

    /// What each layer costs now in bits a second; 0 where nothing comes. A source without simulcast has
    /// nothing else to show, so it counts as coming always: a still screen sends almost nothing.
    pub fn measured(&self, now: Instant) -> [u64; MOST_LAYERS] {
        let mut rates = [0; MOST_LAYERS];
        if let [layer] = &self.layers[..]
            && self.choices(now) > 1
        {
            // Each layer within a stream needs those below it.
            let mut sum = 0;
            for (within, rate) in layer.within.iter().zip(&mut rates) {
                sum += within.meter.bits_per_second(now);
                *rate = if within.is_live(now) { sum.max(1) } else { 0 };
            }
            return rates;
        }
        let is_single = self.layers.len() == 1;
        for (layer, rate) in self.layers.iter().zip(&mut rates) {
            if is_single || layer.is_live(now) {
                *rate = layer.meter.bits_per_second(now).max(1);
            }
        }
        rates
    }

    /// How many layers there are to choose from: of simulcast, or within the one stream.
    pub fn choices(&self, now: Instant) -> usize {
        match &self.layers[..] {
            [layer] => {
                let highest = layer.within.iter().rposition(|within| within.is_live(now));
                highest.map_or(1, |highest| highest + 1)
            }
            layers => layers.len(),
        }
    }

    pub fn sizes(&self) -> [Option<(u16, u16)>; MOST_LAYERS] {
        let mut sizes = [None; MOST_LAYERS];
        match &self.layers[..] {
            [layer] => sizes = layer.sizes,
            layers => {
                for (layer, size) in layers.iter().zip(&mut sizes) {
                    *size = layer.sizes[0];
                }
            }
        }
        sizes
    }

    /// A time-stamp of one layer on the clocks of the others, by what the publisher's sender reports say
    /// of both; the layers of a browser begin at different time-stamps.
    pub fn on_other_clocks(&self, layer: usize, timestamp: u32) -> [Option<u32>; MOST_LAYERS] {
        let report = |at: usize| self.layers.get(at)?.reception.as_ref()?.sender_report();
        std::array::from_fn(|other| {
            if other == layer {
                return Some(timestamp);
            }
            let (own, theirs) = (report(layer)?, report(other)?);
            Some(theirs.timestamp_at_ntp_of(own, timestamp, self.announced.clock_rate))
        })
    }
}

impl Layer {
    fn new(ssrc: Option<u32>, repair_ssrc: Option<u32>, cache_bytes: Option<usize>) -> Layer {
        Layer {
            ssrc,
            repair_ssrc,
            reception: None,
            gaps: Gaps::default(),
            cache: None,
            key_frames: KeyFrames::default(),
            meter: Meter::default(),
            sizes: [None; MOST_LAYERS],
            structure: av1::Structure::default(),
            within: Default::default(),
            newest: None,
            last_arrival: None,
            cache_bytes,
            seen: Window::default(),
            restored: Window::default(),
        }
    }

    fn arrived(
        &mut self,
        now: Instant,
        clock_rate: u32,
        packet: &Incoming,
        dependency: &[u8],
        payload: &[u8],
    ) -> bool {
        if !self.seen.is_new(packet.index) {
            return false;
        }
        self.seen.accept(packet.index);
        let ssrc = self.ssrc.unwrap_or_default();
        let reception = self
            .reception
            .get_or_insert_with(|| Reception::new(ssrc, clock_rate, packet.index));
        // Sound that came because it was asked for stays lost in the report: what a browser is told of loss is what makes it
        // put in-band FEC into its Opus (RFC 6716 section 2.1.7).
        let is_repaired_sound = packet.picture.is_none() && self.gaps.was_asked_for(packet.index);
        if !is_repaired_sound {
            reception.arrived(now, packet.index, packet.timestamp);
        }
        self.last_arrival = Some(now);
        self.meter.count(now, payload.len() + rtp::HEADER_LENGTH);
        self.newest = Some(self.newest.unwrap_or(0).max(packet.index));
        if let Some(bytes) = self.cache_bytes {
            let cache = self.cache.get_or_insert_with(|| Cache::new(bytes));
            cache.keep(packet.index, packet.timestamp, packet.marker, dependency, payload);
        }
        self.gaps.arrived(now, packet.index);
        let Some(picture) = packet.picture else {
            return true;
        };
        if let Some(within) = picture
            .layers()
            .and_then(|layers| self.within.get_mut(usize::from(layers.spatial)))
        {
            within.meter.count(now, payload.len() + rtp::HEADER_LENGTH);
            within.last_arrival = Some(now);
        }
        if picture.begins_key_frame() {
            self.key_frames.arrived();
            if picture.sizes()[0].is_some() {
                self.sizes = picture.sizes();
            }
        }
        true
    }

    /// A later packet brings a copy of this one: `true` where it is to go out in its place.
    pub fn restores(&mut self, now: Instant, index: u64) -> bool {
        if !self.seen.is_new(index) || !self.restored.is_new(index) {
            return false;
        }
        self.restored.accept(index);
        self.gaps.arrived(now, index);
        true
    }

    /// Whether a copy of it has gone out.
    pub fn was_restored(&self, index: u64) -> bool {
        !self.restored.is_new(index)
    }

    /// Reads a packet that was kept, by the structure that holds now.
    pub fn read(&self, codec: Codec, payload: &[u8], dependency: &[u8]) -> Descriptor {
        codec.read(payload, dependency, &mut self.structure.clone())
    }

    /// The index of an original packet that a repair stream names by its sequence number.
    pub fn index_of_repaired(&self, sequence_number: u16) -> u64 {
        rtp::extend(self.seen.highest(), sequence_number)
    }

    pub fn is_live(&self, now: Instant) -> bool {
        self.last_arrival
            .is_some_and(|at| now.saturating_duration_since(at) < LAYER_GONE_AFTER)
    }
}

impl Within {
    fn is_live(&self, now: Instant) -> bool {
        self.last_arrival
            .is_some_and(|at| now.saturating_duration_since(at) < LAYER_GONE_AFTER)
    }
}

fn repair_of(announced: &Announced, ssrc: Option<u32>) -> Option<u32> {
    let pair = announced.repairs.iter().find(|(main, _)| Some(*main) == ssrc);
    pair.map(|(_, repair)| *repair)
}

const STALLED_AFTER: Duration = Duration::from_secs(2);
/// A layer that a browser has stopped, by itself or because we asked, is left soon; a few lost pictures do
/// not make it gone.
const LAYER_GONE_AFTER: Duration = Duration::from_millis(1_000);
/// Half a megabyte is 1.6 s at 2.5 Mbit/s, longer than any round trip worth repairing; each smaller layer
/// has a quarter of the pixels and needs less.
const CACHE_BYTES: usize = 512 * 1024;
