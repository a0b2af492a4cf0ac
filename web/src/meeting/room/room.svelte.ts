import { announce } from '../../components/announcer.svelte';
import { papersOf, preparationOf, type Item, type Paper } from '../meetings';
import type {
  Act,
  ErrorName,
  MixedSound,
  OwnCheck,
  Participant,
  Role,
  ServerMessage,
  Source,
  TrackState,
  Welcome,
} from '../protocol';
import { Book } from '../minutes/book.svelte';
import { SecretBallots } from '../ballot/secret.svelte';
import { Call, type Seen } from '../rtc/call';
import { DeviceError, openCamera, openMicrophone, openScreen } from '../rtc/devices';
import { Level, SPEECH } from '../rtc/level';
import type { Farewell } from '../rtc/signalling';
import * as seat from '../seat';
import { t } from '../texts';
import { Procedure } from './procedure.svelte';
import { still } from './still';

export interface Arrival {
  meeting: string;
  /** The code of the link by which they came. */
  link: string;
  /** Whether somebody is logged in: private notes need an account. */
  hasAccount: boolean;
  url: string;
  name: string;
  place: string | null;
  /** Of a reload: whom they had pinned, whether they only listened, and whether to all voices in one stream. */
  pinned: string | null;
  soundOnly: boolean;
  mixedSound: boolean;
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  /** What the devices did at the door; `null` where nothing was tried. */
  check: OwnCheck | null;
  /** The room in which a seat is tried out: it is no seat to come back to. */
  isTrial?: boolean;
}

/** The meeting as one participant lives it: what the page shows, and what its buttons do. */
export class Room {
  phase = $state<'entering' | 'waiting' | 'in' | 'over'>('entering');
  /** Which attempt to come back is under way; 0 while the line stands. */
  attempt = $state(0);
  farewell = $state<Farewell>('left');
  me = $state('');
  may = $state.raw<Act[]>([]);
  participants = $state.raw<Participant[]>([]);
  speaking = $state.raw<string[]>([]);
  seen = $state.raw<Seen[]>([]);
  /** Whom this viewer has pinned; nobody else sees it. */
  pinned = $state<string | null>(null);
  /** No pictures are sent to us, by our own wish. */
  soundOnly = $state(false);
  /** All voices come in one stream, by our own wish. */
  mixedSound = $state(false);
  /** How they come now, as the server says. */
  hearing = $state<MixedSound>('off');
  /** Our line carries no picture. */
  thin = $state(false);
  /** For how many faces the page has room. */
  private pictures = 8;
  camera = $state.raw<MediaStreamTrack | null>(null);
  screen = $state.raw<MediaStreamTrack | null>(null);
  microphoneOpen = $state(false);
  /** Somebody speaks into the muted microphone. */
  speaksMuted = $state(false);
  /** One sentence about what went wrong last; empty when nothing did. */
  trouble = $state('');
  papers = $state.raw<Paper[]>([]);
  /** The agenda. */
  items = $state.raw<Item[]>([]);
  role = $state<Role | null>(null);
  readonly procedure: Procedure;
  readonly secret: SecretBallots;
  /** For those who take the minutes. */
  readonly book: Book;

  private microphone: MediaStreamTrack | null = null;
  private screenSound: MediaStreamTrack | null = null;
  private level: Level | null = null;
  private screenFrames = 15;
  private name: string;
  private place = '';
  readonly call: Call;

  private tried: OwnCheck | null;

  constructor(private readonly arrival: Arrival) {
    this.name = arrival.name;
    this.pinned = arrival.pinned;
    this.soundOnly = arrival.soundOnly;
    this.mixedSound = arrival.mixedSound;
    this.tried = arrival.check;
    this.procedure = new Procedure(
      (step) => this.call.step(step),
      () => this.me,
      () => this.role,
    );
    this.book = new Book(arrival.meeting);
    this.secret = new SecretBallots(
      arrival.meeting,
      () => this.me,
      (step) => this.call.step(step),
    );
    this.call = new Call(arrival, {
      welcomed: (welcome) => this.welcomed(welcome),
      participant: (participant) => this.changed(participant),
      left: (id) => this.left(id),
      waiting: () => this.waits(),
      procedure: (message) => this.heard(message),
      speaking: (ids) => (this.speaking = ids),
      thin: (isThin) => (this.thin = isThin),
      mixed: (state) => this.mixed(state),
      seen: (tracks) => (this.seen = tracks),
      lost: (attempt) => this.lost(attempt),
      error: (sentence, name) => this.refused(sentence, name),
      over: (farewell) => this.over(farewell),
    });
    // It opens with the welcome, which says whether so many are there that one begins muted.
    if (arrival.microphone) void this.takeMicrophone(arrival.microphone, false);
    if (arrival.camera) void this.takeCamera(arrival.camera);
  }

  get meeting(): string {
    return this.arrival.meeting;
  }
  get link(): string {
    return this.arrival.link;
  }
  get hasAccount(): boolean {
    return this.arrival.hasAccount;
  }

