//! A recording of a room: pictures as their publishers sent them, all voices mixed into one, as pieces of a WebM file.
//!
//! [`Recording`] takes the packets of a room and the time, and gives [`Segment`]s: whole WebM clusters, a second or two each,
//! which never change once they are made. What stands before the clusters in a file (length, chapters, where to seek) is
//! made when the file is read ([`webm::head`]). Nothing is transcoded but sound.
//!
//! Everything is held back by [`DELAY`], so that lost packets have come again and voices of different lines can be mixed; both
//! pictures and sound stand at the moment at which their publisher sent them ([`super::sound::clock`]), so they stay together.

pub mod ebml;
mod picture;
pub mod webm;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::forward::Incoming;
use super::name::{ParticipantId, Source};
use super::reception::SenderReport;
use super::sound::clock::Clock;
use super::sound::{FRAME, FRAME_MS, Mixer, SAMPLES_PER_MS, Voices};
use picture::{Frame, Origin, Pictures};
use webm::Cluster;
pub use webm::Segment;

/// A packet of a room, decrypted and understood.
pub struct Taken<'a> {
    pub participant: ParticipantId,
    pub source: Source,
    pub packet: Incoming,
    /// Of sound one frame, without RED.
    pub payload: &'a [u8],
    /// The publisher's clock.
    pub report: Option<SenderReport>,
}

/// What the room wants shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub participant: ParticipantId,
    pub source: Source,
    pub layer: u8,
}

pub struct Recording {
    /// When its time began to count; pauses push it on.
    began: Instant,
    paused_at: Option<Instant>,
    /// How many samples are mixed.
    mixed: i64,
    mixer: Mixer,
    voices: Voices,
    clocks: HashMap<ParticipantId, Clock>,
    pictures: Pictures,
    /// Whole pictures whose time has not come.
    waiting: VecDeque<Frame>,
    last_picture_ms: Option<u64>,
    last_key_ms: Option<u64>,
    /// The picture on the screen is the empty one.
    is_blank: bool,
    cluster: Cluster,
    segments: Vec<Segment>,
}

impl Recording {
    /// # Errors
    /// When there is no memory for the encoder.
    pub fn new(now: Instant) -> Result<Self, opus::Error> {
        Ok(Self {
            began: now,
            paused_at: None,
            mixed: 0,
            mixer: Mixer::for_a_recording()?,
            voices: Voices::default(),
            clocks: HashMap::new(),
            pictures: Pictures::default(),
            waiting: VecDeque::new(),
            last_picture_ms: None,
            last_key_ms: None,
            is_blank: false,
            cluster: Cluster::new(0),
            segments: Vec::new(),
        })
    }

    /// Says what is to be seen from its next key frame on; nothing while nobody can be seen.
    pub fn show(&mut self, shown: Option<Shown>) {
        self.pictures.want(shown.map(|shown| Origin {
            participant: shown.participant,
            source: shown.source,
            layer: shown.layer,
        }));
    }

    /// Whether the picture waits for a key frame: after a switch or a loss, and now and then so that the file can be entered.
    pub fn wants_key_frame(&self) -> bool {
        let now_ms = self.mixed_ms();
        let is_old = self
            .last_key_ms
            .is_none_or(|at| now_ms >= at + KEY_FRAME_EVERY_MS);
        self.paused_at.is_none()
            && self.pictures.is_wanted()
            && (is_old || self.pictures.waits_for_key_frame())
    }

    /// Takes a packet. Sound of a codec that is none, and pictures of another codec than VP8, are left out.
    pub fn take(&mut self, now: Instant, taken: &Taken<'_>) {
        if self.paused_at.is_some() || taken.payload.is_empty() && taken.source.is_audio() {
            return;
        }
        let clock = self.clocks.entry(taken.participant).or_default();
        let stream = (taken.source, taken.packet.layer);
        let arrived_us = since(self.began, now);
        let at_us = clock.place(stream, taken.packet.timestamp, taken.report.as_ref(), arrived_us);
        if taken.source.is_audio() {
            let voice = (taken.participant, taken.source);
            let at = at_us * SAMPLES_PER_MS / 1000;
            self.voices.take(voice, taken.packet.index, at, taken.payload);
            return;
        }
        let origin = Origin {
            participant: taken.participant,
            source: taken.source,
            layer: taken.packet.layer,
        };
        self.pictures.take(
            now,
            origin,
            &taken.packet,
            taken.payload,
            at_us,
            &mut self.waiting,
        );
    }

    /// Writes what is due at `now`.
    pub fn tick(&mut self, now: Instant) {
        if self.paused_at.is_none() {
            self.pictures.give_up(now, &mut self.waiting);
            self.write_until(since(self.began, now) - DELAY.as_micros() as i64);
        }
    }

