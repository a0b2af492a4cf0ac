//! The messages of TURN, read and written by `rtc-stun` and `rtc-turn`.

use std::net::SocketAddr;

use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{
    ATTR_CHANNEL_NUMBER, ATTR_DATA, ATTR_DONT_FRAGMENT, ATTR_EVEN_PORT, ATTR_LIFETIME,
    ATTR_MESSAGE_INTEGRITY, ATTR_NONCE, ATTR_REALM, ATTR_REQUESTED_ADDRESS_FAMILY, ATTR_REQUESTED_TRANSPORT,
    ATTR_RESERVATION_TOKEN, ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS, AttrType, Attributes,
};
use rtc_stun::error_code::{ErrorCode, ErrorCodeAttribute};
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_INDICATION, CLASS_SUCCESS_RESPONSE, METHOD_DATA, Message, MessageType,
    Method, Setter,
};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::uattrs::UnknownAttributes;
use rtc_stun::xoraddr::XorMappedAddress;
use rtc_turn::proto::data::Data;
use rtc_turn::proto::peeraddr::PeerAddress;

use crate::media::transport::ice_lite::is_well_formed;

/// A message whose attributes lie within it; `None` of anything else.
pub fn parse(bytes: &[u8]) -> Option<Message> {
    let mut message = Message::new();
    message.unmarshal_binary(bytes).ok()?;
    is_well_formed(&message).then_some(message)
}

/// A text of so many bytes at most.
pub fn text(message: &Message, attribute: AttrType) -> Option<String> {
    let bytes = message.get(attribute).ok()?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() <= MOST_TEXT)
}

/// Every peer that is named; `None` where one of them cannot be read, or too many are.
pub fn peers(message: &Message) -> Option<Vec<SocketAddr>> {
    let named = message.attributes.0.iter();
    let named: Vec<_> = named
        .filter(|attribute| attribute.typ == ATTR_XOR_PEER_ADDRESS)
        .take(MOST_PEERS + 1)
        .cloned()
        .collect();
    if named.len() > MOST_PEERS {
        return None;
    }
    named
        .into_iter()
        .map(|attribute| {
            let alone = Message {
                transaction_id: message.transaction_id,
                attributes: Attributes(vec![attribute]),
                ..Message::new()
            };
            let mut peer = XorMappedAddress::default();
            peer.get_from_as(&alone, ATTR_XOR_PEER_ADDRESS).ok()?;
            Some(SocketAddr::new(peer.ip, peer.port))
        })
        .collect()
}

/// Attributes that must be understood and are not (RFC 8489 section 14).
pub fn unknown(message: &Message) -> Vec<AttrType> {
    let types = message.attributes.0.iter().map(|attribute| attribute.typ);
    types
        .filter(|each| each.value() < 0x8000 && !KNOWN.contains(each))
        .take(MOST_PEERS)
        .collect()
}

/// A response under way.
pub struct Response {
    message: Message,
}

impl Response {
    pub fn success(request: &Message) -> Response {
        Response::new(request, MessageType::new(method(request), CLASS_SUCCESS_RESPONSE))
    }

    pub fn error(request: &Message, code: ErrorCode) -> Response {
        let response = Response::new(request, MessageType::new(method(request), CLASS_ERROR_RESPONSE));
        response.with(&ErrorCodeAttribute {
            code,
            reason: reason(code).into(),
        })
    }

    fn new(request: &Message, class: MessageType) -> Response {
        let mut message = Message::new();
        message.transaction_id = request.transaction_id;
        message.set_type(class);
        message.write_header();
        Response { message }
    }

    /// Adds an attribute; one that cannot be written would be a bug here, and is left out.
    pub fn with(mut self, attribute: &dyn Setter) -> Response {
        let added = attribute.add_to(&mut self.message);
        debug_assert!(added.is_ok(), "{added:?}");
        self
    }

    pub fn text(self, attribute: AttrType, text: &str) -> Response {
        self.with(&TextAttribute::new(attribute, text.to_owned()))
    }

    pub fn unknown(self, attributes: Vec<AttrType>) -> Response {
        self.with(&UnknownAttributes(attributes))
    }

    pub fn bytes(self) -> Vec<u8> {
        self.message.raw
    }

    pub fn signed(self, key: &[u8], crypto: &dyn RTCCryptoProvider) -> Vec<u8> {
        let integrity = MessageIntegrity::new_raw_integrity_with_provider(key, crypto.crypto());
        self.with(&integrity).bytes()
    }
}

/// A Data indication (RFC 8656 section 11.4); `None` where it cannot be written.
pub fn data_indication(peer: SocketAddr, data: &[u8]) -> Option<Vec<u8>> {
    let mut message = Message::new();
    message.new_transaction_id().ok()?;
    message.set_type(MessageType::new(METHOD_DATA, CLASS_INDICATION));
    message.write_header();
    let from = PeerAddress {
        ip: peer.ip(),
        port: peer.port(),
    };
    from.add_to(&mut message).ok()?;
    Data(data.to_vec()).add_to(&mut message).ok()?;
    Some(message.raw)
}

fn method(request: &Message) -> Method {
    request.typ.method
}

fn reason(code: ErrorCode) -> &'static str {
    match code.0 {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        420 => "Unknown Attribute",
        437 => "Allocation Mismatch",
        438 => "Stale Nonce",
        440 => "Address Family not Supported",
        441 => "Wrong Credentials",
        442 => "Unsupported Transport Protocol",
        443 => "Peer Address Family Mismatch",
        486 => "Allocation Quota Reached",
        _ => "Insufficient Capacity",
    }
}

const KNOWN: [AttrType; 12] = [
    ATTR_USERNAME,
    ATTR_MESSAGE_INTEGRITY,
    ATTR_REALM,
    ATTR_NONCE,
    ATTR_LIFETIME,
    ATTR_XOR_PEER_ADDRESS,
    ATTR_DATA,
    ATTR_REQUESTED_TRANSPORT,
    ATTR_REQUESTED_ADDRESS_FAMILY,
    ATTR_CHANNEL_NUMBER,
    ATTR_EVEN_PORT,
    ATTR_DONT_FRAGMENT,
];
/// Answered as a relay that cannot be had, so it is understood as well.
pub const RESERVED: AttrType = ATTR_RESERVATION_TOKEN;
/// User names (RFC 8489 section 14.3) and all others are shorter.
const MOST_TEXT: usize = 508;
/// In one request: browsers name one.
const MOST_PEERS: usize = 16;