  /** Shows somebody whoever speaks, or nobody in particular; a second time takes the pin out. */
  pin(id: string): void {
    this.pinned = this.pinned === id ? null : id;
    const name = this.participants.find((one) => one.id === id)?.name ?? '';
    announce(t(this.pinned ? 'say.pinned' : 'say.unpinned', { name }));
    this.keep();
    this.watch();
  }

  listenOnly(soundOnly: boolean): void {
    this.soundOnly = soundOnly;
    announce(t(soundOnly ? 'say.sound-only' : 'say.pictures'));
    this.keep();
    this.watch();
  }

  mixSound(mixedSound: boolean): void {
    this.mixedSound = mixedSound;
    this.keep();
    this.watch();
  }

  /** The wish alone changes nothing: what the server does is said. */
  private mixed(state: MixedSound): void {
    if (state === this.hearing) return;
    this.hearing = state;
    announce(t(`mixed.${state}`));
  }

  /** The page has room for so many faces. */
  showUpTo(pictures: number): void {
    if (pictures === this.pictures) return;
    this.pictures = pictures;
    this.watch();
  }

  /** Whom this page shows whoever speaks: the viewer's own choice goes before the stage of all. */
  private watch(): void {
    const { stage } = this.procedure;
    const first = [this.pinned, stage.what === 'picture' ? stage.seat : null];
    this.call.watch({
      pictures: this.pictures,
      first: first.filter((id) => id !== null && id !== this.me) as string[],
      soundOnly: this.soundOnly,
      mixedSound: this.mixedSound,
    });
  }

  /** Tells what the own devices did when they were tried out. */
  report(check: OwnCheck): void {
    this.tried = check;
    if (this.phase === 'in' && this.may.includes('report_site')) this.call.check(check);
  }

  point(x: number, y: number): void {
    this.call.point(x, y);
  }

  /** The speaker's own consent: takes the floor and opens the microphone. */
  async takeFloor(): Promise<void> {
    const offered = this.procedure.offered;
    if (!offered) return;
    this.procedure.ask({ name: 'answer_floor', turn: offered.turn.id, accept: true });
    if (!this.microphoneOpen) await this.turnMicrophone();
  }

  /** What the rules of the room allow; the server decides by the same. */
  private mayBeHeard(): boolean {
    const { rules, leads, speaking } = this.procedure;
    return rules?.microphones !== 'floor_only' || leads || speaking !== null;
  }

  toggleHand(): void {
    const raised = this.procedure.mine !== null || this.procedure.offered !== null;
    this.procedure.ask({ name: raised ? 'lower_hand' : 'raise_hand' });
    announce(t(raised ? 'say.hand.down' : 'say.hand.up'));
  }

  /** What the server sees of one of our sources. */
  truth(source: Source): TrackState | null {
    return stateOf(
      this.participants.find((one) => one.id === this.me),
      source,
    );
  }

  async toggleMicrophone(): Promise<void> {
    if (!this.microphoneOpen && !this.mayBeHeard()) {
      this.trouble = t('room.floor-needed');
      return announce(this.trouble);
    }
    await this.turnMicrophone();
  }

  private async turnMicrophone(): Promise<void> {
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
    this.role = welcome.role;
    this.procedure.welcome(welcome.procedure);
    this.book.fill(welcome.procedure.minutes);
    this.secret.begin(welcome.procedure.votes);
    this.hearing = 'off';
    if (this.pinned && !welcome.participants.some((one) => one.id === this.pinned)) this.pinned = null;
    this.watch();
    void this.loadPapers();
    void this.loadItems();
    this.startStills();
    this.participants = welcome.participants;
    this.screenFrames = welcome.publish.screen_frames_per_second;
    this.attempt = 0;
    this.trouble = '';
    const begins = this.phase !== 'in';
    this.phase = 'in';
    if (this.tried) this.report(this.tried);
    if (begins && this.arrival.microphone && this.microphone === this.arrival.microphone) this.openAtFirst(welcome);
    this.keep();
    const said = back ? t('say.back') : t('say.entered', { count: welcome.participants.length });
    announce(welcome.procedure.recording ? `${said}. ${t('say.recording.on')}` : said);
  }

  /** Opens the microphone that was chosen at the door, where the room lets it. */
  private openAtFirst(welcome: Welcome): void {
    const leads = welcome.may.includes('admit');
    const held = welcome.procedure.rules.microphones === 'floor_only' && !leads;
    if (welcome.join_muted || held) return announce(t('say.join-muted'));
    this.microphoneOpen = true;
    this.speaksMuted = false;
    void this.call.send('microphone', this.microphone);
  }

  private waits(): void {
    if (this.phase !== 'waiting') announce(t('lobby.waiting'));
    this.phase = 'waiting';
  }

