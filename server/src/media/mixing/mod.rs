//! All voices of a room but a listener's own as one stream, for lines that do not carry them one by one.
//!
//! The room spans the thread that mixes, as it does that of a recording, so its voices come as to any other shard. [`Mixing`]
//! decodes each of them once, and encodes one stream for all listeners who are silent and one for each whose own microphone is
//! open, in which that is left out: it is never added, so nothing of it can be left over. Back they go as streams of members who
//! are at home there, and the shards of the room show them to those listeners alone ([`super::room::hearing`]).
//!
//! The sound is held back by [`DELAY`], in which packets of different lines meet; voices whose packets come later than that are
//! held back longer, each as its own line asks ([`patience`]). A stream's clock is that of the thread, so pictures stay in step.

mod patience;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::name::{ParticipantId, Source};
use super::recording::Taken;
use super::relay::Mix;
use super::rtp;
use super::sdp::payload_type;
use super::sfu::{MemberKey, RoomKey, Sfu};
use super::sound::clock::Clock;
use super::sound::{FRAME, Mixer, SAMPLES_PER_MS, Voices};
use super::transport::outbox::Outbox;
use patience::Patience;

/// The mixed streams of one room.
pub struct Mixing {
    room: RoomKey,
    /// The moment of place 0.
    began: Instant,
    /// How many samples are mixed.
    mixed: i64,
    voices: Voices,
    clocks: HashMap<ParticipantId, Clock>,
    patience: HashMap<(ParticipantId, Source), Patience>,
    /// Listeners whose microphones were open, and when last.
    open: HashMap<ParticipantId, Instant>,
    streams: Vec<Stream>,
    clock_told: Option<Instant>,
    packet: Vec<u8>,
    /// Streams for which there is no encoder.
    lacking: usize,
    counted: Counted,
}

/// What the mixing of a room has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Frames of 20 ms, encoded.
    pub frames: u64,
    /// Packets of voices that came after their time.
    pub late: u64,
}

struct Stream {
    mix: Mix,
    member: MemberKey,
    ssrc: u32,
    mixer: Mixer,
    index: u64,
}

impl Mixing {
    pub fn new(now: Instant, room: RoomKey) -> Self {
        Self {
            room,
            began: now,
            mixed: 0,
            voices: Voices::default(),
            clocks: HashMap::new(),
            patience: HashMap::new(),
            open: HashMap::new(),
            streams: Vec::new(),
            clock_told: None,
            packet: Vec::new(),
            lacking: 0,
            counted: Counted::default(),
        }
    }

    /// How many encoders work for it.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// How many voices are decoded.
    pub fn voices(&self) -> usize {
        self.voices.count()
    }

    /// How many streams are wanted and have no encoder.
    pub fn lacking(&self) -> usize {
        self.lacking
    }

    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// Takes a packet of sound; while nobody listens it is not even kept.
    pub fn take(&mut self, now: Instant, taken: &Taken<'_>) {
        if self.streams.is_empty() || !taken.source.is_audio() || taken.payload.is_empty() {
            return;
        }
        let voice = (taken.participant, taken.source);
        let arrived_us = since_us(self.began, now);
        let clock = self.clocks.entry(taken.participant).or_default();
        let stream = (taken.source, taken.packet.layer);
        let at_us = clock.place(stream, taken.packet.timestamp, taken.report.as_ref(), arrived_us);
        let patience = self.patience.entry(voice).or_default();
        let at_us = at_us + patience.hear(arrived_us, arrived_us - at_us);
        let at = at_us * SAMPLES_PER_MS / 1_000;
        self.counted.late += u64::from(at + (FRAME as i64) < self.mixed);
        self.voices.take(voice, taken.packet.index, at, taken.payload);
    }

    /// Opens and closes streams as the room's listeners ask; `free` more encoders may be made. Everyone who listens is given
    /// a stream without his own voice, or the one of all who are silent.
    pub fn serve(&mut self, now: Instant, free: usize, sfu: &mut Sfu, out: &mut Outbox) {
        let wanted = self.wanted(now, sfu);
        let (kept, gone): (Vec<Stream>, Vec<Stream>) = std::mem::take(&mut self.streams)
            .into_iter()
            .partition(|stream| wanted.contains(&stream.mix));
        self.streams = kept;
        for stream in gone {
            sfu.leave(now, stream.member, out);
        }
        let lacks = |mix: &Mix| !self.streams.iter().any(|stream| stream.mix == *mix);
        let lacking: Vec<Mix> = wanted.into_iter().filter(lacks).collect();
        self.lacking = lacking.len().saturating_sub(free);
        for mix in lacking.into_iter().take(free) {
            self.open_stream(now, mix, sfu, out);
        }
    }

