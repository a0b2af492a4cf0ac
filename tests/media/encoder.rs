//! The encoder of a simulated publisher: three simulcast layers of VP8, or one stream of VP9 with three layers within it,
//! and how they are offered.

use std::time::Duration;

use hoian_server::media::codec::Codec;
use hoian_server::media::sdp;

use crate::peer::Peer;

const RID: u8 = 10;
const REPAIRED_RID: u8 = 11;
const TRANSPORT_CC: u8 = 5;
/// Where the transport-wide number stands in a packet of the publisher.
pub const NUMBER_AT: usize = 19;
pub const FRAME: Duration = Duration::from_millis(33);

/// Bits a second and size of the layers, simulcast or within a stream.
const LAYERS: [(u64, (u16, u16)); 3] = [
    (150_000, (320, 180)),
    (500_000, (640, 360)),
    (1_700_000, (1280, 720)),
];

/// One stream of the publisher's encoder.
pub struct Layer {
    pub rid: &'static str,
    pub ssrc: u32,
    /// What it is made of: itself in VP8, or layers of VP9 of which each builds on those before it.
    within: &'static [(u64, (u16, u16))],
    index: u64,
    picture: u16,
    first_timestamp: u32,
    pub key_frame_wanted: bool,
    pub active: bool,
    pub key_frames: u32,
}

/// A packet's place in its picture.
struct Part {
    is_key: bool,
    begins: bool,
    ends: bool,
    spatial: u8,
}

impl Layer {
    pub fn simulcast() -> Vec<Layer> {
        let layers = ["q", "h", "f"].into_iter().zip(LAYERS.chunks(1));
        (0..)
            .zip(layers)
            .map(|(at, (rid, within))| Layer::new(rid, at, within))
            .collect()
    }

    /// One stream alone (L3T1).
    pub fn scalable() -> Vec<Layer> {
        vec![Layer::new("f", 0, &LAYERS)]
    }

    fn new(rid: &'static str, at: u32, within: &'static [(u64, (u16, u16))]) -> Layer {
        Layer {
            rid,
            ssrc: 7_000 + at,
            within,
            index: 65_000 + u64::from(at),
            picture: 0x7ff0 + at as u16 * 5,
            first_timestamp: 0xffff_0000_u32.wrapping_add(at * 12_345_678),
            key_frame_wanted: true,
            active: true,
            key_frames: 0,
        }
    }

    pub fn codec(&self) -> Codec {
        match self.within {
            [_] => Codec::Vp8,
            _ => Codec::Vp9,
        }
    }

    /// The encoder begins anew.
    pub fn key_frame_again(&mut self) {
        self.active = true;
        self.key_frame_wanted = true;
    }

    /// The packets of the picture at `at` since the beginning: header, payload and index of each.
    pub fn picture(&mut self, at: Duration) -> Vec<(Vec<u8>, usize, u64)> {
        self.picture = self.picture.wrapping_add(1);
        let is_key = std::mem::take(&mut self.key_frame_wanted);
        self.key_frames += u32::from(is_key);
        let timestamp = self
            .first_timestamp
            .wrapping_add((at.as_micros() * 9 / 100) as u32);
        let mut packets = Vec::new();
        for (spatial, (bits_per_second, _)) in (0..).zip(self.within) {
            let bytes = (*bits_per_second as f64 * FRAME.as_secs_f64() / 8.0) as usize;
            let bytes = if is_key { bytes * 4 } else { bytes };
            let count = bytes.div_ceil(1_150);
            for at in 0..count {
                self.index += 1;
                let part = Part {
                    is_key,
                    begins: at == 0,
                    ends: at + 1 == count,
                    spatial,
                };
                let ends_picture = part.ends && usize::from(spatial) + 1 == self.within.len();
                let mut packet = self.header(timestamp, ends_picture);
                let header_length = packet.len();
                match self.codec() {
                    Codec::Vp8 => self.describe_vp8(&part, &mut packet),
                    _ => self.describe_vp9(&part, &mut packet),
                }
                packet.resize(header_length + bytes / count, self.index as u8);
                packets.push((packet, header_length, self.index));
            }
        }
        packets
    }

    /// RFC 7741 section 4.2, and the beginning of a key frame's own header.
    fn describe_vp8(&self, part: &Part, packet: &mut Vec<u8>) {
        let start = u8::from(part.begins) << 4;
        packet.extend_from_slice(&[
            0x80 | start,
            0xe0,
            0x80 | (self.picture >> 8) as u8,
            self.picture as u8,
            self.picture as u8,
            0x00,
            u8::from(!part.is_key),
        ]);
        if part.is_key && part.begins {
            packet.extend_from_slice(&[0, 0, 0x9d, 0x01, 0x2a]);
            self.write_sizes(packet, u16::to_le_bytes);
        }
    }

    /// RFC 9628 section 4.2, not flexible: in a key picture the upper layers build on the lower ones alone.
    fn describe_vp9(&self, part: &Part, packet: &mut Vec<u8>) {
        let shows_sizes = part.is_key && part.begins && part.spatial == 0;
        packet.extend_from_slice(&[
            0xa0 | u8::from(!part.is_key) << 6
                | u8::from(part.begins) << 3
                | u8::from(part.ends) << 2
                | u8::from(shows_sizes) << 1,
            0x80 | (self.picture >> 8) as u8,
            self.picture as u8,
            part.spatial << 1 | u8::from(part.spatial > 0),
            self.picture as u8,
        ]);
        if shows_sizes {
            packet.push((self.within.len() as u8 - 1) << 5 | 0x10);
            self.write_sizes(packet, u16::to_be_bytes);
        }
    }

    fn write_sizes(&self, packet: &mut Vec<u8>, bytes: fn(u16) -> [u8; 2]) {
        for (_, (width, height)) in self.within {
            packet.extend_from_slice(&bytes(*width));
            packet.extend_from_slice(&bytes(*height));
        }
    }

    fn header(&self, timestamp: u32, marker: bool) -> Vec<u8> {
        let mut bytes = vec![0x90, u8::from(marker) << 7 | 120];
        bytes.extend_from_slice(&(self.index as u16).to_be_bytes());
        bytes.extend_from_slice(&timestamp.to_be_bytes());
        bytes.extend_from_slice(&self.ssrc.to_be_bytes());
        let rid = self.rid.as_bytes()[0];
        // The transport-wide number follows when the packet is sent.
        bytes.extend_from_slice(&[
            0xbe,
            0xde,
            0,
            2,
            RID << 4,
            rid,
            TRANSPORT_CC << 4 | 1,
            0,
            0,
            0,
            0,
            0,
        ]);
        bytes
    }
}

/// All of the layers, as a browser offers them.
pub fn offer(peer: &Peer, layers: &[Layer]) -> String {
    let transport = peer.transport("actpass");
    let codec = layers[0].codec().name();
    let streams = match layers {
        [alone] => format!("a=ssrc:{} cname:x\r\n", alone.ssrc),
        _ => "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n".to_owned(),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 120 124\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
         a=rtpmap:120 {codec}/90000\r\na=rtcp-fb:120 transport-cc\r\na=rtpmap:124 rtx/90000\r\na=fmtp:124 apt=120\r\n\
         a=extmap:{RID} {rid}\r\na=extmap:{REPAIRED_RID} {repaired}\r\na=extmap:{TRANSPORT_CC} {cc}\r\n{streams}",
        rid = sdp::RID,
        repaired = sdp::REPAIRED_RID,
        cc = sdp::TRANSPORT_CC,
    )
}
