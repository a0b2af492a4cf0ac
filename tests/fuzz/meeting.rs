//! What reaches a meeting's port and socket from strangers.
//!
//! A stream of datagrams is written as lengths of two bytes, each followed by so many bytes.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use hoian_server::conference::protocol::ClientMessage;
use hoian_server::media::bandwidth::feedback::Report;
use hoian_server::media::codec::{Codec, Shift, av1, red};
use hoian_server::media::recording::webm as webm_files;
use hoian_server::media::rtcp as media_rtcp;
use hoian_server::media::rtcp::Feedback;
use hoian_server::media::rtp::Header;
use hoian_server::media::sdp::{self as descriptions, Description, Local};
use hoian_server::media::transport::dtls::{Dtls, Identity};
use hoian_server::media::transport::ice_lite::{Credentials, IceLite, Request};
use hoian_server::media::transport::outbox::Outbox;
use rand::SeedableRng;
use rand::rngs::StdRng;

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
    let _ = ice.answer(now(), PEER, &mut request, crypto, &mut out);
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
        dtls.flush(PEER, &mut out);
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

/// A description, and our answer to it.
pub fn sdp(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(offer) = Description::parse(text) else {
        return;
    };
    let credentials = Credentials::generate(&mut StdRng::seed_from_u64(1));
    let local = Local {
        credentials: &credentials,
        fingerprint: &identity().fingerprint,
        addresses: &[PEER],
        setup: "passive",
    };
    for at in 0..offer.sections.len() {
        let _ = descriptions::answer(&offer, &[at], &local, 1, 2_500);
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

/// A message of a meeting's socket.
pub fn signalling(bytes: &[u8]) {
    let Ok(message) = serde_json::from_slice::<ClientMessage>(bytes) else {
        return;
    };
    let again = serde_json::to_vec(&message).expect("a message is JSON");
    let read = serde_json::from_slice::<ClientMessage>(&again).expect("what was written is read");
    assert_eq!(read, message);
}
