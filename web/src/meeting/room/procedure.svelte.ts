import { announce } from '../../components/announcer.svelte';
import type {
  Current,
  Entry,
  FloorState,
  Knock,
  PaperSigning,
  ProcedureState,
  Quorum,
  RecordingState,
  Role,
  Rules,
  Said,
  ServerMessage,
  Stage,
  Step,
  Turn,
  VoteState,
} from '../protocol';
import { t } from '../texts';
import { newlyLost, withVote } from './votes';

/** Where the meeting's procedure stands, as the server tells it, and the steps that this participant may ask for. */
export class Procedure {
  current = $state.raw<Current | null>(null);
  waiting = $state.raw<Turn[]>([]);
  roll = $state.raw<Entry[]>([]);
  quorum = $state.raw<Quorum | null>(null);
  rules = $state.raw<Rules | null>(null);
  stage = $state.raw<Stage>({ what: 'free' });
  item = $state<number | null>(null);
  chat = $state.raw<Said[]>([]);
  votes = $state.raw<VoteState[]>([]);
  signings = $state.raw<PaperSigning[]>([]);
  recording = $state.raw<RecordingState | null>(null);
  /** The recording of which this participant knows. */
  knownRecording = $state<number | null>(null);
  unread = $state(0);
  knocking = $state.raw<Knock[]>([]);
  pointer = $state.raw<{ x: number; y: number } | null>(null);
  /** How far the server's clock is ahead of ours, in milliseconds. */
  private ahead = $state(0);
  chatOpen = false;

  constructor(
    private readonly send: (step: Step) => void,
    private readonly me: () => string,
    private readonly role: () => Role | null,
  ) {}

  ask(step: Step): void {
    this.send(step);
  }

  mine = $derived.by(() => this.waiting.find((turn) => turn.seat === this.me()) ?? null);
  offered = $derived.by(() => (this.owns() && !this.current!.began_at ? this.current : null));
  speaking = $derived.by(() => (this.owns() && this.current!.began_at ? this.current : null));

  /** The vote that is open. */
  vote = $derived.by(() => this.votes.find((one) => one.end === null) ?? null);

  /** Milliseconds from `now` until a moment of the server. */
  until(moment: string, now: number): number {
    return Date.parse(moment) - now - this.ahead;
  }

  /** Milliseconds that are left of the turn at `now`; below zero when it runs over. */
  left(now: number): number {
    if (!this.current) return 0;
    const running = this.current.runs_since ? now + this.ahead - Date.parse(this.current.runs_since) : 0;
    return this.current.quota_ms - this.current.spent_ms - Math.max(0, running);
  }

  welcome(state: ProcedureState): void {
    this.takeFloor(state.floor);
    this.roll = state.roll;
    this.quorum = state.quorum;
    this.rules = state.rules;
    this.stage = state.stage;
    this.item = state.item;
    this.chat = state.chat;
    this.votes = state.votes;
    this.signings = state.signings;
    this.recording = state.recording;
  }

  /** Takes a message of the procedure; `false` where it is none. */
  take(message: ServerMessage): boolean {
    switch (message.type) {
      case 'procedure':
        this.welcome(message.state);
        return true;
      case 'floor':
        this.tellFloor(message.floor);
        this.takeFloor(message.floor);
        return true;
      case 'roll':
        this.takeEntry(message.entry);
        this.quorum = message.quorum;
        return true;
      case 'rules':
        this.rules = message.rules;
        return true;
      case 'stage':
        this.stage = message.stage;
        this.pointer = null;
        return true;
      case 'item':
        this.item = message.number;
        return true;
      case 'vote':
        this.takeVote(message.vote);
        return true;
      case 'signing':
        this.takeSigning(message.signing);
        return true;
      case 'recording':
        this.tellRecording(message.recording);
        this.recording = message.recording;
        return true;
      case 'said':
        this.hear(message.said);
        return true;
      case 'knocking':
        if (message.waiting.length > this.knocking.length)
          announce(t('say.knocks', { name: message.waiting.at(-1)!.name }));
        this.knocking = message.waiting;
        return true;
      case 'pointer':
        this.pointer = { x: message.x, y: message.y };
        return true;
      default:
        return false;
    }
  }

  private takeFloor(floor: FloorState): void {
    this.ahead = Date.parse(floor.now) - Date.now();
    this.current = floor.current;
    this.waiting = floor.waiting;
  }

  private tellFloor(floor: FloorState): void {
    const now = floor.current;
    const before = this.current;
    if (now && now.turn.seat === this.me() && !now.began_at && before?.turn.id !== now.turn.id)
      announce(t('say.offered'));
    else if (now?.began_at && !(before?.turn.id === now.turn.id && before.began_at))
      announce(t('say.floor', { name: now.turn.name }));
    else if (before?.began_at && !now) announce(t('say.floor-over', { name: before.turn.name }));
  }

  private takeEntry(entry: Entry): void {
    const index = this.roll.findIndex((one) => one.seat === entry.seat);
    this.roll = index < 0 ? [...this.roll, entry] : this.roll.with(index, entry);
  }

  private takeVote(vote: VoteState): void {
    const before = this.votes.find((one) => one.id === vote.id);
    this.ahead = Date.parse(vote.now) - Date.now();
    this.votes = withVote(this.votes, vote);
    this.tellVote(before, vote);
  }

  private tellVote(before: VoteState | undefined, vote: VoteState): void {
    if (!before && !vote.end) return announce(t('say.vote.opened', { question: vote.terms.question }));
    if (vote.end && !before?.end)
      return announce(t('say.vote.over', { outcome: t(`outcome.${vote.end.outcome}`), ...vote.end.tally }));
    const mine = (one: VoteState | undefined) => one?.ballots.find((ballot) => ballot.voter === this.me())?.choice;
    const choice = mine(vote);
    if (choice && choice !== mine(before)) announce(t('say.vote.recorded', { choice: t(`choice.${choice}`) }));
    for (const name of newlyLost(before, vote)) announce(t('say.vote.lost', { name }));
  }

  private takeSigning(signing: PaperSigning): void {
    const index = this.signings.findIndex((one) => one.paper === signing.paper);
    this.signings = index < 0 ? [...this.signings, signing] : this.signings.with(index, signing);
    const signed = signing.signatories.filter((one) => one.signed_at).length;
    const mine = signing.signatories.find((one) => one.seat === this.me());
    if (index < 0 && mine) announce(t('say.signing', { title: signing.title }));
    else if (signed > 0) announce(t('signing.count', { signed, of: signing.signatories.length }));
  }

  private tellRecording(now: RecordingState | null): void {
    const before = this.recording;
    if (!now) return before ? announce(t('say.recording.over')) : undefined;
    if (now.is_paused) announce(t('say.recording.paused'));
    else if (!before || before.is_paused) announce(t('say.recording.on'));
  }

  private hear(said: Said): void {
    this.chat = [...this.chat.slice(-199), said];
    if (said.seat === this.me()) return;
    if (!this.chatOpen) this.unread += 1;
    announce(t('say.said', { name: said.name, text: said.text }));
  }

  leads = $derived.by(() => ['chair', 'secretary', 'technical_host'].includes(this.role() ?? ''));

  private owns(): boolean {
    return this.current !== null && this.current.turn.seat === this.me();
  }
}

/** `2:14`, or `-0:05` when the turn runs over. */
export function countdown(left: number): string {
  const seconds = Math.abs(Math.ceil(left / 1000));
  return `${left < 0 && seconds > 0 ? '-' : ''}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export const isOnline = (entry: Entry): boolean => entry.intervals.at(-1)?.to === null;