    /// Time stops: what comes until [`Self::resume`] is not recorded.
    pub fn pause(&mut self, now: Instant) {
        if self.paused_at.is_some() {
            return;
        }
        self.write_until(since(self.began, now));
        self.close_cluster();
        self.paused_at = Some(now);
        self.voices.clear();
        self.clocks.clear();
        self.waiting.clear();
        self.pictures.restart();
    }

    pub fn resume(&mut self, now: Instant) {
        if let Some(paused_at) = self.paused_at.take() {
            self.began += now.saturating_duration_since(paused_at);
        }
    }

    /// Writes what there is; nothing comes after it.
    pub fn finish(&mut self, now: Instant) {
        self.pause(now);
    }

    /// The segments that were made since this was last called.
    pub fn segments(&mut self) -> std::vec::Drain<'_, Segment> {
        self.segments.drain(..)
    }

    fn mixed_ms(&self) -> u64 {
        (self.mixed / SAMPLES_PER_MS) as u64
    }

    fn write_until(&mut self, until_us: i64) {
        let until = until_us * SAMPLES_PER_MS / 1000;
        while self.mixed + FRAME as i64 <= until {
            self.write_frame();
        }
    }

    /// The next 20 ms: pictures that begin in them, and the sound.
    fn write_frame(&mut self) {
        let at_ms = self.mixed_ms();
        self.write_pictures(at_ms + FRAME_MS);
        let heard = self.voices.read(self.mixed).iter();
        let sound = self.mixer.mix(heard.map(|voice| &voice.samples));
        self.mixed += FRAME as i64;
        if let Some(sound) = sound {
            self.cluster.sound(at_ms, &sound);
        }
        let age_ms = self.cluster.age_ms(at_ms + FRAME_MS);
        if age_ms >= SEGMENT_MS || self.cluster.size_bytes() > MOST_BYTES {
            self.close_cluster();
        }
    }

    fn write_pictures(&mut self, before_ms: u64) {
        while let Some(frame) = self
            .waiting
            .pop_front_if(|frame| frame.at_us < before_ms as i64 * 1000)
        {
            let at_ms = (frame.at_us.max(0) / 1000) as u64;
            self.is_blank = false;
            self.write_picture(at_ms, frame.is_key, frame.size, &frame.bytes);
        }
        // A player that finds no picture at all waits for one; nobody can be seen, so nothing is.
        let last = self.last_picture_ms.map_or(0, |last| last + BLANK_AFTER_MS);
        let is_due = match self.is_blank {
            true => before_ms >= last,
            false => before_ms >= last.max(BLANK_AFTER_MS) && !self.pictures.shows_something(),
        };
        if is_due && self.waiting.is_empty() {
            self.is_blank = true;
            self.write_picture(before_ms.saturating_sub(FRAME_MS), true, Some(BLANK_SIZE), BLANK);
        }
    }

    fn write_picture(&mut self, at_ms: u64, is_key: bool, size: Option<(u16, u16)>, bytes: &[u8]) {
        // Two pictures have never one time, and none goes back before a cluster that is closed.
        let least = self.last_picture_ms.map_or(0, |last| last + 1);
        let at_ms = at_ms.max(least).max(self.cluster.begins_ms());
        if is_key {
            if self.cluster.age_ms(at_ms) >= SHORTEST_SEGMENT_MS {
                self.close_cluster();
            }
            self.last_key_ms = Some(at_ms);
        }
        self.last_picture_ms = Some(at_ms);
        self.cluster.picture(at_ms, is_key, size, bytes);
    }

    fn close_cluster(&mut self) {
        let next = Cluster::new(self.mixed_ms());
        let done = std::mem::replace(&mut self.cluster, next);
        if let Some(segment) = done.finish(self.mixed_ms()) {
            self.segments.push(segment);
        }
    }
}

fn since(began: Instant, now: Instant) -> i64 {
    i64::try_from(now.saturating_duration_since(began).as_micros()).unwrap_or(i64::MAX)
}

/// Long enough for a lost packet to come again on a bad line.
pub const DELAY: Duration = Duration::from_millis(300);
/// With [`DELAY`] and the time it takes to store it, what a crash loses stays under two seconds.
const SEGMENT_MS: u64 = 1_400;
/// A key frame begins a new segment, unless the last one has only just begun.
const SHORTEST_SEGMENT_MS: u64 = 500;
/// So exactly can the file be entered.
const KEY_FRAME_EVERY_MS: u64 = 10_000;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// One dark picture, VP8, made once with libvpx.
const BLANK: &[u8] = include_bytes!("blank.vp8");
const BLANK_SIZE: (u16, u16) = (640, 360);
const BLANK_AFTER_MS: u64 = 1_000;

#[cfg(test)]
mod tests;