    /// Sends what is due at `now`. `cross` puts what the core has for other shards into their mailboxes.
    pub fn send(&mut self, now: Instant, sfu: &mut Sfu, mut cross: impl FnMut(&mut Sfu, &[u8])) {
        let due = (since_us(self.began, now) - DELAY.as_micros() as i64) * SAMPLES_PER_MS / 1_000;
        if self.streams.is_empty() || due - self.mixed > MOST_BEHIND {
            // Nobody listens, or the thread was away so long that what lies between is no longer worth hearing.
            self.mixed = self.mixed.max(due - due.rem_euclid(FRAME as i64));
        }
        if self.streams.is_empty() {
            return self.forget();
        }
        let room = self.room;
        self.voices
            .retain(|participant, source| sfu.is_audible(room, participant, source));
        self.tell_clock(now, sfu);
        while self.mixed + FRAME as i64 <= due {
            self.send_frame(sfu, &mut cross);
        }
    }

    fn forget(&mut self) {
        self.voices.clear();
        self.clocks.clear();
        self.patience.clear();
    }

    fn wanted(&mut self, now: Instant, sfu: &Sfu) -> Vec<Mix> {
        let mut wanted = Vec::new();
        for (listener, is_open) in sfu.mix_listeners(self.room) {
            if is_open {
                self.open.insert(listener, now);
            } else if !wanted.contains(&Mix::Everyone) {
                wanted.push(Mix::Everyone);
            }
            if self.open.contains_key(&listener) {
                wanted.push(Mix::AllBut(listener));
            }
        }
        self.open
            .retain(|_, at| now.saturating_duration_since(*at) < KEPT_AFTER_MUTE);
        wanted
    }

    fn open_stream(&mut self, now: Instant, mix: Mix, sfu: &mut Sfu, out: &mut Outbox) {
        let Ok(mixer) = Mixer::for_a_line() else { return };
        let Ok((member, ssrc)) = sfu.open_mix(now, self.room, mix, out) else {
            return;
        };
        self.clock_told = None;
        self.streams.push(Stream {
            mix,
            member,
            ssrc,
            mixer,
            index: 1,
        });
    }

    /// A sender report of each stream: its time-stamps are places. The first sample of a packet was spoken the length of a frame
    /// before the packet could come, and a picture is reported as of the moment at which it was taken.
    fn tell_clock(&mut self, now: Instant, sfu: &mut Sfu) {
        let lately = |at: Instant| now.saturating_duration_since(at) < CLOCK_TOLD_EVERY;
        if self.clock_told.is_some_and(lately) {
            return;
        }
        self.clock_told = Some(now);
        let place = since_us(self.began, now) * SAMPLES_PER_MS / 1_000 + FRAME as i64;
        for stream in &self.streams {
            sfu.tell_mix_clock(stream.member, stream.ssrc, place as u32);
        }
    }

    /// The next 20 ms of every stream.
    fn send_frame(&mut self, sfu: &mut Sfu, cross: &mut impl FnMut(&mut Sfu, &[u8])) {
        let heard = self.voices.read(self.mixed);
        for stream in &mut self.streams {
            let others = heard
                .iter()
                .filter(|voice| stream.mix != Mix::AllBut(voice.participant));
            let Some(frame) = stream.mixer.mix(others.map(|voice| &voice.samples)) else {
                continue;
            };
            self.counted.frames += 1;
            let header = rtp::Outgoing {
                marker: false,
                payload_type: payload_type::OPUS,
                sequence_number: stream.index as u16,
                timestamp: self.mixed as u32,
                ssrc: stream.ssrc,
            };
            self.packet.resize(rtp::HEADER_LENGTH, 0);
            if let Some(place) = self.packet.first_chunk_mut() {
                header.write(place);
            }
            self.packet.extend_from_slice(&frame);
            sfu.send_mix(stream.member, stream.index, self.packet.len());
            cross(sfu, &self.packet);
            stream.index += 1;
        }
        self.mixed += FRAME as i64;
    }
}

fn since_us(began: Instant, now: Instant) -> i64 {
    i64::try_from(now.saturating_duration_since(began).as_micros()).unwrap_or(i64::MAX)
}

/// Two packets and a half of jitter; with the frame itself 80 ms.
pub const DELAY: Duration = Duration::from_millis(60);
/// The most streams that one thread encodes, each in some 0.1 ms of 20: half a core. Who comes later keeps separate voices.
pub const MOST_STREAMS: usize = 96;
/// In samples: what is older than this is left out rather than sent late.
const MOST_BEHIND: i64 = 200 * SAMPLES_PER_MS;
/// Who speaks by a button does not change streams with every word.
const KEPT_AFTER_MUTE: Duration = Duration::from_secs(10);
const CLOCK_TOLD_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
