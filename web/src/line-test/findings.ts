import type { Hindrance } from '../meeting/rtc/devices';
import type { Way } from '../meeting/protocol';

export type { Way };

/** The ways for sound and pictures, the best first. */
export const WAYS: Way[] = ['udp', 'tcp', 'turn_tcp', 'turn_tls'];

/** `closed`: the server does not offer it. */
export type Standing = 'untried' | 'trying' | 'works' | 'fails' | 'closed';

/** What came of one way. */
export interface Tried {
  standing: Standing;
  /** Until sound could be sent. */
  ms: number | null;
  /** The server's, of the pair that was chosen; where none was, the first that it offers. */
  port: number | null;
  /** Both ends of that pair as the browser names them: `host/udp → host/udp`. */
  pair: string | null;
}

/** `refused`: another reason, with a sentence of the server's. */
export type Page = 'untried' | 'trying' | 'works' | 'offline' | 'away' | 'no_socket' | 'no_media' | 'refused';

export interface Signalling {
  standing: Page;
  /** There and back, in milliseconds: of a page, and of the socket. */
  https_ms: number | null;
  socket_ms: number | null;
}

/** The line over the best way. Kilobits a second, thousandths, milliseconds. */
export interface Line {
  way: Way;
  up_kbps: number;
  /** The browser was still finding out: it is more than this. */
  is_growing: boolean;
  down_kbps: number;
  up_lost_permille: number;
  down_lost_permille: number;
  round_trip_ms: number;
  /** Of sound; `null` where the browser could make none. */
  jitter_ms: number | null;
  /** The computer, not the line, kept the picture small. */
  is_slow_computer: boolean;
}

/** `black`, `silent`: open, but nothing comes; `quiet`: something comes, but no voice yet. */
export type Camera = 'untried' | 'trying' | 'works' | 'black' | Hindrance;
export type Microphone = 'untried' | 'trying' | 'works' | 'quiet' | 'silent' | Hindrance;
export type Speaker = 'untried' | 'rings' | 'asked' | 'heard' | 'deaf';

export interface Findings {
  /** The browser can meet at all, and may open devices on this page. */
  has_webrtc: boolean;
  is_secure: boolean;
  signalling: Signalling;
  /** Whether the server reaches its own ports; `null` where it offers none or has not said. */
  ports: { udp: boolean | null; tcp: boolean | null };
  ways: Record<Way, Tried>;
  line: Line | null;
  camera: Camera;
  microphone: Microphone;
  speaker: Speaker;
}

const untried = (): Tried => ({ standing: 'untried', ms: null, port: null, pair: null });

/** Nothing was tried yet. */
export const nothing = (): Findings => ({
  has_webrtc: true,
  is_secure: true,
  signalling: { standing: 'untried', https_ms: null, socket_ms: null },
  ports: { udp: null, tcp: null },
  ways: { udp: untried(), tcp: untried(), turn_tcp: untried(), turn_tls: untried() },
  line: null,
  camera: 'untried',
  microphone: 'untried',
  speaker: 'untried',
});

/** The best way that works. */
export const bestOf = (ways: Findings['ways']): Way | null =>
  WAYS.find((way) => ways[way].standing === 'works') ?? null;
