//! RTCP (RFC 3550 section 6, RFC 4585, RFC 5104), read and written in place without allocation.

/// One thing said in a compound packet that this server acts upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feedback<'p> {
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp: u32,
    },
    /// Generic NACK: pairs of a sequence number and the bit mask of the 16 that follow.
    Missing {
        ssrc: u32,
        pairs: &'p [u8],
    },
    /// PLI or FIR.
    KeyFrame {
        ssrc: u32,
    },
    /// When packets arrived: what `bandwidth::feedback` reads.
    Arrivals {
        information: &'p [u8],
    },
    /// What a receiver says of one of our streams.
    Reception(Reception),
}

/// Reads a decrypted compound packet from its beginning; stops at the first malformed part and then
/// gives `false`.
pub fn read<'p>(mut compound: &'p [u8], mut each: impl FnMut(Feedback<'p>)) -> bool {
    while !compound.is_empty() {
        let Some((kind, count, body, rest)) = split(compound) else {
            return false;
        };
        compound = rest;
        match (kind, count) {
            (SENDER_REPORT, _) => {
                if let Some(report) = read_sender_report(body) {
                    each(report);
                }
            }
            (RECEIVER_REPORT, _) => {
                let blocks = body.get(4..).unwrap_or_default().chunks_exact(24);
                blocks
                    .take(usize::from(count))
                    .filter_map(read_block)
                    .for_each(|block| each(Feedback::Reception(block)));
            }
            (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => {
                if let Some(information) = body.get(8..) {
                    each(Feedback::Arrivals { information });
                }
            }
            (TRANSPORT_FEEDBACK, GENERIC_NACK) => {
                if let (Some(ssrc), Some(pairs)) = (word(body, 4), body.get(8..)) {
                    each(Feedback::Missing { ssrc, pairs });
                }
            }
            (PAYLOAD_FEEDBACK, PICTURE_LOSS) => {
                if let Some(ssrc) = word(body, 4) {
                    each(Feedback::KeyFrame { ssrc });
                }
            }
            (PAYLOAD_FEEDBACK, FULL_INTRA) => {
                for entry in body.get(8..).unwrap_or_default().chunks_exact(8) {
                    each(Feedback::KeyFrame {
                        ssrc: word(entry, 0).unwrap_or_default(),
                    });
                }
            }
            _ => {}
        }
    }
    true
}

/// The sequence numbers that NACK pairs name (RFC 4585 section 6.2.1).
pub fn missing(pairs: &[u8]) -> impl Iterator<Item = u16> {
    pairs.chunks_exact(4).flat_map(|pair| {
        let first = u16::from_be_bytes([pair[0], pair[1]]);
        let mask = u16::from_be_bytes([pair[2], pair[3]]);
        let following = (0..16).filter(move |bit| mask & (1 << bit) != 0);
        std::iter::once(first).chain(following.map(move |bit| first.wrapping_add(bit + 1)))
    })
}

fn split(compound: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let header = compound.get(..4)?;
    if header[0] >> 6 != 2 {
        return None;
    }
    let length = 4 * (usize::from(u16::from_be_bytes([header[2], header[3]])) + 1);
    let (packet, rest) = compound.split_at_checked(length)?;
    Some((header[1], header[0] & 0x1f, &packet[4..], rest))
}

fn read_sender_report<'p>(body: &'p [u8]) -> Option<Feedback<'p>> {
    let (high, low) = (word(body, 4)?, word(body, 8)?);
    Some(Feedback::SenderReport {
        ssrc: word(body, 0)?,
        ntp: u64::from(high) << 32 | u64::from(low),
        rtp: word(body, 12)?,
    })
}

