//! Where an H.264 decoder can start, by the units in a payload (RFC 6184 section 5).

/// What forwarding looks at; nothing of it is rewritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// The packet brings a sequence parameter set, which stands before every picture that can be entered.
    pub begins_key_frame: bool,
}

impl Descriptor {
    /// `None` where the payload is empty.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let kind = payload.first()? & KIND;
        let begins_key_frame = match kind {
            SEQUENCE_PARAMETERS => true,
            AGGREGATE => units(&payload[1..]).any(|unit| unit == SEQUENCE_PARAMETERS),
            FRAGMENT => payload
                .get(1)
                .is_some_and(|header| header & BEGINS != 0 && header & KIND == SEQUENCE_PARAMETERS),
            _ => false,
        };
        Some(Descriptor { begins_key_frame })
    }
}

/// The kinds of the units in an aggregate, each behind its length.
fn units(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let kind = *rest.get(2)? & KIND;
        rest = rest.get(2 + length..)?;
        Some(kind)
    })
}

const KIND: u8 = 0x1f;
const SEQUENCE_PARAMETERS: u8 = 7;
/// STAP-A and FU-A: what packetization mode 1 knows besides whole units.
const AGGREGATE: u8 = 24;
const FRAGMENT: u8 = 28;
const BEGINS: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decoder_can_start_at_a_sequence_parameter_set() {
        for (payload, begins) in [
            (&[0x67, 0x42, 0xe0][..], true),
            // Parameter sets and a slice in one aggregate, as Chromium sends them.
            (
                &[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88],
                true,
            ),
            (&[0x78, 0, 2, 0x68, 0xce, 0, 2, 0x41, 0x9a], false),
            // An instantaneous refresh alone: its parameter sets came before it, or are lost.
            (&[0x65, 0x88], false),
            (&[0x7c, 0x80 | 5, 0x88], false),
            (&[0x7c, 0x80 | 7, 0x42], true),
            (&[0x7c, 7, 0x42], false),
            (&[0x41, 0x9a], false),
        ] {
            assert_eq!(
                Descriptor::parse(payload),
                Some(Descriptor {
                    begins_key_frame: begins
                }),
                "{payload:?}"
            );
        }
        assert_eq!(Descriptor::parse(&[]), None);
    }

    proptest! {
        #[test]
        fn never_panics_on_garbage(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Descriptor::parse(&bytes);
        }
    }
}
