//! One published stream and all that is kept of it.

use std::time::{Duration, Instant};

use crate::media::forward::Incoming;
use crate::media::keyframe::KeyFrames;
use crate::media::name::{Source, TrackState};
use crate::media::reception::Reception;
use crate::media::retransmit::cache::Cache;
use crate::media::retransmit::gaps::Gaps;
use crate::media::window::Window;

/// How the description announced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    pub source: Source,
    pub mid: String,
    /// Unknown where the description names no SSRC: then the first packet with the section's MID tells.
    pub ssrc: Option<u32>,
    pub repair_ssrc: Option<u32>,
    pub payload_type: u8,
    pub repair_payload_type: Option<u8>,
    pub clock_rate: u32,
    pub audio_level: Option<u8>,
    pub mid_extension: Option<u8>,
}

pub struct Stream {
    pub announced: Announced,
    pub reception: Option<Reception>,
    pub gaps: Gaps,
    /// Video only: a lost audio packet is too late when it comes again.
    pub cache: Option<Cache>,
    pub key_frames: KeyFrames,
    /// What was last reported of it; nothing before the first packet.
    pub state: Option<TrackState>,
    last_arrival: Option<Instant>,
    /// An index goes out at most once: a viewer's cipher must never see it with two contents.
    seen: Window,
}

impl Stream {
    pub fn new(announced: Announced) -> Stream {
        let cache = (!announced.source.is_audio()).then(Cache::default);
        Stream {
            announced,
            reception: None,
            gaps: Gaps::default(),
            cache,
            key_frames: KeyFrames::default(),
            state: None,
            last_arrival: None,
            seen: Window::default(),
        }
    }

    /// Takes note of a packet. `false` where it was here before or is too old.
    pub fn arrived(&mut self, now: Instant, packet: &Incoming, payload: &[u8]) -> bool {
        if !self.seen.is_new(packet.index) {
            return false;
        }
        self.seen.accept(packet.index);
        let (ssrc, clock_rate) = (self.announced.ssrc.unwrap_or_default(), self.announced.clock_rate);
        self.reception
            .get_or_insert_with(|| Reception::new(ssrc, clock_rate, packet.index))
            .arrived(now, packet.index, packet.timestamp);
        self.last_arrival = Some(now);
        if let Some(cache) = &mut self.cache {
            cache.keep(packet.index, packet.timestamp, packet.marker, payload);
            self.gaps.arrived(now, packet.index);
        }
        if packet.vp8.is_some_and(|descriptor| descriptor.begins_key_frame) {
            self.key_frames.arrived();
        }
        true
    }

    /// The index of an original packet that a repair stream names by its sequence number.
    pub fn index_of_repaired(&self, sequence_number: u16) -> u64 {
        crate::media::rtp::extend(self.seen.highest(), sequence_number)
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
}

const STALLED_AFTER: Duration = Duration::from_secs(2);
