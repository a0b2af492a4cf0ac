//! What reaches a meeting's port and socket from strangers.
//!
//! A stream of datagrams is written as lengths of two bytes, each followed by so many bytes.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use hoian_server::conference::protocol::ClientMessage;
use hoian_server::media::bandwidth::feedback::Report;
use hoian_server::media::codec::{Codec, Shift, av1, red};
use hoian_server::media::framing::{self, MOST_OPENING, Opening};
use hoian_server::media::recording::webm as webm_files;
use hoian_server::media::relay::ShardId;
use hoian_server::media::rtcp as media_rtcp;
use hoian_server::media::rtcp::Feedback;
use hoian_server::media::rtp::Header;
use hoian_server::media::sdp::{self as descriptions, Description, Fragment, Local, OfferedSection, Shown};
use hoian_server::media::transport::dtls::{Dtls, Identity};
use hoian_server::media::transport::ice_lite::{Credentials, IceLite, Request};
use hoian_server::media::transport::outbox::Outbox;
use hoian_server::media::turn::{Credential, Ground, Outcome, Relays, Secret, Session};
use hoian_server::media::{ParticipantId, RoomId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rtc_stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{Message, Setter};
use uuid::Uuid;

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

fn identity() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity::generate().expect("a certificate"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing here takes time: any moment will do"
)]
fn now() -> Instant {
    static NOW: OnceLock<Instant> = OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

fn datagrams(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (datagram, rest) = rest.split_at(length);
        bytes = rest;
        Some(datagram)
    })
}

/// A check, and the same as if its user name were known here.
pub fn stun(bytes: &[u8]) {
    let Some(mut request) = Request::parse(bytes) else {
        return;
    };
    let credentials = Credentials {
        user_fragment: request.user_fragment.clone(),
        password: "passwordpasswordpassword".to_owned(),
    };
    let mut ice = IceLite::new(credentials, now());
    let mut out = Outbox::with_room_for(1);
    let crypto = identity().crypto.as_ref();
    let _ = ice.answer(now(), PEER.into(), &mut request, crypto, &mut out);
}

/// A file that somebody calls a recording.
pub fn webm(bytes: &[u8]) {
    let _ = webm_files::clusters(bytes);
}

/// A handshake with somebody who says anything.
pub fn dtls(bytes: &[u8]) {
    let mut dtls = Dtls::held();
    let mut out = Outbox::with_room_for(64);
    let _ = dtls.begin(now(), identity(), vec![[0; 32]]);
    for datagram in datagrams(bytes).take(70) {
        let _ = dtls.receive(now(), datagram);
        dtls.flush(PEER.into(), &mut out);
        out.clear();
    }
    dtls.close(now());
}

/// A header with every element it may have.
pub fn rtp(bytes: &[u8]) {
    let Some(header) = Header::parse(bytes) else {
        return;
    };
    let _ = header.payload(bytes);
    for id in 0..=u8::MAX {
        if let Some(value) = header.element(bytes, id) {
            assert_eq!(
                header.element_range(bytes, id).map(|range| range.len()),
                Some(value.len())
            );
        }
    }
}

pub fn rtcp(bytes: &[u8]) {
    media_rtcp::read(bytes, |feedback| match feedback {
        Feedback::Missing { pairs, .. } => {
            let _ = media_rtcp::missing(pairs).count();
        }
        Feedback::Arrivals { information } => {
            if let Some(report) = Report::parse(information) {
                report.each(|_, _| {});
            }
        }
        _ => {}
    });
}

/// A description, and our answers to it: of what is sent, and of what is shown; or a fragment of one.
pub fn sdp(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let credentials = Credentials::generate(&mut StdRng::seed_from_u64(1), ShardId(0));
    let local = Local {
        credentials: &credentials,
        fingerprint: &identity().fingerprint,
        addresses: &[PEER],
        tcp_addresses: &[PEER],
        setup: "passive",
    };
    if let Ok(fragment) = Fragment::parse(text) {
        let _ = fragment.answer(&local);
    }
    let Ok(offer) = Description::parse(text) else {
        return;
    };
    for at in 0..offer.sections.len() {
        let _ = descriptions::answer(&offer, &[at], &local, 1, 2_500);
    }
    if let Ok((shown, ..)) = descriptions::shown(&offer, 5) {
        let slot = |(at, shown): (usize, &Shown)| OfferedSection {
            mid: offer.sections[shown.section].mid.clone(),
            stream: "stage".to_owned(),
            ssrc: at as u32,
            repair_ssrc: (!shown.is_audio).then_some(99),
        };
        let slots: Vec<OfferedSection> = shown.iter().enumerate().map(slot).collect();
        let answer = descriptions::answer_viewer(&offer, &shown, &slots, &local, 1);
        Description::parse(&answer).expect("our own answer can be read");
    }
}

