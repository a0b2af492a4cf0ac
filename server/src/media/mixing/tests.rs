#![expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]

use std::collections::HashMap;

use opus::{Application, Channels, Decoder, Encoder};
use rand::SeedableRng;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::*;
use crate::media::RoomId;
use crate::media::name::TrackState;
use crate::media::relay::{Crossing, MIXER, Mailboxes, Notice, ShardId, What};
use crate::media::room::stream::{Announced, AnnouncedLayer};
use crate::media::sfu::{Crossed, Settings};
use crate::media::transport::dtls::Identity;

const ROOM: RoomId = RoomId(Uuid::from_u128(9));
const HOME: ShardId = ShardId(0);
const STEP: Duration = Duration::from_millis(20);

fn person(number: usize) -> ParticipantId {
    ParticipantId(Uuid::from_u128(number as u128 + 1))
}

/// Somebody who speaks a tone of his own.
struct Speaker {
    encoder: Encoder,
    phase: f32,
    sent: u64,
}

/// The mixer's side of a room, whose people are all at home on one shard.
struct Bench {
    now: Instant,
    sfu: Sfu,
    out: Outbox,
    mixing: Mixing,
    joined: Instant,
    speakers: Vec<Speaker>,
    /// Packets that are late, with their time.
    late: Vec<(Instant, usize, Vec<u8>, u64)>,
    mixes: HashMap<ParticipantId, Mix>,
    decoders: HashMap<ParticipantId, Decoder>,
    /// Of each mix: its time-stamps, and what is heard.
    heard: HashMap<Mix, (Vec<u32>, Vec<f32>)>,
    clocks: Vec<u32>,
}

/// What the mixer puts into the ring.
#[derive(Default)]
struct Ring(Vec<(Crossing, Vec<u8>)>);

impl Mailboxes for Ring {
    fn room(&self, _: ShardId) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: ShardId, crossing: &Crossing, bytes: &[u8]) -> bool {
        self.0.push((*crossing, bytes.to_vec()));
        true
    }
}

impl Bench {
    fn new(people: usize) -> Bench {
        let now = Instant::now();
        let settings = Settings {
            shard: MIXER,
            addresses: Vec::new(),
            tcp_addresses: Vec::new(),
            publisher_bitrate_kbps: 0,
            playout_delay: None,
        };
        let mut sfu = Sfu::new(settings, Identity::generate().unwrap(), StdRng::seed_from_u64(3));
        let mut out = Outbox::with_room_for(1);
        let key = sfu.open_branch(now, ROOM, &mut out);
        sfu.mix(key);
        sfu.link(now, key, HOME, &mut out).unwrap();
        let speaker = |_| Speaker {
            encoder: Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap(),
            phase: 0.0,
            sent: 0,
        };
        Bench {
            now,
            sfu,
            out,
            mixing: Mixing::new(now, key),
            joined: now,
            speakers: (0..people).map(speaker).collect(),
            late: Vec::new(),
            mixes: HashMap::new(),
            decoders: HashMap::new(),
            heard: HashMap::new(),
            clocks: Vec::new(),
        }
    }

    /// What the home says of somebody.
    fn tell(&mut self, number: usize, is_open: bool, wants_mix: bool) {
        let state = if is_open {
            TrackState::Live
        } else {
            TrackState::Gone
        };
        let notice = Notice {
            room: ROOM,
            participant: person(number),
            joined: self.joined,
            streams: Some(vec![(microphone(number), Some(state))]),
            mix: None,
            wants_mix,
        };
        self.sfu.take_notice(self.now, HOME, notice, &mut self.out);
    }

    /// 20 ms in which those speak, their packets as late as `late` says, or lost.
    fn step(&mut self, speaking: &[usize], mut late: impl FnMut(usize, u64) -> Option<Duration>) {
        for &number in speaking {
            let speaker = &mut self.speakers[number];
            let packet = speaker.packet(number);
            let index = speaker.sent;
            if let Some(late) = late(number, index) {
                self.late.push((self.now + late, number, packet, index));
            }
        }
        // The thread looks each four milliseconds.
        for _ in 0..5 {
            self.bring();
            self.mixing
                .serve(self.now, MOST_STREAMS, &mut self.sfu, &mut self.out);
            for (_, notice) in self.sfu.take_notices() {
                self.mixes.extend(notice.mix.map(|mix| (notice.participant, mix)));
            }
            let mut ring = Ring::default();
            self.mixing.send(self.now, &mut self.sfu, |sfu, storage| {
                sfu.cross(storage, &mut ring)
            });
            for (crossing, bytes) in ring.0 {
                self.hear(crossing, &bytes);
            }
            self.now += STEP / 5;
        }
        self.sfu.tick(self.now, &mut self.out);
    }

