//! The encoder of a simulated publisher: three simulcast layers of VP8, and how they are offered.

use std::time::Duration;

use crate::peer::Peer;

const RID: u8 = 10;
const REPAIRED_RID: u8 = 11;
const TRANSPORT_CC: u8 = 5;
/// Where the transport-wide number stands in a packet of the publisher.
pub const NUMBER_AT: usize = 19;
pub const FRAME: Duration = Duration::from_millis(33);

/// One layer of the publisher's encoder.
pub struct Layer {
    pub rid: &'static str,
    pub ssrc: u32,
    bits_per_second: u64,
    size: (u16, u16),
    index: u64,
    picture: u16,
    first_timestamp: u32,
    pub key_frame_wanted: bool,
    pub active: bool,
    pub key_frames: u32,
}

impl Layer {
    pub fn new(rid: &'static str, at: u32, bits_per_second: u64, size: (u16, u16)) -> Layer {
        Layer {
            rid,
            ssrc: 7_000 + at,
            bits_per_second,
            size,
            index: 65_000 + u64::from(at),
            picture: 0x7ff0 + at as u16 * 5,
            first_timestamp: 0xffff_0000_u32.wrapping_add(at * 12_345_678),
            key_frame_wanted: true,
            active: true,
            key_frames: 0,
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
        let bytes = (self.bits_per_second as f64 * FRAME.as_secs_f64() / 8.0) as usize;
        let bytes = if is_key { bytes * 4 } else { bytes };
        let timestamp = self
            .first_timestamp
            .wrapping_add((at.as_micros() * 9 / 100) as u32);
        let count = bytes.div_ceil(1_150);
        (0..count)
            .map(|part| {
                self.index += 1;
                let mut packet = self.header(timestamp, part + 1 == count);
                let header_length = packet.len();
                let start = if part == 0 { 0x10 } else { 0 };
                let picture = [0x80 | (self.picture >> 8) as u8, self.picture as u8];
                packet.extend_from_slice(&[
                    0x80 | start,
                    0xe0,
                    picture[0],
                    picture[1],
                    self.picture as u8,
                    0x00,
                ]);
                packet.push(u8::from(!is_key));
                if is_key && part == 0 {
                    packet.extend_from_slice(&[0, 0, 0x9d, 0x01, 0x2a]);
                    packet.extend_from_slice(&self.size.0.to_le_bytes());
                    packet.extend_from_slice(&self.size.1.to_le_bytes());
                }
                packet.resize(header_length + bytes / count, self.index as u8);
                (packet, header_length, self.index)
            })
            .collect()
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

pub fn offer(peer: &Peer) -> String {
    use hoian_server::media::sdp;
    let transport = peer.transport("actpass");
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 120 124\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{transport}a=sendonly\r\na=rtcp-mux\r\n\
         a=rtpmap:120 VP8/90000\r\na=rtcp-fb:120 transport-cc\r\na=rtpmap:124 rtx/90000\r\na=fmtp:124 apt=120\r\n\
         a=extmap:{RID} {rid}\r\na=extmap:{REPAIRED_RID} {repaired}\r\na=extmap:{TRANSPORT_CC} {cc}\r\n\
         a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n",
        rid = sdp::RID,
        repaired = sdp::REPAIRED_RID,
        cc = sdp::TRANSPORT_CC,
    )
}
