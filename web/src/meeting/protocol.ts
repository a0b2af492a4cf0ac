// Written from server/src/conference/protocol.rs; a test keeps it so. Do not edit.

export const VERSION = 1;

export type ClientMessage = { "type": "join", version: number, 
/**
 * The name to show. A person with an account may leave it out and is shown by their own.
 */
name: string | null, 
/**
 * The `place` of an earlier `welcome`: after a reload the same seat is found again.
 */
place: string | null, 
/**
 * Both connections of the lost socket still stand: with `place`, go on with them.
 */
keep: boolean, } | { "type": "publish_offer", sdp: string, tracks: Array<PublishedTrack>, } | { "type": "subscribe_answer", sdp: string, } | { "type": "subscribe_again", keep: boolean, } | { "type": "view", slots: Array<ViewedSlot>, } | { "type": "watch", 
/**
 * For how many faces it has room, beside the screen.
 */
pictures: number, 
/**
 * Participants to be shown whoever speaks, the most wanted first: those whom the viewer has pinned, and
 * whoever is on the stage.
 */
first: Array<string>, 
/**
 * Sound alone: no picture is sent.
 */
sound_only: boolean, 
/**
 * All voices in one stream, mixed by the server, whatever the line carries.
 */
mixed_sound: boolean, } | { "type": "mute", source: Source, muted: boolean, } | { "type": "step", step: Step, } | { "type": "point", x: number, y: number, } | { "type": "still", jpeg: string, } | { "type": "line", line: OwnLine, } | { "type": "check", check: OwnCheck, } | { "type": "leave", } | { "type": "end", } | { "type": "ping", id: number, };

export type ServerMessage = { "type": "welcome" } & Welcome | { "type": "participant", participant: Participant, } | { "type": "left", id: string, } | { "type": "publish_answer", sdp: string, } | { "type": "subscribe_offer", sdp: string, 
/**
 * Of a new connection; else of the one that stands.
 */
fresh: boolean, } | { "type": "send_layers", source: Source, layers: Array<string>, } | { "type": "slots", slots: Array<Slot>, } | { "type": "thin_line", is_thin: boolean, } | { "type": "mixed_sound", state: MixedSound, } | { "type": "speaking", participants: Array<string>, } | { "type": "waiting", place: string, } | { "type": "admitted", } | { "type": "knocking", waiting: Array<Knock>, } | { "type": "procedure", state: ProcedureState, } | { "type": "floor", floor: FloorState, } | { "type": "roll", entry: Entry, quorum: Quorum, } | { "type": "rules", rules: Rules, } | { "type": "stage", stage: Stage, } | { "type": "item", number: number | null, } | { "type": "said", said: Said, } | { "type": "vote", vote: VoteState, } | { "type": "signing", signing: PaperSigning, } | { "type": "recording", recording: RecordingState | null, } | { "type": "token", vote: number, voter: string, signed: string, } | { "type": "note", note: Note, } | { "type": "conclusions", conclusions: Array<Conclusion>, } | { "type": "pointer", x: number, y: number, } | { "type": "removed", } | { "type": "replaced", } | { "type": "ended", } | { "type": "error", error: ErrorName, sentence: string, } | { "type": "pong", id: number, };

export type Welcome = { 
/**
 * The participant this socket speaks for.
 */
id: string, 
/**
 * A secret: whoever sends it in `join` within 30 s of a lost socket takes the seat again.
 */
place: string, role: Role, 
/**
 * What this participant may ask for; the client shows nothing else.
 */
may: Array<Act>, title: string, 
/**
 * Everyone in the room, the reader included, in the order they came.
 */
participants: Array<Participant>, publish: PublishParameters, 
/**
 * Relays for both connections, as `RTCPeerConnection` takes them; empty where there is none.
 */
ice_servers: Array<IceServer>, procedure: ProcedureState, 
/**
 * So many are here that one begins with a closed microphone.
 */
join_muted: boolean, 
/**
 * The connections go on as they were; no `subscribe_offer` follows.
 */
kept: boolean, 
/**
 * How long a seat is kept for someone whose socket is lost.
 */
seat_kept_seconds: number, };

export type PublishParameters = { 
/**
 * Simulcast of the camera, smallest first. One layer: no simulcast, `rid` is not used.
 */
camera: Array<Layer>, screen_bitrate_bps: number, screen_frames_per_second: number, };

export type IceServer = { urls: Array<string>, username: string, credential: string, };

export type Layer = { rid: string, scale_down_by: number, bitrate_bps: number, };

export type Participant = { id: string, name: string, 
/**
 * Position and agency, for a person with an account.
 */
title: string | null, role: Role, 
/**
 * The site whose room this is, or where the person sits.
 */
site: string | null, 
/**
 * Of a camera or a monitor that came by a token.
 */
device: DevicePurpose | null, presence: Presence, 
/**
 * What the participant sends, one entry a source; a source that is not here was never published.
 */
tracks: Array<Track>, };

export type DevicePurpose = "camera" | "monitor";

export type Presence = "here" | "lost";

