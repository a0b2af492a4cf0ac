//! What one connection asks of the relay.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{
    ATTR_DATA, ATTR_EVEN_PORT, ATTR_LIFETIME, ATTR_MESSAGE_INTEGRITY, ATTR_NONCE, ATTR_REALM,
    ATTR_REQUESTED_ADDRESS_FAMILY, ATTR_USERNAME,
};
use rtc_stun::error_code::ErrorCode;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_INDICATION, CLASS_REQUEST, Getter, METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND,
    METHOD_CREATE_PERMISSION, METHOD_REFRESH, METHOD_SEND, Message,
};
use rtc_stun::xoraddr::XorMappedAddress;
use rtc_turn::proto::PROTO_UDP;
use rtc_turn::proto::channum::ChannelNumber;
use rtc_turn::proto::lifetime::Lifetime;
use rtc_turn::proto::relayaddr::RelayedAddress;
use rtc_turn::proto::reqtrans::RequestedTransport;

use super::credential::{self, Seat, Secret};
use super::message::{self, RESERVED, Response};
use super::relays::{Refusal, Relays};

/// What a session stands on while it takes a message.
pub struct Ground<'g> {
    pub now: Instant,
    /// Seconds since 1970, by which credentials end.
    pub unix_seconds: u64,
    pub secret: &'g Secret,
    pub relays: &'g mut Relays,
    pub crypto: &'g dyn RTCCryptoProvider,
}

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'m> {
    Nothing,
    /// To be written to the client.
    Reply(Vec<u8>),
    /// To be given to the media port, from the relayed address.
    Relay {
        peer: SocketAddr,
        data: Cow<'m, [u8]>,
    },
}

/// One connection of a client.
pub struct Session {
    client: SocketAddr,
    nonce: String,
    nonce_ends: Instant,
    allocation: Option<Allocation>,
}

struct Allocation {
    seat: Seat,
    user_name: String,
    relayed: SocketAddr,
    ends: Instant,
    /// The hosts from which data may come, and until when.
    permissions: Vec<(IpAddr, Instant)>,
    channels: Vec<Channel>,
}

struct Channel {
    number: u16,
    peer: SocketAddr,
    ends: Instant,
}

impl Session {
    /// `nonce` is 128 bits that nobody can guess: it is this connection's own, so nothing that was said on another can be
    /// said again here.
    pub fn new(now: Instant, client: SocketAddr, nonce: [u8; 16]) -> Session {
        Session {
            client,
            nonce: hex::encode(nonce),
            nonce_ends: now + NONCE,
            allocation: None,
        }
    }

    /// Whose relay stands, and under which address.
    pub fn relayed(&self) -> Option<(Seat, SocketAddr)> {
        let allocation = self.allocation.as_ref()?;
        Some((allocation.seat, allocation.relayed))
    }

    /// Takes one message, as [`crate::media::framing::turn`] cuts it.
    pub fn receive<'m>(&mut self, bytes: &'m [u8], ground: &mut Ground<'_>) -> Outcome<'m> {
        self.expire(ground.now, ground.relays);
        if bytes.first().is_some_and(|first| first >> 6 == 1) {
            return self.channel_data(bytes, ground.now);
        }
        let Some(mut message) = message::parse(bytes) else {
            return Outcome::Nothing;
        };
        match message.typ.class {
            CLASS_INDICATION if message.typ.method == METHOD_SEND => self.send(&message, ground),
            CLASS_REQUEST => Outcome::Reply(self.request(&mut message, ground)),
            _ => Outcome::Nothing,
        }
    }

