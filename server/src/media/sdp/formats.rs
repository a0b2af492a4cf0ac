//! Under which numbers a viewer knows what is sent to him: ours where we offered, his own where he did.

use super::offer::{extension, payload_type};
use crate::media::codec::Codec;

/// The payload types of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    pub opus: u8,
    /// By the codec: its own and that of its repairs, where there is one. Whether the viewer decodes a codec is not said here.
    pub video: [(u8, Option<u8>); Codec::ALL.len()],
}

impl Formats {
    /// Those of our own offers.
    pub const OFFERED: Formats = Formats {
        opus: payload_type::OPUS,
        video: {
            let mut video = [(0, None); Codec::ALL.len()];
            let mut at = 0;
            while at < video.len() {
                let (main, repair) = payload_type::video(Codec::ALL[at]);
                video[Codec::ALL[at] as usize] = (main, Some(repair));
                at += 1;
            }
            video
        },
    };

    pub fn video(&self, codec: Codec) -> u8 {
        self.video[codec as usize].0
    }

    pub fn repair(&self, codec: Codec) -> Option<u8> {
        self.video[codec as usize].1
    }
}

/// The header extension ids of a connection. What has none is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extensions {
    pub transport_cc: u8,
    pub playout_delay: Option<u8>,
    pub dependency: Option<u8>,
}

impl Extensions {
    /// Those of our own offers.
    pub const OFFERED: Extensions = Extensions {
        transport_cc: extension::TRANSPORT_CC,
        playout_delay: Some(extension::PLAYOUT_DELAY),
        dependency: Some(extension::DEPENDENCY),
    };
}
