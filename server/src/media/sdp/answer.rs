//! Our answer to what a client offers to publish.
//!
//! Payload types are echoed: Firefox decodes silence when they are renumbered. Header extension ids stay
//! what the offer made them.

use std::fmt::Write as _;

use super::{AUDIO_LEVEL, Description, Error, Kind, Local, MID, Section, Setup};

/// A section that carries one of our sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its place in the description.
    pub section: usize,
    pub payload_type: u8,
    pub repair_payload_type: Option<u8>,
    pub clock_rate: u32,
    pub audio_level: Option<u8>,
    pub mid: Option<u8>,
}

/// Writes the answer; `wanted` says which sections carry a source, and those that can be carried come
/// back. A section that is not wanted is answered `inactive`, or rejected where it is no media.
///
/// # Errors
/// [`Error::Unsupported`] where the other end insists on being the DTLS server, or a wanted section has
/// neither Opus nor VP8.
pub fn answer(
    offer: &Description,
    wanted: &[usize],
    local: &Local<'_>,
    version: u64,
    bitrate_kbps: u32,
) -> Result<(String, Vec<Accepted>), Error> {
    if offer.setup == Setup::Passive {
        return Err(Error::Unsupported(
            "the client must take the active DTLS role".to_owned(),
        ));
    }
    let accepted = wanted
        .iter()
        .map(|at| accept(offer, *at))
        .collect::<Result<Vec<_>, _>>()?;
    let bundled: Vec<&str> = offer
        .sections
        .iter()
        .filter(|section| is_carried(section))
        .map(|section| section.mid.as_str())
        .collect();
    let mut text = String::new();
    local.write_session(&mut text, version, &bundled);
    let mut is_first = true;
    for (at, section) in offer.sections.iter().enumerate() {
        if !is_carried(section) {
            write_rejected(&mut text, section);
            continue;
        }
        let kept = accepted.iter().find(|each| each.section == at);
        write_section(&mut text, section, kept, bitrate_kbps, |text| {
            local.write_transport(text, std::mem::take(&mut is_first));
        });
    }
    Ok((text, accepted))
}

fn accept(offer: &Description, at: usize) -> Result<Accepted, Error> {
    let section = offer
        .sections
        .get(at)
        .ok_or_else(|| Error::Malformed("no such media section".to_owned()))?;
    let name = codec_name(section);
    let codec = name
        .and_then(|name| section.codec(name))
        .ok_or_else(|| Error::Unsupported(format!("section {} has neither Opus nor VP8", section.mid)))?;
    Ok(Accepted {
        section: at,
        payload_type: codec.payload_type,
        repair_payload_type: section
            .repair_of(codec.payload_type)
            .map(|repair| repair.payload_type),
        clock_rate: codec.clock_rate,
        audio_level: section.extension(AUDIO_LEVEL),
        mid: section.extension(MID),
    })
}

fn codec_name(section: &Section) -> Option<&'static str> {
    match section.kind {
        Kind::Audio => Some("opus"),
        Kind::Video => Some("vp8"),
        Kind::Other => None,
    }
}

fn is_carried(section: &Section) -> bool {
    !section.rejected && codec_name(section).is_some_and(|name| section.codec(name).is_some())
}

fn write_section(
    text: &mut String,
    section: &Section,
    kept: Option<&Accepted>,
    bitrate_kbps: u32,
    write_transport: impl FnOnce(&mut String),
) {
    let Some(codec) = codec_name(section).and_then(|name| section.codec(name)) else {
        return;
    };
    let main = codec.payload_type;
    let repair = section.repair_of(main).map(|repair| repair.payload_type);
    let _ = write!(text, "m={} 9 {} {main}", section.media, section.protocol);
    if let Some(repair) = repair {
        let _ = write!(text, " {repair}");
    }
    let _ = write!(text, "\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\n", section.mid);
    write_transport(text);
    text.push_str(if kept.is_some() && section.direction.sends() {
        "a=recvonly\r\n"
    } else {
        "a=inactive\r\n"
    });
    text.push_str("a=rtcp-mux\r\na=rtcp-rsize\r\n");
    for uri in [MID, AUDIO_LEVEL] {
        if let Some(id) = section.extension(uri) {
            let _ = write!(text, "a=extmap:{id} {uri}\r\n");
        }
    }
    if section.kind == Kind::Audio {
        let _ = write!(
            text,
            "a=rtpmap:{main} opus/48000/2\r\na=fmtp:{main} minptime=10;useinbandfec=1;usedtx=1\r\n"
        );
    } else {
        write_video(text, main, repair, bitrate_kbps);
    }
}

/// Without a start bitrate Chromium takes several seconds to reach full size.
fn write_video(text: &mut String, main: u8, repair: Option<u8>, bitrate_kbps: u32) {
    let start = bitrate_kbps.min(1_000);
    let _ = write!(
        text,
        "b=AS:{bitrate_kbps}\r\na=rtpmap:{main} VP8/90000\r\n\
         a=fmtp:{main} x-google-start-bitrate={start};x-google-max-bitrate={bitrate_kbps}\r\n\
         a=rtcp-fb:{main} goog-remb\r\na=rtcp-fb:{main} ccm fir\r\n\
         a=rtcp-fb:{main} nack\r\na=rtcp-fb:{main} nack pli\r\n"
    );
    if let Some(repair) = repair {
        let _ = write!(
            text,
            "a=rtpmap:{repair} rtx/90000\r\na=fmtp:{repair} apt={main}\r\n"
        );
    }
}

fn write_rejected(text: &mut String, section: &Section) {
    let formats = section.formats.join(" ");
    let _ = write!(
        text,
        "m={} 0 {} {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=inactive\r\n",
        section.media, section.protocol, section.mid
    );
}