/// Payloads of one codec, each with what it depends on, rewritten as for a viewer. The first byte chooses the codec.
pub fn codec(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let codec = Codec::ALL[usize::from(*first) % Codec::ALL.len()];
    let mut structure = av1::Structure::default();
    let mut dependency: &[u8] = &[];
    for datagram in datagrams(rest) {
        let _ = red::primary(datagram);
        let descriptor = codec.read(datagram, dependency, &mut structure);
        let shift = Shift::after(descriptor.counters(), Shift::default());
        let (mut payload, mut told) = (datagram.to_vec(), dependency.to_vec());
        shift.apply(&descriptor, &mut payload, &mut told);
        let _ = (
            descriptor.sizes(),
            descriptor.layers(),
            descriptor.begins_key_frame(),
        );
        dependency = datagram;
    }
}

/// What a connection to a shared port speaks: the same however much of it has come.
pub fn opening(bytes: &[u8]) {
    let whole = Opening::of(bytes);
    assert!(
        bytes.len() < MOST_OPENING || whole != Ok(None),
        "that is enough to know"
    );
    for length in 0..bytes.len().min(MOST_OPENING) {
        let part = Opening::of(&bytes[..length]);
        assert!(part == Ok(None) || part == whole, "{part:?} becomes {whole:?}");
    }
}

/// A stream cut into frames: none is lost, none overlaps, and nothing depends on how much has come at once.
pub fn framing(bytes: &[u8]) {
    for cut in [framing::rfc_4571, framing::turn] {
        let mut rest = bytes;
        while let Ok(Some(frame)) = cut(rest) {
            assert!(frame.message.end <= frame.end && frame.end <= rest.len());
            assert!(frame.end > 0);
            assert_eq!(cut(&rest[..frame.end]), Ok(Some(frame.clone())));
            assert_eq!(cut(&rest[..frame.end - 1]), Ok(None));
            rest = &rest[frame.end..];
        }
    }
}

/// A client of the relay who knows its credentials and says anything. Each message is signed again, so that what lies behind
/// the signature is reached.
pub fn turn(bytes: &[u8]) {
    let seat = (RoomId(Uuid::nil()), ParticipantId(Uuid::nil()));
    let secret = Secret::new(&[7; 32]);
    let credential = secret.issue(seat, 10);
    let mut relays = Relays::new(vec![PEER]);
    let mut session = Session::new(now(), PEER, [9; 16]);
    let crypto = identity().crypto.as_ref();
    for datagram in datagrams(bytes).take(64) {
        for message in [datagram.to_vec(), signed(datagram, &credential)] {
            let mut ground = Ground {
                now: now(),
                unix_seconds: 1,
                secret: &secret,
                relays: &mut relays,
                crypto,
            };
            if let Outcome::Relay { peer, .. } = session.receive(&message, &mut ground) {
                assert_eq!(peer, PEER, "it leads nowhere else");
            }
            let _ = session.wrap(now(), PEER, datagram);
        }
    }
    session.end(&mut relays);
}

/// The method and the attributes of a message, as our own client would send them.
fn signed(message: &[u8], credential: &Credential) -> Vec<u8> {
    let mut read = Message::new();
    if read.unmarshal_binary(message).is_err() {
        return Vec::new();
    }
    let mut again = Message::new();
    again.set_type(read.typ);
    again.write_header();
    for attribute in read.attributes.0.iter().filter(|each| each.value.len() < 1_000) {
        again.add(attribute.typ, &attribute.value);
    }
    let Credential { user_name, password } = credential.clone();
    again.add(ATTR_USERNAME, user_name.as_bytes());
    again.add(ATTR_REALM, b"hoian");
    again.add(ATTR_NONCE, "09".repeat(16).as_bytes());
    let crypto = identity().crypto.crypto();
    let realm = "hoian".to_owned();
    let key = MessageIntegrity::new_long_term_integrity_with_provider(user_name, realm, password, crypto);
    // A message that has a fingerprint already is refused by the library.
    match key.map(|key| key.add_to(&mut again)) {
        Ok(Ok(())) => again.raw,
        _ => Vec::new(),
    }
}

/// A message of a meeting's socket.
pub fn signalling(bytes: &[u8]) {
    let Ok(message) = serde_json::from_slice::<ClientMessage>(bytes) else {
        return;
    };
    let again = serde_json::to_vec(&message).expect("a message is JSON");
    let read = serde_json::from_slice::<ClientMessage>(&again).expect("what was written is read");
    assert_eq!(read, message);
}
