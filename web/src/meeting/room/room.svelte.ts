import { announce } from '../../components/announcer.svelte';
import type { Act, Participant, Source, TrackState, Welcome } from '../protocol';
import { Call, type Seen } from '../rtc/call';
import { DeviceError, openCamera, openMicrophone, openScreen } from '../rtc/devices';
import { Level, SPEECH } from '../rtc/level';
import type { Farewell } from '../rtc/signalling';
import * as seat from '../seat';
import { t } from '../texts';

export interface Arrival {
  meeting: string;
  url: string;
  name: string;
  place: string | null;
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
}

/** The meeting as one participant lives it: what the page shows, and what its buttons do. */
export class Room {
  phase = $state<'entering' | 'in' | 'over'>('entering');
  /** Which attempt to come back is under way; 0 while the line stands. */
  attempt = $state(0);
  farewell = $state<Farewell>('left');
  me = $state('');
  may = $state.raw<Act[]>([]);
  participants = $state.raw<Participant[]>([]);
  speaking = $state.raw<string[]>([]);
  seen = $state.raw<Seen[]>([]);
  camera = $state.raw<MediaStreamTrack | null>(null);
  screen = $state.raw<MediaStreamTrack | null>(null);
  microphoneOpen = $state(false);
  /** Somebody speaks into the muted microphone. */
  speaksMuted = $state(false);
  /** One sentence about what went wrong last; empty when nothing did. */
  trouble = $state('');

  private microphone: MediaStreamTrack | null = null;
  private screenSound: MediaStreamTrack | null = null;
  private level: Level | null = null;
  private screenFrames = 15;
  private name: string;
  private place = '';
  readonly call: Call;

  constructor(private readonly arrival: Arrival) {
    this.name = arrival.name;
    this.call = new Call(arrival, {
      welcomed: (welcome) => this.welcomed(welcome),
      participant: (participant) => this.changed(participant),
      left: (id) => this.left(id),
      speaking: (ids) => (this.speaking = ids),
      seen: (tracks) => (this.seen = tracks),
      lost: (attempt) => this.lost(attempt),
      error: (sentence) => (this.trouble = sentence || t('room.trouble')),
      over: (farewell) => this.over(farewell),
    });
    if (arrival.microphone) void this.takeMicrophone(arrival.microphone, true);
    if (arrival.camera) void this.takeCamera(arrival.camera);
  }

  /** What the server sees of one of our sources. */
  truth(source: Source): TrackState | null {
    return stateOf(
      this.participants.find((one) => one.id === this.me),
      source,
    );
  }

  async toggleMicrophone(): Promise<void> {
    await this.attempting(async () => {
      if (!this.microphone) return this.takeMicrophone(await openMicrophone(), true);
      this.microphoneOpen = !this.microphoneOpen;
      this.speaksMuted = false;
      await this.call.send('microphone', this.microphoneOpen ? this.microphone : null);
    });
    this.keep();
    announce(t(this.microphoneOpen ? 'say.microphone.on' : 'say.microphone.off'));
  }

  async toggleCamera(): Promise<void> {
    await this.attempting(async () => {
      if (!this.camera) return this.takeCamera(await openCamera());
      this.camera.stop();
      this.camera = null;
      await this.call.send('camera', null);
    });
    this.keep();
    announce(t(this.camera ? 'say.camera.on' : 'say.camera.off'));
  }

  async toggleScreen(): Promise<void> {
    if (this.screen) return this.stopSharing();
    await this.attempting(async () => {
      const tracks = await openScreen(this.screenFrames);
      if (!tracks) return;
      this.screen = tracks.find((track) => track.kind === 'video') ?? null;
      this.screenSound = tracks.find((track) => track.kind === 'audio') ?? null;
      this.screen?.addEventListener('ended', () => void this.stopSharing());
      await this.call.send('screen', this.screen);
      if (this.screenSound) await this.call.send('screen_audio', this.screenSound);
      announce(t('say.screen.on'));
    });
  }

  /** Takes another microphone or camera in place of the present one, as chosen in the list beside its button. */
  async change(kind: 'audioinput' | 'videoinput'): Promise<void> {
    await this.attempting(async () => {
      if (kind === 'audioinput') return this.takeMicrophone(await openMicrophone(), this.microphoneOpen);
      if (!this.camera) return;
      this.camera.stop();
      await this.takeCamera(await openCamera());
    });
  }

  leave(): void {
    this.call.leave();
  }

