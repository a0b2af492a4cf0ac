use super::*;
use crate::media::codec::{Descriptor, vp8};
use opus::{Application, Channels, Decoder, Encoder};
use uuid::Uuid;

const ANNA: ParticipantId = ParticipantId(Uuid::from_u128(1));
const BINH: ParticipantId = ParticipantId(Uuid::from_u128(2));

/// Somebody who speaks a tone and sends a picture each 40 ms.
struct Speaker {
    id: ParticipantId,
    encoder: Encoder,
    hertz: f32,
    /// How much faster the clock of the microphone runs than ours, in millionths.
    fast: f64,
    sent: u64,
    phase: f32,
}

impl Speaker {
    fn new(id: ParticipantId, hertz: f32, fast: f64) -> Self {
        Self {
            id,
            encoder: Encoder::new(48_000, Channels::Mono, Application::Audio).unwrap(),
            hertz,
            fast,
            sent: 0,
            phase: 0.0,
        }
    }

    /// The frame that is due at `at_ms` of the speaker's own time; a tone for a tenth of each second where `beeps`.
    fn frame(&mut self, beeps: bool) -> (u64, u32, Vec<u8>) {
        let mut samples = [0.0; FRAME];
        for (place, sample) in samples.iter_mut().enumerate() {
            let at = self.sent as usize * FRAME + place;
            self.phase = (self.phase + self.hertz / 48_000.0).fract();
            if !beeps || at % 48_000 < 4_800 {
                *sample = 0.3 * (self.phase * std::f32::consts::TAU).sin();
            }
        }
        let index = self.sent;
        self.sent += 1;
        (
            index,
            (index * 960) as u32,
            self.encoder.encode_vec_float(&samples, 1_275).unwrap(),
        )
    }

    /// When the frame `index` was sent, in microseconds of our time.
    fn sent_us(&self) -> u64 {
        (self.sent as f64 * 20_000.0 / (1.0 + self.fast / 1e6)) as u64
    }
}

fn sound(id: ParticipantId, index: u64, timestamp: u32, payload: &[u8]) -> Taken<'_> {
    Taken {
        participant: id,
        source: Source::Microphone,
        packet: Incoming {
            layer: 0,
            index,
            timestamp,
            marker: false,
            picture: None,
        },
        payload,
        report: None,
    }
}

/// How strong a tone is in 48,000 samples a second, from 0 to 1.
fn strength(samples: &[f32], hertz: f32) -> f32 {
    let turn = 2.0 * (std::f32::consts::TAU * hertz / 48_000.0).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for sample in samples {
        (one, two) = (sample + turn * one - two, one);
    }
    let power = one * one + two * two - turn * one * two;
    2.0 * power.max(0.0).sqrt() / samples.len() as f32
}

/// The blocks of segments: track, time, and bytes.
fn blocks(segments: &[Segment]) -> Vec<(u8, u64, bool, Vec<u8>)> {
    let mut blocks = Vec::new();
    for segment in segments {
        let cluster = ebml::read(&segment.bytes).next().flatten().unwrap();
        for element in ebml::read(cluster.content).flatten().filter(|one| one.id == 0xa3) {
            let [track, high, low, flags] = element.content[..4] else {
                panic!("a block has a header");
            };
            let at = segment.about.begins_ms + u64::from(u16::from_be_bytes([high, low]));
            blocks.push((track & 0x7f, at, flags & 0x80 != 0, element.content[4..].to_vec()));
        }
    }
    blocks
}

fn heard(segments: &[Segment]) -> Vec<f32> {
    let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
    let mut samples = Vec::new();
    for (_, _, _, bytes) in blocks(segments).into_iter().filter(|block| block.0 == 2) {
        let mut frame = [0.0; FRAME];
        let count = decoder.decode_float(&bytes, &mut frame, false).unwrap();
        samples.extend_from_slice(&frame[..count]);
    }
    samples
}

#[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
fn begin() -> Instant {
    Instant::now()
}

/// Runs `seconds` in which the speakers' packets arrive, `lost` in a hundred of them never.
fn run(
    recording: &mut Recording,
    began: Instant,
    speakers: &mut [Speaker],
    seconds: u64,
    lost: u64,
) -> Vec<Segment> {
    let mut segments = Vec::new();
    for ms in 0..seconds * 1_000 {
        let now = began + Duration::from_millis(ms);
        for speaker in speakers.iter_mut() {
            while speaker.sent_us() <= ms * 1_000 {
                let (index, timestamp, payload) = speaker.frame(false);
                if index * 7 % 100 >= lost {
                    recording.take(now, &sound(speaker.id, index, timestamp, &payload));
                }
            }
        }
        if ms % 5 == 0 {
            recording.tick(now);
        }
        segments.extend(recording.segments());
    }
    segments
}

#[test]
fn everybody_is_heard_in_one_stream_whatever_is_lost() {
    let began = begin();
    let mut recording = Recording::new(began).unwrap();
    let mut speakers = [Speaker::new(ANNA, 440.0, 0.0), Speaker::new(BINH, 1_000.0, 0.0)];
    let segments = run(&mut recording, began, &mut speakers, 10, 10);
    let samples = heard(&segments);
    assert!(samples.len() > 8 * 48_000, "{}", samples.len());
    for second in samples[48_000..].as_chunks::<48_000>().0 {
        let (anna, binh, nobody) = (
            strength(second, 440.0),
            strength(second, 1_000.0),
            strength(second, 660.0),
        );
        assert!(
            anna > 0.2 && binh > 0.2 && nobody < 0.05,
            "{anna} {binh} {nobody}"
        );
    }
    let lengths: Vec<u64> = segments.iter().map(|segment| segment.about.duration_ms).collect();
    assert!(lengths.iter().all(|length| *length <= 1_420), "{lengths:?}");
    for pair in segments.windows(2) {
        assert_eq!(
            pair[0].about.begins_ms + pair[0].about.duration_ms,
            pair[1].about.begins_ms
        );
    }
}

