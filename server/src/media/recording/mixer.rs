//! All voices as one.

use opus::{Application, Bitrate, Channels, Encoder};

use super::FRAME;
use super::voice::Voice;

pub struct Mixer {
    encoder: Encoder,
    gain: f32,
    frame: [f32; FRAME],
}

impl Mixer {
    /// # Errors
    /// When there is no memory for the encoder.
    pub fn new() -> Result<Self, opus::Error> {
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
        encoder.set_complexity(COMPLEXITY)?;
        Ok(Self {
            encoder,
            gain: 1.0,
            frame: [0.0; FRAME],
        })
    }

    /// The 20 ms from `from` on, encoded.
    pub fn mix<'a>(&mut self, from: i64, voices: impl Iterator<Item = &'a mut Voice>) -> Option<Vec<u8>> {
        self.frame.fill(0.0);
        for voice in voices {
            let mut samples = [0.0; FRAME];
            voice.read(from, &mut samples);
            for (sum, sample) in self.frame.iter_mut().zip(&samples) {
                *sum += sample;
            }
        }
        self.limit();
        self.encoder.encode_vec_float(&self.frame, MOST_BYTES).ok()
    }

    /// Several at once are never clipped, and the gain comes back slowly.
    fn limit(&mut self) {
        let peak = self
            .frame
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let most = if peak > LOUDEST { LOUDEST / peak } else { 1.0 };
        self.gain = most.min(self.gain + RECOVERY).min(1.0);
        for sample in &mut self.frame {
            *sample *= self.gain;
        }
    }
}

/// Speech without a difference that anybody hears.
const BITS_PER_SECOND: i32 = 48_000;
/// Of ten: the ear hears no more at this rate, and twenty recordings share a core.
const COMPLEXITY: i32 = 5;
const LOUDEST: f32 = 0.97;
/// In each frame: two seconds from half to whole.
const RECOVERY: f32 = 0.005;
/// RFC 6716 section 3.4.
const MOST_BYTES: usize = 1_275;
