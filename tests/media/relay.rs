//! The relay, message by message: whom it serves, where it leads, and where it does not.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hoian_server::clock;
use hoian_server::media::stats::{Drop, Way};
use hoian_server::media::transport::path::Path;
use hoian_server::media::turn::{Credential, Ground, Outcome, Relays, Seat, Secret, Session};
use hoian_server::media::{ParticipantId, RoomId};
use proptest::prelude::*;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_stun::attributes::{
    ATTR_CHANNEL_NUMBER, ATTR_DATA, ATTR_ERROR_CODE, ATTR_LIFETIME, ATTR_NONCE, ATTR_REALM,
    ATTR_REQUESTED_ADDRESS_FAMILY, ATTR_REQUESTED_TRANSPORT, ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS,
    ATTR_XOR_RELAYED_ADDRESS, AttrType,
};
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_INDICATION, CLASS_REQUEST, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
    METHOD_REFRESH, METHOD_SEND, Message, MessageType, Method, Setter,
};
use rtc_stun::xoraddr::XorMappedAddress;
use uuid::Uuid;

use crate::scene::{ALICE, BOB, Scene};

const MEDIA: &str = "192.0.2.1:8081";
const NOON: u64 = 1_795_420_800;
const SEAT: Seat = (RoomId(Uuid::from_u128(9)), ALICE);
const UDP: (AttrType, &[u8]) = (ATTR_REQUESTED_TRANSPORT, &[17, 0, 0, 0]);

/// A relay, and one client of it.
struct Desk {
    now: Instant,
    seconds: u64,
    secret: Secret,
    relays: Relays,
    crypto: std::sync::Arc<dyn RTCCryptoProvider>,
    session: Session,
    credential: Credential,
    nonce: Option<Vec<u8>>,
}

impl Desk {
    fn new() -> Desk {
        let (now, secret) = (clock::instant(), Secret::new(&[7; 32]));
        Desk {
            now,
            seconds: NOON,
            credential: secret.issue(SEAT, NOON + 60),
            secret,
            relays: Relays::new(vec![MEDIA.parse().unwrap()]),
            crypto: rtc_crypto::default_provider().unwrap(),
            session: Session::new(now, "198.51.100.7:4000".parse().unwrap(), [9; 16]),
            nonce: None,
        }
    }

    /// One that has its relay already.
    fn with_relay() -> Desk {
        let mut desk = Desk::new();
        assert_eq!(
            desk.ask(METHOD_ALLOCATE, &[UDP]),
            401,
            "whoever says no name is asked for it"
        );
        assert_eq!(desk.ask(METHOD_ALLOCATE, &[UDP]), 200);
        desk
    }

    fn hear<'m>(&mut self, bytes: &'m [u8]) -> Outcome<'m> {
        let mut ground = Ground {
            now: self.now,
            unix_seconds: self.seconds,
            secret: &self.secret,
            relays: &mut self.relays,
            crypto: self.crypto.as_ref(),
        };
        self.session.receive(bytes, &mut ground)
    }

    /// 200, or the error that is answered.
    fn ask(&mut self, method: Method, attributes: &[(AttrType, &[u8])]) -> u16 {
        let request = self.request(method, attributes);
        self.answer(&request)
    }

    fn answer(&mut self, request: &[u8]) -> u16 {
        let Outcome::Reply(reply) = self.hear(request) else {
            panic!("a request is answered");
        };
        let mut answer = Message::new();
        answer.unmarshal_binary(&reply).unwrap();
        if let Ok(nonce) = answer.get(ATTR_NONCE) {
            self.nonce = Some(nonce);
        }
        match answer.get(ATTR_ERROR_CODE) {
            Ok(code) => u16::from(code[2]) * 100 + u16::from(code[3]),
            Err(_) => 200,
        }
    }

    fn request(&self, method: Method, attributes: &[(AttrType, &[u8])]) -> Vec<u8> {
        let mut message = message(method, attributes);
        let Some(nonce) = &self.nonce else {
            return message.raw;
        };
        let Credential { user_name, password } = self.credential.clone();
        message.add(ATTR_USERNAME, user_name.as_bytes());
        message.add(ATTR_REALM, b"hoian");
        message.add(ATTR_NONCE, nonce);
        let crypto = self.crypto.crypto();
        let key = MessageIntegrity::new_long_term_integrity_with_provider(
            user_name,
            "hoian".to_owned(),
            password,
            crypto,
        );
        key.unwrap().add_to(&mut message).unwrap();
        message.raw
    }

    fn permit(&mut self, peer: &str) -> u16 {
        let request = self.with_peer(METHOD_CREATE_PERMISSION, &[], peer);
        self.answer(&request)
    }

    fn bind(&mut self, number: u16, peer: &str) -> u16 {
        let [high, low] = number.to_be_bytes();
        let request = self.with_peer(
            METHOD_CHANNEL_BIND,
            &[(ATTR_CHANNEL_NUMBER, &[high, low, 0, 0])],
            peer,
        );
        self.answer(&request)
    }

    fn with_peer(&self, method: Method, attributes: &[(AttrType, &[u8])], peer: &str) -> Vec<u8> {
        // The address is masked by the transaction's id, which `message` leaves zero.
        let peer = peer_attribute(peer);
        let mut all = attributes.to_vec();
        all.push((ATTR_XOR_PEER_ADDRESS, &peer));
        self.request(method, &all)
    }
}

