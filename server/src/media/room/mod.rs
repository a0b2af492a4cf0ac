//! A room: who is in it, what they publish, and in which slots of whom it is shown.

mod layers;
pub mod pool;
pub mod seats;
pub mod stream;

use std::time::Instant;

use slab::Slab;

use super::codec::Codec;
use super::name::{Event, ParticipantId, RoomId, Side, Slot, Source, TrackState};
use super::speaker::{self, Loudness};
use super::stats::Reported;
use pool::Pool;
use seats::Candidate;
use stream::{Layer, Stream};

pub struct Room {
    pub id: RoomId,
    /// Tells this room from an earlier one at the same place.
    pub serial: u64,
    pub members: Slab<Member>,
    /// The places of those who can be shown something.
    pub viewers: Vec<usize>,
    /// The seating may no longer be right.
    pub unsettled: bool,
    speaker: Option<usize>,
    /// How many of the lowest layers somebody has use for, by member and source.
    needed: Vec<[u8; 4]>,
}

pub struct Member {
    pub id: ParticipantId,
    pub serial: u64,
    pub streams: [Option<Stream>; 4],
    pub muted: [bool; 4],
    pub loudness: Loudness,
    /// The connections, by their place in the shard.
    pub publish: Option<usize>,
    pub subscribe: Option<usize>,
    pub pool: Pool,
    /// How often a description of ours was written, for its `o=` line.
    pub descriptions: u64,
    /// What the client said of its line, and when.
    reported: Option<(Instant, Reported)>,
    /// What the conference was last told of this viewer's slots.
    told: Vec<Slot>,
}

impl Room {
    pub fn new(id: RoomId, serial: u64) -> Room {
        Room {
            id,
            serial,
            members: Slab::new(),
            viewers: Vec::new(),
            unsettled: false,
            speaker: None,
            needed: Vec::new(),
        }
    }

    pub fn join(&mut self, id: ParticipantId, serial: u64) -> usize {
        self.members.insert(Member {
            id,
            serial,
            streams: [const { None }; 4],
            muted: [false; 4],
            loudness: Loudness::default(),
            publish: None,
            subscribe: None,
            pool: Pool::default(),
            descriptions: 0,
            reported: None,
            told: Vec::new(),
        })
    }

    /// Takes a member out; says which of his sources are gone.
    pub fn leave(&mut self, at: usize, mut event: impl FnMut(Event)) -> Member {
        let member = self.members.remove(at);
        for stream in member.streams.iter().flatten().filter(|stream| stream.is_shown()) {
            let source = stream.announced.source;
            event(Event::Track {
                participant: member.id,
                source,
                state: TrackState::Gone,
            });
        }
        self.viewers.retain(|viewer| *viewer != at);
        self.unsettled = true;
        member
    }

