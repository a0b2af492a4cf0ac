//! Simulated clients against the SFU on virtual time.

use std::time::Duration;

use hoian_server::media::rtcp::Writer;
use hoian_server::media::rtp::{Header, Outgoing};
use hoian_server::media::sfu::{Error, MemberKey, PublishedTrack, Renewal, RoomKey};
use hoian_server::media::stats::Drop;
use hoian_server::media::transport::dtls::Identity;
use hoian_server::media::{CONSENT_EXPIRY, Event, ParticipantId, RoomId, Side, Source, TrackState};
use proptest::prelude::*;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use uuid::Uuid;

use crate::allocations;
use crate::peer::{CAMERA, CAMERA_REPAIR, MICROPHONE, Peer, World};

/// A publisher and a viewer, both connected.
struct Scene {
    world: World,
    publisher: Peer,
    viewer: Peer,
    publishing: MemberKey,
    watching: MemberKey,
    camera: Camera,
}

/// A stream of VP8 packets, one a frame.
struct Camera {
    index: u64,
    picture: u16,
}

pub const ALICE: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub const BOB: ParticipantId = ParticipantId(Uuid::from_u128(2));

impl Scene {
    fn new(profile: SrtpProtectionProfile) -> Scene {
        let mut world = World::new(7);
        let room = open(&mut world);
        let publishing = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let watching = world.sfu.join(world.now, room, BOB, &mut world.outbox).unwrap();
        let mut publisher = Peer::new(4001, profile, 1200);
        publish(&mut world, publishing, &mut publisher).unwrap();
        publisher.begin(&mut world);
        publisher.run(&mut world);
        let mut viewer = Peer::new(4002, profile, 1200);
        watch(&mut world, watching, &mut viewer);
        let camera = Camera {
            index: 65_500,
            picture: 100,
        };
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
    fn frame(&mut self, key: bool) -> Vec<Vec<u8>> {
        let packet = self.camera.next(key);
        let sealed = packet.seal(&self.publisher);
        self.world.deliver(self.publisher.address, &sealed);
        self.world.now += Duration::from_millis(33);
        self.viewer.run(&mut self.world)
    }

    /// What the publisher is asked for in the time that passes.
    fn asked(&mut self, wait: Duration) -> Vec<Vec<u8>> {
        self.world.wait(wait);
        self.publisher.run(&mut self.world)
    }
}

struct Packet {
    index: u64,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Packet {
    fn seal(&self, publisher: &Peer) -> Vec<u8> {
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
    fn next(&mut self, key: bool) -> Packet {
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

fn publish(world: &mut World, member: MemberKey, peer: &mut Peer) -> Result<(), Error> {
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

pub fn watch(world: &mut World, member: MemberKey, peer: &mut Peer) {
    let offer = world
        .sfu
        .subscribe(world.now, member, 2, Renewal::Grow, &mut world.outbox)
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

pub fn headers(media: &[Vec<u8>]) -> Vec<Header> {
    media
        .iter()
        .filter(|packet| !(192..224).contains(&packet[1]))
        .filter_map(|packet| Header::parse(packet))
        .collect()
}

#[test]
fn media_flows_under_either_protection_profile() {
    for profile in [
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
    ] {
        let mut scene = Scene::new(profile);
        scene.frame(true);
        let seen = headers(&scene.frame(true));
        assert_eq!((seen.len(), seen[0].payload_type), (1, 96), "{profile:?}");
        let events: Vec<Event> = scene.world.sfu.take_events().map(|(_, event)| event).collect();
        assert!(events.contains(&Event::Connected {
            participant: ALICE,
            side: Side::Publish
        }));
        assert!(events.contains(&Event::Track {
            participant: ALICE,
            source: Source::Camera,
            state: TrackState::Live
        }));
        let slots = events.iter().find_map(|event| match event {
            Event::Slots { viewer, slots } if *viewer == BOB => Some(slots.clone()),
            _ => None,
        });
        assert_eq!(slots.unwrap()[0].participant, ALICE);
    }
}

/// Browsers split a ClientHello with a post-quantum key share over two datagrams.
#[test]
fn a_client_hello_split_over_datagrams_connects_in_any_order() {
    for backwards in [false, true] {
        let mut world = World::new(3);
        let room = open(&mut world);
        let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let mut peer = Peer::new(4001, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, 100);
        publish(&mut world, member, &mut peer).unwrap();
        peer.begin_quietly(&mut world);
        let mut hello = peer.outgoing();
        assert!(hello.len() > 1, "the hello is split");
        if backwards {
            hello.reverse();
        }
        for datagram in hello {
            world.deliver(peer.address, &datagram);
        }
        peer.run(&mut world);
        assert!(peer.keys.is_some(), "backwards: {backwards}");
    }
}

/// A browser begins the handshake on the watching side while its answer is still on the way.
#[test]
fn a_handshake_ahead_of_the_answer_is_held_and_completes() {
    let mut world = World::new(5);
    let room = open(&mut world);
    let member = world.sfu.join(world.now, room, BOB, &mut world.outbox).unwrap();
    let mut peer = Peer::gcm(4002);
    let offer = world
        .sfu
        .subscribe(world.now, member, 2, Renewal::Grow, &mut world.outbox)
        .unwrap();
    peer.learn(&offer);
    peer.begin(&mut world);
    peer.run(&mut world);
    assert!(peer.keys.is_none());
    world
        .sfu
        .accept(world.now, member, &peer.answer(&offer), &mut world.outbox)
        .unwrap();
    world.collect();
    peer.run(&mut world);
    assert!(peer.keys.is_some());
}

#[test]
fn another_certificate_than_announced_is_refused() {
    let mut world = World::new(5);
    let room = open(&mut world);
    let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
    let (mut announced, mut other) = (Peer::gcm(4001), Peer::gcm(4001));
    publish(&mut world, member, &mut announced).unwrap();
    let credentials = announced.remote();
    other.set_remote(credentials);
    other.begin(&mut world);
    other.run(&mut world);
    assert!(other.keys.is_none());
    let lost = Event::Lost {
        participant: ALICE,
        side: Side::Publish,
    };
    assert!(world.sfu.take_events().any(|(_, event)| event == lost));
}

#[test]
fn an_address_is_bound_only_by_the_right_password() {
    let mut world = World::new(5);
    let room = open(&mut world);
    let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
    let mut peer = Peer::gcm(4001);
    publish(&mut world, member, &mut peer).unwrap();
    world.deliver(peer.address, &peer.check(Some("wrong")));
    world.deliver(peer.address, &[22, 254, 253, 0, 0]);
    assert!(world.sent.is_empty(), "neither is answered");
    assert_eq!(world.sfu.stats().dropped(Drop::Forged), 1);
    assert_eq!(world.sfu.stats().dropped(Drop::UnknownAddress), 1);
    world.deliver(peer.address, &peer.check(None));
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn a_lost_packet_is_sent_again_from_the_cache_on_the_repair_stream() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    let seen: Vec<Vec<u8>> = (0..5).flat_map(|at| scene.frame(at == 0)).collect();
    let lost = headers(&seen)[2].clone();
    let mut buffer = [0; 200];
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(5, &[]);
    writer.missing(5, lost.ssrc, &[lost.sequence_number]);
    let length = writer.finish().unwrap();
    let sealed = scene.viewer.sealed_rtcp(&buffer[..length]);
    scene.world.deliver(scene.viewer.address, &sealed);
    let again = scene.viewer.run(&mut scene.world);
    let header = &headers(&again)[0];
    assert_eq!((header.payload_type, header.timestamp), (97, lost.timestamp));
    let original = seen
        .iter()
        .find(|packet| Header::parse(packet).unwrap().sequence_number == lost.sequence_number);
    assert_eq!(
        again[0][12..14],
        lost.sequence_number.to_be_bytes(),
        "RFC 4588: the original number comes first"
    );
    assert_eq!(
        again[0][14..],
        original.unwrap()[12..],
        "the counters are rewritten as before"
    );
}

#[test]
fn a_gap_from_the_publisher_is_asked_for_and_repaired_without_a_second_copy() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    scene.frame(true);
    let lost = scene.camera.next(false);
    scene.frame(false);
    let asked = scene.asked(Duration::from_millis(60));
    assert!(
        asked
            .iter()
            .any(|packet| packet.windows(2).any(|pair| pair == [0x81, 205])),
        "a NACK: {asked:?}"
    );
    let mut payload = (lost.index as u16).to_be_bytes().to_vec();
    payload.extend_from_slice(&lost.payload);
    let header = Outgoing {
        marker: true,
        payload_type: 124,
        sequence_number: 9,
        timestamp: lost.timestamp,
        ssrc: CAMERA_REPAIR,
    };
    let repair = scene.publisher.sealed(header, 9, &payload);
    scene.world.deliver(scene.publisher.address, &repair);
    assert_eq!(
        headers(&scene.viewer.run(&mut scene.world)).len(),
        1,
        "the gap is filled"
    );
    scene
        .world
        .deliver(scene.publisher.address, &lost.seal(&scene.publisher));
    assert!(
        headers(&scene.viewer.run(&mut scene.world)).is_empty(),
        "the late original is not sent twice"
    );
}

#[test]
fn key_frames_are_asked_for_at_most_every_half_second() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    for _ in 0..30 {
        scene.frame(false);
        scene.asked(Duration::ZERO);
    }
    scene.asked(Duration::from_millis(100));
    let requests = scene.world.sfu.stats().key_frame_requests;
    assert!((2..=3).contains(&requests), "{requests} requests in a second");
    assert!(
        headers(&scene.frame(false)).is_empty(),
        "nothing can be decoded before a key frame"
    );
    assert_eq!(headers(&scene.frame(true)).len(), 1);
}

/// From Wi-Fi to cable: the viewer is offered new credentials, and until a check under them has come from the
/// new address, media flows to the old one.
#[test]
fn an_ice_restart_keeps_the_old_way_until_the_new_one_works() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    assert_eq!(headers(&scene.frame(true)).len(), 1);
    let World { sfu, now, outbox, .. } = &mut scene.world;
    let offer = sfu
        .subscribe(*now, scene.watching, 2, Renewal::RestartIce, outbox)
        .unwrap();
    let before = scene.viewer.remote();
    scene.viewer.learn(&offer);
    assert_ne!(scene.viewer.remote(), before, "new credentials");
    let World { sfu, now, outbox, .. } = &mut scene.world;
    sfu.accept(*now, scene.watching, &scene.viewer.answer(&offer), outbox)
        .unwrap();
    assert_eq!(headers(&scene.frame(false)).len(), 1, "the old way carries on");
    let old = scene.viewer.address;
    let new: std::net::SocketAddr = "10.0.9.9:5000".parse().unwrap();
    scene.world.deliver(new, &scene.viewer.check(Some("wrong")));
    assert_eq!(
        headers(&scene.frame(false)).len(),
        1,
        "a forged check moves nothing"
    );
    scene.world.deliver(new, &scene.viewer.check(None));
    scene.viewer.address = new;
    scene.viewer.run(&mut scene.world);
    assert_eq!(
        headers(&scene.frame(false)).len(),
        1,
        "the new way carries the media, under the same keys"
    );
    assert!(scene.world.sent.iter().all(|(to, _)| *to != old));
}

#[test]
fn a_muted_source_is_not_forwarded_and_gives_its_slot_back() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    assert_eq!(headers(&scene.frame(true)).len(), 1);
    let World { sfu, now, outbox, .. } = &mut scene.world;
    sfu.take_events();
    sfu.mute(*now, scene.publishing, Source::Camera, true, outbox);
    let events: Vec<Event> = sfu.take_events().map(|(_, event)| event).collect();
    assert!(events.contains(&Event::Track {
        participant: ALICE,
        source: Source::Camera,
        state: TrackState::Gone
    }));
    assert!(events.contains(&Event::Slots {
        viewer: BOB,
        slots: vec![]
    }));
    assert!(headers(&scene.frame(true)).is_empty());
}

#[test]
fn whoever_falls_silent_for_the_consent_time_is_lost() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    scene.world.sfu.take_events();
    scene.world.wait(CONSENT_EXPIRY + Duration::from_secs(1));
    let events: Vec<Event> = scene.world.sfu.take_events().map(|(_, event)| event).collect();
    for (participant, side) in [(ALICE, Side::Publish), (BOB, Side::Subscribe)] {
        assert!(events.contains(&Event::Lost { participant, side }), "{events:?}");
    }
}

#[test]
fn whoever_joins_again_replaces_the_earlier_presence() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let World { sfu, now, outbox, .. } = &mut scene.world;
    let room = sfu.open(*now, RoomId(Uuid::from_u128(10)), outbox);
    let first = sfu.join(*now, room, ALICE, outbox).unwrap();
    let second = sfu.join(*now, room, ALICE, outbox).unwrap();
    sfu.leave(*now, first, outbox);
    assert_eq!(
        sfu.subscribe(*now, first, 2, Renewal::Grow, outbox),
        Err(Error::Gone)
    );
    assert!(sfu.subscribe(*now, second, 2, Renewal::Grow, outbox).is_ok());
    assert!(matches!(
        sfu.subscribe(*now, second, 26, Renewal::Grow, outbox),
        Err(Error::Refused(_))
    ));
}

#[test]
fn descriptions_that_cannot_be_taken_are_refused_and_change_nothing() {
    let mut world = World::new(1);
    let room = open(&mut world);
    let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
    let whole = Peer::gcm(4001).offer();
    let camera = [PublishedTrack {
        mid: "1".to_owned(),
        source: Source::Camera,
    }];
    let screen_on_audio = [PublishedTrack {
        mid: "0".to_owned(),
        source: Source::Screen,
    }];
    for (offer, tracks, malformed) in [
        ("garbage".to_owned(), &camera, true),
        (
            whole.replace("a=fingerprint:sha-256", "a=fingerprint:md5"),
            &camera,
            true,
        ),
        (whole.replace("a=mid:1", "a=mid:7"), &camera, true),
        (whole.clone(), &screen_on_audio, true),
        (whole.replace("VP8", "H263"), &camera, false),
        (whole.replace("actpass", "passive"), &camera, false),
    ] {
        let refused = world
            .sfu
            .publish(world.now, member, &offer, tracks, &mut world.outbox)
            .unwrap_err();
        assert_eq!(matches!(refused, Error::Malformed(_)), malformed, "{refused}");
    }
    let refused = world.sfu.accept(world.now, member, &whole, &mut world.outbox);
    assert_eq!(refused, Err(Error::Refused("an answer without an offer")));
}

#[test]
fn forwarding_ten_thousand_packets_allocates_nothing() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    scene.frame(true);
    scene.frame(true);
    let audio = |index: u64| Outgoing {
        marker: false,
        payload_type: 109,
        sequence_number: index as u16,
        timestamp: index as u32 * 960,
        ssrc: MICROPHONE,
    };
    scene.world.deliver(
        scene.publisher.address,
        &scene.publisher.sealed(audio(1), 1, &[1; 80]),
    );
    let datagrams: Vec<Vec<u8>> = (0..5_000u64)
        .flat_map(|at| {
            let video = scene.camera.next(at % 300 == 0).seal(&scene.publisher);
            [
                video,
                scene.publisher.sealed(audio(at + 2), at + 2, &[at as u8; 80]),
            ]
        })
        .collect();
    let before = scene.world.sfu.stats().forwarded_packets;
    let (address, world) = (scene.publisher.address, &mut scene.world);
    let allocated = allocations::during(|| {
        for datagram in &datagrams {
            world.pass(address, datagram);
            world.now += Duration::from_micros(100);
        }
    });
    assert_eq!(world.sfu.stats().forwarded_packets - before, 10_000);
    assert_eq!(allocated, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing that comes to the port may panic or be answered, from strangers or from a connected peer.
    #[test]
    fn garbage_is_dropped_and_the_rest_goes_on(
        garbage in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..60),
        first in proptest::sample::select(vec![0u8, 1, 20, 22, 23, 63, 64, 128, 144, 191, 255]),
    ) {
        let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        scene.frame(true);
        for mut datagram in garbage {
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            for from in [scene.publisher.address, scene.viewer.address, "10.9.9.9:9".parse().unwrap()] {
                scene.world.deliver(from, &datagram);
            }
        }
        scene.world.sent.clear();
        prop_assert_eq!(headers(&scene.frame(true)).len(), 1);
    }

