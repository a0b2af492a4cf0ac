//! The names by which the conference and the media core speak of the same things.

use uuid::Uuid;

/// A meeting's media. A room lives on exactly one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomId(pub Uuid);

/// One person in one room. Whoever joins again under the same id replaces the earlier presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParticipantId(pub Uuid);

/// What a published stream shows. A participant publishes each source at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
    ScreenAudio,
}

impl Source {
    pub const ALL: [Source; 4] = [
        Source::Microphone,
        Source::Camera,
        Source::Screen,
        Source::ScreenAudio,
    ];

    pub fn is_audio(self) -> bool {
        matches!(self, Source::Microphone | Source::ScreenAudio)
    }
}

/// Which of a participant's two connections is meant: on `Publish` the client always offers, on
/// `Subscribe` the server always offers, so that offers never collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Publish,
    Subscribe,
}

/// What the server really sees of a source, whatever the client claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackState {
    /// Packets arrive and are forwarded.
    Live,
    /// Negotiated and not muted, but nothing has arrived for two seconds.
    Stalled,
    /// Muted by the conference, withdrawn by the client, or its owner has left.
    Gone,
}

/// What a viewer wants of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// For how many faces the page has room; nothing: for as many as there are seats.
    pub pictures: Option<usize>,
    /// Whom to show whoever speaks, the most wanted first.
    pub first: Vec<ParticipantId>,
    /// No picture leaves, neither of faces nor of a screen.
    pub sound_only: bool,
    /// All voices in one stream, whatever the line carries.
    pub mixed_sound: bool,
}

/// Whether a viewer is sent all voices as one stream, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MixedSound {
    /// Each voice comes by itself.
    #[default]
    Off,
    Asked,
    /// The line does not carry the voices one by one.
    ThinLine,
    /// It would be better, but there is no room for one more where voices are mixed: each comes by itself.
    Full,
}

/// Who is shown in one slot of a viewer's `Subscribe` connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The `a=mid` of the slot's media section, by which the browser finds its receiver.
    pub mid: String,
    /// Nobody in particular: all voices, mixed.
    pub participant: Option<ParticipantId>,
    pub source: Source,
}

/// What a room reports to the conference that opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS stand; media can flow.
    Connected { participant: ParticipantId, side: Side },
    /// The other end closed DTLS, or nothing authenticated came from it for [`super::CONSENT_EXPIRY`].
    Lost { participant: ParticipantId, side: Side },
    Track {
        participant: ParticipantId,
        source: Source,
        state: TrackState,
    },
    /// The whole assignment of one viewer's slots: what is not listed is empty.
    Slots { viewer: ParticipantId, slots: Vec<Slot> },
    /// Of a publisher's simulcast layers only these, by their RID, are needed now; the others need not be
    /// sent.
    Layers {
        participant: ParticipantId,
        source: Source,
        needed: Vec<String>,
    },
    /// The viewer's line does not carry even the smallest picture, or does again.
    ThinLine { viewer: ParticipantId, is_thin: bool },
    /// How the viewer hears the others has changed, or is about to: where voices are to be mixed, the room has to span the
    /// thread that does it.
    MixedSound {
        viewer: ParticipantId,
        state: MixedSound,
    },
    /// The dominant speaker changed; `None` when all are silent.
    Speaker { participant: Option<ParticipantId> },
}
