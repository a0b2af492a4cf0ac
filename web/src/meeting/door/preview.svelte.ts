import type { Finding, OwnCheck } from '../protocol';
import { chosen, DeviceError, openCamera, openMicrophone, type Hindrance } from '../rtc/devices';
import { Level, ring, SPEECH } from '../rtc/level';

/** What the door tries out before the meeting: microphone, camera, line. */
export class Preview {
  microphone = $state.raw<MediaStreamTrack | null>(null);
  camera = $state.raw<MediaStreamTrack | null>(null);
  microphoneTrouble = $state<Hindrance | null>(null);
  cameraTrouble = $state<Hindrance | null>(null);
  /** From 0 to 1. */
  level = $state(0);
  /** The meter runs, so that a level of 0 is silence. */
  listens = $state(false);
  /** The microphone has carried a voice. */
  heard = $state(false);
  /** There and back, in milliseconds; `null` until measured, `Infinity` without a line. */
  delay = $state<number | null>(null);

  /** The bell in the loudspeaker; `deaf` where it was rung and not heard. */
  bell = $state<'untried' | 'rings' | 'rang' | 'deaf'>('untried');

  /** What the devices did. */
  check: OwnCheck = $derived({
    camera: finding(this.camera !== null, this.cameraTrouble),
    microphone: finding(this.microphone !== null && this.heard, this.microphoneTrouble),
    loudspeaker: this.bell === 'rang' ? 'works' : this.bell === 'deaf' ? 'fails' : 'untried',
  });

  private meter: Level | null = null;
  // Not state: while a component is torn down, Svelte shows it the values from before.
  private gaveAway = false;

  async start(): Promise<void> {
    void this.measure();
    // One after the other: two questions of the browser at once are one too many.
    await this.openMicrophone();
    await this.openCamera();
  }

  async openMicrophone(): Promise<void> {
    this.closeMicrophone();
    try {
      this.microphone = await openMicrophone();
      this.microphoneTrouble = null;
      this.meter = new Level(this.microphone, (level) => {
        this.level = level;
        this.listens = true;
        if (level > SPEECH) this.heard = true;
      });
    } catch (cause) {
      this.microphoneTrouble = hindrance(cause);
    }
  }

  async openCamera(): Promise<void> {
    this.closeCamera();
    try {
      this.camera = await openCamera();
      this.cameraTrouble = null;
    } catch (cause) {
      this.cameraTrouble = hindrance(cause);
    }
  }

  async tryBell(): Promise<void> {
    this.bell = 'rings';
    await ring(chosen('audiooutput'));
    this.bell = 'rang';
  }

  hearNothing(): void {
    this.bell = 'deaf';
  }

  closeMicrophone(): void {
    this.meter?.close();
    this.meter = null;
    this.level = 0;
    this.heard = this.listens = false;
    this.microphone?.stop();
    this.microphone = null;
  }

  closeCamera(): void {
    this.camera?.stop();
    this.camera = null;
  }

  /** Gives the open tracks away, into the meeting. */
  handOver(): { microphone: MediaStreamTrack | null; camera: MediaStreamTrack | null } {
    const { microphone, camera } = this;
    this.gaveAway = true;
    this.meter?.close();
    this.meter = this.microphone = this.camera = null;
    return { microphone, camera };
  }

  close(): void {
    if (this.gaveAway) return;
    this.closeMicrophone();
    this.closeCamera();
  }

  /** The best of three: the first one also makes the connection. */
  private async measure(): Promise<void> {
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const begin = performance.now();
      try {
        await fetch('/healthz', { cache: 'no-store' });
        times.push(performance.now() - begin);
      } catch {
        // A lost line counts by the times that are missing.
      }
    }
    this.delay = times.length > 0 ? Math.round(Math.min(...times)) : Infinity;
  }
}

const finding = (works: boolean, trouble: Hindrance | null): Finding =>
  works ? 'works' : trouble ? 'fails' : 'untried';
const hindrance = (cause: unknown): Hindrance => (cause instanceof DeviceError ? cause.hindrance : 'busy');
