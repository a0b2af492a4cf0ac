//! A publisher and a viewer against the SFU on virtual time.

use std::time::Duration;

use hoian_server::media::rtp::{self, Header, Outgoing};
use hoian_server::media::sfu::{Error, MemberKey, PublishedTrack, Renewal, RoomKey};
use hoian_server::media::transport::srtp;
use hoian_server::media::{ParticipantId, RoomId, Source};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use uuid::Uuid;

use crate::peer::{CAMERA, MICROPHONE, Peer, World};

/// A publisher and a viewer, both connected.
pub struct Scene {
    pub world: World,
    pub publisher: Peer,
    pub viewer: Peer,
    pub publishing: MemberKey,
    pub watching: MemberKey,
    pub camera: Camera,
}

/// A stream of VP8 packets, one a frame.
pub struct Camera {
    index: u64,
    picture: u16,
}

pub const ALICE: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub const BOB: ParticipantId = ParticipantId(Uuid::from_u128(2));

impl Scene {
    pub fn new(profile: SrtpProtectionProfile) -> Scene {
        let mut world = World::new(7);
        let room = open(&mut world);
        let publishing = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let watching = world.sfu.join(world.now, room, BOB, &mut world.outbox).unwrap();
        let mut publisher = Peer::new(4001, profile, 1200);
        publish(&mut world, publishing, &mut publisher).unwrap();
        publisher.begin(&mut world);
        publisher.run(&mut world);
        let mut viewer = Peer::new(4002, profile, 1200);
        watch(&mut world, watching, 2, &mut viewer);
        let camera = Camera::new();
        Scene {
            world,
            publisher,
            viewer,
            publishing,
            watching,
            camera,
        }
    }

    /// The publisher's next video packet through the SFU; gives what the viewer gets.
    pub fn frame(&mut self, key: bool) -> Vec<Vec<u8>> {
        let packet = self.camera.next(key);
        let sealed = packet.seal(&self.publisher);
        self.world.deliver(self.publisher.address, &sealed);
        self.world.now += Duration::from_millis(33);
        self.viewer.run(&mut self.world)
    }

    /// What the publisher is asked for in the time that passes.
    pub fn asked(&mut self, wait: Duration) -> Vec<Vec<u8>> {
        self.world.wait(wait);
        self.publisher.run(&mut self.world)
    }
}

pub struct Packet {
    pub index: u64,
    pub timestamp: u32,
    pub payload: Vec<u8>,
}

impl Packet {
    pub fn seal(&self, publisher: &Peer) -> Vec<u8> {
        let header = Outgoing {
            marker: true,
            payload_type: 120,
            sequence_number: self.index as u16,
            timestamp: self.timestamp,
            ssrc: CAMERA,
        };
        publisher.sealed(header, self.index, &self.payload)
    }
}

impl Camera {
    pub fn new() -> Camera {
        Camera {
            index: 65_500,
            picture: 100,
        }
    }

    pub fn next(&mut self, key: bool) -> Packet {
        self.index += 1;
        self.picture += 1;
        let mut payload = vec![
            0x90,
            0x80,
            0x80 | (self.picture >> 8) as u8,
            self.picture as u8,
            u8::from(!key),
        ];
        payload.resize(1_000, self.index as u8);
        Packet {
            index: self.index,
            timestamp: self.index as u32 * 3_000,
            payload,
        }
    }
}

pub fn open(world: &mut World) -> RoomKey {
    world
        .sfu
        .open(world.now, RoomId(Uuid::from_u128(9)), &mut world.outbox)
}

pub fn publish(world: &mut World, member: MemberKey, peer: &mut Peer) -> Result<(), Error> {
    let track = |mid: &str, source| PublishedTrack {
        mid: mid.to_owned(),
        source,
    };
    let tracks = [track("0", Source::Microphone), track("1", Source::Camera)];
    let answer = world
        .sfu
        .publish(world.now, member, &peer.offer(), &tracks, &mut world.outbox)?;
    assert!(
        answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 109\r\n"),
        "payload types are echoed: {answer}"
    );
    assert!(answer.contains("a=extmap:3 "), "extension ids are echoed");
    peer.learn(&answer);
    Ok(())
}

pub fn watch(world: &mut World, member: MemberKey, seats: usize, peer: &mut Peer) {
    let offer = world
        .sfu
        .subscribe(world.now, member, seats, Renewal::Grow, &mut world.outbox)
        .unwrap();
    peer.learn(&offer);
    world
        .sfu
        .accept(world.now, member, &peer.answer(&offer), &mut world.outbox)
        .unwrap();
    world.collect();
    peer.begin(world);
    peer.run(world);
    assert!(peer.keys.is_some(), "the viewer is connected");
}

/// A packet of sound that says how loud it is (RFC 6464), as extension 3.
pub fn spoken(peer: &Peer, index: u64, level: u8, payload: &[u8]) -> Vec<u8> {
    let header = Outgoing {
        marker: false,
        payload_type: 109,
        sequence_number: index as u16,
        timestamp: index as u32 * 960,
        ssrc: MICROPHONE,
    };
    let mut bytes = vec![0; rtp::HEADER_LENGTH];
    header.write(bytes.first_chunk_mut().unwrap());
    bytes[0] |= 0x10;
    bytes.extend([0xbe, 0xde, 0, 1, 0x30, 0x80 | level, 0, 0]);
    let header_length = bytes.len();
    bytes.extend(payload);
    let plain = bytes.len();
    bytes.resize(plain + srtp::OVERHEAD, 0);
    let (_, sealer) = peer.keys.as_ref().unwrap();
    let length = sealer
        .seal_rtp(&mut bytes, header_length, plain, MICROPHONE, index)
        .unwrap();
    bytes.truncate(length);
    bytes
}

pub fn headers(media: &[Vec<u8>]) -> Vec<Header> {
    media
        .iter()
        .filter(|packet| !(192..224).contains(&packet[1]))
        .filter_map(|packet| Header::parse(packet))
        .collect()
}
