//! A site whose line carries little hears the others mixed, on virtual time: over 150 kbit/s sixty people, and never itself.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::mixing::Mixing;
use hoian_server::media::relay::{MIXER, ShardId};
use hoian_server::media::rtcp::{self, Feedback, Writer};
use hoian_server::media::rtp::Header;
use hoian_server::media::sfu::{MemberKey, RoomKey};
use hoian_server::media::transport::Protocol;
use hoian_server::media::{Event, MixedSound, ParticipantId, Source, Watch};
use hoian_server::net::ring;
use hoian_tests::link::{Link, Quality};
use opus::{Application, Channels, Decoder, Encoder};
use uuid::Uuid;

use crate::peer::{CAMERA, Far, MICROPHONE, Peer, World};
use crate::scene::{BOB, Camera, open, publish, spoken, watch};
use crate::span::carry;

/// A room with many on one shard, the thread that mixes, and the site behind its line.
struct Conference {
    here: World,
    mixer: World,
    room: RoomKey,
    began: Instant,
    speakers: Vec<Speaker>,
    site: Speaker,
    publishing: MemberKey,
    viewer: Peer,
    watching: MemberKey,
    down: Link,
    up: Link,
    arrivals: Arrivals,
    /// By the site's slots.
    decoders: HashMap<u32, Decoder>,
    heard: Vec<Heard>,
    received_bytes: u64,
    states: Vec<MixedSound>,
    slots: Vec<Option<ParticipantId>>,
    /// Sender reports by SSRC: NTP time in milliseconds, and RTP time-stamp.
    clocks: HashMap<u32, (f64, u32)>,
    /// Time-stamps of pictures, by SSRC.
    pictures: Vec<(u32, u32)>,
}

/// Somebody with a tone of his own.
struct Speaker {
    peer: Peer,
    encoder: Encoder,
    hertz: f32,
    phase: f32,
    index: u64,
    is_speaking: bool,
}

/// 20 ms that the site has decoded.
struct Heard {
    at: Instant,
    ssrc: u32,
    number: u16,
    timestamp: u32,
    samples: Vec<f32>,
}

const FRAME: usize = 960;
const STEP: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const SPOKEN: f32 = 0.15;
const SITE_HERTZ: f32 = 1_030.0;
const TONES: [f32; 4] = [310.0, 470.0, 730.0, 1_490.0];

impl Speaker {
    fn new(peer: Peer, hertz: f32) -> Speaker {
        Speaker {
            peer,
            encoder: Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap(),
            hertz,
            phase: 0.0,
            index: 0,
            is_speaking: false,
        }
    }

    /// The 20 ms that end now, sealed.
    fn packet(&mut self) -> Vec<u8> {
        let mut samples = [0.0; FRAME];
        for sample in samples.iter_mut().filter(|_| self.is_speaking) {
            self.phase = (self.phase + self.hertz / 48_000.0).fract();
            *sample = SPOKEN * (self.phase * std::f32::consts::TAU).sin();
        }
        let frame = self.encoder.encode_vec_float(&samples, 1_275).unwrap();
        self.index += 1;
        spoken(
            &self.peer,
            self.index,
            if self.is_speaking { 25 } else { 110 },
            &frame,
        )
    }
}

