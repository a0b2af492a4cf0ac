//! One connection of a simulated client over a real socket, and how it describes itself.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hoian_server::media::transport::srtp::{Opener, Sealer};
use ring::digest;
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::crypto::Certificate;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{Message, Setter};

use super::handshake::Handshake;
use super::inlet;

pub const AUDIO: u32 = 1111;
pub const VIDEO: u32 = 2222;
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// All clients show one certificate: making a thousand takes longer than the run.
pub struct Certified {
    pub(super) crypto: Arc<dyn RTCCryptoProvider>,
    pub(super) certificate: Certificate,
}

impl Certified {
    pub fn new() -> Result<Certified> {
        let crypto = rtc_crypto::default_provider()?;
        let certificate = Certificate::generate_self_signed(vec!["peer".to_owned()], crypto.crypto())?;
        Ok(Certified { crypto, certificate })
    }

    pub(super) fn sign(&self, message: &mut Message, password: &str) -> Result<()> {
        MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), self.crypto.crypto())
            .add_to(message)?;
        Ok(FINGERPRINT.add_to(message)?)
    }

    fn transport(&self, setup: &str) -> String {
        let hash = digest::digest(&digest::SHA256, self.certificate.certificate[0].as_ref());
        let hash: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!(
            "a=ice-ufrag:{FRAGMENT}\r\na=ice-pwd:{PASSWORD}\r\na=fingerprint:sha-256 {}\r\na=setup:{setup}\r\n",
            hash.join(":")
        )
    }

    /// A microphone (mid 0) and a camera of one layer (mid 1).
    pub fn offer(&self) -> String {
        let transport = self.transport("actpass");
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
             a=rtpmap:111 opus/48000/2\r\na=extmap:5 {TRANSPORT_CC}\r\na=rtcp-fb:111 transport-cc\r\na=ssrc:{AUDIO} cname:x\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
             a=rtpmap:96 VP8/90000\r\na=extmap:5 {TRANSPORT_CC}\r\na=rtcp-fb:96 transport-cc\r\na=ssrc:{VIDEO} cname:x\r\n"
        )
    }

    /// What a monitor offers to receive (WHEP): one sound (mid 0) and one picture (mid 1).
    pub fn offer_to_watch(&self) -> String {
        let transport = self.transport("actpass");
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{transport}a=recvonly\r\na=rtcp-mux\r\n\
             a=rtpmap:111 opus/48000/2\r\na=extmap:3 {TRANSPORT_CC}\r\na=rtcp-fb:111 transport-cc\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n{transport}a=recvonly\r\na=rtcp-mux\r\n\
             a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=extmap:3 {TRANSPORT_CC}\r\n\
             a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
        )
    }

    /// Takes every section of an offer, with all that a browser would take.
    pub fn answer(&self, offer: &str) -> String {
        let transport = self.transport("active");
        let mut answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned();
        for line in offer.lines() {
            if line.starts_with("m=") {
                answer += &format!("{line}\r\nc=IN IP4 0.0.0.0\r\n{transport}a=recvonly\r\n");
            } else if ["a=mid", "a=rtpmap", "a=fmtp", "a=group", "a=extmap", "a=rtcp-fb"]
                .iter()
                .any(|kept| line.starts_with(kept))
            {
                answer += &format!("{line}\r\n");
            }
        }
        answer
    }
}

/// A connection, and the socket on which it was made.
pub struct Client {
    pub socket: UdpSocket,
    pub keys: Keys,
}

/// What a connection is when its socket is another's.
pub struct Keys {
    pub server: SocketAddr,
    pub opener: Opener,
    pub sealer: Sealer,
}

impl Client {
    /// Makes the connection that `description` of the server speaks of, from an address of this machine.
    ///
    /// # Errors
    /// The server does not answer, or not as described.
    pub fn connect(
        certified: &Certified,
        from: SocketAddr,
        server: SocketAddr,
        description: &str,
    ) -> Result<Client> {
        let socket = inlet::bind(from)?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_millis(20)))?;
        let (opener, sealer) = Handshake::begin(certified, &socket, server, description)?.finish()?;
        socket.set_nonblocking(true)?;
        let keys = Keys {
            server,
            opener,
            sealer,
        };
        Ok(Client { socket, keys })
    }
}

pub const FRAGMENT: &str = "peer";
pub const PASSWORD: &str = "passwordpasswordpassword";