    /// What a media port sends to the relayed address, as the client reads it; `None` where the client has let nobody send
    /// from there.
    pub fn wrap(&self, now: Instant, peer: SocketAddr, data: &[u8]) -> Option<Vec<u8>> {
        let allocation = self
            .allocation
            .as_ref()
            .filter(|allocation| allocation.ends > now)?;
        if !allocation.permits(now, peer.ip()) {
            return None;
        }
        let channel = allocation.channels.iter();
        let Some(channel) = channel.clone().find(|each| each.peer == peer && each.ends > now) else {
            return message::data_indication(peer, data);
        };
        let length = u16::try_from(data.len()).ok()?;
        let mut bytes = Vec::with_capacity(data.len() + 8);
        bytes.extend_from_slice(&channel.number.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Some(bytes)
    }

    /// Ends an allocation whose time is over.
    pub fn expire(&mut self, now: Instant, relays: &mut Relays) {
        if self
            .allocation
            .as_ref()
            .is_some_and(|allocation| allocation.ends <= now)
        {
            self.end(relays);
        }
    }

    /// Ends the allocation: the client has gone, or asks for it.
    pub fn end(&mut self, relays: &mut Relays) {
        if let Some(Allocation { seat, relayed, .. }) = self.allocation.take() {
            relays.give_back(seat, relayed);
        }
    }

    fn request(&mut self, request: &mut Message, ground: &mut Ground<'_>) -> Vec<u8> {
        let unknown = message::unknown(request);
        let unknown: Vec<_> = unknown.into_iter().filter(|each| *each != RESERVED).collect();
        if !unknown.is_empty() {
            return Response::error(request, ErrorCode(420)).unknown(unknown).bytes();
        }
        if request.typ.method == METHOD_BINDING {
            return Response::success(request).with(&mapped(self.client)).bytes();
        }
        let (user_name, seat, key) = match self.authenticate(request, ground) {
            Ok(known) => known,
            Err(code) => return self.challenge(request, code, ground.now),
        };
        match self.grant(request, seat, user_name, ground) {
            Ok(response) => response.signed(&key, ground.crypto),
            Err(code) => Response::error(request, code).signed(&key, ground.crypto),
        }
    }

    /// By the long-term mechanism (RFC 8489 section 9.2).
    fn authenticate(
        &self,
        request: &mut Message,
        ground: &Ground<'_>,
    ) -> Result<(String, Seat, Vec<u8>), ErrorCode> {
        if !request.contains(ATTR_MESSAGE_INTEGRITY) {
            return Err(UNAUTHORIZED);
        }
        let read = |attribute| message::text(request, attribute).ok_or(BAD_REQUEST);
        let (user_name, realm, nonce) = (read(ATTR_USERNAME)?, read(ATTR_REALM)?, read(ATTR_NONCE)?);
        if nonce != self.nonce || self.nonce_ends <= ground.now {
            return Err(STALE_NONCE);
        }
        let (seat, expires) = credential::read(&user_name).ok_or(UNAUTHORIZED)?;
        // An allocation that stands is kept alive by whom it was made for: meetings may last.
        let stands = self
            .allocation
            .as_ref()
            .is_some_and(|one| one.user_name == user_name);
        if realm != REALM || (expires <= ground.unix_seconds && !stands) {
            return Err(UNAUTHORIZED);
        }
        let password = ground.secret.password(&user_name);
        let crypto = ground.crypto.crypto();
        let key = MessageIntegrity::long_term_integrity_key(user_name.clone(), realm, password, crypto);
        let key = key.map_err(|_| UNAUTHORIZED)?;
        MessageIntegrity::check(request, &key, crypto).map_err(|_| UNAUTHORIZED)?;
        Ok((user_name, seat, key))
    }

    fn challenge(&mut self, request: &Message, code: ErrorCode, now: Instant) -> Vec<u8> {
        let response = Response::error(request, code);
        if code != UNAUTHORIZED && code != STALE_NONCE {
            return response.bytes();
        }
        if self.nonce_ends <= now {
            self.renew_nonce(now);
        }
        response
            .text(ATTR_REALM, REALM)
            .text(ATTR_NONCE, &self.nonce)
            .bytes()
    }

    /// The next nonce follows from the last, which only this client knows.
    fn renew_nonce(&mut self, now: Instant) {
        let next = ring::digest::digest(&ring::digest::SHA256, self.nonce.as_bytes());
        self.nonce = hex::encode(next.as_ref().get(..16).unwrap_or_default());
        self.nonce_ends = now + NONCE;
    }

    fn grant(
        &mut self,
        request: &Message,
        seat: Seat,
        user_name: String,
        ground: &mut Ground<'_>,
    ) -> Result<Response, ErrorCode> {
        let method = request.typ.method;
        if method == METHOD_ALLOCATE {
            return self.allocate(request, seat, user_name, ground);
        }
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        if allocation.user_name != user_name {
            return Err(WRONG_CREDENTIALS);
        }
        match method {
            METHOD_REFRESH => {
                if family(request)?.is_some_and(|is_v6| is_v6 != allocation.relayed.is_ipv6()) {
                    return Err(FAMILY_MISMATCH);
                }
                let lifetime = lifetime(request)?;
                allocation.ends = ground.now + lifetime;
                if lifetime.is_zero() {
                    self.end(ground.relays);
                }
                Ok(Response::success(request).with(&Lifetime(lifetime)))
            }
            METHOD_CREATE_PERMISSION => {
                let peers = message::peers(request).filter(|peers| !peers.is_empty());
                for peer in peers.ok_or(BAD_REQUEST)? {
                    // Some clients name a host alone.
                    let is_ours = match peer.port() {
                        0 => ground.relays.reaches_host(peer.ip()),
                        _ => ground.relays.reaches(peer),
                    };
                    allocation.admit(peer, is_ours, ground.now)?;
                }
                Ok(Response::success(request))
            }
            METHOD_CHANNEL_BIND => {
                allocation.bind(request, ground)?;
                Ok(Response::success(request))
            }
            _ => Err(BAD_REQUEST),
        }
    }

    fn allocate(
        &mut self,
        request: &Message,
        seat: Seat,
        user_name: String,
        ground: &mut Ground<'_>,
    ) -> Result<Response, ErrorCode> {
        if self.allocation.is_some() {
            return Err(MISMATCH);
        }
        let mut transport = RequestedTransport::default();
        transport.get_from(request).map_err(|_| BAD_REQUEST)?;
        if transport.protocol != PROTO_UDP {
            return Err(UNSUPPORTED_TRANSPORT);
        }
        let even = request.get(ATTR_EVEN_PORT).ok();
        let reserves_next = even
            .as_ref()
            .is_some_and(|flags| flags.first().is_some_and(|flags| flags & 0x80 != 0));
        if reserves_next || request.contains(RESERVED) {
            return Err(NO_CAPACITY);
        }
        let lifetime = lifetime(request)?.max(LIFETIME);
        let is_v6 = family(request)?.unwrap_or(false);
        let relayed = ground
            .relays
            .take(seat, is_v6, even.is_some())
            .map_err(|refusal| match refusal {
                Refusal::Family => UNSUPPORTED_FAMILY,
                Refusal::Quota => QUOTA,
                Refusal::Capacity => NO_CAPACITY,
            })?;
        self.allocation = Some(Allocation {
            seat,
            user_name,
            relayed,
            ends: ground.now + lifetime,
            permissions: Vec::new(),
            channels: Vec::new(),
        });
        let (ip, port) = (relayed.ip(), relayed.port());
        Ok(Response::success(request)
            .with(&RelayedAddress { ip, port })
            .with(&Lifetime(lifetime))
            .with(&mapped(self.client)))
    }

    fn send<'m>(&self, indication: &Message, ground: &Ground<'_>) -> Outcome<'m> {
        let peers = message::peers(indication).unwrap_or_default();
        let (Some(peer), Some(allocation)) = (peers.first(), &self.allocation) else {
            return Outcome::Nothing;
        };
        let is_permitted = ground.relays.reaches(*peer) && allocation.permits(ground.now, peer.ip());
        match indication.get(ATTR_DATA) {
            Ok(data) if is_permitted && message::unknown(indication).is_empty() => Outcome::Relay {
                peer: *peer,
                data: data.into(),
            },
            _ => Outcome::Nothing,
        }
    }

    fn channel_data<'m>(&self, bytes: &'m [u8], now: Instant) -> Outcome<'m> {
        let (Some(allocation), [high, low, _, _, data @ ..]) = (&self.allocation, bytes) else {
            return Outcome::Nothing;
        };
        let number = u16::from_be_bytes([*high, *low]);
        let mut channels = allocation.channels.iter();
        let channel = channels.find(|each| each.number == number && each.ends > now);
        channel.map_or(Outcome::Nothing, |channel| Outcome::Relay {
            peer: channel.peer,
            data: data.into(),
        })
    }
}