impl Conference {
    fn of(people: u16, down: Quality) -> Conference {
        let (mut here, mut mixer) = (World::new(31), World::new(32));
        mixer.now = here.now;
        let ((out, arriving), (back, returning)) = (ring::pair(), ring::pair());
        here.far = Some(Far::new(MIXER, out, returning));
        mixer.far = Some(Far::new(ShardId(0), back, arriving));
        let room = open(&mut here);
        let join = |here: &mut World, id| here.sfu.join(here.now, room, id, &mut here.outbox).unwrap();
        let speakers = (0..people).map(|at| {
            let id = ParticipantId(Uuid::from_u128(u128::from(at) + 100));
            let member = join(&mut here, id);
            let mut peer = Peer::gcm(5_000 + at);
            publish(&mut here, member, &mut peer).unwrap();
            peer.begin(&mut here);
            peer.run(&mut here);
            Speaker::new(peer, TONES.get(usize::from(at)).copied().unwrap_or(3_000.0))
        });
        let speakers = speakers.collect();
        let publishing = join(&mut here, BOB);
        let mut own = Peer::gcm(4_001);
        publish(&mut here, publishing, &mut own).unwrap();
        own.begin(&mut here);
        own.run(&mut here);
        let mut viewer = Peer::gcm(4_002);
        viewer.reports_arrivals = true;
        watch(&mut here, publishing, 9, &mut viewer);
        Conference {
            began: here.now,
            room,
            speakers,
            site: Speaker::new(own, SITE_HERTZ),
            publishing,
            watching: publishing,
            viewer,
            up: Link::new(
                Quality {
                    delay: down.delay,
                    ..Quality::default()
                },
                5,
            ),
            down: Link::new(down, 4),
            arrivals: Arrivals::default(),
            decoders: HashMap::new(),
            heard: Vec::new(),
            received_bytes: 0,
            states: Vec::new(),
            slots: Vec::new(),
            clocks: HashMap::new(),
            pictures: Vec::new(),
            here,
            mixer,
        }
    }

    fn run(&mut self, duration: Duration) {
        let until = self.here.now + duration;
        while self.here.now < until {
            self.here.now += STEP;
            self.mixer.now = self.here.now;
            let at = (self.here.now - self.began).as_millis() as usize;
            // Nobody begins at the same moment.
            let speaking = self.speakers.iter_mut().chain([&mut self.site]).enumerate();
            for (_, speaker) in speaking.filter(|(number, _)| at % 20 == number % 20) {
                let packet = speaker.packet();
                self.here.deliver(speaker.peer.address, &packet);
            }
            self.here.wait(Duration::ZERO);
            self.obey();
            if at.is_multiple_of(4) {
                self.mixer.mix();
            }
            self.exchange();
            self.deliver();
            if at.is_multiple_of(50) {
                self.report();
            }
        }
    }

    /// Once somebody is to hear the others mixed, the room spans the thread that does it.
    fn obey(&mut self) {
        for (_, event) in self.here.sfu.take_events().collect::<Vec<_>>() {
            match event {
                Event::MixedSound { viewer: BOB, state } => self.states.push(state),
                Event::Slots { viewer: BOB, slots } => {
                    let sound = slots.iter().filter(|slot| slot.source.is_audio());
                    self.slots = sound.map(|slot| slot.participant).collect();
                }
                _ => {}
            }
        }
        if self.states.is_empty() || self.mixer.mixing.is_some() {
            return;
        }
        let World { sfu, now, outbox, .. } = &mut self.mixer;
        let room = sfu.open_branch(*now, hoian_server::media::RoomId(Uuid::from_u128(9)), outbox);
        sfu.mix(room);
        sfu.link(*now, room, ShardId(0), outbox).unwrap();
        self.mixer.mixing = Some(Mixing::new(self.mixer.now, room));
        let World { sfu, now, outbox, .. } = &mut self.here;
        sfu.link(*now, self.room, MIXER, outbox).unwrap();
        self.here.collect();
    }

    fn exchange(&mut self) {
        carry(&mut self.here, &mut self.mixer, ShardId(0));
        carry(&mut self.mixer, &mut self.here, MIXER);
        while self.mixer.take_crossed() {}
        while self.here.take_crossed() {
            self.here.collect();
        }
        self.mixer.taken.clear();
    }