    fn bring(&mut self) {
        let now = self.now;
        let (due, waiting) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.late = waiting;
        let due: Vec<(Instant, usize, Vec<u8>, u64)> = due;
        for (_, number, packet, index) in due {
            let crossed = Crossed {
                from: HOME,
                crossing: Crossing {
                    room: ROOM,
                    participant: person(number),
                    what: What::Packet {
                        source: Source::Microphone,
                        layer: 0,
                        is_repair: false,
                        index,
                    },
                },
                start: 0,
                length: packet.len(),
            };
            self.sfu.receive_crossed(now, &packet, &[crossed], &mut self.out);
            for (_, taken) in self.sfu.taken(&packet) {
                self.mixing.take(now, &taken);
            }
        }
    }

    fn hear(&mut self, crossing: Crossing, bytes: &[u8]) {
        if let What::Clock { rtp, .. } = crossing.what {
            self.clocks.push(rtp);
        }
        if !matches!(crossing.what, What::Packet { .. }) {
            return;
        }
        let header = rtp::Header::parse(bytes).unwrap();
        let payload = &bytes[header.payload(bytes).unwrap()];
        let decoder = self.decoders.entry(crossing.participant);
        let decoder = decoder.or_insert_with(|| Decoder::new(48_000, Channels::Mono).unwrap());
        let mut samples = [0.0; FRAME];
        assert_eq!(decoder.decode_float(payload, &mut samples, false).unwrap(), FRAME);
        let (timestamps, heard) = self.heard.entry(self.mixes[&crossing.participant]).or_default();
        timestamps.push(header.timestamp);
        heard.extend(samples);
    }

    /// The second that was heard last in a mix, by whose tones.
    fn tones(&self, mix: Mix) -> Vec<usize> {
        let heard = &self.heard[&mix].1;
        let last = &heard[heard.len() - 48_000..];
        let is_in = |number: &usize| amplitude(last, hertz(*number)) > LOUD;
        (0..self.speakers.len()).filter(is_in).collect()
    }

    /// Of one tone in the second heard last.
    fn amplitude(&self, mix: Mix, number: usize) -> f32 {
        let heard = &self.heard[&mix].1;
        amplitude(&heard[heard.len() - 48_000..], hertz(number))
    }
}

impl Speaker {
    fn packet(&mut self, number: usize) -> Vec<u8> {
        let mut samples = [0.0; FRAME];
        for sample in &mut samples {
            self.phase = (self.phase + hertz(number) / 48_000.0).fract();
            *sample = SPOKEN * (self.phase * std::f32::consts::TAU).sin();
        }
        self.sent += 1;
        let header = rtp::Outgoing {
            marker: false,
            payload_type: 111,
            sequence_number: self.sent as u16,
            timestamp: (self.sent as u32)
                .wrapping_mul(960)
                .wrapping_add(7_000_000 * number as u32),
            ssrc: 100 + number as u32,
        };
        let mut bytes = vec![0; rtp::HEADER_LENGTH];
        header.write(bytes.first_chunk_mut().unwrap());
        bytes.extend(self.encoder.encode_vec_float(&samples, 1_275).unwrap());
        bytes
    }
}

fn microphone(number: usize) -> Announced {
    Announced {
        source: Source::Microphone,
        mid: "0".to_owned(),
        codec: None,
        layers: vec![AnnouncedLayer {
            rid: None,
            ssrc: Some(100 + number as u32),
        }],
        repairs: Vec::new(),
        payload_type: 111,
        repair_payload_type: None,
        redundancy_payload_type: None,
        clock_rate: 48_000,
        audio_level: None,
        mid_extension: None,
        rid_extension: None,
        repaired_rid_extension: None,
        dependency_extension: None,
    }
}

