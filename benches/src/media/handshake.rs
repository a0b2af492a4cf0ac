//! How a connection comes about: ICE controlling, DTLS in the role that the server leaves.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hoian_server::clock;
use hoian_server::media::transport::Protocol;
use hoian_server::media::transport::srtp::{self, Opener, Profile, Sealer};
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter};
use rtc_stun::xoraddr::XorMappedAddress;

use super::channels::Channels;
use super::client::{Certified, FRAGMENT, PASSWORD};

pub struct Handshake<'a> {
    certified: &'a Certified,
    socket: &'a UdpSocket,
    server: SocketAddr,
    check: Vec<u8>,
    endpoint: Endpoint,
    is_client: bool,
    channels: Option<Channels>,
}

impl<'a> Handshake<'a> {
    /// # Errors
    /// The description lacks what a check needs.
    pub fn begin(
        certified: &'a Certified,
        socket: &'a UdpSocket,
        server: SocketAddr,
        description: &str,
    ) -> Result<Handshake<'a>> {
        let is_client = !description.lines().any(|line| line == "a=setup:active");
        let config = ConfigBuilder::default()
            .with_crypto_provider(certified.crypto.clone())
            .with_certificates(vec![certified.certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .build(is_client, is_client.then_some(server))?;
        let config = Arc::new(config);
        let awaited = (!is_client).then(|| Arc::clone(&config));
        let mut endpoint = Endpoint::new(socket.local_addr()?, TransportProtocol::UDP, awaited);
        if is_client {
            endpoint.connect(clock::instant(), server, config, None)?;
        }
        Ok(Handshake {
            certified,
            socket,
            server,
            check: check(certified, description)?,
            endpoint,
            is_client,
            channels: description
                .contains("m=application")
                .then(|| Channels::new(server)),
        })
    }

    /// Checks, shakes hands and, where the server opens data channels, takes those. A check is said again until somebody answers:
    /// who is asked may not yet know of whom.
    ///
    /// # Errors
    /// The server does not answer, or not as described.
    pub fn finish(mut self) -> Result<(Opener, Sealer)> {
        self.socket.send(&self.check)?;
        let (mut buffer, mut keys) = ([0; 2048], None);
        let until: Instant = clock::instant() + Duration::from_secs(10);
        while clock::instant() < until {
            self.flush()?;
            let is_whole = self.channels.as_ref().is_none_or(Channels::are_open);
            if let Some(keys) = keys.take_if(|_| is_whole) {
                return Ok(keys);
            }
            let Ok(length) = self.socket.recv(&mut buffer) else {
                // Nothing within the read timeout: a flight is due again.
                self.socket.send(&self.check)?;
                let _ = self.endpoint.handle_timeout(self.server, clock::instant());
                continue;
            };
            let datagram = &buffer[..length];
            match Protocol::of(datagram) {
                Some(Protocol::Stun) => self.answer(datagram)?,
                Some(Protocol::Dtls) => {
                    for event in self
                        .endpoint
                        .read(clock::instant(), self.server, None, datagram.into())?
                    {
                        match (event, &mut self.channels) {
                            (EndpointEvent::HandshakeComplete, _) => keys = Some(self.keys()?),
                            (EndpointEvent::ApplicationData(data), Some(channels)) => {
                                channels.take(data.freeze())
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        anyhow::bail!("no handshake within ten seconds")
    }

    fn flush(&mut self) -> Result<()> {
        for packet in self.channels.iter_mut().flat_map(Channels::packets) {
            self.endpoint.write(clock::instant(), self.server, &packet)?;
        }
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.socket.send(&transmit.message)?;
        }
        Ok(())
    }

    /// Some check the way back before they use it.
    fn answer(&self, datagram: &[u8]) -> Result<()> {
        let mut request = Message::new();
        if request.unmarshal_binary(datagram).is_err() || request.typ != BINDING_REQUEST {
            return Ok(());
        }
        let mut message = Message::new();
        message.transaction_id = request.transaction_id;
        message.set_type(BINDING_SUCCESS);
        message.write_header();
        XorMappedAddress {
            ip: self.server.ip(),
            port: self.server.port(),
        }
        .add_to(&mut message)?;
        self.certified.sign(&mut message, PASSWORD)?;
        self.socket.send(&message.raw)?;
        Ok(())
    }

    fn keys(&self) -> Result<(Opener, Sealer)> {
        let profile = Profile::AeadAes128Gcm;
        let state = self
            .endpoint
            .get_connection_state(self.server)
            .context("a state")?;
        let material =
            state.export_keying_material(srtp::EXPORTER_LABEL, &[], profile.keying_material_length())?;
        srtp::contexts(profile, material.as_ref(), !self.is_client).context("keys of the right length")
    }
}

fn check(certified: &Certified, description: &str) -> Result<Vec<u8>> {
    let value = |key: &str| description.lines().find_map(|line| line.strip_prefix(key));
    let fragment = value("a=ice-ufrag:").context("a user fragment")?;
    let password = value("a=ice-pwd:").context("a password")?;
    ensure!(!password.is_empty(), "a password");
    let mut message = Message::new();
    message.set_type(BINDING_REQUEST);
    message.new_transaction_id()?;
    message.write_header();
    message.add(ATTR_USERNAME, format!("{fragment}:{FRAGMENT}").as_bytes());
    message.add(ATTR_USE_CANDIDATE, &[]);
    message.add(ATTR_PRIORITY, &PEER_REFLEXIVE.to_be_bytes());
    message.add(ATTR_ICE_CONTROLLING, &[7; 8]);
    certified.sign(&mut message, password)?;
    Ok(message.raw)
}

/// Of a candidate that the other end may learn from the check (RFC 8445 section 5.1.2.1).
const PEER_REFLEXIVE: u32 = 110 << 24 | 65_535 << 8 | 255;