impl Allocation {
    fn permits(&self, now: Instant, host: IpAddr) -> bool {
        self.permissions
            .iter()
            .any(|(permitted, ends)| *permitted == host && *ends > now)
    }

    /// There are no more hosts than media has addresses, so the list stays short.
    fn admit(&mut self, peer: SocketAddr, is_ours: bool, now: Instant) -> Result<(), ErrorCode> {
        if !is_ours {
            return Err(FORBIDDEN);
        }
        if peer.is_ipv6() != self.relayed.is_ipv6() {
            return Err(FAMILY_MISMATCH);
        }
        self.permissions.retain(|(host, _)| *host != peer.ip());
        self.permissions.push((peer.ip(), now + PERMISSION));
        Ok(())
    }

    fn bind(&mut self, request: &Message, ground: &Ground<'_>) -> Result<(), ErrorCode> {
        let mut number = ChannelNumber::default();
        number.get_from(request).map_err(|_| BAD_REQUEST)?;
        let peers = message::peers(request).unwrap_or_default();
        let (true, [peer]) = (number.valid(), &peers[..]) else {
            return Err(BAD_REQUEST);
        };
        self.channels.retain(|channel| channel.ends > ground.now);
        let is_other = |channel: &Channel| (channel.number == number.0) != (channel.peer == *peer);
        if self.channels.iter().any(is_other) {
            return Err(BAD_REQUEST);
        }
        self.admit(*peer, ground.relays.reaches(*peer), ground.now)?;
        self.channels.retain(|channel| channel.number != number.0);
        self.channels.push(Channel {
            number: number.0,
            peer: *peer,
            ends: ground.now + CHANNEL,
        });
        Ok(())
    }
}