fn message(method: Method, attributes: &[(AttrType, &[u8])]) -> Message {
    let class = if method == METHOD_SEND {
        CLASS_INDICATION
    } else {
        CLASS_REQUEST
    };
    let mut message = Message::new();
    message.set_type(MessageType::new(method, class));
    message.write_header();
    for (attribute, value) in attributes {
        message.add(*attribute, value);
    }
    message
}

fn peer_attribute(peer: &str) -> Vec<u8> {
    let peer: SocketAddr = peer.parse().unwrap();
    let mut alone = Message::new();
    let address = XorMappedAddress {
        ip: peer.ip(),
        port: peer.port(),
    };
    address.add_to_as(&mut alone, ATTR_XOR_PEER_ADDRESS).unwrap();
    alone.get(ATTR_XOR_PEER_ADDRESS).unwrap()
}

fn send(peer: &str, data: &[u8]) -> Vec<u8> {
    let peer = peer_attribute(peer);
    message(METHOD_SEND, &[(ATTR_XOR_PEER_ADDRESS, &peer), (ATTR_DATA, data)]).raw
}

#[test]
fn what_is_sent_through_a_relay_comes_from_its_address_and_back() {
    let mut desk = Desk::with_relay();
    let media: SocketAddr = MEDIA.parse().unwrap();
    let (seat, relayed) = desk.session.relayed().unwrap();
    assert_eq!((seat, relayed.ip()), (SEAT, media.ip()));
    assert_eq!(
        desk.hear(&send(MEDIA, b"early")),
        Outcome::Nothing,
        "nothing before it is permitted"
    );
    assert_eq!(desk.session.wrap(desk.now, media, b"early"), None);
    assert_eq!(desk.permit(MEDIA), 200);
    let sent = |data: &'static [u8]| Outcome::Relay {
        peer: media,
        data: data.into(),
    };
    assert_eq!(desk.hear(&send(MEDIA, b"check")), sent(b"check"));
    let indication = desk.session.wrap(desk.now, media, b"answer").unwrap();
    let mut read = Message::new();
    read.unmarshal_binary(&indication).unwrap();
    assert_eq!(read.get(ATTR_DATA).unwrap(), b"answer");
    assert_eq!(desk.bind(0x4000, MEDIA), 200);
    assert_eq!(desk.hear(&[0x40, 0, 0, 3, 1, 2, 3]), sent(&[1, 2, 3]));
    assert_eq!(
        desk.session.wrap(desk.now, media, &[4, 5]).unwrap(),
        [0x40, 0, 0, 2, 4, 5, 0, 0]
    );
    assert_eq!(
        desk.hear(&[0x40, 1, 0, 1, 1]),
        Outcome::Nothing,
        "a channel nobody has bound"
    );
    desk.now += Duration::from_secs(301);
    assert_eq!(desk.session.wrap(desk.now, media, &[4]), None, "permissions end");
    assert_eq!(desk.hear(&send(MEDIA, b"late")), Outcome::Nothing);
}

#[test]
fn a_relay_leads_to_media_ports_and_nowhere_else() {
    let mut desk = Desk::with_relay();
    for (peer, answer) in [
        ("127.0.0.1:22", 403),
        ("127.0.0.1:8081", 403),
        ("10.0.0.1:8081", 403),
        ("192.0.2.1:22", 403),
        ("192.0.2.1:8080", 403),
        ("0.0.0.0:0", 403),
        ("[::1]:8081", 403),
        ("192.0.2.1:0", 200),
        (MEDIA, 200),
    ] {
        assert_eq!(desk.permit(peer), answer, "permission for {peer}");
    }
    for (peer, answer) in [
        ("127.0.0.1:22", 403),
        ("192.0.2.1:22", 403),
        ("192.0.2.1:0", 403),
        (MEDIA, 200),
    ] {
        assert_eq!(desk.bind(0x4001, peer), answer, "channel to {peer}");
    }
    for peer in ["192.0.2.1:22", "192.0.2.1:0", "10.0.0.1:8081"] {
        assert_eq!(desk.hear(&send(peer, b"knock")), Outcome::Nothing, "{peer}");
    }
    let one_bad = [peer_attribute(MEDIA), peer_attribute("10.0.0.1:22")];
    let peers = one_bad.each_ref().map(|peer| (ATTR_XOR_PEER_ADDRESS, &peer[..]));
    assert_eq!(desk.ask(METHOD_CREATE_PERMISSION, &peers), 403);
    assert_eq!(desk.ask(METHOD_CREATE_PERMISSION, &[]), 400);
}

