//! How messages lie in a stream of bytes, and what begins a stream on a port that several protocols share.

use std::ops::Range;

/// What a connection speaks, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A handshake record (RFC 8446 section 5.1).
    Tls,
    /// A method (RFC 9110 section 9), which begins with a capital letter.
    Http,
    /// A STUN message in a frame of RFC 4571 (RFC 6544 section 3).
    IceTcp,
    /// A bare STUN message (RFC 8656 section 3.1).
    Turn,
}

/// Bytes that are none of ours: the connection can only be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream holds no message of a known protocol")]
pub struct Malformed;

impl Opening {
    /// `None` where more bytes must come first; [`MOST_OPENING`] are always enough.
    ///
    /// # Errors
    /// [`Malformed`] where no protocol begins like this.
    pub fn of(bytes: &[u8]) -> Result<Option<Opening>, Malformed> {
        let Some(first) = bytes.first() else {
            return Ok(None);
        };
        match first {
            0x16 => Ok(Some(Opening::Tls)),
            b'A'..=b'Z' => Ok(Some(Opening::Http)),
            // The length of a check is below 1,536, and the type of a STUN request below 0x200.
            0..=5 => Opening::by_cookie(bytes),
            _ => Err(Malformed),
        }
    }

    /// The magic cookie stands behind type and length, in a frame behind its length as well.
    fn by_cookie(bytes: &[u8]) -> Result<Option<Opening>, Malformed> {
        let is_at = |place: usize| bytes.get(place..place + 4) == Some(&COOKIE);
        match bytes.len() {
            _ if is_at(4) => Ok(Some(Opening::Turn)),
            0..MOST_OPENING => Ok(None),
            _ if is_at(6) => Ok(Some(Opening::IceTcp)),
            _ => Err(Malformed),
        }
    }
}

/// A message in the bytes that have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub message: Range<usize>,
    /// Where the next one begins.
    pub end: usize,
}

/// The first frame of RFC 4571; `None` where it is not whole yet.
///
/// # Errors
/// [`Malformed`] where it is longer than any datagram of ours.
pub fn rfc_4571(bytes: &[u8]) -> Result<Option<Frame>, Malformed> {
    let Some(length) = two_bytes(bytes, 0) else {
        return Ok(None);
    };
    if length > MOST_DATAGRAM {
        return Err(Malformed);
    }
    Ok(whole(bytes, 2..2 + length, 2 + length))
}

/// The first message of TURN, a STUN message or ChannelData, which over TCP and TLS is padded (RFC 8656 sections 3.1
/// and 12.5); `None` where it is not whole yet.
///
/// # Errors
/// [`Malformed`] where it is neither, or longer than any of ours.
pub fn turn(bytes: &[u8]) -> Result<Option<Frame>, Malformed> {
    let (Some(first), Some(length)) = (bytes.first(), two_bytes(bytes, 2)) else {
        return match bytes.first() {
            Some(first) if first >> 6 > 1 => Err(Malformed),
            _ => Ok(None),
        };
    };
    let (header, most) = match first >> 6 {
        0 if length % 4 == 0 => (20, MOST_MESSAGE),
        1 => (4, MOST_DATAGRAM),
        _ => return Err(Malformed),
    };
    if length > most {
        return Err(Malformed);
    }
    let end = header + length;
    Ok(whole(bytes, 0..end, end.next_multiple_of(4)))
}

/// Writes a datagram as a frame of RFC 4571 behind `to`; what is longer than its length can say is left out.
pub fn write_rfc_4571(datagram: &[u8], to: &mut Vec<u8>) {
    if let Ok(length) = u16::try_from(datagram.len()) {
        to.extend_from_slice(&length.to_be_bytes());
        to.extend_from_slice(datagram);
    }
}

fn two_bytes(bytes: &[u8], at: usize) -> Option<usize> {
    let [high, low] = *bytes.get(at..at + 2)?.first_chunk()?;
    Some(usize::from(u16::from_be_bytes([high, low])))
}

fn whole(bytes: &[u8], message: Range<usize>, end: usize) -> Option<Frame> {
    (bytes.len() >= end).then_some(Frame { message, end })
}

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// The bytes by which any opening is known.
pub const MOST_OPENING: usize = 10;
/// What fits an Ethernet frame.
pub const MOST_DATAGRAM: usize = 1500;
/// Attributes of the longest STUN message: a datagram in a Send indication, with an address and much to spare.
const MOST_MESSAGE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOCATE: [u8; 10] = [0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2];
    const CHECK: [u8; 10] = [0, 80, 0, 1, 0, 60, 0x21, 0x12, 0xa4, 0x42];

    #[test]
    fn a_stream_is_known_by_its_first_bytes() {
        for (bytes, opening) in [
            (&b""[..], Ok(None)),
            (b"\x16\x03\x01", Ok(Some(Opening::Tls))),
            (b"GET / HTTP/1.1", Ok(Some(Opening::Http))),
            (b"P", Ok(Some(Opening::Http))),
            (&ALLOCATE, Ok(Some(Opening::Turn))),
            (&ALLOCATE[..8], Ok(Some(Opening::Turn))),
            (&ALLOCATE[..7], Ok(None)),
            (&CHECK, Ok(Some(Opening::IceTcp))),
            (&CHECK[..9], Ok(None)),
            (&[0; 10], Err(Malformed)),
            (b"SSH", Ok(Some(Opening::Http))),
            (b"\x80", Err(Malformed)),
            (b"\xff\xff", Err(Malformed)),
        ] {
            assert_eq!(Opening::of(bytes), opening, "{bytes:?}");
        }
    }

    #[test]
    fn frames_of_rfc_4571_follow_one_another() {
        let mut stream = Vec::new();
        write_rfc_4571(b"one", &mut stream);
        write_rfc_4571(b"", &mut stream);
        write_rfc_4571(b"three", &mut stream);
        let mut read = Vec::new();
        let mut rest = &stream[..];
        while let Some(frame) = rfc_4571(rest).unwrap() {
            read.push(rest[frame.message].to_vec());
            rest = &rest[frame.end..];
        }
        assert_eq!(read, [&b"one"[..], b"", b"three"]);
        assert_eq!(rfc_4571(&stream[..4]), Ok(None));
        assert_eq!(rfc_4571(&[0xff, 0xff]), Err(Malformed));
    }

    #[test]
    fn messages_of_turn_are_whole_multiples_of_four() {
        let frame = |message, end| Ok(Some(Frame { message, end }));
        assert_eq!(turn(&[&ALLOCATE[..], &[0; 30]].concat()), frame(0..28, 28));
        assert_eq!(turn(&ALLOCATE), Ok(None));
        assert_eq!(turn(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]), frame(0..9, 12));
        assert_eq!(turn(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5]), Ok(None));
        for malformed in [[0, 1, 0, 7], [0, 1, 0x20, 0], [0x40, 0, 0xff, 0], [0x80, 0, 0, 0]] {
            assert_eq!(turn(&malformed), Err(Malformed), "{malformed:?}");
        }
        assert_eq!(turn(&[0xc0]), Err(Malformed));
    }
}