export type Track = { source: Source, state: TrackState, };

export type TrackState = "live" | "muted" | "silent";

export type PublishedTrack = { mid: string, source: Source, };

export type OwnLine = { 
/**
 * Packets that did not come, in thousandths.
 */
lost_permille: number, 
/**
 * Sound that was made up, in thousandths.
 */
concealed_permille: number, round_trip_ms: number, jitter_ms: number, 
/**
 * Pictures that stood still, since the page was opened.
 */
freezes: number, down_kbps: number, up_kbps: number, way: Way, };

export type Way = "udp" | "tcp" | "turn_tcp" | "turn_tls";

export type OwnCheck = { camera: Finding, microphone: Finding, loudspeaker: Finding, };

export type Finding = "works" | "fails" | "untried";

export type ViewedSlot = { mid: string, width: number, height: number, };

export type Slot = { mid: string, 
/**
 * Nobody in particular: all voices but one's own, mixed.
 */
participant: string | null, source: Source, };

export type MixedSound = "off" | "asked" | "thin_line" | "full";

export type ProcedureState = { floor: FloorState, roll: Array<Entry>, quorum: Quorum, rules: Rules, stage: Stage, item: number | null, 
/**
 * The last 200 things that were written.
 */
chat: Array<Said>, 
/**
 * Every vote so far; at most the last is open.
 */
votes: Array<VoteState>, 
/**
 * Papers that are, or were, open for signing.
 */
signings: Array<PaperSigning>, 
/**
 * The recording that runs.
 */
recording: RecordingState | null, 
/**
 * For those who take the minutes.
 */
minutes: MinutesState | null, };

export type FloorState = { current: Current | null, waiting: Array<Turn>, 
/**
 * The server's time, for a countdown that does not trust the client's clock.
 */
now: string, };

export type Turn = { id: number, seat: string, name: string, how: How, asked_at: string, };

export type How = "registered" | "raised" | "called";

export type Current = { turn: Turn, quota_ms: number, 
/**
 * Nothing until the speaker has taken the floor.
 */
began_at: string | null, 
/**
 * What was spoken before `runs_since`.
 */
spent_ms: number, 
/**
 * Since when the countdown runs; it stands still while the speaker's line is lost.
 */
runs_since: string | null, };

export type Entry = { seat: string, kind: Kind, name: string, 
/**
 * Position and agency.
 */
title: string | null, role: Role, site: string | null, mark: Mark, reason: string | null, 
/**
 * Of their vote, as the plan gives it.
 */
weight: number, intervals: Array<Interval>, };

export type Kind = "site" | "person" | "guest" | "device";

export type Mark = "unmarked" | "in_person" | "online" | "absent";

export type Interval = { from: string, to: string | null, departure: Departure | null, };

export type Departure = "left" | "lost" | "interrupted";

export type Quorum = { present: number, called: number, needed: number, is_reached: boolean, sites_present: number, sites_called: number, };

export type Rules = { 
/**
 * Whoever was not called waits before the door.
 */
lobby: boolean, 
/**
 * Everyone who was not in yet waits before the door.
 */
locked: boolean, chat: boolean, microphones: Microphones, quota_seconds: number, 
/**
 * Above so many people one joins with a closed microphone.
 */
muted_above: number, };

export type Microphones = "free" | "floor_only";

export type Stage = { "what": "free" } | { "what": "picture", seat: string, } | { "what": "paper", paper: string, page: number, } | { "what": "vote", vote: number, };

export type Said = { at: string, seat: string, name: string, text: string, };

export type VoteState = { id: number, terms: Terms, opened_at: string, 
/**
 * When it closes by itself; null without a limit, and while somebody who lost the line is waited for.
 */
closes_at: string | null, 
/**
 * The server's time.
 */
now: string, 
/**
 * As it was when the vote was opened.
 */
quorum: Quorum, 
/**
 * Of a secret vote: the key of its tokens.
 */
key: TokenKey | null, 
/**
 * How many are entitled, and how many ballots there are.
 */
voters: number, voted: number, called: number, present: number, 
/**
 * What carries the question.
 */
needed: number, tally: Tally, end: End | null, 
/**
 * The ballots that the reader may cast: their own, and those of their room.
 */
ballots: Array<OwnBallot>, 
/**
 * Who has not voted yet, or in a secret vote has no token yet, while it is open: for chair and secretary.
 */
missing: Array<MissingVoter>, };

export type OwnBallot = { voter: string, name: string, weight: number, 
/**
 * As it is recorded.
 */
choice: Choice | null, };

export type MissingVoter = { voter: string, name: string, 
/**
 * The line is lost; their ballot is kept open.
 */
is_lost: boolean, 
/**
 * There without a line: who leads writes down how they raise their hand.
 */
by_hand: boolean, };

