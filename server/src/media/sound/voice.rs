//! One voice: its packets put in order and decoded, at the moment at which they were sent.

use std::collections::{BTreeMap, VecDeque};

use opus::{Channels, Decoder};

use super::{FRAME, SAMPLES_PER_MS};

pub struct Voice {
    decoder: Decoder,
    /// Packets that are not decoded, by their index, with the place of their first sample.
    waiting: BTreeMap<u64, (i64, Vec<u8>)>,
    /// The index that comes next.
    next: Option<u64>,
    samples: VecDeque<f32>,
    /// The place of the first of `samples`.
    begins: i64,
    /// Frames made up since the last that came.
    made_up: u32,
    heard: i64,
}

impl Voice {
    /// # Errors
    /// When there is no memory for the decoder.
    pub fn new() -> Result<Self, opus::Error> {
        Ok(Self {
            decoder: Decoder::new(48_000, Channels::Mono)?,
            waiting: BTreeMap::new(),
            next: None,
            samples: VecDeque::new(),
            begins: 0,
            made_up: 0,
            heard: 0,
        })
    }

    /// Keeps a packet until its time. One that comes too late is left out.
    pub fn take(&mut self, index: u64, at: i64, frame: &[u8]) {
        if self.next.is_some_and(|next| index < next) {
            if at - self.end() < BEGAN_ANEW {
                return;
            }
            self.next = None;
            self.waiting.clear();
        }
        self.heard = self.heard.max(at);
        self.waiting.insert(index, (at, frame.to_vec()));
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_first();
        }
    }

    /// Nothing has come of it for long.
    pub fn is_forgotten(&self, now: i64) -> bool {
        self.waiting.is_empty() && now - self.heard > FORGOTTEN_AFTER
    }

    /// The samples from `from` on, silence where there are none.
    pub fn read(&mut self, from: i64, into: &mut [f32; FRAME]) {
        let until = from + FRAME as i64;
        while self.end() < until && self.decode(until) {}
        let late = (from - self.begins).clamp(0, self.samples.len() as i64);
        self.samples.drain(..late as usize);
        self.begins += late;
        if self.samples.is_empty() {
            return;
        }
        let silent = (self.begins - from).clamp(0, FRAME as i64) as usize;
        let count = (FRAME - silent).min(self.samples.len());
        for (place, sample) in into[silent..].iter_mut().zip(self.samples.drain(..count)) {
            *place = sample;
        }
        self.begins += count as i64;
    }

    fn end(&self) -> i64 {
        self.begins + self.samples.len() as i64
    }

    /// Decodes the next packet, or makes up for one that is missing; `false` where there is nothing before `until`.
    fn decode(&mut self, until: i64) -> bool {
        let Some((&index, &(at, _))) = self.waiting.first_key_value() else {
            return self.make_up(until);
        };
        // One that goes on where the last one ended is due a little before its time, so that nothing is missing between.
        if at >= until && at - self.end() >= JUMP {
            return false;
        }
        let missing = self.next.map_or(0, |next| index.saturating_sub(next));
        // The packet has what is needed to restore the one before it (RFC 6716 section 2.1.7).
        let is_gap = missing > 0 && at - self.end() >= FRAME as i64 / 2 && self.end() > until - LONGEST_GAP;
        let (restores, frame) = if is_gap && at - self.end() < 2 * FRAME as i64 {
            (
                true,
                self.waiting
                    .first_key_value()
                    .map(|(_, (_, frame))| frame.clone()),
            )
        } else if is_gap && self.made_up < MOST_MADE_UP {
            return self.make_up(until);
        } else {
            (false, self.waiting.pop_first().map(|(_, (_, frame))| frame))
        };
        let mut decoded = [0.0; LONGEST];
        let room = if restores { FRAME } else { LONGEST };
        let frame = frame.unwrap_or_default();
        let count = self.decoder.decode_float(&frame, &mut decoded[..room], restores);
        let count = count.unwrap_or(0);
        self.made_up = 0;
        if restores {
            self.next = Some(index);
            self.append(at - count as i64, &decoded[..count]);
        } else {
            self.next = Some(index + 1);
            self.append(at, &decoded[..count]);
        }
        true
    }

    fn make_up(&mut self, until: i64) -> bool {
        if self.next.is_none() || self.made_up >= MOST_MADE_UP || self.end() <= until - LONGEST_GAP {
            return false;
        }
        let mut decoded = [0.0; FRAME];
        let count = self.decoder.decode_float(&[], &mut decoded, false).unwrap_or(0);
        self.made_up += 1;
        self.samples.extend(&decoded[..count]);
        count > 0
    }

    /// Puts decoded samples where they belong: small differences are evened out, larger ones become silence or a cut.
    fn append(&mut self, at: i64, decoded: &[f32]) {
        if self.samples.is_empty() && at - self.begins >= JUMP {
            self.begins = at;
        }
        let apart = at - self.end();
        match apart {
            apart if apart >= JUMP => self
                .samples
                .extend(std::iter::repeat_n(0.0, apart.min(MOST_SILENCE) as usize)),
            apart if apart <= -JUMP => {
                let cut = (-apart as usize).min(decoded.len());
                self.samples.extend(&decoded[cut..]);
                return;
            }
            apart if apart != 0 && decoded.len() > EVEN as usize => {
                let length = (decoded.len() as i64 + apart.clamp(-EVEN, EVEN)) as usize;
                self.samples.extend(stretched(decoded, length));
                return;
            }
            _ => {}
        }
        self.samples.extend(decoded);
    }
}

/// The same sound in a few samples more or fewer.
fn stretched(samples: &[f32], length: usize) -> impl Iterator<Item = f32> {
    let step = (samples.len() - 1) as f32 / (length - 1) as f32;
    (0..length).map(move |place| {
        let at = place as f32 * step;
        let (whole, part) = (at as usize, at.fract());
        let next = samples.get(whole + 1).unwrap_or(&samples[whole]);
        samples[whole] * (1.0 - part) + next * part
    })
}

/// The longest frame of Opus: 120 ms.
const LONGEST: usize = 5_760;
/// What comes so long after all else under an earlier number is of a new connection.
const BEGAN_ANEW: i64 = 200 * SAMPLES_PER_MS;
const MOST_WAITING: usize = 100;
/// A tenth of a second; then a voice has stopped, and Opus would fade out anyway.
const MOST_MADE_UP: u32 = 5;
const LONGEST_GAP: i64 = 240 * SAMPLES_PER_MS;
/// Nobody hears pitch change by less than one per cent.
const EVEN: i64 = 8;
const JUMP: i64 = 10 * SAMPLES_PER_MS;
/// As much as packets may be ahead of what is mixed.
const MOST_SILENCE: i64 = 2_000 * SAMPLES_PER_MS;
const FORGOTTEN_AFTER: i64 = 30_000 * SAMPLES_PER_MS;
