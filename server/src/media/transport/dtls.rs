//! The DTLS handshake that gives the SRTP keys (RFC 5764). We are always the server: browsers answer
//! `active` to an offer of `actpass`, and offer it themselves.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use ring::digest;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error as DtlsError;

use super::outbox::Outbox;
use super::path::Path;
use super::srtp::{self, Opener, Profile, Sealer};
use crate::media::stats::Drop;

/// A certificate's SHA-256, as `a=fingerprint` carries it (RFC 8122).
pub type Fingerprint = [u8; 32];

/// The certificate with which this process answers every handshake.
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    pub fingerprint: Fingerprint,
    pub crypto: Arc<dyn RTCCryptoProvider>,
}

impl Identity {
    /// A fresh self-signed ECDSA P-256 certificate: what is trusted is the fingerprint that the
    /// signalling carries (RFC 8827 section 5.1), so nothing is gained by keeping one.
    ///
    /// `None` where the system gives no randomness.
    pub fn generate() -> Option<Identity> {
        let crypto = rtc_crypto::default_provider().ok()?;
        let certificate =
            Certificate::generate_self_signed(vec!["hoian".to_owned()], crypto.crypto()).ok()?;
        let fingerprint = sha256(certificate.certificate.first()?.as_ref())?;
        Some(Identity {
            certificate,
            fingerprint,
            crypto,
        })
    }

    fn handshake(&self, expected: Vec<Fingerprint>) -> Option<Arc<HandshakeConfig>> {
        let verify = move |chain: &[Vec<u8>], _: &[_]| {
            let found = chain.first().and_then(|leaf| sha256(leaf));
            match found {
                Some(found) if expected.contains(&found) => Ok(()),
                _ => Err(DtlsError::ErrNoMatchingCertificateFingerprint),
            }
        };
        let config = ConfigBuilder::default()
            .with_crypto_provider(self.crypto.clone())
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            ])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            // There is no chain to verify; the fingerprint is the check.
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(Arc::new(verify)))
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .build(false, None)
            .ok()?;
        Some(Arc::new(config))
    }
}

/// One handshake. Until the other end's fingerprint is known its datagrams are held: on the `Subscribe`
/// side a browser begins the handshake while its answer is still on the way to us.
pub enum Dtls {
    Held(VecDeque<BytesMut>),
    Running { endpoint: Box<Endpoint>, handled: usize },
    Closed,
}

/// What a datagram brought about.
pub enum Outcome {
    Nothing,
    /// The keys stand. The sealer is for what we send.
    Connected(Box<(Opener, Sealer)>),
    /// The other end said good-bye, or the handshake failed.
    Closed,
}

impl Dtls {
    pub fn held() -> Dtls {
        Dtls::Held(VecDeque::new())
    }

    /// The other end's fingerprints are known: begins, and handles what was held.
    pub fn begin(&mut self, now: Instant, identity: &Identity, expected: Vec<Fingerprint>) -> Outcome {
        let Dtls::Held(held) = self else {
            return Outcome::Nothing;
        };
        let held = std::mem::take(held);
        let Some(config) = identity.handshake(expected) else {
            *self = Dtls::Closed;
            return Outcome::Closed;
        };
        let endpoint = Endpoint::new(PEER, TransportProtocol::UDP, Some(config));
        *self = Dtls::Running {
            endpoint: Box::new(endpoint),
            handled: 0,
        };
        for datagram in held {
            match self.receive(now, &datagram) {
                Ok(Outcome::Nothing) | Err(_) => {}
                Ok(outcome) => return outcome,
            }
        }
        Outcome::Nothing
    }

    pub fn receive(&mut self, now: Instant, datagram: &[u8]) -> Result<Outcome, Drop> {
        match self {
            Dtls::Held(held) if held.len() < HELD_DATAGRAMS => {
                held.push_back(datagram.into());
                Ok(Outcome::Nothing)
            }
            Dtls::Held(_) => Err(Drop::HeldTooMuch),
            Dtls::Closed => Err(Drop::Forged),
            // An endless handshake is no handshake: reassembly would search ever more fragments.
            Dtls::Running { handled, .. } if *handled >= MAXIMUM_DATAGRAMS => Err(Drop::HeldTooMuch),
            Dtls::Running { endpoint, handled } => {
                *handled += 1;
                match endpoint.read(now, PEER, None, datagram.into()) {
                    Ok(events) => Ok(self.after(events)),
                    Err(error) => self.failed(&error),
                }
            }
        }
    }

    fn after(&mut self, events: Vec<EndpointEvent>) -> Outcome {
        let mut outcome = Outcome::Nothing;
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    let keys = self.keys().map(Box::new);
                    outcome = keys.map_or(Outcome::Closed, Outcome::Connected);
                }
                EndpointEvent::PeerClosed => outcome = Outcome::Closed,
                _ => {}
            }
        }
        outcome
    }

    /// A record that does not verify is dropped (RFC 6347 section 4.1.2.7); a handshake that can no
    /// longer succeed ends the connection.
    fn failed(&mut self, error: &DtlsError) -> Result<Outcome, Drop> {
        let fatal = matches!(
            error,
            DtlsError::ErrNoMatchingCertificateFingerprint
                | DtlsError::ErrServerNoMatchingSrtpProfile
                | DtlsError::ErrInvalidFsmTransition
                | DtlsError::ErrAlertFatalOrClose
        );
        tracing::debug!(%error, fatal, "DTLS datagram not taken");
        if fatal {
            Ok(Outcome::Closed)
        } else {
            Err(Drop::Forged)
        }
    }

    fn keys(&self) -> Option<(Opener, Sealer)> {
        let Dtls::Running { endpoint, .. } = self else {
            return None;
        };
        let state = endpoint.get_connection_state(PEER)?;
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Aes128CmHmacSha1_80,
            _ => return None,
        };
        let length = profile.keying_material_length();
        let material = state
            .export_keying_material(srtp::EXPORTER_LABEL, &[], length)
            .ok()?;
        tracing::debug!(?profile, "DTLS handshake complete");
        srtp::contexts(profile, material.as_ref(), true)
    }

    /// Moves what the handshake wants to send into `out`.
    pub fn flush(&mut self, to: Path, out: &mut Outbox) {
        let Dtls::Running { endpoint, .. } = self else {
            return;
        };
        while let Some(transmit) = endpoint.poll_transmit() {
            out.push(to, &transmit.message);
        }
    }

    /// Sends a flight again whose answer is overdue.
    pub fn tick(&mut self, now: Instant) {
        let Dtls::Running { endpoint, .. } = self else {
            return;
        };
        if endpoint.poll_timeout(&PEER).is_some_and(|at| at <= now) {
            // It fails once the retransmissions are used up; consent then ends the connection.
            let _ = endpoint.handle_timeout(PEER, now);
        }
    }

    /// Says good-bye; what is to be sent is left for [`Self::flush`].
    pub fn close(&mut self, now: Instant) {
        if let Dtls::Running { endpoint, .. } = self {
            endpoint.stop(now, PEER);
        }
    }
}

fn sha256(bytes: &[u8]) -> Option<Fingerprint> {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().ok()
}

/// The endpoint tells associations apart by address; here there is one, whose address may change under
/// it (ICE), so it always gets this name.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);
/// A ClientHello in two fragments, sent thrice, with room to spare.
const HELD_DATAGRAMS: usize = 8;
/// A handshake takes about six datagrams; this leaves room for every flight sent again seven times.
const MAXIMUM_DATAGRAMS: usize = 64;
