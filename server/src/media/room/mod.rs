//! A room: who is in it, what they publish, and in which slots of whom it is shown.

pub mod hearing;
mod layers;
mod mirror;
mod monitor;
pub mod pool;
pub mod seats;
mod staged;
pub mod stream;
mod thin;

use std::collections::HashMap;
use std::time::Instant;

use slab::Slab;

use super::codec::Codec;
use super::name::{Event, ParticipantId, RoomId, Side, Slot, Source, TrackState, Watch};
use super::relay::{Crossing, Mix, Notice, ShardId};
use super::speaker::{self, Loudness, Voices};
use super::stats::Reported;
use hearing::Hearing;
use pool::Pool;
use seats::{Candidate, Seating};
pub use staged::Staged;
use stream::{Layer, Stream};
use thin::ThinLine;

pub struct Room {
    pub id: RoomId,
    /// Tells this room from an earlier one at the same place.
    pub serial: u64,
    pub members: Slab<Member>,
    /// The places of those who can be shown something.
    pub viewers: Vec<usize>,
    /// Nobody's seating may be right any longer.
    pub unsettled: bool,
    /// Theirs alone may not be.
    unsettled_viewers: Vec<usize>,
    speaker: Option<usize>,
    settled: Option<Instant>,
    voices: Voices,
    /// How many of the lowest layers somebody has use for, by member and source.
    needed: Vec<[u8; 4]>,
    /// The other shards that the room spans.
    pub far: Vec<ShardId>,
    /// Another shard has opened the room and reports who speaks.
    pub is_branch: bool,
    /// Those who are at home on other shards, by their place.
    mirrors: HashMap<ParticipantId, usize>,
    /// What is to be said to other shards.
    pub wishes: Vec<(ShardId, Crossing)>,
    pub notices: Vec<(ShardId, Notice)>,
    /// Here it is recorded.
    pub staged: Option<Staged>,
    /// Here its voices are mixed.
    pub is_mixed: bool,
}

pub struct Member {
    pub id: ParticipantId,
    pub serial: u64,
    pub joined: Instant,
    /// The shard that has the connections, where it is another.
    pub home: Option<ShardId>,
    /// Other shards do not know yet what is published.
    pub is_news: bool,
    pub streams: [Option<Stream>; 4],
    pub muted: [bool; 4],
    pub loudness: Loudness,
    /// The connections, by their place in the shard.
    pub publish: Option<usize>,
    pub subscribe: Option<usize>,
    pub pool: Pool,
    pub watch: Watch,
    line: ThinLine,
    pub hearing: Hearing,
    /// When own sound last went out.
    pub sounded: Option<Instant>,
    /// Nobody, but what the mixer makes of those who are somebody.
    pub mix: Option<Mix>,
    /// At home on another shard, where it is decided, he is to hear the others mixed.
    pub listens_to_mix: bool,
    /// How often a description of ours was written, for its `o=` line.
    pub descriptions: u64,
    /// What the client said of its line, and when.
    reported: Option<(Instant, Reported)>,
    /// What the conference was last told of this viewer's slots.
    told: Vec<Slot>,
}

/// Who was given seats anew.
pub enum Seated {
    Everybody,
    Viewers(Vec<usize>),
}

impl Seated {
    pub fn has(&self, viewer: usize) -> bool {
        match self {
            Seated::Everybody => true,
            Seated::Viewers(some) => some.contains(&viewer),
        }
    }
}

impl Room {
    pub fn new(id: RoomId, serial: u64) -> Room {
        Room {
            id,
            serial,
            members: Slab::new(),
            viewers: Vec::new(),
            unsettled: false,
            unsettled_viewers: Vec::new(),
            speaker: None,
            settled: None,
            voices: Voices::default(),
            needed: Vec::new(),
            far: Vec::new(),
            is_branch: false,
            mirrors: HashMap::new(),
            wishes: Vec::new(),
            notices: Vec::new(),
            staged: None,
            is_mixed: false,
        }
    }

    pub fn join(&mut self, id: ParticipantId, serial: u64, joined: Instant) -> usize {
        self.members.insert(Member {
            id,
            serial,
            joined,
            home: None,
            is_news: true,
            streams: [const { None }; 4],
            muted: [false; 4],
            loudness: Loudness::default(),
            publish: None,
            subscribe: None,
            pool: Pool::default(),
            watch: Watch::default(),
            line: ThinLine::default(),
            hearing: Hearing::default(),
            sounded: None,
            mix: None,
            listens_to_mix: false,
            descriptions: 0,
            reported: None,
            told: Vec::new(),
        })
    }

