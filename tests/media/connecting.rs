//! How simulated clients come in, change their way, come again and are lost.

use std::time::Duration;

use hoian_server::media::sfu::{Error, PublishedTrack, Renewal};
use hoian_server::media::stats::Drop;
use hoian_server::media::transport::dtls::Identity;
use hoian_server::media::{CONSENT_EXPIRY, Event, RoomId, Side, Source};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use uuid::Uuid;

use crate::peer::{Peer, World};
use crate::scene::{ALICE, BOB, Scene, headers, open, publish};

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
fn every_identity_is_its_own() {
    assert_ne!(
        Identity::generate().unwrap().fingerprint,
        Identity::generate().unwrap().fingerprint
    );
}
