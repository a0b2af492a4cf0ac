//! The messages of a meeting's WebSocket, described one by one in `server/PROTOCOL.md`.
//!
//! Every message is one JSON object in one text frame, told apart by its `type`. The TypeScript of the client
//! (`web/src/meeting/protocol.ts`) is written from these types, and a test fails when it has drifted.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

pub use super::refusal::{CloseCode, ErrorName};
use crate::clock::Timestamp;
use crate::domain::ballot::{Choice, End, Tally, Terms, TokenKey, VoteId};
use crate::domain::device::Purpose;
use crate::domain::floor::{Current, Turn};
pub use crate::domain::meeting::{Role, Source};
pub use crate::domain::meeting_right::Act;
use crate::domain::minute_book::{Conclusion, Note};
use crate::domain::paper_signing::PaperSigning;
use crate::domain::procedure::{Rules, Said, Stage, Step};
use crate::domain::recording::RecordingState;
use crate::domain::roll::{Entry, Quorum};

/// Raised when an old client could no longer understand the server; it is part of `join`.
pub const VERSION: u32 = 1;

/// The longest message taken from a client. The largest is the answer to a subscribe offer: Chromium writes
/// nearly 5 kB for each media section, so 25 pictures and 5 voices fit.
pub const MESSAGE_BYTES: usize = 192 * 1024;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// The first message of every socket.
    Join {
        version: u32,
        /// The name to show. A person with an account may leave it out and is shown by their own.
        #[serde(default)]
        name: Option<String>,
        /// The `place` of an earlier `welcome`: after a reload the same seat is found again.
        #[serde(default)]
        place: Option<String>,
        /// Both connections of the lost socket still stand: with `place`, go on with them.
        #[serde(default)]
        keep: bool,
    },
    /// The client's offer on the connection it sends with; again whenever its sections change or ICE restarts.
    PublishOffer {
        sdp: String,
        tracks: Vec<PublishedTrack>,
    },
    /// The answer to the last `subscribe_offer`.
    SubscribeAnswer { sdp: String },
    /// Asks for another `subscribe_offer`: of a new connection after the former failed, or, with `keep`, of
    /// the same one over another way through the network.
    SubscribeAgain {
        #[serde(default)]
        keep: bool,
    },
    /// How large the page shows sections of the subscribe connection. A section never named gets the largest
    /// picture there is.
    View { slots: Vec<ViewedSlot> },
    /// What the client's page wants of the others.
    Watch {
        /// For how many faces it has room, beside the screen.
        pictures: u8,
        /// Participants to be shown whoever speaks, the most wanted first: those whom the viewer has pinned, and
        /// whoever is on the stage.
        #[serde(default)]
        first: Vec<String>,
        /// Sound alone: no picture is sent.
        #[serde(default)]
        sound_only: bool,
        /// All voices in one stream, mixed by the server, whatever the line carries.
        #[serde(default)]
        mixed_sound: bool,
    },
    /// The participant has silenced or covered a source, or opened it again.
    Mute { source: Source, muted: bool },
    /// Something of the meeting's procedure: the queue, the floor, the roll, the stage, the rules, the chat, votes.
    Step { step: Step },
    /// Where the pointer stands on the page of the stage, in ten-thousandths of its width and height.
    Point { x: u16, y: u16 },
    /// A still of the own camera for the wall: a JPEG of up to 24 kB in base64.
    Still { jpeg: String },
    /// How the client's own line is, as its browser measures it: every five seconds.
    Line { line: OwnLine },
    /// What the client's own devices did when they were tried out.
    Check { check: OwnCheck },
    /// The participant goes, and does not mean to come back.
    Leave {},
    /// Ends the meeting for everyone.
    End {},
    /// Answered by `pong` at once, to measure the way and keep it open.
    Ping { id: u32 },
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The join was accepted; everything needed to build the room.
    Welcome(Box<Welcome>),
    /// Somebody came, or changed in any way: the whole participant, to be put in place of the former.
    Participant {
        participant: Participant,
    },
    /// Somebody is gone for good.
    Left {
        id: String,
    },
    /// The answer to the last `publish_offer`.
    PublishAnswer {
        sdp: String,
    },
    /// The server's offer on the connection the client receives with.
    SubscribeOffer {
        sdp: String,
        /// Of a new connection; else of the one that stands.
        fresh: bool,
    },
    /// Somebody has use for these layers of the client's source only, named by their RID: the others need not
    /// be sent.
    SendLayers {
        source: Source,
        layers: Vec<String>,
    },
    /// Who is to be seen and heard in which section of the subscribe connection: the whole truth, each time.
    Slots {
        slots: Vec<Slot>,
    },
    /// The client's line does not carry even the smallest picture, or does again: sound alone may be better.
    ThinLine {
        is_thin: bool,
    },
    /// Whether all voices come in one stream from now on, and why.
    MixedSound {
        state: MixedSound,
    },
    /// Who is speaking, the loudest first; empty when nobody is.
    Speaking {
        participants: Vec<String>,
    },
    /// The door is held: somebody must let the client in. `place` is theirs for coming back.
    Waiting {
        place: String,
    },
    /// Let in: the client sends `join` again, with its `place`.
    Admitted {},
    /// Who waits before the door, for those who may admit: the whole list, each time.
    Knocking {
        waiting: Vec<Knock>,
    },
    /// Where the procedure stands, whole: what was prepared has changed.
    Procedure {
        state: ProcedureState,
    },
    Floor {
        floor: FloorState,
    },
    /// A line of the roll came or changed, and what that makes of the quorum.
    Roll {
        entry: Entry,
        quorum: Quorum,
    },
    Rules {
        rules: Rules,
    },
    Stage {
        stage: Stage,
    },
    /// The item of the agenda that is under way.
    Item {
        number: Option<u32>,
    },
    Said {
        said: Said,
    },
    /// A vote was opened or is over, or a ballot was cast: the whole vote, as the reader may see it.
    Vote {
        vote: Box<VoteState>,
    },
    /// A paper is open for signing, or somebody has signed it.
    Signing {
        signing: PaperSigning,
    },
    /// A recording began, is paused, goes on, or is over.
    Recording {
        recording: Option<RecordingState>,
    },
    /// The answer to `ask_token`: the blind signature, in hexadecimal.
    Token {
        vote: VoteId,
        voter: String,
        signed: String,
    },
    /// Notes were written, for those who take the minutes.
    Note {
        note: Note,
    },
    /// A conclusion was written or struck out, for the same: the whole list.
    Conclusions {
        conclusions: Vec<Conclusion>,
    },
    Pointer {
        x: u16,
        y: u16,
    },
    /// Sent out of the meeting; the socket is closed with 4403.
    Removed {},
    /// The same person has taken this seat from another window; the socket is closed with 4409.
    Replaced {},
    /// The meeting was ended for everyone; the socket is closed with 4410.
    Ended {},
    /// Something the client sent was not done.
    Error {
        error: ErrorName,
        sentence: String,
    },
    Pong {
        id: u32,
    },
}

