import type {
  ErrorName,
  MixedSound,
  OwnCheck,
  Participant,
  ServerMessage,
  Slot,
  Source,
  Step,
  Welcome,
} from '../protocol';
import { between, totals, type Totals } from './own-line';
import { Publisher } from './publisher';
import { Signalling, type Farewell } from './signalling';
import { Subscriber } from './subscriber';
import { Viewport } from './viewport';

/** What a call tells the page. Every value is whole: the page replaces what it had. */
export interface Listener {
  welcomed(welcome: Welcome): void;
  participant(participant: Participant): void;
  left(id: string): void;
  /** The door is held; somebody must let us in. */
  waiting(): void;
  /** Any other message: the meeting's procedure. */
  procedure(message: ServerMessage): void;
  speaking(ids: string[]): void;
  /** Our line does not carry even the smallest picture, or does again. */
  thin(isThin: boolean): void;
  /** Whether all voices come in one stream, and why. */
  mixed(state: MixedSound): void;
  /** What can be seen and heard now. */
  seen(tracks: Seen[]): void;
  /** The line is lost and is being made again. */
  lost(attempt: number): void;
  error(sentence: string, name: ErrorName | null): void;
  over(farewell: Farewell): void;
}

/** A track that arrives, and whose it is. */
export interface Seen {
  /** Nobody in particular: all voices, mixed. */
  participant: string | null;
  source: Source;
  track: MediaStreamTrack;
}

/** What the page wants of the others. */
export interface Watch {
  /** For how many faces it has room. */
  pictures: number;
  /** Whom to show whoever speaks, the most wanted first. */
  first: string[];
  soundOnly: boolean;
  /** All voices in one stream, whatever the line carries. */
  mixedSound: boolean;
}

export interface Door {
  url: string;
  name: string;
  /** From an earlier welcome, kept over a reload. */
  place: string | null;
}

/**
 * One participant in one meeting: the signalling and the two connections. It comes back by itself after a lost line, with
 * the same seat and whatever was being sent.
 */
export class Call {
  private readonly signalling: Signalling;
  private publisher: Publisher | null = null;
  private subscriber: Subscriber | null = null;
  private welcome: Welcome | null = null;
  private slots: Slot[] = [];
  private readonly measuring: number;
  private measured: Totals | null = null;
  private readonly viewport: Viewport;
  /** What we send. A source that is not here is muted. */
  private readonly sent = new Map<Source, MediaStreamTrack>();

  constructor(
    door: Door,
    private readonly listener: Listener,
  ) {
    this.signalling = new Signalling(door.url, door.name, door.place, {
      stands: () => Boolean(this.publisher?.stands() && this.subscriber?.stands()),
      message: (message) => void this.take(message).catch((cause) => this.broken(cause)),
      lost: (attempt) => listener.lost(attempt),
      over: (farewell) => {
        this.close();
        this.disconnect();
        listener.over(farewell);
      },
    });
    addEventListener('online', this.renew);
    this.measuring = window.setInterval(() => void this.measure().catch(() => undefined), MEASURED_EVERY_MS);
    // Sections are told of only while they carry something: their tracks exist from the start.
    const carried = ([mid]: [string, MediaStreamTrack]) => this.slots.some((slot) => slot.mid === mid);
    this.viewport = new Viewport(
      () => this.subscriber?.pictures().filter(carried) ?? [],
      (slots) => this.signalling.send({ type: 'view', slots }),
    );
  }

