//! The slots of one viewer's connection.

use rand::Rng;
use rand::rngs::StdRng;

use crate::media::codec::Codec;
use crate::media::forward::{Rewriter, Wanted};
use crate::media::layer::Viewport;
use crate::media::name::Source;
use crate::media::retransmit::copies::Copies;
use crate::media::retransmit::recent::Recent;
use crate::media::sdp::OfferedSection;

/// The sections of a connection, in the order of its description: the screen with its sound, then the
/// seats, each an audio and a video section. They are only ever added to.
#[derive(Default)]
pub struct Pool {
    pub slots: Vec<Slot>,
    /// By the publisher's place in the room and the source: which slot shows it.
    places: Vec<[u8; 4]>,
}

pub struct Slot {
    pub section: OfferedSection,
    pub source: Source,
    /// The viewer has accepted the section.
    pub usable: bool,
    /// The publisher's place in the room.
    pub holder: Option<usize>,
    pub rewriter: Rewriter,
    /// The layer that is to be shown; `None` while the line or the page has no room for it.
    pub target: Option<Wanted>,
    /// The layer that the page has use for.
    pub desired: Option<u8>,
    /// How large the page shows it, once it has said so.
    pub viewport: Option<Viewport>,
    /// The video codecs that the viewer decodes.
    pub codecs: [bool; Codec::ALL.len()],
    /// The viewer takes RED.
    pub redundancy: bool,
    /// Of audio that he takes.
    pub copies: Option<Copies>,
    /// The index of the next retransmission.
    pub repair_index: u64,
    pub packets: u32,
    pub octets: u32,
    pub repeated: Recent,
    /// What the viewer last said of it: 256ths lost.
    pub reported_loss: u8,
}

impl Pool {
    /// Adds seats until there are so many; nothing where there are.
    pub fn grow(&mut self, seats: usize, random: &mut StdRng) {
        if self.slots.is_empty() {
            self.add("s", "screen", Source::Screen, random);
            self.add("sa", "screen", Source::ScreenAudio, random);
        }
        for seat in self.seats()..seats {
            let stream = format!("seat{seat}");
            self.add(&format!("a{seat}"), &stream, Source::Microphone, random);
            self.add(&format!("v{seat}"), &stream, Source::Camera, random);
        }
    }

    pub fn seats(&self) -> usize {
        self.slots.len().saturating_sub(SCREEN_SLOTS) / 2
    }

    /// Who sits where. A seat's holder may be shown in one of its slots only, but nobody else in the other.
    pub fn seated(&self) -> Vec<Option<usize>> {
        self.slots[SCREEN_SLOTS.min(self.slots.len())..]
            .chunks(2)
            .map(|seat| seat[0].holder.or(seat[1].holder))
            .collect()
    }

    pub fn screen(&self) -> Option<usize> {
        self.slots.first()?.holder
    }

    /// Gives the slots of a seat to `member`: those in `shown`, the others are emptied. Slots that change
    /// their holder begin anew.
    pub fn seat(&mut self, seat: usize, member: Option<usize>, shown: impl Shows) {
        let first = SCREEN_SLOTS + 2 * seat;
        self.hold(first..first + 2, member, shown);
    }

    pub fn show_screen(&mut self, member: Option<usize>, shown: impl Shows) {
        self.hold(0..SCREEN_SLOTS, member, shown);
    }

    fn hold(&mut self, range: std::ops::Range<usize>, member: Option<usize>, shown: impl Shows) {
        for slot in self.slots.get_mut(range).unwrap_or_default() {
            let codecs = slot.codecs;
            let decodes = |codec: Codec| codecs[codec as usize];
            let holder = member.filter(|_| slot.usable && shown(slot.source, &decodes));
            if slot.holder != holder {
                slot.holder = holder;
                slot.rewriter.switch();
                slot.target = slot.source.is_audio().then_some(Wanted::all_of(0));
                slot.desired = slot.source.is_audio().then_some(0);
            }
        }
    }

    /// Makes [`Self::place_of`] agree with the holders.
    pub fn index(&mut self) {
        self.places.clear();
        for (at, slot) in self.slots.iter().enumerate() {
            let Some(member) = slot.holder else { continue };
            if self.places.len() <= member {
                self.places.resize(member + 1, [NOWHERE; 4]);
            }
            self.places[member][slot.source as usize] = at as u8;
        }
    }

    /// The slot that shows this stream.
    pub fn place_of(&self, member: usize, source: Source) -> Option<usize> {
        let at = self.places.get(member)?[source as usize];
        (at != NOWHERE).then_some(usize::from(at))
    }

    pub fn by_ssrc(&self, ssrc: u32) -> Option<usize> {
        self.slots.iter().position(|slot| slot.section.ssrc == ssrc)
    }

    fn add(&mut self, mid: &str, stream: &str, source: Source, random: &mut StdRng) {
        let section = OfferedSection {
            mid: mid.to_owned(),
            stream: stream.to_owned(),
            ssrc: self.unused_ssrc(random),
            repair_ssrc: (!source.is_audio()).then(|| self.unused_ssrc(random)),
        };
        let clock_rate = if source.is_audio() { 48_000 } else { 90_000 };
        self.slots.push(Slot {
            section,
            source,
            usable: false,
            holder: None,
            rewriter: Rewriter::new(clock_rate, random.random()),
            target: None,
            desired: None,
            viewport: None,
            codecs: [false; Codec::ALL.len()],
            redundancy: false,
            copies: None,
            repair_index: u64::from(random.random::<u16>() >> 1),
            packets: 0,
            octets: 0,
            repeated: Recent::new(),
            reported_loss: 0,
        });
    }

    fn unused_ssrc(&self, random: &mut StdRng) -> u32 {
        loop {
            let ssrc = random.random_range(2..=u32::MAX);
            let taken = |slot: &Slot| slot.section.ssrc == ssrc || slot.section.repair_ssrc == Some(ssrc);
            if !self.slots.iter().any(taken) {
                return ssrc;
            }
        }
    }
}

/// Whether a source is to be shown to who decodes these codecs.
pub trait Shows: Fn(Source, &dyn Fn(Codec) -> bool) -> bool {}
impl<F: Fn(Source, &dyn Fn(Codec) -> bool) -> bool> Shows for F {}

const SCREEN_SLOTS: usize = 2;
const NOWHERE: u8 = u8::MAX;