fn read_block(block: &[u8]) -> Option<Reception> {
    let loss = word(block, 4)?;
    Some(Reception {
        ssrc: word(block, 0)?,
        fraction_lost: (loss >> 24) as u8,
        cumulative_lost: (loss << 8) as i32 >> 8,
        highest_sequence_number: word(block, 8)?,
        jitter: word(block, 12)?,
        last_sender_report: word(block, 16)?,
        delay: word(block, 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Writes a compound packet into a buffer, one part behind the other.
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

/// What a receiver report says of one stream (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reception {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub cumulative_lost: i32,
    pub highest_sequence_number: u32,
    pub jitter: u32,
    pub last_sender_report: u32,
    pub delay: u32,
}

impl<'b> Writer<'b> {
    pub fn new(buffer: &'b mut [u8]) -> Writer<'b> {
        Writer { buffer, length: 0 }
    }

    /// How much was written; `None` where nothing was.
    pub fn finish(self) -> Option<usize> {
        (self.length > 0).then_some(self.length)
    }

    pub fn sender_report(&mut self, ssrc: u32, ntp: u64, rtp: u32, packets: u32, octets: u32) {
        let words = [ssrc, (ntp >> 32) as u32, ntp as u32, rtp, packets, octets];
        self.part(SENDER_REPORT, 0, &words);
    }

    /// One report with up to 31 blocks.
    pub fn receiver_report(&mut self, sender: u32, blocks: &[Reception]) {
        let mut words = [0; 1 + 31 * 6];
        words[0] = sender;
        let blocks = &blocks[..blocks.len().min(31)];
        for (block, to) in blocks.iter().zip(words[1..].chunks_exact_mut(6)) {
            let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
            to.copy_from_slice(&[
                block.ssrc,
                u32::from(block.fraction_lost) << 24 | lost,
                block.highest_sequence_number,
                block.jitter,
                block.last_sender_report,
                block.delay,
            ]);
        }
        self.part(
            RECEIVER_REPORT,
            blocks.len() as u8,
            &words[..1 + blocks.len() * 6],
        );
    }

    pub fn picture_loss(&mut self, sender: u32, media: u32) {
        self.part(PAYLOAD_FEEDBACK, PICTURE_LOSS, &[sender, media]);
    }

    /// Names the missing ones; `missing` is in rising order and holds at most 64.
    pub fn missing(&mut self, sender: u32, media: u32, missing: &[u16]) {
        let mut words = [0u32; 2 + 64];
        (words[0], words[1]) = (sender, media);
        let mut used = 2;
        for &number in missing {
            let first = (words[used - 1] >> 16) as u16;
            let after = number.wrapping_sub(first).wrapping_sub(1);
            if used > 2 && after < 16 {
                words[used - 1] |= 1 << after;
            } else if used < words.len() {
                words[used] = u32::from(number) << 16;
                used += 1;
            }
        }
        if used > 2 {
            self.part(TRANSPORT_FEEDBACK, GENERIC_NACK, &words[..used]);
        }
    }

    /// REMB (draft-alvestrand-rmcat-remb-03): the most that `media` together may send.
    pub fn maximum_bitrate(&mut self, sender: u32, bits_per_second: u32, media: &[u32]) {
        let exponent = bits_per_second.checked_ilog2().unwrap_or(0).saturating_sub(17);
        let mantissa = bits_per_second >> exponent;
        let mut words = [0; 4 + 8];
        let media = &media[..media.len().min(8)];
        words[..4].copy_from_slice(&[
            sender,
            0,
            u32::from_be_bytes(*b"REMB"),
            (media.len() as u32) << 24 | exponent << 18 | mantissa,
        ]);
        words[4..4 + media.len()].copy_from_slice(media);
        self.part(PAYLOAD_FEEDBACK, APPLICATION_LAYER, &words[..4 + media.len()]);
    }

    /// Left out where it does not fit, together with all that would follow.
    fn part(&mut self, kind: u8, count: u8, words: &[u32]) {
        let length = 4 + 4 * words.len();
        let Some(to) = self.buffer.get_mut(self.length..self.length + length) else {
            return;
        };
        to[..2].copy_from_slice(&[0x80 | count, kind]);
        to[2..4].copy_from_slice(&(words.len() as u16).to_be_bytes());
        for (word, bytes) in words.iter().zip(to[4..].chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        self.length += length;
    }
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const GENERIC_NACK: u8 = 1;
const TRANSPORT_WIDE: u8 = 15;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;
const APPLICATION_LAYER: u8 = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut buffer = [0; 1400];
        let mut writer = Writer::new(&mut buffer);
        write(&mut writer);
        let length = writer.finish().unwrap_or(0);
        buffer[..length].to_vec()
    }

    /// The judge is rtc-rtcp, which knows nothing of this module.
    #[test]
    fn another_reader_understands_what_it_writes() {
        let bytes = written(|writer| {
            writer.receiver_report(
                1,
                &[Reception {
                    ssrc: 2,
                    fraction_lost: 7,
                    cumulative_lost: 9,
                    ..Reception::default()
                }],
            );
            writer.maximum_bitrate(1, 2_500_000, &[2]);
            writer.missing(1, 2, &[10, 11, 30]);
            writer.picture_loss(1, 2);
        });
        let packets = rtc_rtcp::packet::unmarshal(&mut &bytes[..]).unwrap();
        let text = format!("{packets:?}");
        assert_eq!(packets.len(), 4, "{text}");
        assert!(
            text.contains("total_lost: 9") && text.contains("bitrate: 2500000.0"),
            "{text}"
        );
    }

    #[test]
    fn reads_back_the_missing_across_the_wrap() {
        let numbers = [65_534, 65_535, 0, 40];
        let bytes = written(|writer| writer.missing(1, 2, &numbers));
        let mut found = Vec::new();
        assert!(read(&bytes, |feedback| {
            if let Feedback::Missing { ssrc: 2, pairs } = feedback {
                found.extend(missing(pairs));
            }
        }));
        assert_eq!(found, numbers);
    }

    proptest! {
        #[test]
        fn never_panics_on_garbage(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 200u8..208) {
            if bytes.len() > 1 { bytes[0] = bytes[0] & 0x3f | 0x80; bytes[1] = kind; }
            let mut seen = 0;
            read(&bytes, |feedback| if let Feedback::Missing { pairs, .. } = feedback { seen += missing(pairs).count() });
            let _ = seen;
        }
    }
}
