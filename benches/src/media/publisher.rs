//! A publisher that sends pictures of the sizes that Chromium was seen to send, and sound.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use hoian_server::clock;
use hoian_server::media::rtcp::{self, Feedback};
use hoian_server::media::rtp::{self, Outgoing};
use hoian_server::media::transport::{Protocol, srtp};

use super::client::{AUDIO, Client, VIDEO};
use super::unix_microseconds;

/// The packets of each picture, by their payload sizes; recorded by `benches/media/record.py`.
///
/// # Errors
/// The file beside this one is not what record.py writes.
pub fn recorded() -> Result<Vec<Vec<usize>>> {
    serde_json::from_str(include_str!("sizes.json")).context("sizes.json")
}

/// A stream of packets under one SSRC.
struct Stream {
    ssrc: u32,
    payload_type: u8,
    index: u64,
}

pub struct Publisher {
    client: Client,
    pictures: Vec<Vec<usize>>,
    video: Stream,
    audio: Stream,
    picture: u16,
    /// Somebody came who has seen none.
    owes_key: bool,
    /// What is said, over and over; else something of the usual length.
    sound: Vec<Vec<u8>>,
    sent: Arc<AtomicU64>,
}

impl Publisher {
    pub fn new(client: Client, pictures: Vec<Vec<usize>>) -> Publisher {
        let stream = |ssrc, payload_type| Stream {
            ssrc,
            payload_type,
            index: 100,
        };
        Publisher {
            client,
            pictures,
            video: stream(VIDEO, 96),
            audio: stream(AUDIO, 111),
            picture: 0,
            owes_key: true,
            sound: Vec::new(),
            sent: Arc::default(),
        }
    }

    /// How many packets have gone out, at any time.
    pub fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    /// Sends these frames of Opus, for whoever decodes them.
    #[must_use]
    pub fn speaking(mut self, sound: Vec<Vec<u8>>) -> Publisher {
        self.sound = sound;
        self
    }

    /// Sends at `bits_per_second` of video, with fifty packets of sound a second, until told to stop. The
    /// pictures are the recorded ones, as often as the rate demands; a key frame comes when one is asked for.
    ///
    /// # Errors
    /// The socket fails.
    pub fn run(&mut self, bits_per_second: u64, stop: &AtomicBool) -> Result<()> {
        let (mut picture_at, mut sound_at) = (clock::instant(), clock::instant());
        while !stop.load(Ordering::Relaxed) {
            self.listen();
            let now = clock::instant();
            if now >= sound_at {
                sound_at += Duration::from_millis(20);
                self.send_sound()?;
            }
            if now >= picture_at {
                let bytes = self.send_picture()?;
                picture_at += Duration::from_nanos(bytes * 8_000_000_000 / bits_per_second);
            }
            let next = picture_at.min(sound_at);
            std::thread::sleep(next.saturating_duration_since(clock::instant()));
        }
        Ok(())
    }

    /// Takes what the server says.
    fn listen(&mut self) {
        let mut buffer = [0; 1500];
        while let Ok(length) = self.client.socket.recv(&mut buffer) {
            if Protocol::of(&buffer[..length]) != Some(Protocol::Rtcp) {
                continue;
            }
            let Ok(length) = self.client.keys.opener.open_rtcp(&mut buffer[..length]) else {
                continue;
            };
            rtcp::read(&buffer[..length], |feedback| {
                self.owes_key |= matches!(feedback, Feedback::KeyFrame { .. });
            });
        }
    }

    fn send_sound(&mut self) -> Result<()> {
        self.audio.index += 1;
        let timestamp = self.audio.index as u32 * 960;
        let said = self
            .sound
            .get(self.audio.index as usize % self.sound.len().max(1));
        let payload = said.map_or_else(|| stamped(80), Vec::clone);
        self.sent.fetch_add(1, Ordering::Relaxed);
        send(&self.client, &self.audio, timestamp, false, &payload)
    }

    fn send_picture(&mut self) -> Result<u64> {
        let at = usize::from(self.picture) % self.pictures.len();
        let is_key = std::mem::take(&mut self.owes_key);
        self.picture = self.picture.wrapping_add(1);
        let sizes = self.pictures[at].clone();
        for (part, size) in sizes.iter().enumerate() {
            self.video.index += 1;
            let start = if part == 0 { 0x10 } else { 0 };
            let mut payload = stamped((*size).max(16));
            payload[..5].copy_from_slice(&[
                0x80 | start,
                0x80,
                0x80 | (self.picture >> 8) as u8,
                self.picture as u8,
                u8::from(!is_key),
            ]);
            let timestamp = u32::from(self.picture) * 3_000;
            let is_last = part + 1 == sizes.len();
            self.sent.fetch_add(1, Ordering::Relaxed);
            send(&self.client, &self.video, timestamp, is_last, &payload)?;
        }
        Ok(sizes.iter().sum::<usize>() as u64)
    }
}

/// Bytes that end with when they were made, for who measures how long they are on the way.
fn stamped(length: usize) -> Vec<u8> {
    let mut payload = vec![7; length];
    if let Some(last) = payload.last_chunk_mut::<8>() {
        *last = unix_microseconds().to_be_bytes();
    }
    payload
}

fn send(client: &Client, stream: &Stream, timestamp: u32, marker: bool, payload: &[u8]) -> Result<()> {
    let plain = rtp::HEADER_LENGTH + payload.len();
    let mut bytes = vec![0; plain + srtp::OVERHEAD];
    Outgoing {
        marker,
        payload_type: stream.payload_type,
        sequence_number: stream.index as u16,
        timestamp,
        ssrc: stream.ssrc,
    }
    .write(bytes.first_chunk_mut().context("a header's room")?);
    bytes[rtp::HEADER_LENGTH..plain].copy_from_slice(payload);
    let sealed =
        client
            .keys
            .sealer
            .seal_rtp(&mut bytes, rtp::HEADER_LENGTH, plain, stream.ssrc, stream.index);
    client
        .socket
        .send(&bytes[..sealed.context("room for the tag")?])?;
    Ok(())
}
