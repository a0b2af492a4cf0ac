//! Data channels that a server opens (RFC 8831): taken, acknowledged and not used. LiveKit lets nobody stay without them.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hoian_server::clock;
use rtc_sctp::{Association, DatagramEvent, Endpoint, EndpointConfig, Payload, ServerConfig};
use rtc_shared::TransportProtocol;

pub struct Channels {
    server: SocketAddr,
    endpoint: Endpoint,
    association: Option<Association>,
    open: usize,
}

impl Channels {
    pub fn new(server: SocketAddr) -> Channels {
        let (config, awaited) = (
            Arc::new(EndpointConfig::default()),
            Arc::new(ServerConfig::default()),
        );
        Channels {
            server,
            endpoint: Endpoint::new(server, TransportProtocol::UDP, config, Some(awaited)),
            association: None,
            open: 0,
        }
    }

    /// Takes a packet of SCTP that came within DTLS.
    pub fn take(&mut self, packet: Bytes) {
        match self.endpoint.handle(clock::instant(), self.server, None, packet) {
            Some((_, DatagramEvent::NewAssociation(association))) => self.association = Some(association),
            Some((_, DatagramEvent::AssociationEvent(event))) => {
                if let Some(association) = &mut self.association {
                    association.handle_event(event);
                    while association.accept_stream().is_some() {
                        self.open += 1;
                    }
                }
            }
            _ => {}
        }
    }

    /// What is to be sent.
    pub fn packets(&mut self) -> Vec<Bytes> {
        let mut packets = Vec::new();
        let Some(association) = &mut self.association else {
            return packets;
        };
        while let Some(transmit) = association.poll_transmit(clock::instant()) {
            if let Payload::RawEncode(parts) = transmit.message {
                packets.extend(parts);
            }
        }
        packets
    }

    /// One for what must arrive, one for what may be lost.
    pub fn are_open(&self) -> bool {
        self.open >= 2
    }
}