  endForAll(): void {
    this.call.endForAll();
  }

  /** The page goes away; the seat is kept for a reload. */
  drop(): void {
    this.keep();
    this.call.drop();
    this.release();
  }

  private welcomed(welcome: Welcome): void {
    const back = this.attempt > 0;
    this.me = welcome.id;
    this.place = welcome.place;
    this.may = welcome.may;
    this.participants = welcome.participants;
    this.screenFrames = welcome.publish.screen_frames_per_second;
    this.attempt = 0;
    this.trouble = '';
    this.phase = 'in';
    this.keep();
    announce(back ? t('say.back') : t('say.entered', { count: welcome.participants.length }));
  }

  private changed(next: Participant): void {
    const index = this.participants.findIndex((one) => one.id === next.id);
    const before = this.participants[index];
    this.participants = before ? this.participants.with(index, next) : [...this.participants, next];
    if (next.id === this.me) return this.heed(before, next);
    if (!before) announce(t('say.came', { name: next.name }));
    else if (before.presence !== next.presence && next.presence === 'lost')
      announce(t('say.lost', { name: next.name }));
    if (!isLive(before, 'screen') && isLive(next, 'screen')) announce(t('say.shares', { name: next.name }));
  }

  /** Somebody else has taken the stage: the server muted our screen, so we stop showing that we share. */
  private heed(before: Participant | undefined, now: Participant): void {
    const was = stateOf(before, 'screen');
    if (this.screen && was !== null && was !== 'muted' && stateOf(now, 'screen') === 'muted') void this.stopSharing();
  }

  private left(id: string): void {
    const gone = this.participants.find((one) => one.id === id);
    this.participants = this.participants.filter((one) => one.id !== id);
    if (gone) announce(t('say.left', { name: gone.name }));
  }

  private lost(attempt: number): void {
    if (this.attempt === 0) announce(t('say.reconnecting'));
    this.attempt = attempt;
  }

  private over(farewell: Farewell): void {
    this.farewell = farewell;
    this.phase = 'over';
    seat.forget(this.arrival.meeting);
    this.release();
  }

  private async takeMicrophone(track: MediaStreamTrack, open: boolean): Promise<void> {
    this.microphone?.stop();
    this.level?.close();
    this.microphone = track;
    this.microphoneOpen = open;
    this.level = new Level(track, (level) => this.hear(level));
    await this.call.send('microphone', open ? track : null);
  }

  private async takeCamera(track: MediaStreamTrack): Promise<void> {
    this.camera = track;
    track.addEventListener('ended', () => this.camera === track && void this.toggleCamera());
    await this.call.send('camera', track);
  }

  private quietFor = 0;
  private hear(level: number): void {
    if (this.microphoneOpen) return;
    if (level > SPEECH) {
      this.quietFor = 0;
      if (!this.speaksMuted) announce(t('room.muted-hint'));
      this.speaksMuted = true;
    } else if ((this.quietFor += 1) > HINT_STAYS) {
      this.speaksMuted = false;
    }
  }

  private async stopSharing(): Promise<void> {
    this.screen?.stop();
    this.screenSound?.stop();
    this.screen = this.screenSound = null;
    await this.call.send('screen', null);
    await this.call.send('screen_audio', null);
    announce(t('say.screen.off'));
  }

  private async attempting(work: () => Promise<void>): Promise<void> {
    try {
      this.trouble = '';
      await work();
    } catch (cause) {
      console.error(cause);
      this.trouble = cause instanceof DeviceError ? t(`device.${cause.hindrance}`) : t('room.trouble');
    }
  }

  private keep(): void {
    if (this.phase !== 'in') return;
    const { name, place, microphoneOpen: microphone } = this;
    seat.keep(this.arrival.meeting, { name, place, microphone, camera: this.camera !== null, at: Date.now() });
  }

  private release(): void {
    this.level?.close();
    this.level = null;
    for (const track of [this.microphone, this.camera, this.screen, this.screenSound]) track?.stop();
    this.microphone = this.camera = this.screen = this.screenSound = null;
  }
}

export function stateOf(participant: Participant | undefined, source: Source): TrackState | null {
  return participant?.tracks.find((track) => track.source === source)?.state ?? null;
}

export const isLive = (participant: Participant | undefined, source: Source): boolean =>
  stateOf(participant, source) === 'live';

/** In tenths of a second: how long the hint stays after the last word. */
const HINT_STAYS = 40;