#[test]
fn credentials_that_ended_or_were_made_up_are_refused() {
    let others = Secret::new(&[8; 32]).issue(SEAT, NOON + 60);
    let ours = Secret::new(&[7; 32]);
    let longer = Credential {
        user_name: ours.issue(SEAT, NOON + 6_000).user_name,
        ..ours.issue(SEAT, NOON + 60)
    };
    let elsewhere = Credential {
        user_name: ours
            .issue((RoomId(Uuid::from_u128(11)), ALICE), NOON + 60)
            .user_name,
        ..ours.issue(SEAT, NOON + 60)
    };
    let nobody = Credential {
        user_name: "admin".to_owned(),
        password: "admin".to_owned(),
    };
    for (credential, why) in [
        (ours.issue(SEAT, NOON), "ended this second"),
        (ours.issue(SEAT, NOON - 86_400), "ended yesterday"),
        (others, "another server's"),
        (longer, "made longer"),
        (elsewhere, "turned to another meeting"),
        (nobody, "no name of ours"),
    ] {
        let mut desk = Desk::new();
        desk.credential = credential;
        assert_eq!(desk.ask(METHOD_ALLOCATE, &[UDP]), 401);
        assert_eq!(desk.ask(METHOD_ALLOCATE, &[UDP]), 401, "{why}");
        assert!(desk.session.relayed().is_none());
    }
    let mut desk = Desk::new();
    assert_eq!(desk.ask(METHOD_ALLOCATE, &[UDP]), 401);
    desk.nonce = Some(b"00000000000000000000000000000000".to_vec());
    assert_eq!(
        desk.ask(METHOD_ALLOCATE, &[UDP]),
        438,
        "said on another connection"
    );
    assert_eq!(
        desk.ask(METHOD_ALLOCATE, &[UDP]),
        200,
        "with the nonce of this one"
    );
}

#[test]
fn a_relay_that_stands_outlives_its_credentials_and_ends_with_its_time() {
    let mut desk = Desk::with_relay();
    desk.seconds = NOON + 7_200;
    assert_eq!(
        desk.ask(METHOD_REFRESH, &[(ATTR_LIFETIME, &[0, 0, 0x0e, 0x10])]),
        200
    );
    desk.now += Duration::from_secs(3_599);
    assert_eq!(desk.ask(METHOD_REFRESH, &[]), 200);
    desk.now += Duration::from_secs(2);
    assert_eq!(
        desk.ask(METHOD_REFRESH, &[]),
        438,
        "an hour is all that a nonce has"
    );
    assert_eq!(desk.ask(METHOD_REFRESH, &[]), 200);
    desk.now += Duration::from_secs(601);
    assert_eq!(
        desk.ask(METHOD_REFRESH, &[]),
        401,
        "gone, and the credentials with it"
    );
    assert!(desk.session.relayed().is_none());
}

#[test]
fn what_cannot_be_given_is_refused() {
    for (attributes, answer) in [
        (&[][..], 400),
        (&[(ATTR_REQUESTED_TRANSPORT, &[6, 0, 0, 0][..])], 442),
        (&[UDP, (ATTR_REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])], 440),
        (&[UDP, (ATTR_REQUESTED_ADDRESS_FAMILY, &[9, 0, 0, 0])], 440),
        (&[UDP, (AttrType(0x0018), &[0x80])], 508),
        (&[UDP, (AttrType(0x0022), &[1; 8])], 508),
        (&[UDP, (AttrType(0x7abc), &[1])], 420),
        (&[UDP, (ATTR_LIFETIME, &[0, 0])], 400),
    ] {
        let mut desk = Desk::new();
        desk.ask(METHOD_ALLOCATE, &[UDP]);
        assert_eq!(desk.ask(METHOD_ALLOCATE, attributes), answer, "{attributes:?}");
        assert!(desk.session.relayed().is_none());
    }
    let mut desk = Desk::with_relay();
    assert_eq!(desk.ask(METHOD_ALLOCATE, &[UDP]), 437);
    assert_eq!(desk.bind(0x3fff, MEDIA), 400);
    assert_eq!(desk.bind(0x4000, MEDIA), 200);
    assert_eq!(desk.bind(0x4001, MEDIA), 400, "a peer has one channel");
    desk.credential = desk.secret.issue((SEAT.0, BOB), NOON + 60);
    assert_eq!(desk.ask(METHOD_REFRESH, &[]), 441);
    desk.credential = desk.secret.issue(SEAT, NOON + 60);
    assert_eq!(desk.ask(METHOD_REFRESH, &[(ATTR_LIFETIME, &[0; 4])]), 200);
    assert!(desk.session.relayed().is_none());
    assert_eq!(desk.ask(METHOD_REFRESH, &[]), 437);
}