/// The content of `welcome`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Welcome {
    /// The participant this socket speaks for.
    pub id: String,
    /// A secret: whoever sends it in `join` within 30 s of a lost socket takes the seat again.
    pub place: String,
    pub role: Role,
    /// What this participant may ask for; the client shows nothing else.
    pub may: Vec<Act>,
    pub title: String,
    /// Everyone in the room, the reader included, in the order they came.
    pub participants: Vec<Participant>,
    pub publish: PublishParameters,
    /// Relays for both connections, as `RTCPeerConnection` takes them; empty where there is none.
    pub ice_servers: Vec<IceServer>,
    pub procedure: ProcedureState,
    /// So many are here that one begins with a closed microphone.
    pub join_muted: bool,
    /// The connections go on as they were; no `subscribe_offer` follows.
    pub kept: bool,
    /// How long a seat is kept for someone whose socket is lost.
    pub seat_kept_seconds: u32,
}

/// Where the procedure of a meeting stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProcedureState {
    pub floor: FloorState,
    pub roll: Vec<Entry>,
    pub quorum: Quorum,
    pub rules: Rules,
    pub stage: Stage,
    pub item: Option<u32>,
    /// The last 200 things that were written.
    pub chat: Vec<Said>,
    /// Every vote so far; at most the last is open.
    pub votes: Vec<VoteState>,
    /// Papers that are, or were, open for signing.
    pub signings: Vec<PaperSigning>,
    /// The recording that runs.
    pub recording: Option<RecordingState>,
    /// For those who take the minutes.
    pub minutes: Option<MinutesState>,
}

/// What chair and secretary have written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MinutesState {
    pub notes: Vec<Note>,
    pub conclusions: Vec<Conclusion>,
}

/// A vote as one reader may see it. All figures but `voters` and `voted` are weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VoteState {
    pub id: VoteId,
    pub terms: Terms,
    #[ts(type = "string")]
    pub opened_at: Timestamp,
    /// When it closes by itself; null without a limit, and while somebody who lost the line is waited for.
    #[ts(type = "string | null")]
    pub closes_at: Option<Timestamp>,
    /// The server's time.
    #[ts(type = "string")]
    pub now: Timestamp,
    /// As it was when the vote was opened.
    pub quorum: Quorum,
    /// Of a secret vote: the key of its tokens.
    pub key: Option<TokenKey>,
    /// How many are entitled, and how many ballots there are.
    pub voters: u32,
    pub voted: u32,
    pub called: u32,
    pub present: u32,
    /// What carries the question.
    pub needed: u32,
    pub tally: Tally,
    pub end: Option<End>,
    /// The ballots that the reader may cast: their own, and those of their room.
    pub ballots: Vec<OwnBallot>,
    /// Who has not voted yet, or in a secret vote has no token yet, while it is open: for chair and secretary.
    pub missing: Vec<MissingVoter>,
}

