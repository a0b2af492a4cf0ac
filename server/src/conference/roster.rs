//! Who is in the room, and what the server sees of each. Values in, values out: the actor acts on what is returned.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::protocol::{ErrorName, Participant, Presence, Role, Source, Track, TrackState};
use crate::domain::device::{DeviceId, Purpose};
use crate::domain::id::PersonId;
use crate::domain::meeting::{DisplayName, SeatId, SiteId};
use crate::domain::procedure::Caller;
use crate::domain::roll::Kind;

/// How long a seat is kept after its socket was lost: a reload, a lift, a change from Wi-Fi to mobile.
pub const SEAT_KEPT: Duration = Duration::from_secs(30);

/// The most participants of one room; more are told that it is full. Far above what one shard was measured to carry
/// with pictures, so it bounds memory and nothing else.
const PARTICIPANTS: usize = 500;

/// Who somebody is, for finding their seat again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Logged in: one seat a meeting, whatever window they come from.
    Person(PersonId),
    /// The room of a site, by the site's own link: one seat a site.
    Site(SiteId),
    /// By link: known only by the place they were given.
    Guest,
    /// A camera or a monitor, by its token.
    Device(DeviceId, Purpose),
}

/// Somebody who stands at the door, their right to enter already checked.
#[derive(Debug, Clone)]
pub struct Entrant {
    pub identity: Identity,
    pub name: DisplayName,
    /// Position and agency.
    pub title: Option<String>,
    pub role: Role,
    /// Where they sit.
    pub site: Option<SiteId>,
    /// The connections of the former socket go on, and with them what they carry.
    pub keeps_media: bool,
}

/// A seat as one socket holds it. A later socket on the same seat has a later generation, and what the earlier one
/// still says no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub id: Uuid,
    pub generation: u64,
}

/// What came of an entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub ticket: Ticket,
    /// The secret with which a guest finds the seat again.
    pub place: String,
    /// The socket that held the seat until now.
    pub replaced: Option<Ticket>,
}

/// The seats of a room, in the order in which people came.
#[derive(Debug, Default)]
pub struct Roster {
    seats: Vec<Seat>,
    generations: u64,
}

#[derive(Debug)]
struct Seat {
    ticket: Ticket,
    place: String,
    entrant: Entrant,
    /// Until when it is kept, if the socket is lost.
    kept_until: Option<Instant>,
    streams: BTreeMap<Source, Stream>,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    published: bool,
    muted: bool,
    arriving: bool,
}

impl Roster {
    /// Lets somebody in: on their own seat if they have one, on a new one with `fresh` id and place otherwise.
    ///
    /// # Errors
    /// [`ErrorName::RoomFull`].
    pub fn enter(
        &mut self,
        entrant: Entrant,
        place: Option<&str>,
        fresh: (Uuid, String),
    ) -> Result<Entry, ErrorName> {
        self.generations += 1;
        let generation = self.generations;
        if let Some(seat) = self
            .seats
            .iter_mut()
            .find(|seat| seat.belongs_to(&entrant.identity, place))
        {
            let replaced = seat.kept_until.is_none().then_some(seat.ticket);
            seat.ticket.generation = generation;
            if !entrant.keeps_media || place != Some(&seat.place) {
                seat.streams.clear();
            }
            seat.entrant = entrant;
            seat.kept_until = None;
            return Ok(Entry {
                ticket: seat.ticket,
                place: seat.place.clone(),
                replaced,
            });
        }
        if self.seats.len() >= PARTICIPANTS {
            return Err(ErrorName::RoomFull);
        }
        let (id, place) = fresh;
        let ticket = Ticket { id, generation };
        let seat = Seat {
            ticket,
            place: place.clone(),
            entrant,
            kept_until: None,
            streams: BTreeMap::new(),
        };
        self.seats.push(seat);
        Ok(Entry {
            ticket,
            place,
            replaced: None,
        })
    }