    fn deliver(&mut self) {
        let now = self.here.now;
        for datagram in self.here.take_for(self.viewer.address) {
            self.down.send(now, datagram);
        }
        while let Some(datagram) = self.down.arrived(now) {
            match Protocol::of(&datagram) {
                Some(Protocol::Rtp) => {
                    self.received_bytes += datagram.len() as u64;
                    if let Some(packet) = self.viewer.open_once(datagram) {
                        self.hear(&packet);
                    }
                }
                Some(Protocol::Rtcp) => self.note_clocks(datagram),
                _ => {}
            }
        }
        while let Some(datagram) = self.up.arrived(now) {
            self.here.deliver(self.viewer.address, &datagram);
        }
        self.here.sent.retain(|(to, _)| *to == self.viewer.address);
    }

    fn hear(&mut self, packet: &[u8]) {
        let header = Header::parse(packet).unwrap();
        if let Some(&[high, low]) = header.element(packet, 3) {
            let at_us = (self.here.now - self.began).as_micros() as u64;
            self.arrivals.arrived(u16::from_be_bytes([high, low]), at_us);
        }
        if header.payload_type != 111 {
            return self.pictures.push((header.ssrc, header.timestamp));
        }
        let decoder = self.decoders.entry(header.ssrc);
        let decoder = decoder.or_insert_with(|| Decoder::new(48_000, Channels::Mono).unwrap());
        let mut samples = vec![0.0; FRAME];
        let payload = &packet[header.payload(packet).unwrap()];
        decoder.decode_float(payload, &mut samples, false).unwrap();
        self.heard.push(Heard {
            at: self.here.now,
            ssrc: header.ssrc,
            number: header.sequence_number,
            timestamp: header.timestamp,
            samples,
        });
    }

    fn note_clocks(&mut self, datagram: Vec<u8>) {
        let compound = self.viewer.open_rtcp(datagram);
        rtcp::read(&compound, |feedback| {
            if let Feedback::SenderReport { ssrc, ntp, rtp } = feedback {
                let milliseconds = ntp as f64 / f64::from(1u32 << 31) / 2.0 * 1_000.0;
                self.clocks.insert(ssrc, (milliseconds, rtp));
            }
        });
    }

    fn report(&mut self) {
        let mut buffer = [0; 1_400];
        while let Some(length) = self.arrivals.write(5, 0, &mut buffer) {
            let sealed = self.viewer.sealed_rtcp(&buffer[..length]);
            self.up.send(self.here.now, sealed);
        }
    }

    fn state(&self) -> MixedSound {
        self.here
            .sfu
            .site(self.here.now, self.watching)
            .unwrap()
            .mixed_sound
    }

    /// Lets time pass until that is so, and no more seconds than `most`.
    fn until(&mut self, state: MixedSound, most: u32) {
        let end = self.here.now + most * SECOND;
        while self.state() != state {
            self.run(SECOND / 10);
            assert!(self.here.now < end, "{:?} is not {state:?}", self.state());
        }
    }

    fn watch(&mut self, watch: Watch) {
        let World { sfu, now, outbox, .. } = &mut self.here;
        sfu.watch(*now, self.watching, watch, outbox).unwrap();
        self.here.collect();
    }

    fn mute_site(&mut self, muted: bool) {
        let World { sfu, now, outbox, .. } = &mut self.here;
        sfu.mute(*now, self.publishing, Source::Microphone, muted, outbox);
        self.here.collect();
    }

    /// What is heard from here on is told from what was.
    fn listen(&mut self) {
        self.heard.clear();
        self.received_bytes = 0;
    }