/// Apart enough that no codec takes one for another, and none an overtone of another.
fn hertz(number: usize) -> f32 {
    [310.0, 470.0, 730.0, 1_030.0, 1_490.0, 2_110.0][number]
}

/// How much of one tone is in the sound (Goertzel).
fn amplitude(samples: &[f32], hertz: f32) -> f32 {
    let turn = f64::from(hertz) / 48_000.0 * std::f64::consts::TAU;
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + 2.0 * turn.cos() * last - before;
        (before, last) = (last, next);
    }
    let power = last * last + before * before - 2.0 * turn.cos() * last * before;
    (power.max(0.0).sqrt() * 2.0 / samples.len() as f64) as f32
}

const SPOKEN: f32 = 0.15;
const LOUD: f32 = SPOKEN / 3.0;
/// 34 dB below what was spoken: what a codec may make of tones beside it.
const NOTHING: f32 = SPOKEN / 50.0;

fn in_time(_: usize, _: u64) -> Option<Duration> {
    Some(Duration::ZERO)
}

#[test]
fn everyone_hears_the_others_and_nobody_himself() {
    let mut bench = Bench::new(5);
    for number in 0..5 {
        bench.tell(number, true, number < 3);
    }
    // One more who is silent.
    bench.tell(5, false, true);
    for _ in 0..150 {
        bench.step(&[0, 1, 2, 3, 4], in_time);
    }
    assert_eq!(
        bench.mixing.streams(),
        4,
        "one for each who is open, one for the silent"
    );
    assert_eq!(bench.mixing.voices(), 5, "each decoded once");
    assert_eq!(bench.tones(Mix::Everyone), [0, 1, 2, 3, 4]);
    for own in 0..3 {
        let others: Vec<usize> = (0..5).filter(|number| *number != own).collect();
        assert_eq!(bench.tones(Mix::AllBut(person(own))), others);
        let left_over = bench.amplitude(Mix::AllBut(person(own)), own);
        assert!(left_over < NOTHING, "{left_over} of one's own voice");
    }
    // Nobody listens any more.
    for number in 0..3 {
        bench.tell(number, true, false);
    }
    bench.tell(5, false, false);
    bench.step(&[0], in_time);
    assert_eq!((bench.mixing.streams(), bench.mixing.voices()), (0, 0));
}

#[test]
fn who_is_muted_or_gone_is_not_heard_from_then_on_whatever_was_on_its_way() {
    let mut bench = Bench::new(3);
    for number in 0..3 {
        bench.tell(number, true, false);
    }
    bench.tell(5, false, true);
    for _ in 0..100 {
        bench.step(&[0, 1, 2], in_time);
    }
    assert_eq!(bench.tones(Mix::Everyone), [0, 1, 2]);
    bench.tell(0, false, false);
    let gone = Notice {
        room: ROOM,
        participant: person(1),
        joined: bench.joined,
        streams: None,
        mix: None,
        wants_mix: false,
    };
    bench.sfu.take_notice(bench.now, HOME, gone, &mut bench.out);
    let before = bench.heard[&Mix::Everyone].1.len();
    // Packets that were on their way come still.
    for _ in 0..60 {
        bench.step(&[0, 1, 2], in_time);
    }
    let heard = &bench.heard[&Mix::Everyone].1[before..];
    // The frame before goes over into the next one.
    let heard = &heard[FRAME..];
    assert!(amplitude(heard, hertz(2)) > LOUD);
    for number in [0, 1] {
        let left_over = amplitude(heard, hertz(number));
        assert!(left_over < NOTHING, "{left_over} of {number}");
    }
}

