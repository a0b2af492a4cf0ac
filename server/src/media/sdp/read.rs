//! What we take from a browser's description.

use std::io::Cursor;

use rtc_sdp::description::media::MediaDescription;
use rtc_sdp::description::session::SessionDescription;

use super::Error;
use crate::media::codec;
use crate::media::transport::dtls::Fingerprint;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub user_fragment: String,
    /// Every `sha-256` fingerprint; another hash is not taken.
    pub fingerprints: Vec<Fingerprint>,
    pub setup: Setup,
    pub sections: Vec<Section>,
    /// `a=extmap-allow-mixed`: packets may carry either form of header extensions.
    pub mixed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    Active,
    Passive,
    ActPass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
    /// A data channel, or anything else we do not carry.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendReceive,
    Send,
    Receive,
    Inactive,
}

impl Direction {
    /// Whether the one who wrote it receives.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendReceive | Direction::Receive)
    }

    /// Whether the one who wrote it sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendReceive | Direction::Send)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub mid: String,
    pub kind: Kind,
    /// `m=audio`, as it was written.
    pub media: String,
    pub protocol: String,
    pub formats: Vec<String>,
    pub rejected: bool,
    pub direction: Direction,
    pub codecs: Vec<Codec>,
    /// Header extensions by their id, in the order of the description.
    pub extensions: Vec<(u8, String)>,
    /// Announced SSRCs without those that only repair others.
    pub ssrcs: Vec<u32>,
    /// `a=ssrc-group:FID`: a stream and the one that repeats its packets.
    pub repairs: Vec<(u32, u32)>,
    /// `a=simulcast:send`: the layers by their RID in the order of the description; empty without
    /// simulcast.
    pub layers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    pub payload_type: u8,
    /// In lower case: `opus`, `vp8`, `rtx`.
    pub name: String,
    pub clock_rate: u32,
    pub parameters: String,
    /// `a=rtcp-fb` of this payload type or of all.
    pub feedback: Vec<String>,
}

impl Codec {
    /// A value of `a=fmtp`.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        let mut pairs = self
            .parameters
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(found, _)| *found == key)
            .map(|(_, value)| value.trim())
    }
}

impl Section {
    /// The first codec of this name, in the order that the description prefers.
    pub fn codec(&self, name: &str) -> Option<&Codec> {
        self.codecs.iter().find(|codec| codec.name == name)
    }

    /// The video codec that we take of those offered, and how it is offered.
    pub fn video_codec(&self) -> Option<(codec::Codec, &Codec)> {
        codec::Codec::ALL
            .into_iter()
            .find_map(|codec| Some((codec, self.profile_of(codec)?)))
    }

    /// The first profile of the codec that every browser decodes.
    pub(super) fn profile_of(&self, codec: codec::Codec) -> Option<&Codec> {
        let name = codec.name().to_ascii_lowercase();
        let has = |each: &Codec, key: &str, wanted: &[&str]| {
            let value = each.parameter(key);
            value.map_or(wanted.contains(&""), |value| {
                wanted.contains(&value.to_ascii_lowercase().as_str())
            })
        };
        self.codecs
            .iter()
            .filter(|each| each.name == name)
            .find(|each| match codec {
                codec::Codec::Vp8 => true,
                codec::Codec::Vp9 => has(each, "profile-id", &["", "0"]),
                codec::Codec::Av1 => has(each, "profile", &["", "0"]),
                codec::Codec::H264 => {
                    has(each, "packetization-mode", &["1"])
                        && each
                            .parameter("profile-level-id")
                            .is_some_and(|profile| profile.starts_with("42"))
                }
            })
    }

    /// The retransmission codec for this payload type (RFC 4588 section 8.6).
    pub fn repair_of(&self, payload_type: u8) -> Option<&Codec> {
        let apt = format!("apt={payload_type}");
        self.codecs.iter().find(|codec| {
            codec.name == "rtx"
                && codec
                    .parameters
                    .split(';')
                    .any(|parameter| parameter.trim() == apt)
        })
    }

    /// The redundancy codec that repeats this payload type (RFC 2198).
    pub fn redundancy_of(&self, payload_type: u8) -> Option<&Codec> {
        let wanted = payload_type.to_string();
        self.codecs.iter().find(|codec| {
            codec.name == "red" && codec.parameters.split('/').all(|each| each.trim() == wanted)
        })
    }