#[test]
fn an_allocation_names_its_relayed_address() {
    let mut desk = Desk::new();
    desk.ask(METHOD_ALLOCATE, &[UDP]);
    let request = desk.request(METHOD_ALLOCATE, &[UDP]);
    let Outcome::Reply(reply) = desk.hear(&request) else {
        panic!("an answer");
    };
    let mut answer = Message::new();
    answer.unmarshal_binary(&reply).unwrap();
    let mut relayed = XorMappedAddress::default();
    relayed.get_from_as(&answer, ATTR_XOR_RELAYED_ADDRESS).unwrap();
    let (_, standing) = desk.session.relayed().unwrap();
    assert_eq!(SocketAddr::new(relayed.ip, relayed.port), standing);
}

/// Credentials that were stolen open no connection but that of the seat they were made for.
#[test]
fn a_relay_opens_the_connections_of_its_own_seat_alone() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let relayed: SocketAddr = "192.0.2.1:50000".parse().unwrap();
    let room = SEAT.0;
    for (stream, seat, is_let_through) in [
        (1, None, false),
        (2, Some((room, BOB)), false),
        (3, Some((RoomId(Uuid::from_u128(99)), ALICE)), false),
        (4, Some((room, ParticipantId(Uuid::from_u128(77)))), false),
        (5, Some((room, ALICE)), true),
    ] {
        let path = Path::stream(relayed, Way::TurnTls, stream);
        if let Some(seat) = seat {
            scene.world.sfu.relay_for(stream, seat);
        }
        scene.world.sent.clear();
        let before = scene.world.sfu.stats().dropped(Drop::OthersSeat);
        scene.world.deliver(path, &scene.publisher.check(None));
        let refused = scene.world.sfu.stats().dropped(Drop::OthersSeat) - before;
        assert_eq!(scene.world.sent.len(), usize::from(is_let_through), "{seat:?}");
        assert_eq!(refused, u64::from(!is_let_through), "{seat:?}");
    }
}

/// Some browsers nominate every way; UDP carries the media while it is nominated too, and a way that is gone no more.
#[test]
fn udp_is_kept_before_tcp_and_tcp_takes_over_when_it_falls_silent() {
    let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let site = |scene: &Scene| {
        let sites = scene.world.sfu.all_sites(scene.world.now);
        let site = sites[0].1.iter().find(|site| site.participant == BOB).unwrap();
        site.way_in.map(|path| path.way)
    };
    let tcp = Path::stream("192.0.2.9:40000".parse().unwrap(), Way::Tcp, 1);
    scene.world.deliver(tcp, &scene.viewer.check(None));
    assert_eq!(site(&scene), Some(Way::Udp));
    scene.world.wait(Duration::from_secs(4));
    scene.world.deliver(tcp, &scene.viewer.check(None));
    assert_eq!(site(&scene), Some(Way::Tcp));
    scene.world.sfu.forget(tcp);
    assert_eq!(site(&scene), None, "the connection is gone");
    let again = Path::stream("192.0.2.9:40001".parse().unwrap(), Way::Tcp, 2);
    scene.world.deliver(again, &scene.viewer.check(None));
    assert_eq!(site(&scene), Some(Way::Tcp));
    scene
        .world
        .deliver(scene.viewer.address, &scene.viewer.check(None));
    assert_eq!(site(&scene), Some(Way::Udp), "the better way is back");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a client says, with credentials and a relay or without.
    #[test]
    fn garbage_is_answered_with_a_refusal_or_not_at_all(
        garbage in proptest::collection::vec(any::<u8>(), 0..200),
        method in 0u8..16,
        has_relay in any::<bool>(),
    ) {
        let mut desk = if has_relay { Desk::with_relay() } else { Desk::new() };
        let relayed = desk.session.relayed();
        let mut message = vec![0, method, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        message.extend([0; 12]);
        message.extend(&garbage[..garbage.len() / 4 * 4]);
        let length = u16::try_from(message.len() - 20).unwrap();
        message[2..4].copy_from_slice(&length.to_be_bytes());
        for bytes in [&garbage[..], &message] {
            let is_relayed = matches!(desk.hear(bytes), Outcome::Relay { .. });
            prop_assert!(!is_relayed);
        }
        prop_assert_eq!(desk.session.relayed(), relayed);
    }
}
