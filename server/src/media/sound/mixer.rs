//! All voices as one.

use opus::{Application, Bitrate, Channels, Encoder};

use super::FRAME;

pub struct Mixer {
    encoder: Encoder,
    gain: f32,
    frame: [f32; FRAME],
}

impl Mixer {
    /// # Errors
    /// When there is no memory for the encoder.
    pub fn for_a_recording() -> Result<Self, opus::Error> {
        Self::new(Application::Audio, RECORDED)
    }

    /// For a line that carries little and loses some of it: each packet can restore the one before (RFC 6716 section 2.1.7).
    ///
    /// # Errors
    /// When there is no memory for the encoder.
    pub fn for_a_line() -> Result<Self, opus::Error> {
        let mut mixer = Self::new(Application::Voip, SENT)?;
        mixer.encoder.set_inband_fec(true)?;
        mixer.encoder.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        Ok(mixer)
    }

    fn new(application: Application, bits_per_second: i32) -> Result<Self, opus::Error> {
        let mut encoder = Encoder::new(48_000, Channels::Mono, application)?;
        encoder.set_bitrate(Bitrate::Bits(bits_per_second))?;
        encoder.set_complexity(COMPLEXITY)?;
        Ok(Self {
            encoder,
            gain: 1.0,
            frame: [0.0; FRAME],
        })
    }

    /// The sum of 20 ms of voices, encoded.
    pub fn mix<'a>(&mut self, voices: impl Iterator<Item = &'a [f32; FRAME]>) -> Option<Vec<u8>> {
        self.frame.fill(0.0);
        for samples in voices {
            for (sum, sample) in self.frame.iter_mut().zip(samples) {
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
const RECORDED: i32 = 48_000;
/// Speech as browsers send it.
const SENT: i32 = 32_000;
const EXPECTED_LOSS_PERCENT: i32 = 5;
/// Of ten: the ear hears no more at this rate, and twenty recordings share a core.
const COMPLEXITY: i32 = 5;
const LOUDEST: f32 = 0.97;
/// In each frame: two seconds from half to whole.
const RECOVERY: f32 = 0.005;
/// RFC 6716 section 3.4.
const MOST_BYTES: usize = 1_275;
