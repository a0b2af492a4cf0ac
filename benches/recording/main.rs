//! What recordings cost: twenty rooms at once, in each somebody who is seen at 1.7 Mbit/s and speaks, over loopback with ICE,
//! DTLS and SRTP; beside the floor of the same run, which is decoding and encoding as much sound and nothing else.
//!
//!     make bench AREA=recording
//!
//! Storing is not in it: what is made is thrown away. Beside it, what mixing for thin lines costs ([`mixing`]). Writes
//! target/bench/recording.json.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

mod mixing;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use hoian_benches::child;
use hoian_benches::figure::{self, Figure};
use hoian_benches::media::address;
use hoian_benches::media::client::{Certified, Client};
use hoian_benches::media::publisher::{self, Publisher};
use hoian_server::clock;
use hoian_server::media::{ParticipantId, RoomId, Source};
use hoian_server::net::{Config, Media, PublishedTrack};
use opus::{Application, Channels, Decoder, Encoder};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<()> {
    let media = Media::start(Config {
        bind: "127.0.0.1:0".parse()?,
        ..Config::default()
    })?;
    let (certified, sound) = (Certified::new()?, tone()?);
    let (made_bytes, made) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let (mut kept, mut sending) = (Vec::new(), Vec::new());
    for number in 0..ROOMS {
        let (room, events) = media.open(RoomId(Uuid::from_u128(number))).await?;
        let seat = room.join(ParticipantId(Uuid::from_u128(1_000 + number))).await?;
        let track = |mid: &str, source| PublishedTrack {
            mid: mid.to_owned(),
            source,
        };
        let tracks = [track("0", Source::Microphone), track("1", Source::Camera)];
        let answer = seat.publish(&certified.offer(), &tracks).await?;
        let client = Client::connect(&certified, "127.0.0.1:0".parse()?, address(&answer)?, &answer)?;
        let mut publisher = Publisher::new(client, publisher::recorded()?).speaking(sound.clone());
        let stop = stop.clone();
        sending.push(thread::spawn(move || publisher.run(1_700_000, &stop)));
        let (taping, mut segments) = room.record().await?;
        let (made_bytes, made) = (made_bytes.clone(), made.clone());
        tokio::spawn(async move {
            while let Some(segment) = segments.recv().await {
                made_bytes.fetch_add(segment.bytes.len() as u64, Ordering::Relaxed);
                made.fetch_add(1, Ordering::Relaxed);
            }
        });
        kept.push((room, events, seat, taping));
    }
    tokio::time::sleep(WARM_UP).await;
    let before = (
        cpu("media-recorder")?,
        cpu("media-0")?,
        made_bytes.load(Ordering::Relaxed),
    );
    tokio::time::sleep(MEASURED).await;
    let after = (
        cpu("media-recorder")?,
        cpu("media-0")?,
        made_bytes.load(Ordering::Relaxed),
    );
    stop.store(true, Ordering::Relaxed);
    for sender in sending {
        sender.join().expect("a publisher does not panic")?;
    }
    anyhow::ensure!(
        made.load(Ordering::Relaxed) > ROOMS as u64 * 3,
        "segments are made"
    );
    let seconds = MEASURED.as_secs_f64();
    let percent = |from: u64, to: u64| (to - from) as f64 / 1e9 / seconds * 100.0;
    let floor = floor(&sound)? * 100.0;
    let [mixed, of_a_core] = mixing::figures(&sound)?;
    let figures = [
        Figure::new(
            "20 recordings at once, the recorder",
            percent(before.0, after.0),
            "% CPU",
        )
        .floor(floor),
        Figure::new(
            "the shard that carries the 20 rooms",
            percent(before.1, after.1),
            "% CPU",
        ),
        Figure::new(
            "what each recording writes",
            (after.2 - before.2) as f64 * 8.0 / 1e6 / seconds / ROOMS as f64,
            "Mbit/s",
        ),
        mixed,
        of_a_core,
    ];
    figure::print("recording", &figures);
    println!("written to {}", figure::write("recording", &figures)?.display());
    Ok(())
}

/// The share of a core that it takes to decode one voice a room and to encode one stream a room.
fn floor(sound: &[Vec<u8>]) -> Result<f64> {
    let mut decoder = Decoder::new(48_000, Channels::Mono)?;
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Audio)?;
    encoder.set_bitrate(opus::Bitrate::Bits(48_000))?;
    encoder.set_complexity(5)?;
    let began = clock::instant();
    for frame in sound.iter().cycle().take(FLOOR_FRAMES) {
        let mut samples = [0.0; 960];
        decoder.decode_float(frame, &mut samples, false)?;
        encoder.encode_vec_float(&samples, 1_275)?;
    }
    let each = began.elapsed().as_secs_f64() / FLOOR_FRAMES as f64;
    Ok(each * 50.0 * ROOMS as f64)
}

/// A second of a tone with its overtones, as a voice has them.
fn tone() -> Result<Vec<Vec<u8>>> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
    let sample = |at: usize| {
        let turn = at as f32 / 48_000.0 * std::f32::consts::TAU;
        (1..6)
            .map(|over| (turn * 160.0 * over as f32).sin() / over as f32)
            .sum::<f32>()
            * 0.2
    };
    let frame = |number: usize| (0..960).map(|at| sample(number * 960 + at)).collect::<Vec<f32>>();
    (0..50)
        .map(|number| Ok(encoder.encode_vec_float(&frame(number), 1_275)?))
        .collect()
}

/// Nanoseconds that a thread of this process has run.
fn cpu(name: &str) -> Result<u64> {
    Ok(child::spent_ns(&child::thread(name)?)?)
}

const ROOMS: u128 = 20;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(10);
const FLOOR_FRAMES: usize = 2_000;