/// A ballot that is the reader's to cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OwnBallot {
    pub voter: String,
    pub name: String,
    pub weight: u32,
    /// As it is recorded.
    pub choice: Option<Choice>,
}

/// Somebody whose ballot is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MissingVoter {
    pub voter: String,
    pub name: String,
    /// The line is lost; their ballot is kept open.
    pub is_lost: bool,
    /// There without a line: who leads writes down how they raise their hand.
    pub by_hand: bool,
}

/// Who speaks and who waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FloorState {
    pub current: Option<Current>,
    pub waiting: Vec<Turn>,
    /// The server's time, for a countdown that does not trust the client's clock.
    #[ts(type = "string")]
    pub now: Timestamp,
}

/// Somebody before the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Knock {
    pub seat: String,
    pub name: String,
    pub title: Option<String>,
    pub role: Role,
}

/// How the client is to send; the server decides, so that it can be tuned without a new client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PublishParameters {
    /// Simulcast of the camera, smallest first. One layer: no simulcast, `rid` is not used.
    pub camera: Vec<Layer>,
    pub screen_bitrate_bps: u32,
    pub screen_frames_per_second: u32,
}

/// A relay (TURN), for those whose network blocks everything else. It opens this participant's own connections alone, for half
/// a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IceServer {
    pub urls: Vec<String>,
    pub username: String,
    pub credential: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Layer {
    pub rid: String,
    pub scale_down_by: f32,
    pub bitrate_bps: u32,
}

/// One person or site in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Participant {
    pub id: String,
    pub name: String,
    /// Position and agency, for a person with an account.
    pub title: Option<String>,
    pub role: Role,
    /// The site whose room this is, or where the person sits.
    pub site: Option<String>,
    /// Of a camera or a monitor that came by a token.
    pub device: Option<Purpose>,
    pub presence: Presence,
    /// What the participant sends, one entry a source; a source that is not here was never published.
    pub tracks: Vec<Track>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Here,
    /// The socket is lost and the seat is kept.
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Track {
    pub source: Source,
    pub state: TrackState,
}

/// What the *server* sees of a track, never what a client says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TrackState {
    /// Packets arrive and are passed on.
    Live,
    /// Muted: the server passes nothing on, even if something should arrive.
    Muted,
    /// Not muted, yet nothing arrives.
    Silent,
}

/// Names a section of the client's publish offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PublishedTrack {
    pub mid: String,
    pub source: Source,
}

/// What a browser measures of its own line, since it last said so where nothing else is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OwnLine {
    /// Packets that did not come, in thousandths.
    pub lost_permille: u16,
    /// Sound that was made up, in thousandths.
    pub concealed_permille: u16,
    pub round_trip_ms: u16,
    pub jitter_ms: u16,
    /// Pictures that stood still, since the page was opened.
    pub freezes: u32,
    pub down_kbps: u32,
    pub up_kbps: u32,
    pub way: Way,
}

/// What a person or site has tried out of its own devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCheck {
    pub camera: Finding,
    pub microphone: Finding,
    pub loudspeaker: Finding,
}

/// What came of trying a device out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeviceFinding)]
pub enum Finding {
    Works,
    Fails,
    Untried,
}

/// Which protocol carries the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaWay)]
pub enum Way {
    Udp,
    /// ICE-TCP.
    Tcp,
    TurnTcp,
    TurnTls,
}

impl Way {
    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Way::Udp => "UDP",
            Way::Tcp => "TCP",
            Way::TurnTcp => "TURN/TCP",
            Way::TurnTls => "TURN/TLS",
        }
    }
}

/// How large a section of the subscribe connection is shown, in device pixels; zero where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ViewedSlot {
    pub mid: String,
    pub width: u16,
    pub height: u16,
}

/// How a client hears the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MixedSound {
    /// Each voice comes by itself.
    Off,
    /// Mixed, as the client asked.
    Asked,
    /// Mixed, because the line does not carry the voices one by one.
    ThinLine,
    /// It would be mixed, but the server has no room for it now: each voice comes by itself.
    Full,
}

/// What a section of the subscribe connection carries now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Slot {
    pub mid: String,
    /// Nobody in particular: all voices but one's own, mixed.
    pub participant: Option<String>,
    pub source: Source,
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