export type Terms = { 
/**
 * 1 to 500 characters.
 */
question: string, 
/**
 * The item of the agenda that it belongs to.
 */
item: number | null, electorate: Electorate, 
/**
 * Nobody learns who chose what (bỏ phiếu kín): ballots are cast with blindly signed tokens.
 */
is_secret: boolean, 
/**
 * Each signs their ballot with their own certificate (phiếu có ký số): for delegates, in an open vote.
 */
is_signed: boolean, majority: Majority, 
/**
 * 10 to 7200; nothing: until the chair closes it.
 */
seconds: number | null, 
/**
 * When the time is over, who has lost the line is waited for, until so many seconds after their return: 0 to 600.
 */
grace_seconds: number, };

export type TokenKey = { n: string, e: string, };

export type Electorate = "delegates" | "sites" | "asked";

export type Majority = "half_of_called" | "half_of_present" | "two_thirds_of_called" | "two_thirds_of_present";

export type Choice = "in_favour" | "against" | "abstaining";

export type Tally = { in_favour: number, against: number, abstaining: number, };

export type End = { at: string, outcome: Outcome, tally: Tally, };

export type Outcome = "carried" | "not_carried" | "withdrawn";

export type MinutesState = { notes: Array<Note>, conclusions: Array<Conclusion>, };

export type Note = { item: number | null, 
/**
 * Raised with each writing.
 */
revision: number, text: string, 
/**
 * Who wrote last, and when.
 */
by: string, at: string, };

export type Conclusion = { id: number, revision: number, text: string, agency: string | null, due_on: string | null, by: string, at: string, };

export type Writing = { "what": "note", item: number | null, 
/**
 * Of what is replaced, 0 where nothing was there.
 */
revision: number, 
/**
 * Lines; up to 8000 characters, empty to clear them.
 */
text: string, } | { "what": "conclusion", conclusion: number | null, revision: number, 
/**
 * 1 to 1000 characters.
 */
text: string, 
/**
 * Who is to act.
 */
agency: string | null, 
/**
 * By when.
 */
due_on: string | null, } | { "what": "strike", conclusion: number, revision: number, };

export type PaperSigning = { paper: string, title: string, 
/**
 * SHA-256 of the paper as it lies on the table, in hexadecimal: a change makes it another paper.
 */
digest: string, 
/**
 * SHA-256 of the file as it stands: with the empty fields, then with each signature.
 */
file: string, signatories: Array<Signatory>, };

export type Signatory = { seat: string, name: string, 
/**
 * Nothing before they have signed.
 */
signed_at?: string, };

export type RecordingState = { id: number, is_paused: boolean, started_at: string, };

export type Knock = { seat: string, name: string, title: string | null, role: Role, };

export type Step = { "name": "raise_hand", } | { "name": "lower_hand", } | { "name": "give_floor", turn: number, } | { "name": "call_speaker", seat: string, } | { "name": "answer_floor", turn: number, accept: boolean, } | { "name": "end_turn", turn: number, } | { "name": "extend_turn", turn: number, seconds: number, } | { "name": "move_turn", turn: number, to: number, } | { "name": "drop_turn", turn: number, } | { "name": "mark", seat: string, mark: Mark, reason: string | null, } | { "name": "admit", seats: Array<string>, } | { "name": "remove", seat: string, } | { "name": "mute", seat: string | null, } | { "name": "lock", locked: boolean, } | { "name": "set_lobby", lobby: boolean, } | { "name": "set_chat", open: boolean, } | { "name": "set_microphones", rule: Microphones, } | { "name": "set_quota", seconds: number, } | { "name": "set_stage", stage: Stage, } | { "name": "set_item", number: number | null, } | { "name": "say", text: string, } | { "name": "open_vote", terms: Terms, } | { "name": "close_vote", vote: number, } | { "name": "withdraw_vote", vote: number, } | { "name": "cast_ballot", vote: number, voter: string, choice: Choice, } | { "name": "ask_token", vote: number, voter: string, 
/**
 * In hexadecimal, as long as the modulus of the vote's key. The rules know it by its SHA-256.
 */
blinded: string, } | { "name": "write", writing: Writing, } | { "name": "start_recording", } | { "name": "pause_recording", } | { "name": "resume_recording", } | { "name": "stop_recording", };

export type ErrorName = "malformed" | "too_large" | "too_fast" | "unsupported_version" | "not_joined" | "already_joined" | "name_missing" | "name_unusable" | "room_full" | "refused" | "description_unusable" | "media_unavailable" | "nothing_there" | "chat_closed" | "unusable" | "floor_needed" | "too_many" | "not_kept" | "vote_open" | "vote_closed" | "not_entitled" | "no_quorum" | "not_secret" | "token_given" | "stale" | "signature_needed";

export type Role = "chair" | "secretary" | "technical_host" | "delegate" | "guest";

export type Act = "speak" | "share_screen" | "raise_hand" | "chat" | "report_site" | "give_floor" | "call_roll" | "set_stage" | "mute_others" | "admit" | "lock" | "remove" | "set_rules" | "call_vote" | "vote" | "take_minutes" | "open_signing" | "export_record" | "see_lines" | "record" | "end" | "prepare" | "attach_devices";

export type Source = "microphone" | "camera" | "screen" | "screen_audio";
