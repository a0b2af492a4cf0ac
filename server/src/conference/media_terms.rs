//! How the signalling and the media plane name the same things, and how a client is to send.

use uuid::Uuid;

use super::protocol::{IceServer, Layer, MixedSound, OwnLine, PublishParameters, Source, Way};
use crate::media::stats::{self, Reported};
use crate::media::{ParticipantId, Watch};
use crate::net::{self, MAXIMUM_SEATS};

/// Three layers of a face, 720p at the top, and a page of text that is sharp within two seconds. Together they stay
/// under what one publisher may send.
pub(super) fn publish_parameters() -> PublishParameters {
    let layer = |rid: &str, scale_down_by, bitrate_bps| Layer {
        rid: rid.into(),
        scale_down_by,
        bitrate_bps,
    };
    PublishParameters {
        camera: vec![
            layer("q", 4.0, 150_000),
            layer("h", 2.0, 500_000),
            layer("f", 1.0, 1_500_000),
        ],
        screen_bitrate_bps: 2_500_000,
        screen_frames_per_second: 15,
    }
}

/// What a participant is told of a relay.
pub(super) fn ice_server(server: net::IceServer) -> IceServer {
    IceServer {
        urls: server.urls,
        username: server.credential.user_name,
        credential: server.credential.password,
    }
}

pub(super) fn to_media(source: Source) -> crate::media::Source {
    match source {
        Source::Microphone => crate::media::Source::Microphone,
        Source::Camera => crate::media::Source::Camera,
        Source::Screen => crate::media::Source::Screen,
        Source::ScreenAudio => crate::media::Source::ScreenAudio,
    }
}

pub(super) fn from_media(source: crate::media::Source) -> Source {
    match source {
        crate::media::Source::Microphone => Source::Microphone,
        crate::media::Source::Camera => Source::Camera,
        crate::media::Source::Screen => Source::Screen,
        crate::media::Source::ScreenAudio => Source::ScreenAudio,
    }
}

/// What a client wants of the others; `None` where it names nobody that could be, or more than there are places.
pub(super) fn watched(pictures: u8, first: &[String], sound_only: bool, mixed_sound: bool) -> Option<Watch> {
    let pictures = usize::from(pictures);
    if pictures > MAXIMUM_SEATS || first.len() > MAXIMUM_SEATS {
        return None;
    }
    let participant = |id: &String| Uuid::parse_str(id).ok().map(ParticipantId);
    let first: Option<Vec<ParticipantId>> = first.iter().map(participant).collect();
    Some(Watch {
        pictures: Some(pictures),
        first: first?,
        sound_only,
        mixed_sound,
    })
}

/// What a client says of its line; `None` where a share is more than the whole.
pub(super) fn reported(line: OwnLine) -> Option<Reported> {
    let is_share = |permille: u16| permille <= 1_000;
    (is_share(line.lost_permille) && is_share(line.concealed_permille)).then_some(Reported {
        lost_permille: line.lost_permille,
        concealed_permille: line.concealed_permille,
        round_trip_ms: line.round_trip_ms,
        jitter_ms: line.jitter_ms,
        freezes: line.freezes,
        down_kbps: line.down_kbps,
        up_kbps: line.up_kbps,
        way: match line.way {
            Way::Udp => stats::Way::Udp,
            Way::Tcp => stats::Way::Tcp,
            Way::TurnTcp => stats::Way::TurnTcp,
            Way::TurnTls => stats::Way::TurnTls,
        },
    })
}

impl From<crate::media::MixedSound> for MixedSound {
    fn from(state: crate::media::MixedSound) -> Self {
        match state {
            crate::media::MixedSound::Off => Self::Off,
            crate::media::MixedSound::Asked => Self::Asked,
            crate::media::MixedSound::ThinLine => Self::ThinLine,
            crate::media::MixedSound::Full => Self::Full,
        }
    }
}

impl From<stats::Way> for Way {
    fn from(way: stats::Way) -> Self {
        match way {
            stats::Way::Udp => Self::Udp,
            stats::Way::Tcp => Self::Tcp,
            stats::Way::TurnTcp => Self::TurnTcp,
            stats::Way::TurnTls => Self::TurnTls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_more_than_there_is_or_for_nobody_is_not_taken() {
        let id = Uuid::from_u128(7).to_string();
        let taken = watched(25, std::slice::from_ref(&id), true, true);
        assert_eq!(
            taken,
            Some(Watch {
                pictures: Some(25),
                first: vec![ParticipantId(Uuid::from_u128(7))],
                sound_only: true,
                mixed_sound: true,
            })
        );
        assert_eq!(watched(26, &[], false, false), None);
        assert_eq!(watched(4, &["nobody".to_owned()], false, false), None);
        assert_eq!(watched(4, &vec![id; 26], false, false), None);
    }
}