  /** Sends `track` as `source`, or mutes it with `null`: the server is told, and nothing more leaves this machine. */
  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (track) this.sent.set(source, track);
    else this.sent.delete(source);
    if (!track) this.signalling.send({ type: 'mute', source, muted: true });
    await this.publisher?.send(source, track);
    if (track) this.signalling.send({ type: 'mute', source, muted: false });
  }

  /** Asks something of the meeting's procedure. */
  step(step: Step): void {
    this.signalling.send({ type: 'step', step });
  }

  point(x: number, y: number): void {
    this.signalling.send({ type: 'point', x, y });
  }

  check(check: OwnCheck): void {
    this.signalling.send({ type: 'check', check });
  }

  still(jpeg: string): void {
    this.signalling.send({ type: 'still', jpeg });
  }

  /** Says what the page wants of the others; to be said again after every welcome. */
  watch({ pictures, first, soundOnly, mixedSound }: Watch): void {
    this.signalling.send({ type: 'watch', pictures, first, sound_only: soundOnly, mixed_sound: mixedSound });
  }

  leave(): void {
    this.signalling.leave();
  }

  endForAll(): void {
    this.signalling.send({ type: 'end' });
  }

  /** The page goes away, the seat stays. */
  drop(): void {
    this.close();
    this.signalling.drop();
    this.disconnect();
  }

  /** What the browser knows of both connections; for tests and for a report. */
  async stats(): Promise<{ publish: RTCStatsReport | null; subscribe: RTCStatsReport | null }> {
    return {
      publish: (await this.publisher?.stats()) ?? null,
      subscribe: (await this.subscriber?.stats()) ?? null,
    };
  }

  private async take(message: ServerMessage): Promise<void> {
    switch (message.type) {
      case 'welcome':
        return this.welcomed(message);
      case 'participant':
        return this.listener.participant(message.participant);
      case 'left':
        return this.listener.left(message.id);
      case 'speaking':
        return this.listener.speaking(message.participants);
      case 'thin_line':
        return this.listener.thin(message.is_thin);
      case 'mixed_sound':
        return this.listener.mixed(message.state);
      case 'slots':
        this.slots = message.slots;
        return this.show();
      case 'publish_answer':
        await this.publisher?.answer(message.sdp);
        return this.resume();
      case 'subscribe_offer':
        return this.subscribe(message.sdp, message.fresh);
      case 'send_layers':
        return this.publisher?.sendLayers(message.source, message.layers);
      case 'error':
        return this.listener.error(message.sentence, message.error);
      case 'waiting':
        return this.listener.waiting();
      default:
        return this.listener.procedure(message);
    }
  }

  private async welcomed(welcome: Welcome): Promise<void> {
    this.welcome = welcome;
    if (welcome.kept) {
      this.listener.welcomed(welcome);
      this.viewport.forget();
      if (!this.publisher?.flows() || !this.subscriber?.flows()) this.renew();
      return this.resume();
    }
    this.disconnect();
    this.listener.welcomed(welcome);
    return this.publish(welcome);
  }

  private async publish(welcome: Welcome): Promise<void> {
    const sources: Source[] = ['microphone', 'camera'];
    if (welcome.may.includes('share_screen')) sources.push('screen', 'screen_audio');
    const publisher = new Publisher(sources, welcome.publish, welcome.ice_servers, {
      offer: (sdp, tracks) => this.signalling.send({ type: 'publish_offer', sdp, tracks }),
      failed: () => void this.republish(publisher),
    });
    this.publisher = publisher;
    await publisher.start();
  }

  private async republish(failed: Publisher): Promise<void> {
    if (failed !== this.publisher || !this.welcome) return;
    failed.close();
    await this.publish(this.welcome);
  }

  /** Puts what was sent before into the new connection. */
  private async resume(): Promise<void> {
    for (const [source, track] of this.sent) await this.send(source, track);
    // A source closed while nobody listened is still open over there.
    for (const source of SOURCES)
      if (!this.sent.has(source)) this.signalling.send({ type: 'mute', source, muted: true });
  }

  private async subscribe(sdp: string, fresh: boolean): Promise<void> {
    if (!fresh && this.subscriber) return this.subscriber.offer(sdp);
    this.subscriber?.close();
    this.viewport.forget();
    const subscriber: Subscriber = new Subscriber(this.welcome?.ice_servers ?? [], {
      answer: (answer) => this.signalling.send({ type: 'subscribe_answer', sdp: answer }),
      changed: () => this.show(),
      disconnected: () =>
        subscriber === this.subscriber && this.signalling.send({ type: 'subscribe_again', keep: true }),
      failed: () => subscriber === this.subscriber && this.signalling.send({ type: 'subscribe_again', keep: false }),
    });
    this.subscriber = subscriber;
    await subscriber.offer(sdp);
  }

  /** Tells the server how the line is, for who looks after the lines of the meeting. */
  private async measure(): Promise<void> {
    if (!this.subscriber?.flows()) return;
    const { publish, subscribe } = await this.stats();
    const now = totals(subscribe?.values() ?? [], publish?.values() ?? [], performance.now());
    if (this.measured) this.signalling.send({ type: 'line', line: between(this.measured, now) });
    this.measured = now;
  }

  private show(): void {
    const seen = this.slots.flatMap(({ mid, participant, source }): Seen[] => {
      const track = this.subscriber?.track(mid);
      return track ? [{ participant, source, track }] : [];
    });
    this.listener.seen(seen);
  }

  private disconnect(): void {
    this.publisher?.close();
    this.subscriber?.close();
    this.publisher = null;
    this.subscriber = null;
    this.slots = [];
    this.listener.seen([]);
  }

  /** The machine has another network: both connections look for a new way, and the old one carries on until it works. */
  private renew = (): void => {
    void this.publisher?.restart().catch((cause) => this.broken(cause));
    if (this.subscriber) this.signalling.send({ type: 'subscribe_again', keep: true });
  };

  private close(): void {
    window.clearInterval(this.measuring);
    removeEventListener('online', this.renew);
    this.viewport.close();
  }

  private broken(cause: unknown): void {
    console.error(cause);
    this.listener.error('', null);
  }
}

const MEASURED_EVERY_MS = 5_000;
const SOURCES: Source[] = ['microphone', 'camera', 'screen', 'screen_audio'];