#[test]
fn a_mix_has_a_frame_for_each_20_ms_and_its_clock_says_when_they_were_spoken() {
    let mut bench = Bench::new(1);
    bench.tell(0, true, false);
    bench.tell(5, false, true);
    for _ in 0..100 {
        bench.step(&[], in_time);
    }
    let spoken = (bench.now - bench.joined).as_millis() as i64;
    for _ in 0..100 {
        bench.step(&[0], in_time);
    }
    let (timestamps, heard) = &bench.heard[&Mix::Everyone];
    assert!(timestamps.windows(2).all(|pair| pair[1] - pair[0] == 960));
    let first = heard.iter().position(|sample| sample.abs() > 0.05).unwrap();
    let heard_ms = (i64::from(timestamps[0]) + first as i64) / SAMPLES_PER_MS;
    // The encoders of both sides look some milliseconds ahead.
    assert!((0..=25).contains(&(heard_ms - spoken)), "{heard_ms} {spoken}");
    let newest_ms = i64::from(*timestamps.last().unwrap()) / SAMPLES_PER_MS;
    let now_ms = (bench.now - bench.joined).as_millis() as i64;
    assert!((80..=104).contains(&(now_ms - newest_ms)), "{newest_ms} {now_ms}");
    let clock_ms = i64::from(*bench.clocks.last().unwrap()) / SAMPLES_PER_MS;
    assert!((-20..=990).contains(&(now_ms - clock_ms)), "{clock_ms} {now_ms}");
}

#[test]
fn a_line_that_loses_some_or_delivers_unevenly_is_waited_for_and_made_up_for() {
    let mut bench = Bench::new(2);
    for number in 0..2 {
        bench.tell(number, true, false);
    }
    bench.tell(5, false, true);
    // Of the first each tenth packet is lost; of the second each third is 110 ms late.
    let line = |number, index: u64| match number {
        0 => (!index.is_multiple_of(10)).then_some(Duration::ZERO),
        _ if index.is_multiple_of(3) => Some(Duration::from_millis(110)),
        _ => Some(Duration::ZERO),
    };
    for _ in 0..50 {
        bench.step(&[0, 1], line);
    }
    let late = bench.mixing.counted().late;
    for _ in 0..250 {
        bench.step(&[0, 1], line);
    }
    assert_eq!(bench.mixing.counted().late, late, "it is waited for by then");
    for number in 0..2 {
        let whole = bench.amplitude(Mix::Everyone, number);
        assert!(whole > SPOKEN * 0.7, "{whole} of {number}");
    }
}

/// On a new connection a voice counts from other numbers.
#[test]
fn who_comes_back_is_heard_at_once() {
    let mut bench = Bench::new(1);
    bench.tell(0, true, false);
    bench.tell(5, false, true);
    bench.speakers[0].sent = 30_000;
    for _ in 0..100 {
        bench.step(&[0], in_time);
    }
    for _ in 0..50 {
        bench.step(&[], in_time);
    }
    bench.speakers[0].sent = 10;
    bench.sfu.take_notice(
        bench.now,
        HOME,
        Notice {
            room: ROOM,
            participant: person(0),
            joined: bench.joined,
            streams: Some(Vec::new()),
            mix: None,
            wants_mix: false,
        },
        &mut bench.out,
    );
    bench.tell(0, true, false);
    let before = bench.heard[&Mix::Everyone].1.len();
    for _ in 0..50 {
        bench.step(&[0], in_time);
    }
    let heard = &bench.heard[&Mix::Everyone].1[before..];
    let first = heard.iter().position(|sample| sample.abs() > 0.05);
    assert!(first < Some(FRAME * 8), "{first:?}");
}

#[test]
fn beyond_its_encoders_nobody_is_given_a_stream_and_a_voice_of_broken_packets_is_silence() {
    let mut bench = Bench::new(2);
    for number in 0..2 {
        bench.tell(number, true, true);
    }
    bench.tell(5, false, true);
    bench.mixing.serve(bench.now, 1, &mut bench.sfu, &mut bench.out);
    assert_eq!((bench.mixing.streams(), bench.mixing.lacking()), (1, 2));
    bench.mixing.serve(bench.now, 0, &mut bench.sfu, &mut bench.out);
    assert_eq!((bench.mixing.streams(), bench.mixing.lacking()), (1, 2));
    for round in 0..100u64 {
        bench.step(&[1], in_time);
        let mut garbage = bench.speakers[0].packet(0);
        garbage.truncate(rtp::HEADER_LENGTH);
        garbage.extend([0xff; 40].map(|byte: u8| byte ^ round as u8));
        bench.late.push((bench.now, 0, garbage, round + 1));
    }
    assert_eq!(bench.tones(Mix::AllBut(person(0))), [1]);
}
