//! What it costs to mix voices for thin lines: a room with sixty open microphones and twenty listeners who can be heard, each
//! with a stream of his own, beside forty who are silent and share one. The core alone, without sockets.

use std::time::{Duration, Instant};

use anyhow::Result;
use hoian_benches::figure::Figure;
use hoian_server::clock;
use hoian_server::media::mixing::{MOST_STREAMS, Mixing};
use hoian_server::media::relay::{Crossing, MIXER, Mailboxes, Notice, ShardId, What};
use hoian_server::media::room::stream::{Announced, AnnouncedLayer};
use hoian_server::media::rtp;
use hoian_server::media::sfu::{Crossed, RoomKey, Settings, Sfu};
use hoian_server::media::transport::dtls::Identity;
use hoian_server::media::transport::outbox::Outbox;
use hoian_server::media::{ParticipantId, RoomId, Source, TrackState};
use opus::{Application, Channels, Decoder, Encoder};
use rand::SeedableRng;
use rand::rngs::StdRng;
use uuid::Uuid;

/// The figures, with as much decoding and encoding alone as their floor.
pub fn figures(sound: &[Vec<u8>]) -> Result<[Figure; 2]> {
    let mut house = House::new()?;
    for frame in sound.iter().cycle().take(WARM_UP) {
        house.frame(frame);
    }
    let (before, mut spent) = (house.mixing.counted().frames, Duration::ZERO);
    for frame in sound.iter().cycle().take(FRAMES) {
        spent += house.frame(frame);
    }
    let made = house.mixing.counted().frames - before;
    let streams = u64::from(HEARD) + 1;
    anyhow::ensure!(
        made >= FRAMES as u64 * streams - streams,
        "{made} frames were made, {} streams",
        house.mixing.streams()
    );
    let micros = spent.as_secs_f64() * 1e6 / FRAMES as f64;
    let floor = floor(sound, house.mixing.voices(), house.mixing.streams())?;
    Ok([
        Figure::new(
            "mixing 60 voices for 20 who are heard and 40 who are not",
            micros,
            "µs a frame of 20 ms",
        )
        .floor(floor),
        Figure::new("the same, of a core", micros / 20_000.0 * 100.0, "% CPU")
            .floor(floor / 20_000.0 * 100.0),
    ])
}

/// The mixer's side of the room.
struct House {
    now: Instant,
    sfu: Sfu,
    out: Outbox,
    mixing: Mixing,
    index: u64,
}

/// Nobody takes what is made.
struct Nowhere;

impl Mailboxes for Nowhere {
    fn room(&self, _: ShardId) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: ShardId, _: &Crossing, _: &[u8]) -> bool {
        true
    }
}

impl House {
    fn new() -> Result<House> {
        let now = clock::instant();
        let settings = Settings {
            shard: MIXER,
            addresses: Vec::new(),
            tcp_addresses: Vec::new(),
            publisher_bitrate_kbps: 0,
            playout_delay: None,
        };
        let identity = Identity::generate().expect("a certificate");
        let mut sfu = Sfu::new(settings, identity, StdRng::seed_from_u64(1));
        let mut out = Outbox::with_room_for(1);
        let room: RoomKey = sfu.open_branch(now, ROOM, &mut out);
        sfu.mix(room);
        sfu.link(now, room, HOME, &mut out)?;
        for number in 0..PEOPLE + SILENT {
            let is_open = number < PEOPLE;
            let notice = Notice {
                room: ROOM,
                participant: person(number),
                joined: now,
                streams: Some(vec![(
                    microphone(number),
                    Some(if is_open {
                        TrackState::Live
                    } else {
                        TrackState::Gone
                    }),
                )]),
                mix: None,
                wants_mix: !is_open || number < HEARD,
            };
            sfu.take_notice(now, HOME, notice, &mut out);
        }
        Ok(House {
            mixing: Mixing::new(now, room),
            now,
            sfu,
            out,
            index: 0,
        })
    }

    /// Everyone's next 20 ms; gives how long the work took.
    fn frame(&mut self, frame: &[u8]) -> Duration {
        self.index += 1;
        self.now += Duration::from_millis(20);
        let packets: Vec<Vec<u8>> = (0..PEOPLE).map(|number| self.packet(number, frame)).collect();
        let began = clock::instant();
        for (number, packet) in (0..PEOPLE).zip(&packets) {
            let what = What::Packet {
                source: Source::Microphone,
                layer: 0,
                is_repair: false,
                index: self.index,
            };
            let crossed = Crossed {
                from: HOME,
                crossing: Crossing {
                    room: ROOM,
                    participant: person(number),
                    what,
                },
                start: 0,
                length: packet.len(),
            };
            self.sfu
                .receive_crossed(self.now, packet, &[crossed], &mut self.out);
            for (_, taken) in self.sfu.taken(packet) {
                self.mixing.take(self.now, &taken);
            }
        }
        self.mixing
            .serve(self.now, MOST_STREAMS, &mut self.sfu, &mut self.out);
        self.mixing.send(self.now, &mut self.sfu, |sfu, storage| {
            sfu.cross(storage, &mut Nowhere)
        });
        if self.index.is_multiple_of(3) {
            self.sfu.tick(self.now, &mut self.out);
        }
        self.sfu.take_notices().for_each(drop);
        began.elapsed()
    }

    fn packet(&self, number: u32, frame: &[u8]) -> Vec<u8> {
        let header = rtp::Outgoing {
            marker: false,
            payload_type: 111,
            sequence_number: self.index as u16,
            timestamp: self.index as u32 * 960,
            ssrc: 100 + number,
        };
        let mut bytes = vec![0; rtp::HEADER_LENGTH];
        header.write(bytes.first_chunk_mut().expect("as long as a header"));
        bytes.extend_from_slice(frame);
        bytes
    }
}

/// Microseconds that it takes to decode so many voices and to encode so many streams, 20 ms of each.
fn floor(sound: &[Vec<u8>], voices: usize, streams: usize) -> Result<f64> {
    let mut decoder = Decoder::new(48_000, Channels::Mono)?;
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
    encoder.set_bitrate(opus::Bitrate::Bits(32_000))?;
    encoder.set_complexity(5)?;
    encoder.set_inband_fec(true)?;
    encoder.set_packet_loss_perc(5)?;
    let (mut decoding, mut encoding) = (Duration::ZERO, Duration::ZERO);
    for frame in sound.iter().cycle().take(FRAMES) {
        let mut samples = [0.0; 960];
        let began = clock::instant();
        decoder.decode_float(frame, &mut samples, false)?;
        decoding += began.elapsed();
        let began = clock::instant();
        encoder.encode_vec_float(&samples, 1_275)?;
        encoding += began.elapsed();
    }
    let micros = |spent: Duration, count: usize| spent.as_secs_f64() * 1e6 / FRAMES as f64 * count as f64;
    Ok(micros(decoding, voices) + micros(encoding, streams))
}

fn person(number: u32) -> ParticipantId {
    ParticipantId(Uuid::from_u128(u128::from(number) + 1))
}

fn microphone(number: u32) -> Announced {
    Announced {
        source: Source::Microphone,
        mid: "0".to_owned(),
        codec: None,
        layers: vec![AnnouncedLayer {
            rid: None,
            ssrc: Some(100 + number),
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

const ROOM: RoomId = RoomId(Uuid::from_u128(9));
const HOME: ShardId = ShardId(0);
const PEOPLE: u32 = 60;
/// Of them, on thin lines.
const HEARD: u32 = 20;
const SILENT: u32 = 40;
const WARM_UP: usize = 100;
const FRAMES: usize = 1_000;
