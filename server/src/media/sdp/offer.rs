//! Our offer of slots to a viewer: sections we send on, each with its SSRC fixed for the connection's
//! life, whoever is shown there.

use std::fmt::Write as _;

use super::{DEPENDENCY, Local, PLAYOUT_DELAY, TRANSPORT_CC};
use crate::media::codec::Codec;

/// Payload types of what we offer, those that browsers use themselves.
pub mod payload_type {
    pub const OPUS: u8 = 111;
    pub const RED: u8 = 63;

    /// A codec's, and that of its repairs.
    pub const fn video(codec: Codec) -> (u8, u8) {
        match codec {
            Codec::Vp8 => (96, 97),
            Codec::Vp9 => (98, 99),
            Codec::H264 => (102, 103),
            Codec::Av1 => (45, 46),
        }
    }

    use crate::media::codec::Codec;
}
use payload_type::{OPUS, RED};

/// Header extension ids of what we offer; they never change (Chromium 148 rejects reassignment).
pub mod extension {
    pub const TRANSPORT_CC: u8 = 3;
    pub const PLAYOUT_DELAY: u8 = 6;
    pub const DEPENDENCY: u8 = 8;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSection {
    pub mid: String,
    /// Sections of one stream are played in step by the browser.
    pub stream: String,
    pub ssrc: u32,
    /// Video only: the SSRC of retransmissions.
    pub repair_ssrc: Option<u32>,
}

pub fn offer(sections: &[OfferedSection], local: &Local<'_>, version: u64) -> String {
    let mut text = String::new();
    let bundled: Vec<&str> = sections.iter().map(|section| section.mid.as_str()).collect();
    local.write_session(&mut text, version, &bundled, true);
    for (at, section) in sections.iter().enumerate() {
        match section.repair_ssrc {
            Some(repair) => write_video(&mut text, section, repair, |text| {
                local.write_transport(text, at == 0)
            }),
            None => write_audio(&mut text, section, |text| local.write_transport(text, at == 0)),
        }
    }
    text
}

fn write_audio(text: &mut String, section: &OfferedSection, write_transport: impl FnOnce(&mut String)) {
    write_head(text, section, "audio", &[OPUS, RED], write_transport);
    let _ = write!(
        text,
        "a=rtpmap:{OPUS} opus/48000/2\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n\
         a=rtcp-fb:{OPUS} transport-cc\r\na=rtcp-fb:{OPUS} nack\r\n\
         a=rtpmap:{RED} red/48000/2\r\na=fmtp:{RED} {OPUS}/{OPUS}\r\n"
    );
    write_ssrc(text, section, section.ssrc);
}

fn write_video(
    text: &mut String,
    section: &OfferedSection,
    repair: u32,
    write_transport: impl FnOnce(&mut String),
) {
    let payload_types = Codec::ALL.map(payload_type::video);
    let listed: Vec<u8> = payload_types
        .into_iter()
        .flat_map(|(main, again)| [main, again])
        .collect();
    write_head(text, section, "video", &listed, write_transport);
    let ssrc = section.ssrc;
    let (delay, dependency) = (extension::PLAYOUT_DELAY, extension::DEPENDENCY);
    let _ = write!(
        text,
        "a=extmap:{delay} {PLAYOUT_DELAY}\r\na=extmap:{dependency} {DEPENDENCY}\r\n"
    );
    for codec in Codec::ALL {
        write_codec(text, codec);
    }
    let _ = write!(text, "a=ssrc-group:FID {ssrc} {repair}\r\n");
    write_ssrc(text, section, ssrc);
    write_ssrc(text, section, repair);
}

fn write_codec(text: &mut String, codec: Codec) {
    let ((main, repair), name) = (payload_type::video(codec), codec.name());
    let _ = write!(text, "a=rtpmap:{main} {name}/90000\r\n");
    let parameters = match codec {
        Codec::Vp8 | Codec::Av1 => None,
        Codec::Vp9 => Some("profile-id=0"),
        // Constrained baseline, which every browser that has H.264 decodes (RFC 7742 section 6.2).
        Codec::H264 => Some("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    };
    if let Some(parameters) = parameters {
        let _ = write!(text, "a=fmtp:{main} {parameters}\r\n");
    }
    for feedback in ["transport-cc", "ccm fir", "nack", "nack pli"] {
        let _ = write!(text, "a=rtcp-fb:{main} {feedback}\r\n");
    }
    let _ = write!(
        text,
        "a=rtpmap:{repair} rtx/90000\r\na=fmtp:{repair} apt={main}\r\n"
    );
}

fn write_head(
    text: &mut String,
    section: &OfferedSection,
    media: &str,
    payload_types: &[u8],
    write_transport: impl FnOnce(&mut String),
) {
    let _ = write!(text, "m={media} 9 UDP/TLS/RTP/SAVPF");
    for payload_type in payload_types {
        let _ = write!(text, " {payload_type}");
    }
    let _ = write!(text, "\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\n", section.mid);
    write_transport(text);
    let _ = write!(
        text,
        "a=sendonly\r\na=msid:{} {}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=extmap:{} {TRANSPORT_CC}\r\n",
        section.stream,
        section.mid,
        extension::TRANSPORT_CC
    );
}

pub(super) fn write_ssrc(text: &mut String, section: &OfferedSection, ssrc: u32) {
    let (stream, mid) = (&section.stream, &section.mid);
    let _ = write!(
        text,
        "a=ssrc:{ssrc} cname:{stream}\r\na=ssrc:{ssrc} msid:{stream} {mid}\r\n"
    );
}