    /// Takes a member out; says which of his sources are gone.
    pub fn leave(&mut self, at: usize, mut event: impl FnMut(Event)) -> Member {
        let member = self.members.remove(at);
        self.forget(&member);
        // Whoever gets this place next is another.
        for viewer in &self.viewers {
            if let Some(viewer) = self.members.get_mut(*viewer) {
                viewer.pool.release(at);
            }
        }
        if let Some(staged) = &mut self.staged {
            staged.forget(at);
        }
        let is_here = member.home.is_none();
        for stream in member
            .streams
            .iter()
            .flatten()
            .filter(|stream| is_here && stream.is_shown())
        {
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
        member.is_news = true;
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
        let member = self.members.get_mut(at).filter(|member| member.home.is_none());
        let Some(member) = member else {
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
            member.is_news = true;
            event(Event::Track {
                participant: member.id,
                source,
                state,
            });
        }
    }

    /// Whoever has a connection to receive by is a viewer from now on.
    pub fn begin_viewing(&mut self, viewer: usize) {
        if !self.viewers.contains(&viewer) {
            self.viewers.push(viewer);
        }
        self.unsettle(viewer);
    }

    /// What one viewer wants or takes has changed, which is nothing to the others.
    pub fn unsettle(&mut self, viewer: usize) {
        self.unsettled_viewers.push(viewer);
    }

    pub fn is_settled(&self) -> bool {
        !self.unsettled && self.unsettled_viewers.is_empty()
    }

    /// Decides anew who is shown to whom, and tells the conference of each viewer whose slots changed. Gives who was seated.
    pub fn settle(&mut self, now: Instant, mut event: impl FnMut(Event)) -> Seated {
        let some = std::mem::take(&mut self.unsettled_viewers);
        let seated = if std::mem::take(&mut self.unsettled) {
            self.settled = Some(now);
            self.choose_voices(now);
            Seated::Everybody
        } else {
            Seated::Viewers(some)
        };
        let faces = self.faces(now);
        let has_screen = |member: &Member| {
            member.streams[Source::Screen as usize]
                .as_ref()
                .is_some_and(Stream::is_shown)
        };
        let screens = self.members.iter().filter(|(_, member)| has_screen(member));
        let screens: Vec<usize> = screens.map(|(at, _)| at).collect();
        for at in 0..self.viewers.len() {
            let viewer = self.viewers[at];
            if !seated.has(viewer) {
                continue;
            }
            let mix = self.mix_for(now, viewer);
            self.members[viewer].hearing.give(now, mix);
            self.members[viewer].pool.empty_unusable();
            if self.members[viewer].pool.is_monitor {
                self.show_on_monitor(viewer);
            } else {
                self.seat_faces(now, viewer, &faces);
                self.seat_voices(viewer);
                self.show_screen(viewer, &screens);
            }
            self.members[viewer].pool.index();
            self.tell(viewer, &mut event);
        }
        seated
    }

    /// Everyone who can be seen, with the codec.
    fn faces(&self, now: Instant) -> Vec<(Candidate, Option<Codec>)> {
        let face = |(at, member): (usize, &Member)| {
            let camera = member.streams[Source::Camera as usize].as_ref();
            let camera = camera.filter(|camera| camera.is_shown())?;
            let candidate = Candidate {
                member: at,
                spoke: member.loudness.spoke(),
                said: member.loudness.said(now),
            };
            Some((candidate, camera.announced.codec))
        };
        self.members.iter().filter_map(face).collect()
    }

    fn seat_faces(&mut self, now: Instant, viewer: usize, faces: &[(Candidate, Option<Codec>)]) {
        let Member {
            pool, watch, hearing, ..
        } = &self.members[viewer];
        let places = pool.usable(Source::Camera);
        // Every camera section of a connection has the same codecs.
        let codecs = places.first().map(|at| pool.slots[*at].codecs);
        let decodes = |codec: &Option<Codec>| {
            codecs.is_some_and(|codecs| codec.is_none_or(|codec| codecs[codec as usize]))
        };
        let candidates: Vec<Candidate> = faces
            .iter()
            .filter(|(face, codec)| face.member != viewer && decodes(codec))
            .map(|(face, _)| *face)
            .collect();
        let place_of = |id: &ParticipantId| {
            let found = self.members.iter().find(|(_, member)| member.id == *id);
            found.map(|(at, _)| at)
        };
        let first: Vec<usize> = watch.first.iter().filter_map(place_of).collect();
        let seated: Vec<Option<usize>> = places.iter().map(|at| pool.slots[*at].holder).collect();
        let voice = |at: &usize| pool.voice_beside(*at).filter(|_| hearing.given().is_none());
        let voiced: Vec<Option<usize>> = places.iter().map(voice).collect();
        let seating = Seating {
            seated: &seated,
            voiced: &voiced,
            room: if watch.sound_only {
                0
            } else {
                watch.pictures.unwrap_or(usize::MAX)
            },
            first: &first,
            candidates: &candidates,
        };
        let seats = seating.seat(now);
        let pool = &mut self.members[viewer].pool;
        for (at, member) in places.into_iter().zip(seats) {
            pool.give(at, member);
        }
    }

    fn seat_voices(&mut self, viewer: usize) {
        if let Some(mix) = self.members[viewer].hearing.given() {
            return self.members[viewer].pool.give_mix(mix);
        }
        let heard: Vec<usize> = self.voices.iter().filter(|member| *member != viewer).collect();
        self.members[viewer].pool.give_voices(&heard);
    }

    /// Of several screens the one that is shown goes on. Whoever only listens still hears it, and in a mix it is contained.
    fn show_screen(&mut self, viewer: usize, screens: &[usize]) {
        let pool = &self.members[viewer].pool;
        let mut others = screens.iter().copied().filter(|at| *at != viewer);
        let shown = pool
            .sharer()
            .filter(|at| screens.contains(at))
            .or_else(|| others.next());
        for source in [Source::Screen, Source::ScreenAudio] {
            let Some(&at) = self.members[viewer].pool.usable(source).first() else {
                continue;
            };
            let Member {
                pool, watch, hearing, ..
            } = &self.members[viewer];
            let codecs = pool.slots[at].codecs;
            let is_wanted = match source.is_audio() {
                true => hearing.given().is_none(),
                false => !watch.sound_only,
            };
            let sharer = shown.filter(|member| {
                let stream = self.members[*member].streams[source as usize].as_ref();
                let decodes = |codec: Codec| codecs[codec as usize];
                is_wanted
                    && stream.is_some_and(|each| each.is_shown() && each.announced.codec.is_none_or(decodes))
            });
            self.members[viewer].pool.give(at, sharer);
        }
    }

    /// Whether a voice is among those that go out.
    pub fn is_heard(&self, member: usize) -> bool {
        self.voices.has(member)
    }

    /// Whose voices go out.
    fn choose_voices(&mut self, now: Instant) -> bool {
        let open: Vec<(usize, Loudness)> = self.open_microphones().collect();
        let before = self.voices;
        self.voices.choose(now, &open);
        self.voices != before
    }

    fn open_microphones(&self) -> impl Iterator<Item = (usize, Loudness)> {
        let members = self.members.iter();
        let is_open = |member: &Member| member.mix.is_none() && member.shown()[Source::Microphone as usize];
        let open = members.filter(move |(_, member)| is_open(member));
        open.map(|(at, member)| (at, member.loudness))
    }

    /// A key frame is wanted of every video that waits for one in a slot of this viewer.
    pub fn want_key_frames(&mut self, viewer: usize) {
        for slot in 0..self.members[viewer].pool.slots.len() {
            let slot = &self.members[viewer].pool.slots[slot];
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

    /// Finds the dominant speaker and who is heard; whoever begins to speak without a seat may be given one.
    pub fn listen(&mut self, now: Instant, mut event: impl FnMut(Event)) {
        for (_, member) in &mut self.members {
            member.loudness.settle(now);
        }
        let loudness: Vec<(usize, Loudness)> = self.open_microphones().collect();
        self.unsettled |= self.choose_voices(now);
        let speaker = speaker::dominant(now, self.speaker, &loudness);
        if speaker != self.speaker {
            self.speaker = speaker;
            self.unsettled = true;
            let participant = speaker
                .and_then(|at| self.members.get(at))
                .map(|member| member.id);
            if !self.is_branch {
                event(Event::Speaker { participant });
            }
        }
        let since = self.settled.map(|at| now.saturating_duration_since(at));
        self.unsettled |= since.is_none_or(|since| since >= SEEN_WITHIN) && self.is_speaker_unseen();
    }

    /// Somebody who wants to see faces does not see who speaks, and may when that has lasted.
    fn is_speaker_unseen(&self) -> bool {
        let has_face = |at: &usize| {
            let member = self.members.get(*at);
            member.is_some_and(|member| member.shown()[Source::Camera as usize])
        };
        let Some(speaker) = self.speaker.filter(has_face) else {
            return false;
        };
        let lacks = |viewer: &&usize| {
            let Member { pool, watch, .. } = &self.members[**viewer];
            let wants = !watch.sound_only && watch.pictures != Some(0);
            **viewer != speaker && wants && pool.place_of(speaker, Source::Camera).is_none()
        };
        self.viewers.iter().any(|viewer| lacks(&viewer))
    }

    /// Tells of viewers whose lines have become too thin for any picture, or wide enough for one.
    pub fn tell_of_lines(&mut self, mut event: impl FnMut(Event)) {
        for &viewer in &self.viewers {
            let member = &mut self.members[viewer];
            if let Some(is_thin) = member.line.news() {
                event(Event::ThinLine {
                    viewer: member.id,
                    is_thin,
                });
            }
        }
    }

    fn tell(&mut self, viewer: usize, event: &mut impl FnMut(Event)) {
        let slots: Vec<Slot> = self.members[viewer]
            .pool
            .slots
            .iter()
            .filter_map(|slot| {
                let holder = self.members.get(slot.holder?)?;
                Some(Slot {
                    mid: slot.section.mid.clone(),
                    participant: holder.mix.is_none().then_some(holder.id),
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
        self.line.forget_told();
        self.hearing.forget_told();
        for stream in self.streams.iter_mut().flatten() {
            stream.asked_layers = 0;
        }
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

/// A turn is seen from its first sentence on.
const SEEN_WITHIN: std::time::Duration = std::time::Duration::from_millis(500);
/// Clients report every five seconds.
const REPORT_STANDS: std::time::Duration = std::time::Duration::from_secs(20);
