//! Our answer to what a client offers to publish.
//!
//! Payload types are echoed: Firefox decodes silence when they are renumbered. Header extension ids stay
//! what the offer made them.

use std::fmt::Write as _;

use super::{
    AUDIO_LEVEL, Codec, DEPENDENCY, Description, Error, Kind, Local, MID, REPAIRED_RID, RID, Section, Setup,
    TRANSPORT_CC,
};
use crate::media::codec;

/// A section that carries one of our sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its place in the description.
    pub section: usize,
    pub payload_type: u8,
    /// Of video.
    pub codec: Option<codec::Codec>,
    pub repair_payload_type: Option<u8>,
    pub clock_rate: u32,
    /// RED around the payload type, where it is offered.
    pub redundancy_payload_type: Option<u8>,
    pub audio_level: Option<u8>,
    pub mid: Option<u8>,
    pub rid: Option<u8>,
    pub repaired_rid: Option<u8>,
    pub transport_cc: Option<u8>,
    /// Of AV1.
    pub dependency: Option<u8>,
}

/// Writes the answer; `wanted` says which sections carry a source, and those that can be carried come
/// back. A section that is not wanted is answered `inactive`, or rejected where it is no media.
///
/// # Errors
/// [`Error::Unsupported`] where the other end insists on being the DTLS server, or a wanted section has
/// neither Opus nor a video codec that is forwarded.
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
    local.write_session(&mut text, version, &bundled, offer.mixed);
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
    let (video, codec) = carried(section).ok_or_else(|| {
        Error::Unsupported(format!("section {} has no codec that is forwarded", section.mid))
    })?;
    Ok(Accepted {
        section: at,
        payload_type: codec.payload_type,
        codec: video,
        repair_payload_type: section
            .repair_of(codec.payload_type)
            .map(|repair| repair.payload_type),
        clock_rate: codec.clock_rate,
        redundancy_payload_type: section
            .redundancy_of(codec.payload_type)
            .map(|redundancy| redundancy.payload_type),
        audio_level: section.extension(AUDIO_LEVEL),
        mid: section.extension(MID),
        rid: section.extension(RID),
        repaired_rid: section.extension(REPAIRED_RID),
        transport_cc: section.transport_cc(codec),
        dependency: section
            .extension(DEPENDENCY)
            .filter(|_| video == Some(codec::Codec::Av1)),
    })
}

/// How the section is carried: the video codec, where it is one, and its place in the offer.
fn carried(section: &Section) -> Option<(Option<codec::Codec>, &Codec)> {
    match section.kind {
        Kind::Audio => Some((None, section.codec("opus")?)),
        Kind::Video => section.video_codec().map(|(video, codec)| (Some(video), codec)),
        Kind::Other => None,
    }
}

/// Whether something can come in the section that is forwarded.
pub fn is_carried(section: &Section) -> bool {
    !section.rejected && carried(section).is_some()
}

fn write_section(
    text: &mut String,
    section: &Section,
    kept: Option<&Accepted>,
    bitrate_kbps: u32,
    write_transport: impl FnOnce(&mut String),
) {
    let Some((video, codec)) = carried(section) else {
        return;
    };
    let main = codec.payload_type;
    let repair = section.repair_of(main).map(|repair| repair.payload_type);
    let redundancy = section.redundancy_of(main).map(|each| each.payload_type);
    let _ = write!(text, "m={} 9 {}", section.media, section.protocol);
    // Chromium sends RED only where it stands in front of Opus.
    for payload_type in redundancy.into_iter().chain([main]).chain(repair) {
        let _ = write!(text, " {payload_type}");
    }
    let _ = write!(text, "\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\n", section.mid);
    write_transport(text);
    text.push_str(if kept.is_some() && section.direction.sends() {
        "a=recvonly\r\n"
    } else {
        "a=inactive\r\n"
    });
    text.push_str("a=rtcp-mux\r\na=rtcp-rsize\r\n");
    for uri in [MID, AUDIO_LEVEL, RID, REPAIRED_RID, TRANSPORT_CC] {
        if let Some(id) = section.extension(uri) {
            let _ = write!(text, "a=extmap:{id} {uri}\r\n");
        }
    }
    match video {
        None => write_audio(text, section, codec, redundancy),
        Some(video) => write_video(text, section, (video, codec), repair, bitrate_kbps),
    }
    if kept.is_some() {
        write_layers(text, &section.layers);
    }
}

fn write_audio(text: &mut String, section: &Section, codec: &Codec, redundancy: Option<u8>) {
    let main = codec.payload_type;
    if let Some(red) = redundancy {
        let _ = write!(
            text,
            "a=rtpmap:{red} red/48000/2\r\na=fmtp:{red} {main}/{main}\r\n"
        );
    }
    let _ = write!(
        text,
        "a=rtpmap:{main} opus/48000/2\r\na=fmtp:{main} minptime=10;useinbandfec=1;usedtx=1\r\n"
    );
    if section.transport_cc(codec).is_some() {
        let _ = write!(text, "a=rtcp-fb:{main} transport-cc\r\n");
    }
    // Browsers do not offer it of audio, but they keep what they sent and answer it.
    let _ = write!(text, "a=rtcp-fb:{main} nack\r\n");
}

/// Without a start bitrate Chromium takes several seconds to reach full size. The receiver's estimate is
/// asked for only where the sender makes none of its own.
fn write_video(
    text: &mut String,
    section: &Section,
    (video, codec): (codec::Codec, &Codec),
    repair: Option<u8>,
    bitrate_kbps: u32,
) {
    if let Some(id) = section
        .extension(DEPENDENCY)
        .filter(|_| video == codec::Codec::Av1)
    {
        let _ = write!(text, "a=extmap:{id} {DEPENDENCY}\r\n");
    }
    // The profile is what was offered.
    let profile = match codec.parameters.as_str() {
        "" => String::new(),
        offered => format!("{offered};"),
    };
    let main = codec.payload_type;
    let start = bitrate_kbps.min(1_000);
    let estimate = if section.transport_cc(codec).is_some() {
        "transport-cc"
    } else {
        "goog-remb"
    };
    let _ = write!(
        text,
        "b=AS:{bitrate_kbps}\r\na=rtpmap:{main} {name}/90000\r\n\
         a=fmtp:{main} {profile}x-google-start-bitrate={start};x-google-max-bitrate={bitrate_kbps}\r\n\
         a=rtcp-fb:{main} {estimate}\r\na=rtcp-fb:{main} ccm fir\r\n\
         a=rtcp-fb:{main} nack\r\na=rtcp-fb:{main} nack pli\r\n",
        name = video.name(),
    );
    if let Some(repair) = repair {
        let _ = write!(
            text,
            "a=rtpmap:{repair} rtx/90000\r\na=fmtp:{repair} apt={main}\r\n"
        );
    }
}

fn write_layers(text: &mut String, layers: &[String]) {
    if layers.is_empty() {
        return;
    }
    for rid in layers {
        let _ = write!(text, "a=rid:{rid} recv\r\n");
    }
    let _ = write!(text, "a=simulcast:recv {}\r\n", layers.join(";"));
}

pub(super) fn write_rejected(text: &mut String, section: &Section) {
    let formats = section.formats.join(" ");
    let _ = write!(
        text,
        "m={} 0 {} {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=inactive\r\n",
        section.media, section.protocol, section.mid
    );
}