    /// A connection of a member ended, the member stays.
    pub fn withdraw(&mut self, at: usize, side: Side, mut event: impl FnMut(Event)) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        match side {
            Side::Publish => {
                for stream in &mut member.streams {
                    if let Some(stream) = stream.take().filter(Stream::is_shown) {
                        let source = stream.announced.source;
                        event(Event::Track {
                            participant: member.id,
                            source,
                            state: TrackState::Gone,
                        });
                    }
                }
            }
            Side::Subscribe => {
                member.pool = Pool::default();
                self.viewers.retain(|viewer| *viewer != at);
                self.tell(at, &mut event);
            }
        }
        self.unsettled = true;
    }

    /// Brings the reported states of a member's tracks up to date.
    pub fn observe(&mut self, now: Instant, at: usize, mut event: impl FnMut(Event)) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        for stream in member.streams.iter_mut().flatten() {
            let source = stream.announced.source;
            let state = stream.observed(now, member.muted[source as usize]);
            let Some(state) = state.filter(|state| stream.state.unwrap_or(TrackState::Gone) != *state) else {
                continue;
            };
            self.unsettled |= state == TrackState::Gone || !stream.is_shown();
            stream.state = Some(state);
            event(Event::Track {
                participant: member.id,
                source,
                state,
            });
        }
    }

    /// Decides anew who is shown to whom, and tells the conference of each viewer whose slots changed.
    pub fn settle(&mut self, now: Instant, mut event: impl FnMut(Event)) {
        self.unsettled = false;
        let shown: Vec<(usize, [bool; 4])> = self
            .members
            .iter()
            .map(|(at, member)| (at, member.shown()))
            .collect();
        let codecs: Vec<(usize, [Option<Codec>; 4])> = self
            .members
            .iter()
            .map(|(at, member)| (at, member.codecs()))
            .collect();
        // What is shown, and decoded at the other end.
        let has = |member: usize, source: Source, decodes: &dyn Fn(Codec) -> bool| {
            let of = |list: &[(usize, [Option<Codec>; 4])]| {
                let found = list.iter().find(|(at, _)| *at == member);
                found.and_then(|(_, codecs)| codecs[source as usize])
            };
            let is_shown = shown
                .iter()
                .any(|(at, sources)| *at == member && sources[source as usize]);
            is_shown && of(&codecs).is_none_or(decodes)
        };
        for at in 0..self.viewers.len() {
            let viewer = self.viewers[at];
            let candidates: Vec<Candidate> = shown
                .iter()
                .filter(|(at, sources)| {
                    *at != viewer
                        && (sources[Source::Microphone as usize] || sources[Source::Camera as usize])
                })
                .map(|(member, _)| Candidate {
                    member: *member,
                    spoke: self.members[*member].loudness.spoke(),
                })
                .collect();
            let screens = shown
                .iter()
                .filter(|(at, sources)| *at != viewer && sources[Source::Screen as usize]);
            let screens: Vec<usize> = screens.map(|(at, _)| *at).collect();
            let pool = &mut self.members[viewer].pool;
            let seated = pool.seated();
            for (seat, member) in seats::seat(now, &seated, &candidates).into_iter().enumerate() {
                pool.seat(seat, member, |source, decodes| {
                    member.is_some_and(|member| has(member, source, decodes))
                });
            }
            let screen = pool
                .screen()
                .filter(|at| screens.contains(at))
                .or(screens.first().copied());
            pool.show_screen(screen, |source, decodes| {
                screen.is_some_and(|member| has(member, source, decodes))
            });
            pool.index();
            self.tell(viewer, &mut event);
        }
    }

    /// A key frame is wanted of every video that waits in a slot for one.
    pub fn want_key_frames(&mut self) {
        for at in 0..self.viewers.len() {
            let pool = &self.members[self.viewers[at]].pool;
            for slot in 0..pool.slots.len() {
                let slot = &self.members[self.viewers[at]].pool.slots[slot];
                let (Some(holder), Some(target), source) = (slot.holder, slot.target, slot.source) else {
                    continue;
                };
                if source.is_audio() || !slot.rewriter.waits_for_key_frame(target.layer) {
                    continue;
                }
                if let Some(layer) = self.layer_mut(holder, source, target.layer) {
                    layer.key_frames.want();
                }
            }
        }
    }

    /// The stream of a layer; a layer within a stream leads to that one.
    pub fn layer_mut(&mut self, member: usize, source: Source, layer: u8) -> Option<&mut Layer> {
        let stream = self.members.get_mut(member)?.streams[source as usize].as_mut()?;
        let at = usize::from(layer).min(stream.layers.len() - 1);
        stream.layers.get_mut(at)
    }

    pub fn layer(&self, member: usize, source: Source, layer: u8) -> Option<&Layer> {
        let stream = self.members.get(member)?.streams[source as usize].as_ref()?;
        stream.layers.get(usize::from(layer).min(stream.layers.len() - 1))
    }

    /// How a video source is coded.
    pub fn codec(&self, member: usize, source: Source) -> Option<Codec> {
        self.members.get(member)?.streams[source as usize]
            .as_ref()?
            .announced
            .codec
    }

    /// Finds the dominant speaker; whoever begins to speak without a seat may be given one.
    pub fn listen(&mut self, now: Instant, mut event: impl FnMut(Event)) {
        let mut loudness = Vec::with_capacity(self.members.len());
        for (at, member) in &mut self.members {
            member.loudness.settle(now);
            if member.shown()[Source::Microphone as usize] {
                loudness.push((at, member.loudness));
            }
        }
        let speaker = speaker::dominant(now, self.speaker, &loudness);
        if speaker != self.speaker {
            self.speaker = speaker;
            self.unsettled = true;
            let participant = speaker
                .and_then(|at| self.members.get(at))
                .map(|member| member.id);
            event(Event::Speaker { participant });
        }
    }

    fn tell(&mut self, viewer: usize, event: &mut impl FnMut(Event)) {
        let slots: Vec<Slot> = self.members[viewer]
            .pool
            .slots
            .iter()
            .filter_map(|slot| {
                let participant = self.members.get(slot.holder?)?.id;
                Some(Slot {
                    mid: slot.section.mid.clone(),
                    participant,
                    source: slot.source,
                })
            })
            .collect();
        let member = &mut self.members[viewer];
        if member.told != slots {
            member.told.clone_from(&slots);
            event(Event::Slots {
                viewer: member.id,
                slots,
            });
        }
    }
}

impl Member {
    pub fn hear_report(&mut self, now: Instant, reported: Reported) {
        self.reported = Some((now, reported));
    }

    pub fn reported(&self, now: Instant) -> Option<Reported> {
        let (at, reported) = self.reported?;
        (now.saturating_duration_since(at) < REPORT_STANDS).then_some(reported)
    }

    /// Whoever was told of slots and layers may not have heard it.
    pub fn forget_told(&mut self) {
        self.told.clear();
        for stream in self.streams.iter_mut().flatten() {
            stream.asked_layers = 0;
        }
    }

    /// How the video sources are coded.
    fn codecs(&self) -> [Option<Codec>; 4] {
        Source::ALL.map(|source| self.streams[source as usize].as_ref()?.announced.codec)
    }

    /// Which of the four sources others may be shown.
    fn shown(&self) -> [bool; 4] {
        Source::ALL.map(|source| {
            self.streams[source as usize]
                .as_ref()
                .is_some_and(Stream::is_shown)
        })
    }
}

/// Clients report every five seconds.
const REPORT_STANDS: std::time::Duration = std::time::Duration::from_secs(20);