/// Clocks of sound cards differ by up to a ten-thousandth: in an hour a third of a second.
#[test]
fn a_microphone_whose_clock_runs_fast_or_slow_stays_in_time_without_a_gap() {
    for fast in [-200.0, 200.0] {
        let began = begin();
        let mut recording = Recording::new(began).unwrap();
        let mut speakers = [Speaker::new(ANNA, 440.0, fast)];
        let segments = run(&mut recording, began, &mut speakers, 240, 0);
        let samples = heard(&segments);
        let quiet = samples[48_000..]
            .as_chunks::<2_400>()
            .0
            .iter()
            .filter(|part| strength(&part[..], 440.0) < 0.15)
            .count();
        assert!(quiet == 0, "{quiet} gaps of 50 ms at {fast}");
    }
}

#[test]
fn time_stands_still_in_a_pause() {
    let began = begin();
    let mut recording = Recording::new(began).unwrap();
    let mut anna = Speaker::new(ANNA, 440.0, 0.0);
    let mut all = Vec::new();
    for ms in (0..9_000).step_by(20) {
        let now = began + Duration::from_millis(ms);
        match ms {
            3_000 => recording.pause(now),
            6_000 => recording.resume(now),
            _ => {}
        }
        let (index, timestamp, payload) = anna.frame(false);
        recording.take(now, &sound(ANNA, index, timestamp, &payload));
        recording.tick(now);
        all.extend(recording.segments());
    }
    recording.finish(began + Duration::from_millis(9_000));
    all.extend(recording.segments());
    let last = all.last().unwrap().about;
    let length = last.begins_ms + last.duration_ms;
    assert!((5_900..=6_000).contains(&length), "{length}");
    assert!(
        strength(&heard(&all)[4 * 48_000..5 * 48_000], 440.0) > 0.2,
        "it goes on"
    );
}

#[test]
fn sound_and_pictures_of_one_moment_stand_at_one_time() {
    let began = begin();
    let mut recording = Recording::new(began).unwrap();
    recording.show(Some(Shown {
        participant: ANNA,
        source: Source::Camera,
        layer: 0,
    }));
    let mut anna = Speaker::new(ANNA, 1_000.0, 0.0);
    let mut segments = Vec::new();
    for ms in (0..10_000_u64).step_by(20) {
        // Jitter of up to 60 ms, never the same.
        let now = began + Duration::from_millis(ms + ms * 7 % 61);
        let (index, timestamp, payload) = anna.frame(true);
        recording.take(now, &sound(ANNA, index, timestamp, &payload));
        if ms % 40 == 0 {
            // Of each second the first picture is a key frame.
            let is_key = ms % 1_000 == 0;
            let payload = [0x10, u8::from(!is_key), 0, 0, 0x9d, 0x01, 0x2a, 0x40, 1, 0xf0, 0];
            let picture = Some(Descriptor::Vp8(vp8::Descriptor::parse(&payload).unwrap()));
            let packet = Incoming {
                layer: 0,
                index: ms / 40,
                timestamp: (ms * 90) as u32,
                marker: true,
                picture,
            };
            let taken = Taken {
                participant: ANNA,
                source: Source::Camera,
                packet,
                payload: &payload,
                report: None,
            };
            recording.take(now, &taken);
        }
        recording.tick(now);
        segments.extend(recording.segments());
    }
    let flashes: Vec<u64> = blocks(&segments)
        .into_iter()
        .filter(|(track, _, is_key, bytes)| *track == 1 && *is_key && bytes.len() == 10)
        .map(|block| block.1)
        .collect();
    assert!(flashes.len() >= 8, "{flashes:?}");
    let samples = heard(&segments);
    for flash in &flashes[2..] {
        let beep = (flash.saturating_sub(200)..flash + 200).find(|at| {
            let at = *at as usize * 48;
            samples
                .get(at..at + 480)
                .is_some_and(|part| strength(part, 1_000.0) > 0.1)
        });
        let apart = beep.expect("a beep").abs_diff(*flash);
        assert!(apart <= 40, "{flash}: {apart} ms");
    }
}

#[test]
fn where_nobody_can_be_seen_a_dark_picture_stands() {
    let began = begin();
    let mut recording = Recording::new(began).unwrap();
    let mut segments = Vec::new();
    for ms in (0..5_000).step_by(20) {
        recording.tick(began + Duration::from_millis(ms));
        segments.extend(recording.segments());
    }
    let pictures: Vec<_> = blocks(&segments)
        .into_iter()
        .filter(|block| block.0 == 1)
        .collect();
    assert!((3..=5).contains(&pictures.len()), "{}", pictures.len());
    assert!(
        pictures
            .iter()
            .all(|(_, _, is_key, bytes)| *is_key && bytes == BLANK)
    );
    assert_eq!(segments[1].about.size, Some(BLANK_SIZE));
}
