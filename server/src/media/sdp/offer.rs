//! Our offer of slots to a viewer: sections we send on, each with its SSRC fixed for the connection's
//! life, whoever is shown there.

use std::fmt::Write as _;

use super::{Local, PLAYOUT_DELAY, TRANSPORT_CC};

/// Payload types of what we offer, those that browsers use themselves.
pub mod payload_type {
    pub const OPUS: u8 = 111;
    pub const RED: u8 = 63;
    pub const VP8: u8 = 96;
    pub const VP8_REPAIR: u8 = 97;
}
use payload_type::{OPUS, RED, VP8, VP8_REPAIR};

/// Header extension ids of what we offer; they never change (Chromium 148 rejects reassignment).
pub mod extension {
    pub const TRANSPORT_CC: u8 = 3;
    pub const PLAYOUT_DELAY: u8 = 6;
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
    local.write_session(&mut text, version, &bundled);
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
         a=rtcp-fb:{OPUS} transport-cc\r\n\
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
    write_head(text, section, "video", &[VP8, VP8_REPAIR], write_transport);
    let ssrc = section.ssrc;
    let _ = write!(
        text,
        "a=extmap:{delay} {PLAYOUT_DELAY}\r\n\
         a=rtpmap:{VP8} VP8/90000\r\na=rtcp-fb:{VP8} transport-cc\r\na=rtcp-fb:{VP8} ccm fir\r\na=rtcp-fb:{VP8} nack\r\n\
         a=rtcp-fb:{VP8} nack pli\r\na=rtpmap:{VP8_REPAIR} rtx/90000\r\na=fmtp:{VP8_REPAIR} apt={VP8}\r\n\
         a=ssrc-group:FID {ssrc} {repair}\r\n",
        delay = extension::PLAYOUT_DELAY,
    );
    write_ssrc(text, section, ssrc);
    write_ssrc(text, section, repair);
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

fn write_ssrc(text: &mut String, section: &OfferedSection, ssrc: u32) {
    let (stream, mid) = (&section.stream, &section.mid);
    let _ = write!(
        text,
        "a=ssrc:{ssrc} cname:{stream}\r\na=ssrc:{ssrc} msid:{stream} {mid}\r\n"
    );
}