    /// The id of the transport-wide sequence number, where the codec has feedback on it.
    pub fn transport_cc(&self, codec: &Codec) -> Option<u8> {
        self.extension(super::TRANSPORT_CC)
            .filter(|_| codec.feedback.iter().any(|each| each == "transport-cc"))
    }

    pub fn extension(&self, uri: &str) -> Option<u8> {
        self.extensions
            .iter()
            .find(|(_, found)| found == uri)
            .map(|(id, _)| *id)
    }
}

impl Description {
    /// # Errors
    /// [`Error::Malformed`] where it cannot be read or lacks what WebRTC demands.
    pub fn parse(text: &str) -> Result<Description, Error> {
        if text.len() > MAXIMUM_BYTES {
            return Err(malformed("the description is longer than 512 kB"));
        }
        let session = SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
            .map_err(|error| Error::Malformed(error.to_string()))?;
        if session.media_descriptions.len() > MAXIMUM_SECTIONS {
            return Err(malformed("more than 128 media sections"));
        }
        let sections = session
            .media_descriptions
            .iter()
            .map(section)
            .collect::<Result<Vec<_>, _>>()?;
        let user_fragment = first(&session, "ice-ufrag")
            .ok_or_else(|| malformed("no a=ice-ufrag"))?
            .to_owned();
        let fingerprints = fingerprints(&session);
        if fingerprints.is_empty() {
            return Err(malformed("no a=fingerprint with sha-256"));
        }
        let setup = match first(&session, "setup") {
            Some("active") => Setup::Active,
            Some("passive") => Setup::Passive,
            Some("actpass") => Setup::ActPass,
            _ => return Err(malformed("no a=setup")),
        };
        Ok(Description {
            user_fragment,
            fingerprints,
            setup,
            mixed: session.has_attribute("extmap-allow-mixed")
                || session
                    .media_descriptions
                    .iter()
                    .any(|media| media.has_attribute("extmap-allow-mixed")),
            sections,
        })
    }
}

fn section(media: &MediaDescription) -> Result<Section, Error> {
    let name = &media.media_name;
    let mid = value(media, "mid").ok_or_else(|| malformed("a media section without a=mid"))?;
    if mid.is_empty() || mid.len() > 32 || !mid.bytes().all(is_token) {
        return Err(malformed("a=mid is no token"));
    }
    let (ssrcs, repairs) = streams(media);
    Ok(Section {
        mid: mid.to_owned(),
        kind: match name.media.as_str() {
            "audio" => Kind::Audio,
            "video" => Kind::Video,
            _ => Kind::Other,
        },
        media: name.media.clone(),
        protocol: name.protos.join("/"),
        formats: name.formats.clone(),
        rejected: name.port.value == 0 && !media.has_attribute("bundle-only"),
        direction: direction(media),
        codecs: codecs(media),
        extensions: extensions(media),
        ssrcs,
        repairs,
        layers: layers(media),
    })
}

fn codecs(media: &MediaDescription) -> Vec<Codec> {
    let find = |key: &str, payload_type: &str| {
        values(media, key).find_map(|line| {
            let (found, rest) = line.split_once(' ')?;
            (found == payload_type).then(|| rest.trim().to_owned())
        })
    };
    let codec = |format: &String| {
        let mapping = find("rtpmap", format)?;
        let mut parts = mapping.split('/');
        Some(Codec {
            payload_type: format.parse().ok().filter(|payload_type| *payload_type < 128)?,
            name: parts.next()?.to_ascii_lowercase(),
            clock_rate: parts.next()?.parse().ok()?,
            parameters: find("fmtp", format).unwrap_or_default(),
            feedback: values(media, "rtcp-fb")
                .filter_map(|line| line.split_once(' '))
                .filter(|(found, _)| found == format || *found == "*")
                .map(|(_, kind)| kind.trim().to_owned())
                .collect(),
        })
    };
    media.media_name.formats.iter().filter_map(codec).collect()
}

fn extensions(media: &MediaDescription) -> Vec<(u8, String)> {
    let parse = |line: &str| {
        let (id, uri) = line.split_once(' ')?;
        let id = id.split('/').next()?.parse().ok()?;
        Some((id, uri.split(' ').next()?.to_owned()))
    };
    values(media, "extmap").filter_map(parse).collect()
}