/// How long the client asks for, within what is given; 0 ends a relay.
fn lifetime(request: &Message) -> Result<Duration, ErrorCode> {
    let mut lifetime = Lifetime(LIFETIME);
    if request.contains(ATTR_LIFETIME) {
        lifetime.get_from(request).map_err(|_| BAD_REQUEST)?;
    }
    Ok(match lifetime.0 {
        Duration::ZERO => Duration::ZERO,
        asked => asked.clamp(LIFETIME, MOST_LIFETIME),
    })
}

/// Whether IPv6 is asked for, where anything is.
fn family(request: &Message) -> Result<Option<bool>, ErrorCode> {
    match request.get(ATTR_REQUESTED_ADDRESS_FAMILY).ok().as_deref() {
        None => Ok(None),
        Some([1, ..]) => Ok(Some(false)),
        Some([2, ..]) => Ok(Some(true)),
        Some(_) => Err(UNSUPPORTED_FAMILY),
    }
}

fn mapped(address: SocketAddr) -> XorMappedAddress {
    XorMappedAddress {
        ip: address.ip(),
        port: address.port(),
    }
}

const REALM: &str = "hoian";
/// RFC 8656 sections 3.2, 9 and 12.
const LIFETIME: Duration = Duration::from_secs(600);
const MOST_LIFETIME: Duration = Duration::from_secs(3_600);
const PERMISSION: Duration = Duration::from_secs(300);
const CHANNEL: Duration = Duration::from_secs(600);
/// RFC 8656 section 5.
const NONCE: Duration = Duration::from_secs(3_600);

const BAD_REQUEST: ErrorCode = ErrorCode(400);
const UNAUTHORIZED: ErrorCode = ErrorCode(401);
const FORBIDDEN: ErrorCode = ErrorCode(403);
const MISMATCH: ErrorCode = ErrorCode(437);
const STALE_NONCE: ErrorCode = ErrorCode(438);
const UNSUPPORTED_FAMILY: ErrorCode = ErrorCode(440);
const WRONG_CREDENTIALS: ErrorCode = ErrorCode(441);
const UNSUPPORTED_TRANSPORT: ErrorCode = ErrorCode(442);
const FAMILY_MISMATCH: ErrorCode = ErrorCode(443);
const QUOTA: ErrorCode = ErrorCode(486);
const NO_CAPACITY: ErrorCode = ErrorCode(508);
