//! A publisher with three layers and a viewer behind a line, on virtual time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hoian_server::media::bandwidth::arrivals::Arrivals;
use hoian_server::media::codec::av1::Structure;
use hoian_server::media::rtcp::{self, Feedback, Writer};
use hoian_server::media::rtp::{self, Header};
use hoian_server::media::sdp::Formats;
use hoian_server::media::sfu::{MemberKey, PublishedTrack};
use hoian_server::media::stats::{Shown, Site};
use hoian_server::media::transport::{Protocol, srtp};
use hoian_server::media::{Event, Source};
use hoian_tests::link::{Link, Quality};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

pub use crate::encoder::FRAME;
use crate::encoder::{Layer, NUMBER_AT, offer};
use crate::peer::{Peer, World};
use crate::scene::{ALICE, BOB, open, watch};

/// What a viewer has seen of one picture.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    pub at: Instant,
    pub timestamp: u32,
    pub id: u16,
    pub is_key: bool,
    pub width: Option<u16>,
}

pub struct Studio {
    pub world: World,
    pub publisher: Peer,
    pub layers: Vec<Layer>,
    pub viewer: Peer,
    pub watching: MemberKey,
    pub down: Link,
    up: Link,
    /// Of the publisher's way to the server.
    pub publisher_loss: f64,
    random: StdRng,
    began: Instant,
    next_frame: Duration,
    next_report: Duration,
    arrivals: Arrivals,
    /// Endless numbers of what came on the camera's slot, original or repaired.
    pub received: BTreeMap<u64, Instant>,
    pub pictures: Vec<Picture>,
    pub received_bytes: u64,
    pub events: Vec<Event>,
    pub requests: u32,
    transport_number: u16,
    /// Reports on arrivals that name one of the publisher's streams, and all others.
    pub arrival_reports: (u32, u32),
    highest: Option<u64>,
    asked: BTreeMap<u64, Instant>,
}

impl Studio {
    /// The layers are simulcast.
    pub fn new(quality: Quality, seed: u64) -> Studio {
        Studio::with(Layer::simulcast(), quality, seed)
    }

    pub fn with(layers: Vec<Layer>, quality: Quality, seed: u64) -> Studio {
        let mut world = World::new(seed);
        let room = open(&mut world);
        let publishing = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let watching = world.sfu.join(world.now, room, BOB, &mut world.outbox).unwrap();
        let gcm = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
        let mut publisher = Peer::new(4001, gcm, 1200);
        let tracks = [PublishedTrack {
            mid: "0".to_owned(),
            source: Source::Camera,
        }];
        let answer = world
            .sfu
            .publish(
                world.now,
                publishing,
                &offer(&publisher, &layers),
                &tracks,
                &mut world.outbox,
            )
            .unwrap();
        let is_simulcast = answer.contains("a=simulcast:recv q;h;f\r\n");
        assert_eq!(is_simulcast, layers.len() == 3, "{answer}");
        publisher.learn(&answer);
        publisher.begin(&mut world);
        publisher.run(&mut world);
        let mut viewer = Peer::new(4002, gcm, 1200);
        viewer.reports_arrivals = true;
        watch(&mut world, watching, 2, &mut viewer);
        let began = world.now;
        Studio {
            publisher,
            layers,
            viewer,
            watching,
            down: Link::new(quality, seed),
            up: Link::new(
                Quality {
                    delay: quality.delay,
                    ..Quality::default()
                },
                seed + 1,
            ),
            publisher_loss: 0.0,
            random: StdRng::seed_from_u64(seed + 2),
            began,
            next_frame: Duration::ZERO,
            next_report: Duration::ZERO,
            arrivals: Arrivals::default(),
            received: BTreeMap::new(),
            pictures: Vec::new(),
            received_bytes: 0,
            events: Vec::new(),
            requests: 0,
            transport_number: 65_530,
            arrival_reports: (0, 0),
            highest: None,
            asked: BTreeMap::new(),
            world,
        }
    }

    pub fn estimate(&self) -> u64 {
        self.site().line.unwrap().estimate
    }

    pub fn site(&self) -> Site {
        self.world.sfu.site(self.world.now, self.watching).unwrap()
    }