    /// All that was heard since, one packet after the other.
    fn sound(&self) -> Vec<f32> {
        self.heard
            .iter()
            .flat_map(|heard| heard.samples.iter().copied())
            .collect()
    }
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

/// The highest that the tone reaches in any fifth of a second.
fn highest(samples: &[f32], hertz: f32) -> f32 {
    let parts = samples.chunks_exact(9_600);
    parts.map(|part| amplitude(part, hertz)).fold(0.0, f32::max)
}

const LINE: u64 = 150_000;

fn thin_line() -> Quality {
    Quality {
        bits_per_second: LINE,
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(5),
        ..Quality::default()
    }
}

#[test]
fn over_150_kbit_a_site_follows_sixty_speakers_by_one_mixed_stream_without_its_own_voice() {
    let mut conference = Conference::of(60, thin_line());
    for at in 0..4 {
        conference.speakers[at].is_speaking = true;
    }
    conference.site.is_speaking = true;
    conference.until(MixedSound::ThinLine, 10);
    // What waits in the line's queue goes first.
    conference.run(2 * SECOND);
    conference.listen();
    let dropped = conference.down.dropped;
    conference.run(8 * SECOND);
    assert_eq!(conference.slots, [None], "one stream, and it stays");
    // As many bits in one second as bytes in eight.
    let bits_per_second = conference.received_bytes;
    assert!(bits_per_second < LINE * 2 / 3, "{bits_per_second} bits a second");
    assert_eq!(conference.down.dropped, dropped);
    let ssrc = conference.heard[0].ssrc;
    let is_next = |pair: &[Heard]| {
        pair[1].ssrc == ssrc
            && pair[1].number == pair[0].number.wrapping_add(1)
            && pair[1].timestamp == pair[0].timestamp.wrapping_add(960)
    };
    assert!(conference.heard.windows(2).all(is_next), "nothing is missing");
    assert!(
        (398..=402).contains(&conference.heard.len()),
        "{}",
        conference.heard.len()
    );
    let sound = conference.sound();
    for tone in TONES {
        assert!(amplitude(&sound, tone) > SPOKEN / 3.0, "{tone} Hz");
    }
    let own = highest(&sound, SITE_HERTZ);
    assert!(own < SPOKEN / 50.0, "{own} of its own voice");
    // Silent, it shares the stream of all who are: its last words are in none that it is given.
    conference.listen();
    conference.mute_site(true);
    conference.run(15 * SECOND);
    assert_eq!(conference.slots, [None]);
    conference.mute_site(false);
    conference.run(5 * SECOND);
    assert_eq!(conference.slots, [None]);
    let sound = conference.sound();
    let own = highest(&sound, SITE_HERTZ);
    assert!(own < SPOKEN / 50.0, "{own} of its own voice");
    assert_eq!(conference.states, [MixedSound::ThinLine]);
}

#[test]
fn where_the_line_is_wide_again_the_voices_come_one_by_one_on_trial() {
    let mut conference = Conference::of(6, thin_line());
    for speaker in &mut conference.speakers[..5] {
        speaker.is_speaking = true;
    }
    conference.until(MixedSound::ThinLine, 10);
    conference.run(20 * SECOND);
    assert_eq!(conference.states, [MixedSound::ThinLine], "it is no wider");
    conference.down.quality.bits_per_second = 2_000_000;
    conference.until(MixedSound::Off, 70);
    conference.run(20 * SECOND);
    assert_eq!(conference.slots.iter().flatten().count(), 5);
    conference.down.quality.bits_per_second = LINE;
    conference.until(MixedSound::ThinLine, 10);
    conference.run(SECOND);
    assert_eq!(conference.slots, [None]);
}

#[test]
fn what_is_said_on_the_stage_is_heard_mixed_within_300_ms() {
    let mut conference = Conference::of(60, thin_line());
    conference.watch(Watch {
        mixed_sound: true,
        ..Watch::default()
    });
    conference.run(2 * SECOND);
    assert_eq!(
        (conference.state(), &conference.slots[..]),
        (MixedSound::Asked, &[None][..])
    );
    let mut delays = Vec::new();
    for round in 0..10u32 {
        conference.run(Duration::from_millis(300 + u64::from(round) * 7));
        conference.listen();
        // The next packet ends what is said in 20 ms from its beginning.
        let said = conference.here.now;
        conference.speakers[0].is_speaking = true;
        conference.run(SECOND / 2);
        let is_loud = |sample: &f32| sample.abs() > SPOKEN / 5.0;
        let first = conference
            .heard
            .iter()
            .find(|heard| heard.samples.iter().any(is_loud));
        let first = first.expect("it is heard");
        let place = first.samples.iter().position(is_loud).unwrap();
        delays.push(first.at + Duration::from_micros(place as u64 * 1_000 / 48) - said);
        conference.speakers[0].is_speaking = false;
    }
    let longest = delays.iter().max().unwrap();
    eprintln!("from mouth to ear, 40 ms of line and the sender's frame in it: {delays:?}");
    assert!(*longest < Duration::from_millis(300), "{longest:?}");
    assert!(*longest > Duration::from_millis(100), "that would be no mix");
}

/// A browser plays in step what stands on one clock.
#[test]
fn pictures_and_the_mixed_voices_stand_on_one_clock() {
    let mut conference = Conference::of(3, Quality::default());
    conference.watch(Watch {
        mixed_sound: true,
        ..Watch::default()
    });
    let mut camera = Camera::new();
    let (mut taken, mut sent) = (None, 0);
    for frame in 0..120u64 {
        conference.speakers[0].is_speaking = frame >= 90;
        let picture = camera.next(true);
        sent = picture.timestamp;
        if frame == 90 {
            conference.listen();
            taken = Some(picture.timestamp);
        }
        let sealed = picture.seal(&conference.speakers[0].peer);
        let address = conference.speakers[0].peer.address;
        conference.here.deliver(address, &sealed);
        if frame % 30 == 15 {
            // The publisher's own clock, three hours off.
            let at_ms = 10_800_000 + (conference.here.now - conference.began).as_millis() as u64;
            let ntp = ((u128::from(at_ms) << 32) / 1_000) as u64;
            let spoken = conference.speakers[0].index as u32 * 960;
            let mut buffer = [0; 200];
            let mut writer = Writer::new(&mut buffer);
            writer.sender_report(CAMERA, ntp, picture.timestamp, 1, 1);
            writer.sender_report(MICROPHONE, ntp, spoken, 1, 1);
            let length = writer.finish().unwrap();
            let sealed = conference.speakers[0].peer.sealed_rtcp(&buffer[..length]);
            conference.here.deliver(address, &sealed);
        }
        // Of the camera's clock 3,000 ticks.
        conference.run(Duration::from_millis(if frame % 3 == 0 { 34 } else { 33 }));
    }
    assert_eq!(conference.slots, [None]);
    let site = conference
        .here
        .sfu
        .site(conference.here.now, conference.watching)
        .unwrap();
    let seen = |source| site.shown.iter().find(|shown| shown.source == source).unwrap();
    assert_eq!(
        seen(Source::Microphone).mid.trim_start_matches('a'),
        seen(Source::Camera).mid.trim_start_matches('v'),
        "in one seat"
    );
    let time = |ssrc: u32, timestamp: u32, ticks_per_ms: f64| {
        let (ntp_ms, rtp) = conference.clocks[&ssrc];
        ntp_ms + f64::from(timestamp.wrapping_sub(rtp) as i32) / ticks_per_ms
    };
    let is_loud = |sample: &f32| sample.abs() > SPOKEN / 5.0;
    let first = conference
        .heard
        .iter()
        .find(|heard| heard.samples.iter().any(is_loud))
        .unwrap();
    let place = first.samples.iter().position(is_loud).unwrap() as u32;
    let voice_ms = time(first.ssrc, first.timestamp + place, 48.0);
    // The picture that was taken as the speaker opened his mouth.
    let camera = seen(Source::Camera).ssrc;
    let shown = conference.pictures.iter().filter(|(ssrc, _)| *ssrc == camera);
    let shown: Vec<u32> = shown.map(|(_, timestamp)| *timestamp).collect();
    let behind = shown.last().unwrap().wrapping_sub(sent);
    let picture_ms = time(camera, taken.unwrap().wrapping_add(behind), 90.0);
    let apart_ms = voice_ms - picture_ms;
    eprintln!("the voice stands {apart_ms:.1} ms after the picture");
    assert!(apart_ms.abs() < 45.0, "{apart_ms} ms apart");
}