    /// The socket is lost; the seat is kept for [`SEAT_KEPT`]. `false` for a ticket that no longer counts.
    pub fn lose(&mut self, ticket: Ticket, now: Instant) -> bool {
        let Some(seat) = self.seat(ticket) else {
            return false;
        };
        seat.kept_until = Some(now + SEAT_KEPT);
        true
    }

    /// Gives the seat up. `false` for a ticket that no longer counts.
    pub fn leave(&mut self, ticket: Ticket) -> bool {
        let before = self.seats.len();
        self.seats.retain(|seat| seat.ticket != ticket);
        self.seats.len() < before
    }

    /// Gives up the seats whose time has run out.
    pub fn expire(&mut self, now: Instant) -> Vec<Uuid> {
        let (gone, kept) = std::mem::take(&mut self.seats)
            .into_iter()
            .partition(|seat| seat.kept_until.is_some_and(|until| until <= now));
        self.seats = kept;
        gone.into_iter().map(|seat: Seat| seat.ticket.id).collect()
    }

    /// When [`Self::expire`] has something to do.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.seats.iter().filter_map(|seat| seat.kept_until).min()
    }

    /// The participant now sends these sources and no others.
    pub fn publish(&mut self, ticket: Ticket, sources: &[Source]) -> bool {
        let Some(seat) = self.seat(ticket) else {
            return false;
        };
        for source in sources {
            seat.stream(*source);
        }
        for (source, stream) in &mut seat.streams {
            stream.published = sources.contains(source);
        }
        true
    }

    /// Mutes or opens a source. There is one stage: opening a screen mutes the screens of everyone else, and those are
    /// returned.
    pub fn mute(&mut self, ticket: Ticket, source: Source, muted: bool) -> Option<Vec<Uuid>> {
        self.seat(ticket)?.stream(source).muted = muted;
        if muted || source != Source::Screen {
            return Some(Vec::new());
        }
        let others = self.seats.iter_mut().filter(|seat| seat.ticket != ticket);
        Some(others.filter_map(Seat::give_stage_back).collect())
    }

    /// Whether somebody has this source open.
    pub fn is_open(&self, ticket: Ticket, source: Source) -> bool {
        let seat = self.seats.iter().find(|seat| seat.ticket == ticket);
        let stream = seat.and_then(|seat| seat.streams.get(&source));
        stream.is_some_and(|stream| !stream.muted)
    }

    /// The server closes a source of somebody; `false` where nothing was open.
    pub fn silence(&mut self, id: Uuid, source: Source) -> bool {
        let seat = self.seats.iter_mut().find(|seat| seat.ticket.id == id);
        let stream = seat.and_then(|seat| seat.streams.get_mut(&source));
        stream.is_some_and(|stream| !std::mem::replace(&mut stream.muted, true))
    }

    /// Who asks, where the ticket still counts.
    pub fn caller(&self, ticket: Ticket) -> Option<(Caller, Identity)> {
        let seat = self.seats.iter().find(|seat| seat.ticket == ticket)?;
        Some((seat.entrant.caller(ticket.id), seat.entrant.identity.clone()))
    }

    /// Everyone as the procedure knows them.
    pub fn callers(&self) -> impl Iterator<Item = (Uuid, Caller)> {
        let seats = self.seats.iter().map(|seat| (seat.ticket.id, &seat.entrant));
        seats.map(|(id, entrant)| (id, entrant.caller(id)))
    }

    /// Everyone's seat and role.
    pub fn roles(&self) -> impl Iterator<Item = (Uuid, Role)> {
        self.seats.iter().map(|seat| (seat.ticket.id, seat.entrant.role))
    }

    /// Whether the seat is taken, by a socket or for one that is lost.
    pub fn has(&self, id: Uuid) -> bool {
        self.seats.iter().any(|seat| seat.ticket.id == id)
    }

    /// The ticket that counts for a seat.
    pub fn ticket_of(&self, id: Uuid) -> Option<Ticket> {
        self.seats
            .iter()
            .map(|seat| seat.ticket)
            .find(|ticket| ticket.id == id)
    }

    /// What the media plane sees of a source.
    pub fn see(&mut self, id: Uuid, source: Source, arriving: bool) -> bool {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.ticket.id == id) else {
            return false;
        };
        let stream = seat.stream(source);
        std::mem::replace(&mut stream.arriving, arriving) != arriving
    }

    /// As everyone is told.
    pub fn participant(&self, id: Uuid) -> Option<Participant> {
        self.seats
            .iter()
            .find(|seat| seat.ticket.id == id)
            .map(Seat::participant)
    }

    /// Everyone, in the order in which they came.
    pub fn participants(&self) -> Vec<Participant> {
        self.seats.iter().map(Seat::participant).collect()
    }

    /// Whether a device sits there.
    pub fn is_device(&self, id: Uuid) -> bool {
        let mut seats = self.seats.iter();
        seats.any(|seat| seat.ticket.id == id && seat.entrant.purpose().is_some())
    }

    /// How many seats are taken.
    pub fn count(&self) -> usize {
        self.seats.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    fn seat(&mut self, ticket: Ticket) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.ticket == ticket)
    }
}

