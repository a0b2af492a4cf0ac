//! The answering half of ICE (RFC 8445 section 2.5): we send no checks, we answer them.
//!
//! A browser proves each address by a check whose integrity our password verifies; only then is the
//! address ours to send to. The address it nominates last carries the media.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter};
use rtc_stun::xoraddr::XorMappedAddress;

use super::outbox::Outbox;
use super::path::Path;
use crate::media::relay::ShardId;
use crate::media::stats::Drop;

/// What one description says for ICE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub user_fragment: String,
    pub password: String,
}

impl Credentials {
    /// 72 and 144 bits of randomness, above the 24 and 128 of RFC 8445 section 5.3. Before them stands the shard, so that
    /// whoever takes connections for all shards knows where a check belongs.
    pub fn generate(random: &mut StdRng, shard: ShardId) -> Credentials {
        let mut user_fragment = String::from(char::from(ICE_CHARACTERS[shard.0 / 64 % 64]));
        user_fragment.push(char::from(ICE_CHARACTERS[shard.0 % 64]));
        user_fragment.push_str(&text(random, 12));
        Credentials {
            user_fragment,
            password: text(random, 24),
        }
    }
}

/// Our end of one connection's checks.
pub struct IceLite {
    pub local: Credentials,
    /// What stood before a restart: the old path lives until a check under the new credentials passed.
    retiring: Option<Credentials>,
    remote: Option<Path>,
    /// When the other end last nominated it.
    nominated: Option<Instant>,
    last_heard: Instant,
}

impl IceLite {
    pub fn new(local: Credentials, now: Instant) -> IceLite {
        IceLite {
            local,
            retiring: None,
            remote: None,
            nominated: None,
            last_heard: now,
        }
    }

    /// Where media goes: the nominated way, or the first proven one before any is nominated.
    pub fn remote(&self) -> Option<Path> {
        self.remote
    }

    /// A way is no longer there.
    pub fn forget(&mut self, path: Path) {
        self.remote = self.remote.filter(|remote| *remote != path);
    }

    pub fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// Anything authenticated came.
    pub fn heard(&mut self, now: Instant) {
        self.last_heard = now;
    }

    /// New credentials (RFC 8445 section 2.4); those before stay good until the new ones are used.
    pub fn restart(&mut self, credentials: Credentials) {
        self.retiring = Some(std::mem::replace(&mut self.local, credentials));
    }

    /// Verifies a binding request and writes the response. The caller binds `from` to this connection
    /// when this succeeds, and not before.
    pub fn answer(
        &mut self,
        now: Instant,
        from: Path,
        request: &mut Request,
        crypto: &dyn RTCCryptoProvider,
        out: &mut Outbox,
    ) -> Result<(), Drop> {
        let fresh = request.user_fragment == self.local.user_fragment;
        let credentials = match &self.retiring {
            _ if fresh => &self.local,
            Some(old) if request.user_fragment == old.user_fragment => old,
            _ => return Err(Drop::StrayStun),
        };
        let password = credentials.password.as_bytes();
        MessageIntegrity::check(&mut request.message, password, crypto.crypto()).map_err(|_| Drop::Forged)?;
        let response = response(&request.message, from.address, password, crypto).ok_or(Drop::StrayStun)?;
        out.push(from, &response);
        self.last_heard = now;
        let nominates = fresh && request.message.contains(ATTR_USE_CANDIDATE) && self.may_replace(now, from);
        if self.remote.is_none() || nominates {
            self.remote = Some(from);
            self.nominated = nominates.then_some(now);
        }
        if fresh {
            self.retiring = None;
        }
        Ok(())
    }

    /// Some browsers nominate every way that answers. UDP then carries the media as long as it is nominated as well.
    fn may_replace(&self, now: Instant, from: Path) -> bool {
        let is_fresh = |at: Instant| now.saturating_duration_since(at) < NOMINATED;
        let by_udp = self.remote.is_some_and(|remote| remote.is_udp());
        from.is_udp() || !by_udp || !self.nominated.is_some_and(is_fresh)
    }
}

/// A binding request as it came, read but not yet believed.
pub struct Request {
    message: Message,
    /// The first half of USERNAME: ours, so it says which connection is meant.
    pub user_fragment: String,
}

impl Request {
    pub fn parse(datagram: &[u8]) -> Option<Request> {
        let mut message = Message::new();
        message.unmarshal_binary(datagram).ok()?;
        if message.typ != BINDING_REQUEST || !is_well_formed(&message) {
            return None;
        }
        let user_name = String::from_utf8(message.get(ATTR_USERNAME).ok()?).ok()?;
        let user_fragment = user_name.split(':').next()?.to_owned();
        Some(Request {
            message,
            user_fragment,
        })
    }
}

/// Which shard a user fragment of ours names.
pub fn shard_of(user_fragment: &str) -> Option<ShardId> {
    let place = |byte: &u8| ICE_CHARACTERS.iter().position(|each| each == byte);
    let [high, low, ..] = user_fragment.as_bytes() else {
        return None;
    };
    Some(ShardId(place(high)? * 64 + place(low)?))
}

/// `MessageIntegrity::check` subtracts the padded lengths of what follows the integrity attribute, so
/// they must lie within the message.
pub fn is_well_formed(message: &Message) -> bool {
    let padded: usize = message
        .attributes
        .0
        .iter()
        .map(|each| 4 + usize::from(each.length).div_ceil(4) * 4)
        .sum();
    padded == message.length as usize
}

fn response(
    request: &Message,
    from: SocketAddr,
    password: &[u8],
    crypto: &dyn RTCCryptoProvider,
) -> Option<Vec<u8>> {
    let mut response = Message::new();
    response.transaction_id = request.transaction_id;
    response.set_type(BINDING_SUCCESS);
    response.write_header();
    XorMappedAddress {
        ip: from.ip(),
        port: from.port(),
    }
    .add_to(&mut response)
    .ok()?;
    let password = String::from_utf8_lossy(password).into_owned();
    MessageIntegrity::new_short_term_integrity_with_provider(password, crypto.crypto())
        .add_to(&mut response)
        .ok()?;
    FINGERPRINT.add_to(&mut response).ok()?;
    Some(response.raw)
}

fn text(random: &mut StdRng, length: usize) -> String {
    (0..length)
        .map(|_| char::from(ICE_CHARACTERS[random.random_range(0..64)]))
        .collect()
}

const ICE_CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Longer than browsers wait between two checks of one way while they look for the best.
const NOMINATED: Duration = Duration::from_secs(3);
