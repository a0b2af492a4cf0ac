//! Media between simulated clients on virtual time: forwarded, repaired, and within its limits.

use std::time::Duration;

use hoian_server::media::rtcp::Writer;
use hoian_server::media::rtp::{Header, Outgoing};
use hoian_server::media::{Event, Side, Source, TrackState};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use crate::allocations;
use crate::peer::{CAMERA_REPAIR, MICROPHONE, World};
use crate::scene::{ALICE, BOB, Scene, headers};

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
        assert_eq!(slots.unwrap()[0].participant, Some(ALICE));
    }
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
