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
keep: boolean, } | { "type": "publish_offer", sdp: string, tracks: Array<PublishedTrack>, } | { "type": "subscribe_answer", sdp: string, } | { "type": "subscribe_again", keep: boolean, } | { "type": "view", slots: Array<ViewedSlot>, } | { "type": "mute", source: Source, muted: boolean, } | { "type": "leave", } | { "type": "end", } | { "type": "ping", id: number, };

export type ServerMessage = { "type": "welcome" } & Welcome | { "type": "participant", participant: Participant, } | { "type": "left", id: string, } | { "type": "publish_answer", sdp: string, } | { "type": "subscribe_offer", sdp: string, 
/**
 * Of a new connection; else of the one that stands.
 */
fresh: boolean, } | { "type": "send_layers", source: Source, layers: Array<string>, } | { "type": "slots", slots: Array<Slot>, } | { "type": "speaking", participants: Array<string>, } | { "type": "replaced", } | { "type": "ended", } | { "type": "error", error: ErrorName, sentence: string, } | { "type": "pong", id: number, };

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

export type Layer = { rid: string, scale_down_by: number, bitrate_bps: number, };

export type Participant = { id: string, name: string, 
/**
 * Position and agency, for a person with an account.
 */
title: string | null, role: Role, presence: Presence, 
/**
 * What the participant sends, one entry a source; a source that is not here was never published.
 */
tracks: Array<Track>, };

export type Presence = "here" | "lost";

export type Track = { source: Source, state: TrackState, };

export type TrackState = "live" | "muted" | "silent";

export type PublishedTrack = { mid: string, source: Source, };

export type ViewedSlot = { mid: string, width: number, height: number, };

export type Slot = { mid: string, participant: string, source: Source, };

export type ErrorName = "malformed" | "too_large" | "too_fast" | "unsupported_version" | "not_joined" | "already_joined" | "name_missing" | "name_unusable" | "room_full" | "refused" | "description_unusable" | "media_unavailable";

export type Role = "chair" | "secretary" | "technical_host" | "delegate" | "guest";

export type Act = "speak" | "share_screen" | "end";

export type Source = "microphone" | "camera" | "screen" | "screen_audio";
