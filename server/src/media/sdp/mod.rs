//! Session descriptions (RFC 8866, JSEP): what a browser offers or answers is read with `rtc-sdp` into
//! a [`Description`]; what we say is written as text.

mod answer;
mod formats;
mod fragment;
mod offer;
mod read;
mod shown;

pub use answer::{Accepted, answer, is_carried};
pub use formats::{Extensions, Formats};
pub use fragment::Fragment;
pub use offer::{OfferedSection, extension, offer, payload_type};
pub use read::{Codec, Description, Direction, Kind, MOST_LAYERS, Section, Setup};
pub use shown::{Shown, answer_viewer, shown};

use super::transport::dtls::Fingerprint;
use super::transport::ice_lite::Credentials;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// Why a description was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    Unsupported(String),
}

/// What every description of ours says of the transport.
pub struct Local<'a> {
    pub credentials: &'a Credentials,
    pub fingerprint: &'a Fingerprint,
    pub addresses: &'a [SocketAddr],
    /// Where ICE-TCP is taken (RFC 6544).
    pub tcp_addresses: &'a [SocketAddr],
    /// `passive` in answers, `actpass` in offers (RFC 8842 section 5).
    pub setup: &'static str,
}

impl Local<'_> {
    fn write_session(&self, text: &mut String, version: u64, bundled: &[&str], mixed: bool) {
        let _ = write!(text, "v=0\r\no=- 1 {version} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
        let _ = write!(text, "a=group:BUNDLE");
        for mid in bundled {
            let _ = write!(text, " {mid}");
        }
        text.push_str("\r\na=ice-lite\r\na=msid-semantic: WMS *\r\n");
        if mixed {
            text.push_str("a=extmap-allow-mixed\r\n");
        }
    }

    /// Written into the first bundled section only; the others inherit it (RFC 8843 section 7).
    fn write_transport(&self, text: &mut String, with_candidates: bool) {
        self.write_credentials(text);
        text.push_str("a=fingerprint:sha-256 ");
        for (at, byte) in self.fingerprint.iter().enumerate() {
            let _ = write!(text, "{}{byte:02X}", if at == 0 { "" } else { ":" });
        }
        let _ = write!(text, "\r\na=setup:{}\r\n", self.setup);
        if with_candidates {
            self.write_candidates(text);
        }
    }

    fn write_credentials(&self, text: &mut String) {
        let Credentials {
            user_fragment,
            password,
        } = self.credentials;
        let _ = write!(text, "a=ice-ufrag:{user_fragment}\r\na=ice-pwd:{password}\r\n");
    }

    fn write_candidates(&self, text: &mut String) {
        for (at, address) in self.addresses.iter().enumerate() {
            let preference = u32::try_from(at).unwrap_or(u32::MAX).min(65_535);
            // Host candidates, the first address preferred (RFC 8445 section 5.1.2.1).
            let priority = (126 << 24) | ((65_535 - preference) << 8) | 255;
            let (ip, port) = (address.ip(), address.port());
            let _ = write!(
                text,
                "a=candidate:{} 1 udp {priority} {ip} {port} typ host\r\n",
                at + 1
            );
        }
        for (at, address) in self.tcp_addresses.iter().enumerate() {
            let preference = 8_191 - u32::try_from(at).unwrap_or(u32::MAX).min(8_191);
            // Below every way by UDP; passive (RFC 6544 section 4.2).
            let priority = (TCP_PREFERENCE << 24) | ((4 << 13 | preference) << 8) | 255;
            let (ip, port) = (address.ip(), address.port());
            let _ = write!(
                text,
                "a=candidate:{} 1 tcp {priority} {ip} {port} typ host tcptype passive\r\n",
                self.addresses.len() + at + 1
            );
        }
        text.push_str("a=end-of-candidates\r\n");
    }
}

/// The type preference of host candidates over TCP, as Chromium has it.
const TCP_PREFERENCE: u32 = 90;

/// The audio-level header extension (RFC 6464), read to know who speaks.
pub const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Names the section of a packet whose SSRC was not announced (RFC 8843 section 9.2).
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Names the simulcast layer of a packet, and of one that repairs it (RFC 8852 section 3).
pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
pub const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// Numbers all packets of a connection (draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Which pictures a packet of AV1 depends on (AV1 RTP payload specification 1.0, appendix A).
pub const DEPENDENCY: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// How long a receiver may hold pictures back (webrtc.org, experiments/rtp-hdrext/playout-delay).
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
