// Written from server/src/conference/line_test/protocol.rs; a test keeps it so. Do not edit.
import type { ErrorName, IceServer, PublishedTrack, Way } from '../meeting/protocol';

export type Ask = { "type": "publish_offer", sdp: string, tracks: Array<PublishedTrack>, } | { "type": "listen", } | { "type": "subscribe_answer", sdp: string, } | { "type": "ping", id: number, };

export type Say = { "type": "welcome", 
/**
 * For the connection that sends, and for the one that receives. Empty where no relay is offered.
 */
sends_through: Array<IceServer>, receives_through: Array<IceServer>, 
/**
 * How long the test may take.
 */
seconds: number, } | { "type": "ports", udp: boolean | null, tcp: boolean | null, } | { "type": "publish_answer", sdp: string, } | { "type": "subscribe_offer", sdp: string, } | { "type": "measured", measured: Measured, } | { "type": "pong", id: number, } | { "type": "error", error: ErrorName, sentence: string, };

export type Measured = { 
/**
 * By which it reaches the connection that sends.
 */
way: Way | null, up_kbps: number, up_lost_permille: number, up_jitter_ms: number, 
/**
 * Where the browser reports what arrives: what the line down is believed to carry, up to what was asked of it.
 */
down_estimate_kbps: number | null, down_lost_permille: number | null, };
