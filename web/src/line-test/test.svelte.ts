import { Problem } from '../api/problem';
import { Preview } from '../meeting/door/preview.svelte';
import { attempt, pause } from './attempt';
import { isBlack } from './black';
import { bestOf, nothing, WAYS, type Camera, type Findings, type Microphone, type Way } from './findings';
import { measure } from './measure';
import { Silence, Talk } from './talk';
import { verdict } from './verdict';

export type Step = 'page' | Way | 'line' | 'devices';

/** How long somebody is given to say something, and a camera to show something. */
const LISTENED_MS = 4_000;
/** Below this a microphone gives nothing at all: it is switched off, or not plugged in. */
const NOTHING_HEARD = 0.02;

/** One test, from its beginning to its verdict; the devices go on being looked at until the page is left. */
export class LineTest {
  phase = $state<'before' | 'runs' | 'done' | 'stopped'>('before');
  step = $state<Step>('page');
  findings = $state<Findings>(nothing());
  /** Of what the step does, from 0 to 1; `null` where nobody knows. */
  share = $state<number | null>(null);
  /** What the server refused, with its sentence. */
  problem = $state.raw<unknown>();
  /** In milliseconds since 1970. */
  began = $state(0);

  readonly devices = new Preview();
  verdict = $derived(verdict(this.seen));

  private stopping = new AbortController();
  private loudest = $state(0);
  /** For somebody to say something. */
  private waits = $state(false);
  private black = $state(false);
  private watching = 0;

  /** The findings, with what the devices do at this moment. */
  get seen(): Findings {
    return { ...this.findings, camera: this.camera, microphone: this.microphone };
  }

  get camera(): Camera {
    const { camera, cameraTrouble } = this.devices;
    if (camera) return this.black ? 'black' : 'works';
    return cameraTrouble ?? this.findings.camera;
  }

  get microphone(): Microphone {
    const { microphone, microphoneTrouble, heard, listens } = this.devices;
    if (!microphone) return microphoneTrouble ?? this.findings.microphone;
    if (heard) return 'works';
    if (this.waits) return 'trying';
    if (!listens) return 'quiet';
    return Math.max(this.loudest, this.devices.level) < NOTHING_HEARD ? 'silent' : 'quiet';
  }

  async run(link: string | null): Promise<void> {
    this.close();
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    this.began = Date.now();
    this.findings = { ...nothing(), has_webrtc: 'RTCPeerConnection' in globalThis, is_secure: isSecureContext };
    this.problem = undefined;
    this.phase = 'runs';
    try {
      await this.tryLine(link, signal);
      await this.tryDevices(signal);
      this.phase = 'done';
    } catch (cause) {
      if (!signal.aborted) {
        this.problem = cause;
        this.phase = 'done';
      }
    }
  }

  stop(): void {
    this.stopping.abort(new Error('stopped'));
    this.close();
    this.phase = 'stopped';
  }

  /** Gives the devices back. */
  close(): void {
    this.stopping.abort(new Error('closed'));
    window.clearInterval(this.watching);
    this.devices.close();
  }

  async openMicrophone(): Promise<void> {
    this.loudest = 0;
    await this.devices.openMicrophone();
    this.waits = this.devices.microphone !== null;
    window.setTimeout(() => (this.waits = false), LISTENED_MS);
  }

  async ring(): Promise<void> {
    this.findings.speaker = 'rings';
    await this.devices.tryBell();
    this.findings.speaker = 'asked';
  }

  answer(heard: boolean): void {
    this.findings.speaker = heard ? 'heard' : 'deaf';
  }

  private async tryLine(link: string | null, signal: AbortSignal): Promise<void> {
    if (!this.findings.has_webrtc) return;
    const talk = await this.greet(link, signal);
    if (!talk) return;
    try {
      for (const way of WAYS) await this.tryWay(way, talk, signal);
      const best = bestOf(this.findings.ways);
      if (best) {
        this.step = 'line';
        this.share = 0;
        this.findings.line = await measure(best, talk, signal, (share) => (this.share = share));
      }
      if (talk.ports) this.findings.ports = { udp: talk.ports.udp, tcp: talk.ports.tcp };
    } catch (cause) {
      // The socket broke in the middle: what was found until then stands.
      if (!(cause instanceof Silence)) throw cause;
    } finally {
      this.share = null;
      talk.close();
    }
  }

  /** Page and socket; nothing where they do not come about. */
  private async greet(link: string | null, signal: AbortSignal): Promise<Talk | null> {
    this.step = 'page';
    const signalling = this.findings.signalling;
    signalling.standing = 'trying';
    const page = await pageDelay(signal);
    if (typeof page === 'string') {
      signalling.standing = page;
      return null;
    }
    signalling.https_ms = page;
    try {
      const talk = await Talk.open(link);
      const begun = performance.now();
      await talk.ask({ type: 'ping', id: 1 }, 'pong');
      signalling.socket_ms = Math.round(performance.now() - begun);
      signalling.standing = 'works';
      return talk;
    } catch (cause) {
      signal.throwIfAborted();
      signalling.standing = reasonOf(cause);
      if (signalling.standing === 'refused') throw cause;
      return null;
    }
  }

  private async tryWay(way: Way, talk: Talk, signal: AbortSignal): Promise<void> {
    this.step = way;
    this.findings.ways[way].standing = 'trying';
    try {
      this.findings.ways[way] = await attempt(way, talk, signal);
    } catch (cause) {
      if (signal.aborted || cause instanceof Silence) throw cause;
      console.error(cause);
      this.findings.ways[way].standing = 'fails';
    }
  }

  private async tryDevices(signal: AbortSignal): Promise<void> {
    this.step = 'devices';
    this.findings.microphone = this.findings.camera = 'trying';
    // One after the other: two questions of the browser at once are one too many.
    await this.openMicrophone();
    await this.devices.openCamera();
    signal.throwIfAborted();
    this.watching = window.setInterval(() => void this.watch(), 1_000);
    const end = performance.now() + LISTENED_MS;
    while (performance.now() < end && !(this.microphone === 'works' && this.camera === 'works')) {
      this.loudest = Math.max(this.loudest, this.devices.level);
      await pause(100, signal);
    }
    await this.watch();
  }

  private async watch(): Promise<void> {
    const { camera } = this.devices;
    this.loudest = Math.max(this.loudest, this.devices.level);
    if (camera) this.black = await isBlack(camera);
  }
}

/** The best of three: the first one also makes the connection. */
async function pageDelay(signal: AbortSignal): Promise<number | 'offline' | 'away'> {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const begin = performance.now();
    try {
      const response = await fetch('/healthz', { cache: 'no-store', signal });
      if (!response.ok) return 'away';
      best = Math.min(best, performance.now() - begin);
    } catch {
      signal.throwIfAborted();
    }
  }
  return best === Infinity ? 'offline' : Math.round(best);
}

function reasonOf(cause: unknown): 'offline' | 'away' | 'no_socket' | 'no_media' | 'refused' {
  if (cause instanceof Silence) return 'no_socket';
  if (!(cause instanceof Problem)) return 'refused';
  if (cause.kind === 'offline') return 'offline';
  if (cause.kind === 'media-unavailable' || cause.kind === 'media_unavailable') return 'no_media';
  return cause.status >= 500 ? 'away' : 'refused';
}
