//! The slots of one viewer's connection.

use rand::Rng;
use rand::rngs::StdRng;

use crate::media::codec::Codec;
use crate::media::forward::{Rewriter, Wanted};
use crate::media::layer::Viewport;
use crate::media::name::Source;
use crate::media::retransmit::copies::Copies;
use crate::media::retransmit::recent::Recent;
use crate::media::sdp::{Formats, OfferedSection, Shown};

/// The sections of a connection, in the order of its description: the screen with its sound, then the
/// seats, each a video section and the first of them an audio section too. They are only ever added to.
///
/// Or those of a monitor, which offers its sections itself: one picture, and voices.
#[derive(Default)]
pub struct Pool {
    pub slots: Vec<Slot>,
    pub is_monitor: bool,
    /// By the publisher's place in the room and the source: which slot shows it.
    places: Vec<[u8; 4]>,
}

pub struct Slot {
    pub section: OfferedSection,
    pub formats: Formats,
    /// Of a monitor it is what is shown now.
    pub source: Source,
    /// Which seat it belongs to; of the screen nothing is meant by it.
    pub seat: usize,
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
            self.add("s", 0, "screen", Source::Screen, random);
            self.add("sa", 0, "screen", Source::ScreenAudio, random);
        }
        for seat in self.seats()..seats {
            let stream = format!("seat{seat}");
            if seat < VOICED_SEATS {
                self.add(&format!("a{seat}"), seat, &stream, Source::Microphone, random);
            }
            self.add(&format!("v{seat}"), seat, &stream, Source::Camera, random);
        }
    }

    /// The sections of a monitor, by their mid, all of them taken.
    pub fn of_monitor(sections: &[(&str, Shown)], random: &mut StdRng) -> Pool {
        let mut pool = Pool {
            is_monitor: true,
            ..Pool::default()
        };
        for (seat, (mid, shown)) in sections.iter().enumerate() {
            let source = match shown.is_audio {
                true => Source::Microphone,
                false => Source::Camera,
            };
            pool.add(mid, seat, MONITOR_STREAM, source, random);
            if let Some(slot) = pool.slots.last_mut() {
                slot.usable = true;
                slot.formats = shown.formats;
                slot.codecs = shown.codecs;
                slot.copies = shown.is_audio.then(Copies::default);
                let repairs = shown.formats.video.iter().zip(shown.codecs);
                let is_repaired = repairs
                    .into_iter()
                    .any(|((_, repair), is_taken)| is_taken && repair.is_some());
                slot.section.repair_ssrc = slot.section.repair_ssrc.filter(|_| is_repaired);
            }
        }
        pool
    }

    /// The section of a monitor's picture.
    pub fn picture(&self) -> Option<usize> {
        self.slots.iter().position(|slot| !slot.source.is_audio())
    }

    /// The sections of a monitor's sound.
    pub fn sounds(&self) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| slot.source.is_audio())
            .map(|(at, _)| at)
            .collect()
    }

    /// What a section of a monitor carries from now on, of its own kind; it is emptied where that is another source.
    pub fn turn(&mut self, at: usize, source: Source) {
        if self.slots.get(at).is_some_and(|slot| slot.source != source) {
            self.give(at, None);
            self.slots[at].source = source;
        }
    }

    pub fn seats(&self) -> usize {
        let cameras = self.slots.iter().filter(|slot| slot.source == Source::Camera);
        cameras.count()
    }

    /// The places of the slots that can carry a source.
    pub fn usable(&self, source: Source) -> Vec<usize> {
        let is_meant = |slot: &Slot| slot.usable && slot.source == source;
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| is_meant(slot))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whose voice comes in the seat of a slot.
    pub fn voice_beside(&self, at: usize) -> Option<usize> {
        self.beside(at, Source::Microphone)
    }

    /// Whose screen is shown, or heard.
    pub fn sharer(&self) -> Option<usize> {
        let is_shared = |slot: &&Slot| matches!(slot.source, Source::Screen | Source::ScreenAudio);
        self.slots.iter().filter(is_shared).find_map(|slot| slot.holder)
    }

    /// Gives a slot to a member, or empties it. It begins anew where its holder is another.
    pub fn give(&mut self, at: usize, member: Option<usize>) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let holder = member.filter(|_| slot.usable);
        if slot.holder != holder {
            slot.holder = holder;
            slot.rewriter.switch();
            slot.target = slot.source.is_audio().then_some(Wanted::all_of(0));
            slot.desired = slot.source.is_audio().then_some(0);
        }
    }

    /// Empties the slots that show a member.
    pub fn release(&mut self, member: usize) {
        for at in 0..self.slots.len() {
            if self.slots[at].holder == Some(member) {
                self.give(at, None);
            }
        }
        self.index();
    }

    /// Empties the slots that the viewer has not accepted, or no longer.
    pub fn empty_unusable(&mut self) {
        for at in 0..self.slots.len() {
            if !self.slots[at].usable {
                self.give(at, None);
            }
        }
    }

    /// Gives the slots for voices to those who are heard. Who has one keeps it; others get that of their own seat, where
    /// the browser plays lips and voice in step, or one where nobody is seen, or any.
    pub fn give_voices(&mut self, heard: &[usize]) {
        let voices = self.usable(Source::Microphone);
        for &at in &voices {
            let holder = self.slots[at].holder.filter(|member| heard.contains(member));
            self.give(at, holder);
        }
        for member in heard {
            let holds = |at: &&usize| self.slots[**at].holder == Some(*member);
            if voices.iter().any(|at| holds(&at)) {
                continue;
            }
            let face = |at: usize| self.beside(at, Source::Camera);
            let is_free = |at: &&usize| self.slots[**at].holder.is_none();
            let free = || voices.iter().filter(is_free);
            let chosen = free()
                .find(|at| face(**at) == Some(*member))
                .or_else(|| free().find(|at| face(**at).is_none()))
                .or_else(|| free().next());
            if let Some(at) = chosen.copied() {
                self.give(at, Some(*member));
            }
        }
    }

    /// Gives one of the slots for voices to a mix of all of them, and empties the others. It stays where it is, or goes where
    /// a face is, so that the browser plays the two in step.
    pub fn give_mix(&mut self, mix: usize) {
        let voices = self.usable(Source::Microphone);
        let holds = |at: &&usize| self.slots[**at].holder == Some(mix);
        let has_face = |at: &&usize| self.beside(**at, Source::Camera).is_some();
        let chosen = voices
            .iter()
            .find(holds)
            .or_else(|| voices.iter().find(has_face))
            .or(voices.first())
            .copied();
        for at in voices {
            self.give(at, Some(mix).filter(|_| Some(at) == chosen));
        }
    }

    fn beside(&self, at: usize, source: Source) -> Option<usize> {
        let seat = self.slots.get(at)?.seat;
        let slot = |slot: &&Slot| slot.source == source && slot.seat == seat;
        self.slots.iter().find(slot)?.holder
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

    fn add(&mut self, mid: &str, seat: usize, stream: &str, source: Source, random: &mut StdRng) {
        let section = OfferedSection {
            mid: mid.to_owned(),
            stream: stream.to_owned(),
            ssrc: self.unused_ssrc(random),
            repair_ssrc: (!source.is_audio()).then(|| self.unused_ssrc(random)),
        };
        let clock_rate = if source.is_audio() { 48_000 } else { 90_000 };
        self.slots.push(Slot {
            section,
            formats: Formats::OFFERED,
            source,
            seat,
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

/// More voices than are ever heard at once; the answer to 25 seats with a voice each would be longer than a message may be.
const VOICED_SEATS: usize = 9;
/// Everything on a monitor is of one stream, so that it plays lips and voice in step.
const MONITOR_STREAM: &str = "stage";
const NOWHERE: u8 = u8::MAX;