impl Entrant {
    /// As the procedure knows them.
    pub fn caller(&self, id: Uuid) -> Caller {
        Caller {
            seat: SeatId(id.to_string()),
            role: self.role,
            site: self.site.clone(),
            name: self.name.as_str().to_owned(),
        }
    }

    /// Of a device.
    pub fn purpose(&self) -> Option<Purpose> {
        match self.identity {
            Identity::Device(_, purpose) => Some(purpose),
            _ => None,
        }
    }

    /// What their line of the roll stands for.
    pub fn kind(&self) -> Kind {
        match self.identity {
            Identity::Person(_) => Kind::Person,
            Identity::Site(_) => Kind::Site,
            Identity::Guest => Kind::Guest,
            Identity::Device(..) => Kind::Device,
        }
    }
}

impl Seat {
    fn belongs_to(&self, identity: &Identity, place: Option<&str>) -> bool {
        match (&self.entrant.identity, identity) {
            (Identity::Person(mine), Identity::Person(theirs)) => mine == theirs,
            (Identity::Site(mine), Identity::Site(theirs)) => mine == theirs,
            (Identity::Device(mine, _), Identity::Device(theirs, _)) => mine == theirs,
            (Identity::Guest, Identity::Guest) => place == Some(&self.place),
            _ => false,
        }
    }

    /// A source starts muted: opening it is always something a person did.
    fn stream(&mut self, source: Source) -> &mut Stream {
        self.streams.entry(source).or_insert(Stream {
            published: false,
            muted: true,
            arriving: false,
        })
    }

    fn give_stage_back(&mut self) -> Option<Uuid> {
        let mut gave = false;
        for source in [Source::Screen, Source::ScreenAudio] {
            if let Some(stream) = self.streams.get_mut(&source) {
                gave |= !std::mem::replace(&mut stream.muted, true);
            }
        }
        gave.then_some(self.ticket.id)
    }

    fn participant(&self) -> Participant {
        let published = self.streams.iter().filter(|(_, stream)| stream.published);
        Participant {
            id: self.ticket.id.to_string(),
            name: self.entrant.name.as_str().to_owned(),
            title: self.entrant.title.clone(),
            role: self.entrant.role,
            site: self.entrant.site.as_ref().map(|site| site.0.clone()),
            device: self.entrant.purpose(),
            presence: if self.kept_until.is_some() {
                Presence::Lost
            } else {
                Presence::Here
            },
            tracks: published
                .map(|(source, stream)| Track {
                    source: *source,
                    state: stream.state(),
                })
                .collect(),
        }
    }
}

impl Stream {
    fn state(self) -> TrackState {
        match (self.muted, self.arriving) {
            (true, _) => TrackState::Muted,
            (false, true) => TrackState::Live,
            (false, false) => TrackState::Silent,
        }
    }
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