  private heard(message: ServerMessage): void {
    const stage = this.procedure.stage;
    if (message.type === 'token') return this.takeToken(message);
    if (this.book.take(message) || !this.procedure.take(message)) return;
    if (message.type === 'vote') void this.secret.heed(message.vote);
    if (message.type === 'procedure') void this.loadItems();
    if (message.type === 'item') this.tellItem(message.number);
    const { what } = this.procedure.stage;
    if (message.type === 'stage' || message.type === 'procedure') this.watch();
    if (message.type === 'stage' && what === 'paper' && stage !== this.procedure.stage) {
      const { paper, page } = this.procedure.stage as { paper: string; page: number };
      if (!this.papers.some((one) => one.id === paper)) void this.loadPapers();
      announce(t('say.page', { page }));
    }
  }

  private takeToken(token: Extract<ServerMessage, { type: 'token' }>): void {
    try {
      this.secret.take(
        token,
        this.procedure.votes.find((one) => one.id === token.vote),
      );
    } catch (cause) {
      console.error(cause);
      this.trouble = t('room.trouble');
    }
  }

  async loadPapers(): Promise<void> {
    try {
      this.papers = await papersOf(this.meeting, this.link);
    } catch {
      // The list is tried again whenever a paper is shown.
    }
  }

  private async loadItems(): Promise<void> {
    try {
      this.items = (await preparationOf(this.meeting, this.link)).items;
    } catch {
      // Without the agenda the meeting goes on.
    }
  }

  private tellItem(number: number | null): void {
    const item = this.items.find((one) => one.number === number);
    if (item) announce(t('say.item', { number: item.number, title: item.title }));
  }

  private stills = 0;
  private startStills(): void {
    window.clearInterval(this.stills);
    const send = () => void still(this.camera).then((jpeg) => jpeg && this.call.still(jpeg));
    this.stills = window.setInterval(send, STILL_EVERY_MS);
    window.setTimeout(send, 1500);
  }

  private changed(next: Participant): void {
    const index = this.participants.findIndex((one) => one.id === next.id);
    const before = this.participants[index];
    this.participants = before ? this.participants.with(index, next) : [...this.participants, next];
    if (next.id === this.me) return this.heed(before, next);
    // A hall of two hundred would be spoken of without end: leaders hear of lost lines, small rooms of everyone.
    const small = this.participants.length <= SMALL;
    if (!before && small) announce(t('say.came', { name: next.name }));
    else if (before && (small || this.procedure.leads) && before.presence !== next.presence && next.presence === 'lost')
      announce(t('say.lost', { name: next.name }));
    if (!isLive(before, 'screen') && isLive(next, 'screen')) announce(t('say.shares', { name: next.name }));
  }

  /** Somebody else has taken the stage, or a leader has closed our microphone: what the server muted is shown as muted. */
  private heed(before: Participant | undefined, now: Participant): void {
    const heard = stateOf(before, 'microphone');
    const closed = heard !== null && heard !== 'muted' && stateOf(now, 'microphone') === 'muted';
    if (closed && this.microphoneOpen) {
      this.microphoneOpen = false;
      void this.call.send('microphone', null);
      announce(t('say.muted-by-leader'));
    }
    const was = stateOf(before, 'screen');
    if (this.screen && was !== null && was !== 'muted' && stateOf(now, 'screen') === 'muted') void this.stopSharing();
  }

  private left(id: string): void {
    const gone = this.participants.find((one) => one.id === id);
    this.participants = this.participants.filter((one) => one.id !== id);
    if (this.pinned === id) this.pinned = null;
    if (gone && this.participants.length <= SMALL) announce(t('say.left', { name: gone.name }));
  }

  /** Whatever was refused, the page shows what is so. */
  private refused(sentence: string, name: ErrorName | null): void {
    this.trouble = sentence || t('room.trouble');
    if (name !== 'floor_needed') return;
    this.microphoneOpen = false;
    void this.call.send('microphone', null);
  }

  private lost(attempt: number): void {
    if (this.attempt === 0) announce(t('say.reconnecting'));
    this.attempt = attempt;
  }

  private over(farewell: Farewell): void {
    this.farewell = farewell;
    this.phase = 'over';
    if (!this.arrival.isTrial) seat.forget(this.arrival.meeting);
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
    // Before the room is entered, and where only the floor opens a microphone, nobody has forgotten anything.
    if (this.microphoneOpen || this.phase !== 'in' || !this.mayBeHeard()) {
      this.speaksMuted = false;
      return;
    }
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
    if (this.phase !== 'in' || this.arrival.isTrial) return;
    const { name, place, pinned, soundOnly, mixedSound, microphoneOpen: microphone } = this;
    const kept = { name, place, microphone, camera: this.camera !== null, pinned, soundOnly, mixedSound };
    seat.keep(this.arrival.meeting, { ...kept, at: Date.now() });
  }

  private release(): void {
    window.clearInterval(this.stills);
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
/** Up to so many people comings and goings are told. */
const SMALL = 12;
const STILL_EVERY_MS = 10_000;
