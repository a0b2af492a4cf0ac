import { VERSION, type ClientMessage, type ServerMessage } from '../protocol';

/** Why a talk with the server is over for good. */
export type Farewell = 'left' | 'replaced' | 'ended' | 'outdated' | 'full' | 'refused' | 'removed';

export interface Heard {
  /** Whether both connections stand, so that they can go on under a new socket. */
  stands(): boolean;
  message(message: ServerMessage): void;
  /** The line is lost; attempt 1 follows at once, later ones after a pause. */
  lost(attempt: number): void;
  over(farewell: Farewell): void;
}

/**
 * Pauses before each attempt to come back, in milliseconds; the last is repeated, so that a server which is back is
 * found again within five seconds.
 */
export const PAUSES = [0, 300, 1200, 2700, 4000];

/** Close codes after which coming back is of no use; see server/PROTOCOL.md. */
const FAREWELLS: Record<number, Farewell> = {
  1000: 'left',
  4401: 'refused',
  4403: 'removed',
  4409: 'replaced',
  4410: 'ended',
  4426: 'outdated',
  4503: 'full',
};

const PING_EVERY_MS = 15_000;
/** A line that answers nothing for so long is lost, whatever the operating system believes. */
const DEAF_AFTER_MS = 40_000;
/** Sockets that never opened, one after the other, before we conclude that the server refuses us. */
const REFUSED_AFTER = 8;

/**
 * The WebSocket of one participant: joins, keeps the line open, and comes back by itself with the place it was given.
 */
export class Signalling {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private never = 0;
  private timer = 0;
  private pinger = 0;
  private heardAt = 0;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly name: string,
    private place: string | null,
    private readonly heard: Heard,
  ) {
    addEventListener('online', this.hurry);
    this.open();
  }

  send(message: ClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Says good-bye; the server gives the seat up. */
  leave(): void {
    this.send({ type: 'leave' });
    this.finish('left');
  }

  /** Stops without a word, as a closing page does: the seat is kept. */
  drop(): void {
    this.closed = true;
    this.quiet();
    this.socket?.close();
  }

  private open(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.never = 0;
      this.heardAt = performance.now();
      this.join();
      this.pinger = window.setInterval(() => this.ping(), PING_EVERY_MS);
    };
    socket.onmessage = (event) => this.take(event.data as string);
    socket.onclose = (event) => socket === this.socket && this.gone(event.code);
  }

  private join(): void {
    this.send({ type: 'join', version: VERSION, name: this.name, place: this.place, keep: this.heard.stands() });
  }

  private take(text: string): void {
    this.heardAt = performance.now();
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === 'welcome') {
      this.attempt = 0;
      this.place = message.place;
    } else if (message.type === 'waiting') {
      this.attempt = 0;
      this.place = message.place;
    } else if (message.type === 'admitted') {
      this.join();
    }
    this.heard.message(message);
  }

  private ping(): void {
    if (performance.now() - this.heardAt > DEAF_AFTER_MS) {
      this.socket?.close();
      this.gone(1006);
    } else {
      this.send({ type: 'ping', id: Math.round(performance.now()) % 2 ** 31 });
    }
  }

  private gone(code: number): void {
    window.clearInterval(this.pinger);
    if (this.closed) return;
    const farewell = FAREWELLS[code];
    if (farewell) return this.finish(farewell);
    this.never += 1;
    if (this.never > REFUSED_AFTER && navigator.onLine && this.attempt === 0) return this.finish('refused');
    this.socket = null;
    const pause = PAUSES[Math.min(this.attempt, PAUSES.length - 1)]!;
    this.attempt += 1;
    this.heard.lost(this.attempt);
    this.timer = window.setTimeout(() => this.open(), pause);
  }

  /** The network is back: no reason to wait for the pause to end. */
  private hurry = (): void => {
    if (this.closed || this.socket) return;
    window.clearTimeout(this.timer);
    this.open();
  };

  private finish(farewell: Farewell): void {
    if (this.closed) return;
    this.closed = true;
    this.quiet();
    this.heard.over(farewell);
  }

  private quiet(): void {
    window.clearInterval(this.pinger);
    window.clearTimeout(this.timer);
    removeEventListener('online', this.hurry);
  }
}