/// RFC 8853 section 5.1: streams apart by `;`, alternatives by `,`, of which the first is meant; `~` says
/// that a stream begins paused. A layer that no `a=rid` explains is left out.
fn layers(media: &MediaDescription) -> Vec<String> {
    let Some(line) = value(media, "simulcast") else {
        return Vec::new();
    };
    let mut words = line.split(' ');
    let list = loop {
        match (words.next(), words.next()) {
            (Some("send"), Some(list)) => break list,
            (Some(_), Some(_)) => {}
            _ => return Vec::new(),
        }
    };
    let is_explained = |rid: &str| {
        values(media, "rid").any(|line| {
            let mut words = line.split(' ');
            words.next() == Some(rid) && words.next() == Some("send")
        })
    };
    let mut found: Vec<String> = Vec::new();
    for stream in list.split(';') {
        let rid = stream
            .split(',')
            .next()
            .unwrap_or_default()
            .trim_start_matches('~');
        let is_new = !found.iter().any(|each| each == rid);
        if is_new && is_rid(rid) && is_explained(rid) && found.len() < MOST_LAYERS {
            found.push(rid.to_owned());
        }
    }
    found
}

/// RFC 8852 section 3: letters and digits.
fn is_rid(rid: &str) -> bool {
    (1..=16).contains(&rid.len()) && rid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn streams(media: &MediaDescription) -> (Vec<u32>, Vec<(u32, u32)>) {
    let pair = |line: &str| {
        let mut ids = line.strip_prefix("FID ")?.split(' ').map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    };
    let repairs: Vec<(u32, u32)> = values(media, "ssrc-group").filter_map(pair).collect();
    let mut ssrcs: Vec<u32> = Vec::new();
    for line in values(media, "ssrc") {
        let Some(ssrc) = line.split(' ').next().and_then(|id| id.parse().ok()) else {
            continue;
        };
        let repairs_another = repairs.iter().any(|(_, repair)| *repair == ssrc);
        if !repairs_another && !ssrcs.contains(&ssrc) && ssrcs.len() < MAXIMUM_SSRCS {
            ssrcs.push(ssrc);
        }
    }
    (ssrcs, repairs)
}

fn direction(media: &MediaDescription) -> Direction {
    if media.has_attribute("sendonly") {
        Direction::Send
    } else if media.has_attribute("recvonly") {
        Direction::Receive
    } else if media.has_attribute("inactive") {
        Direction::Inactive
    } else {
        Direction::SendReceive
    }
}

fn fingerprints(session: &SessionDescription) -> Vec<Fingerprint> {
    let on_session = session.attribute("fingerprint").map(String::as_str);
    let on_media = session
        .media_descriptions
        .iter()
        .flat_map(|media| values(media, "fingerprint"));
    let mut found: Vec<Fingerprint> = Vec::new();
    for fingerprint in on_session.into_iter().chain(on_media).filter_map(fingerprint) {
        if !found.contains(&fingerprint) && found.len() < 4 {
            found.push(fingerprint);
        }
    }
    found
}

fn fingerprint(line: &str) -> Option<Fingerprint> {
    let (hash, value) = line.split_once(' ')?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut bytes = [0; 32];
    let mut parts = value.trim().split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

/// The session's attribute, or that of the first section that has it: bundled sections agree.
fn first<'a>(session: &'a SessionDescription, key: &str) -> Option<&'a str> {
    let on_session = session.attribute(key).map(String::as_str);
    on_session.or_else(|| {
        session
            .media_descriptions
            .iter()
            .find_map(|media| value(media, key))
    })
}

fn value<'a>(media: &'a MediaDescription, key: &str) -> Option<&'a str> {
    media.attribute(key).flatten()
}

fn values<'a>(media: &'a MediaDescription, key: &'a str) -> impl Iterator<Item = &'a str> {
    media
        .attributes
        .iter()
        .filter(move |each| each.key == key)
        .filter_map(|each| each.value.as_deref())
}

/// RFC 8866 section 9, `token-char`.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte)
}

fn malformed(reason: &str) -> Error {
    Error::Malformed(reason.to_owned())
}

/// Twice the largest description seen from a browser: 238 kB with 50 sections in Chromium.
const MAXIMUM_BYTES: usize = 512 * 1024;
const MAXIMUM_SECTIONS: usize = 128;
/// Browsers send no more than three.
pub const MOST_LAYERS: usize = 3;
const MAXIMUM_SSRCS: usize = 8;