    /// A real datagram with any byte changed harms nobody.
    #[test]
    fn a_damaged_check_or_packet_harms_nobody(at in 0usize..2_000, value in any::<u8>()) {
        let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        scene.frame(true);
        for mut datagram in [scene.publisher.check(None), scene.camera.next(true).seal(&scene.publisher)] {
            let place = at % datagram.len();
            datagram[place] ^= value;
            scene.world.deliver(scene.publisher.address, &datagram);
        }
        scene.world.sent.clear();
        prop_assert_eq!(headers(&scene.frame(true)).len(), 1);
    }

    /// An offer with any piece cut out or doubled is refused or taken, never a panic.
    #[test]
    fn a_damaged_offer_never_panics(from in 0usize..1_200, length in 0usize..300, doubled in any::<bool>()) {
        let mut world = World::new(1);
        let room = open(&mut world);
        let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let whole = offer_once();
        let from = from.min(whole.len());
        let to = (from + length).min(whole.len());
        let middle = if doubled { whole[from..to].repeat(2) } else { String::new() };
        let damaged = format!("{}{middle}{}", &whole[..from], &whole[to..]);
        let tracks = [PublishedTrack { mid: "1".to_owned(), source: Source::Camera }];
        let _ = world.sfu.publish(world.now, member, &damaged, &tracks, &mut world.outbox);
    }
}

fn offer_once() -> String {
    static OFFER: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    OFFER.get_or_init(|| Peer::gcm(4001).offer()).clone()
}

#[test]
fn every_identity_is_its_own() {
    assert_ne!(
        Identity::generate().unwrap().fingerprint,
        Identity::generate().unwrap().fingerprint
    );
}