    /// What the viewer is shown of the camera.
    pub fn camera(&self) -> Option<Shown> {
        let mut shown = self.site().shown.into_iter();
        shown.find(|shown| shown.source == Source::Camera)
    }

    /// Which of the publisher's layers are sent.
    pub fn active_layers(&self) -> Vec<bool> {
        self.layers.iter().map(|layer| layer.active).collect()
    }

    /// Lets time pass, a millisecond at a time.
    pub fn run(&mut self, duration: Duration) {
        let until = self.world.now + duration;
        while self.world.now < until {
            self.world.now += Duration::from_millis(1);
            if self.elapsed() >= self.next_frame {
                self.next_frame += FRAME;
                self.send_pictures();
            }
            self.world.wait(Duration::ZERO);
            self.deliver();
            if self.elapsed() >= self.next_report {
                self.next_report += Duration::from_millis(50);
                self.report();
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.world.now - self.began
    }

    fn send_pictures(&mut self) {
        for sealed in self.sealed_picture(self.elapsed()) {
            if !self.random.random_bool(self.publisher_loss) {
                self.world.deliver(self.publisher.address, &sealed);
            }
        }
    }

    /// The packets of all layers of one picture.
    fn sealed_picture(&mut self, at: Duration) -> Vec<Vec<u8>> {
        let (_, sealer) = self.publisher.keys.as_ref().unwrap();
        let layers = self.layers.iter_mut().filter(|layer| layer.active);
        layers
            .flat_map(|layer| {
                let ssrc = layer.ssrc;
                let packets = layer.picture(at);
                let first = self.transport_number;
                self.transport_number = first.wrapping_add(packets.len() as u16);
                let numbered = (0..).map(move |place| first.wrapping_add(place)).zip(packets);
                numbered.map(move |(number, (mut packet, header_length, index))| {
                    packet[NUMBER_AT..NUMBER_AT + 2].copy_from_slice(&number.to_be_bytes());
                    let plain = packet.len();
                    packet.resize(plain + srtp::OVERHEAD, 0);
                    let length = sealer
                        .seal_rtp(&mut packet, header_length, plain, ssrc, index)
                        .unwrap();
                    packet.truncate(length);
                    packet
                })
            })
            .collect()
    }

    /// The next pictures, each packet with its time from now.
    pub fn sealed_pictures(&mut self, count: u32) -> Vec<(Duration, Vec<u8>)> {
        let pictures = (1..=count).map(|at| (FRAME * at, self.elapsed() + FRAME * at));
        pictures
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|(from_now, at)| {
                let packets = self.sealed_picture(at).into_iter();
                packets.map(move |packet| (from_now, packet)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// What the SFU has sent goes its way; what has arrived is taken.
    fn deliver(&mut self) {
        let now = self.world.now;
        for datagram in self.world.take_for(self.viewer.address) {
            self.down.send(now, datagram);
        }
        while let Some(datagram) = self.down.arrived(now) {
            if Protocol::of(&datagram) == Some(Protocol::Rtp) {
                self.received_bytes += datagram.len() as u64;
                if let Some(packet) = self.viewer.open_once(datagram) {
                    self.see(&packet);
                }
            }
        }
        while let Some(datagram) = self.up.arrived(now) {
            self.world.deliver(self.viewer.address, &datagram);
        }
        for datagram in self.world.take_for(self.publisher.address) {
            if Protocol::of(&datagram) == Some(Protocol::Rtcp) {
                let compound = self.publisher.open_rtcp(datagram);
                self.obey(&compound);
            }
        }
        let events: Vec<Event> = self.world.sfu.take_events().map(|(_, event)| event).collect();
        for event in &events {
            if let Event::Layers { needed, .. } = event {
                for layer in &mut self.layers {
                    let active = needed.iter().any(|rid| rid == layer.rid);
                    // An encoder that begins anew begins with a key frame.
                    layer.key_frame_wanted |= active && !layer.active;
                    layer.active = active;
                }
            }
        }
        self.events.extend(events);
    }

    fn obey(&mut self, compound: &[u8]) {
        if compound[..2] == [0x8f, 205] || compound[..2] == [0xaf, 205] {
            let named = u32::from_be_bytes([compound[8], compound[9], compound[10], compound[11]]);
            let is_own = self.layers.iter().any(|layer| layer.ssrc == named);
            self.arrival_reports.0 += u32::from(is_own);
            self.arrival_reports.1 += u32::from(!is_own);
        }
        rtcp::read(compound, |feedback| {
            if let Feedback::KeyFrame { ssrc } = feedback
                && let Some(layer) = self.layers.iter_mut().find(|layer| layer.ssrc == ssrc)
            {
                self.requests += 1;
                layer.key_frame_wanted = true;
            }
        });
    }

    fn see(&mut self, packet: &[u8]) {
        let header = Header::parse(packet).unwrap();
        let now = self.world.now;
        if let Some(&[high, low]) = header.element(packet, 3) {
            let at_us = (now - self.began).as_micros() as u64;
            self.arrivals.arrived(u16::from_be_bytes([high, low]), at_us);
        }
        let mut payload = &packet[header.payload(packet).unwrap()];
        let mut number = header.sequence_number;
        let codec = self.layers[0].codec();
        if Some(header.payload_type) == Formats::OFFERED.repair(codec) {
            number = u16::from_be_bytes([payload[0], payload[1]]);
            payload = &payload[2..];
        }
        let index = rtp::extend(self.highest.unwrap_or(u64::from(number)), number);
        self.highest = Some(self.highest.map_or(index, |highest| highest.max(index)));
        self.asked.remove(&index);
        if self.received.insert(index, now).is_some() {
            return;
        }
        let descriptor = codec.read(payload, &[], &mut Structure::default());
        let begins = match descriptor.layers() {
            Some(within) => within.begins && within.spatial == 0,
            None => payload[0] & 0x10 != 0,
        };
        if begins {
            self.pictures.push(Picture {
                at: now,
                timestamp: header.timestamp,
                id: descriptor.counters().picture_id,
                is_key: descriptor.begins_key_frame(),
                width: descriptor.sizes()[0].map(|size| size.0),
            });
        }
    }

    /// Arrivals, and requests for what is missing, as a browser sends them.
    fn report(&mut self) {
        let now = self.world.now;
        let mut buffer = [0; 1400];
        while let Some(length) = self.arrivals.write(5, 0, &mut buffer) {
            let sealed = self.viewer.sealed_rtcp(&buffer[..length]);
            self.up.send(now, sealed);
        }
        let Some(highest) = self.highest else { return };
        let ssrc = self.camera().map(|shown| shown.ssrc);
        let Some(ssrc) = ssrc else { return };
        let from = highest
            .saturating_sub(200)
            .max(*self.received.first_key_value().unwrap().0);
        let missing: Vec<u16> = (from..highest)
            .filter(|index| !self.received.contains_key(index))
            .filter(|index| {
                self.asked
                    .get(index)
                    .is_none_or(|at| now - *at > Duration::from_millis(120))
            })
            .take(60)
            .collect::<Vec<u64>>()
            .into_iter()
            .map(|index| {
                self.asked.insert(index, now);
                index as u16
            })
            .collect();
        if !missing.is_empty() {
            let mut writer = Writer::new(&mut buffer);
            writer.receiver_report(5, &[]);
            writer.missing(5, ssrc, &missing);
            let length = writer.finish().unwrap();
            let sealed = self.viewer.sealed_rtcp(&buffer[..length]);
            self.up.send(now, sealed);
        }
    }

    /// Tells the SFU how large the camera is shown.
    pub fn view(&mut self, width: u16, height: u16) {
        let viewport = hoian_server::media::Viewport { width, height };
        let World { sfu, now, outbox, .. } = &mut self.world;
        sfu.view(*now, self.watching, &[("v0".to_owned(), viewport)], outbox);
        self.world.collect();
    }

    /// The width of what is shown now.
    pub fn width(&self) -> Option<u16> {
        self.pictures.iter().rev().find_map(|picture| picture.width)
    }

    /// Bits a second that arrived in the time.
    pub fn measured(&mut self, duration: Duration) -> u64 {
        let before = self.received_bytes;
        self.run(duration);
        (self.received_bytes - before) * 8_000 / duration.as_millis() as u64
    }
}
