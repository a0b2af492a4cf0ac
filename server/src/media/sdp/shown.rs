//! Our answer to a viewer who offers what he receives (WHEP): payload types and extension ids are his.

use std::fmt::Write as _;

use super::offer::{OfferedSection, write_ssrc};
use super::{
    Codec, DEPENDENCY, Description, Error, Extensions, Formats, Kind, Local, PLAYOUT_DELAY, Section, Setup,
    TRANSPORT_CC,
};
use crate::media::codec;

/// A section of the offer in which something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its place in the description.
    pub section: usize,
    pub is_audio: bool,
    pub formats: Formats,
    /// The video codecs that the viewer decodes.
    pub codecs: [bool; codec::Codec::ALL.len()],
}

/// The sections of an offer in which something can be shown, one of them video and up to `most_voices` audio, with the ids
/// of the header extensions and whether the viewer reports arrivals.
///
/// # Errors
/// [`Error::Unsupported`] where the other end insists on being the DTLS server, or where it receives nothing that we send.
pub fn shown(offer: &Description, most_voices: usize) -> Result<(Vec<Shown>, Extensions, bool), Error> {
    if offer.setup == Setup::Passive {
        return Err(Error::Unsupported(
            "the client must take the active DTLS role".to_owned(),
        ));
    }
    let (mut voices, mut pictures) = (0, 0);
    let mut found = Vec::new();
    for (at, section) in offer.sections.iter().enumerate() {
        if section.rejected || !section.direction.receives() {
            continue;
        }
        let (count, most) = match section.kind {
            Kind::Audio => (&mut voices, most_voices),
            Kind::Video => (&mut pictures, 1),
            Kind::Other => continue,
        };
        if let Some(shown) = read(at, section).filter(|_| *count < most) {
            *count += 1;
            found.push(shown);
        }
    }
    if found.is_empty() {
        return Err(Error::Unsupported(
            "no section receives Opus or a video codec that is forwarded".to_owned(),
        ));
    }
    let sections = || found.iter().map(|shown| &offer.sections[shown.section]);
    let id = |uri: &str| sections().find_map(|section| one_byte_id(section, uri));
    let transport_cc = id(TRANSPORT_CC);
    let reports = sections().any(|section| {
        section
            .codecs
            .iter()
            .any(|codec| section.transport_cc(codec).is_some())
    });
    let extensions = Extensions {
        transport_cc: transport_cc.unwrap_or_default(),
        playout_delay: id(PLAYOUT_DELAY),
        dependency: id(DEPENDENCY),
    };
    Ok((found, extensions, reports && transport_cc.is_some()))
}

/// Writes the answer. `slots` are the sections of `shown`, in its order; all others are rejected.
pub fn answer_viewer(
    offer: &Description,
    shown: &[Shown],
    slots: &[OfferedSection],
    local: &Local<'_>,
    version: u64,
) -> String {
    let bundled: Vec<&str> = slots.iter().map(|slot| slot.mid.as_str()).collect();
    let mut text = String::new();
    local.write_session(&mut text, version, &bundled, offer.mixed);
    let mut is_first = true;
    for (at, section) in offer.sections.iter().enumerate() {
        let kept = shown.iter().position(|shown| shown.section == at);
        match kept.and_then(|kept| Some((shown.get(kept)?, slots.get(kept)?))) {
            None => super::answer::write_rejected(&mut text, section),
            Some((shown, slot)) => write_section(&mut text, section, shown, slot, |text| {
                local.write_transport(text, std::mem::take(&mut is_first));
            }),
        }
    }
    text
}

/// The form of header extensions with one byte has no larger ids (RFC 8285 section 4.2).
fn one_byte_id(section: &Section, uri: &str) -> Option<u8> {
    section.extension(uri).filter(|id| (1..=14).contains(id))
}

fn read(at: usize, section: &Section) -> Option<Shown> {
    let mut shown = Shown {
        section: at,
        is_audio: section.kind == Kind::Audio,
        formats: Formats::OFFERED,
        codecs: [false; codec::Codec::ALL.len()],
    };
    if shown.is_audio {
        shown.formats.opus = section.codec("opus")?.payload_type;
        return Some(shown);
    }
    for codec in codec::Codec::ALL {
        if let Some(offered) = section.profile_of(codec) {
            let repair = section.repair_of(offered.payload_type);
            shown.codecs[codec as usize] = true;
            shown.formats.video[codec as usize] =
                (offered.payload_type, repair.map(|repair| repair.payload_type));
        }
    }
    shown.codecs.contains(&true).then_some(shown)
}

fn write_section(
    text: &mut String,
    section: &Section,
    shown: &Shown,
    slot: &OfferedSection,
    write_transport: impl FnOnce(&mut String),
) {
    let taken = taken(section, shown);
    let _ = write!(text, "m={} 9 {}", section.media, section.protocol);
    for codec in &taken {
        let _ = write!(text, " {}", codec.payload_type);
    }
    let _ = write!(text, "\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\n", section.mid);
    write_transport(text);
    let _ = write!(
        text,
        "a=sendonly\r\na=msid:{} {}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
        slot.stream, slot.mid
    );
    for uri in [TRANSPORT_CC, PLAYOUT_DELAY, DEPENDENCY] {
        if let Some(id) = one_byte_id(section, uri) {
            let _ = write!(text, "a=extmap:{id} {uri}\r\n");
        }
    }
    for codec in &taken {
        write_codec(text, codec);
    }
    if let Some(repair) = slot.repair_ssrc {
        let _ = write!(text, "a=ssrc-group:FID {} {repair}\r\n", slot.ssrc);
    }
    for ssrc in [Some(slot.ssrc), slot.repair_ssrc].into_iter().flatten() {
        write_ssrc(text, slot, ssrc);
    }
}

/// What may come in the section: each codec with its repairs.
fn taken<'s>(section: &'s Section, shown: &Shown) -> Vec<&'s Codec> {
    let named = |payload_type: u8| {
        let mut codecs = section.codecs.iter();
        codecs.find(|codec| codec.payload_type == payload_type)
    };
    if shown.is_audio {
        return named(shown.formats.opus).into_iter().collect();
    }
    let videos = codec::Codec::ALL
        .into_iter()
        .filter(|codec| shown.codecs[*codec as usize]);
    let types = videos.flat_map(|codec| [Some(shown.formats.video(codec)), shown.formats.repair(codec)]);
    types.flatten().filter_map(named).collect()
}

fn write_codec(text: &mut String, codec: &Codec) {
    let payload_type = codec.payload_type;
    let (name, channels) = match codec.name.as_str() {
        "opus" => ("opus".to_owned(), "/2"),
        "rtx" => ("rtx".to_owned(), ""),
        name => (name.to_ascii_uppercase(), ""),
    };
    let _ = write!(
        text,
        "a=rtpmap:{payload_type} {name}/{}{channels}\r\n",
        codec.clock_rate
    );
    if !codec.parameters.is_empty() {
        let _ = write!(text, "a=fmtp:{payload_type} {}\r\n", codec.parameters);
    }
    let known = ["transport-cc", "ccm fir", "nack", "nack pli"];
    for feedback in known
        .iter()
        .filter(|kind| codec.feedback.iter().any(|each| each == *kind))
    {
        let _ = write!(text, "a=rtcp-fb:{payload_type} {feedback}\r\n");
    }
}
