import { address } from '../../api/client';
import { blind, finalize, fromHex, prepare, random, toHex, type PublicKey } from './blind';
import type { Choice, ServerMessage, Step, VoteState } from '../protocol';

/** What the tab keeps of one secret ballot, so that a reload loses no token; all texts are hexadecimal. */
interface Kept {
  prepared: string;
  blinded: string;
  inverse: string;
  encoded: string;
  /** Once the server has signed. */
  signature: string | null;
  /** As the server has taken it. */
  choice: Choice | null;
}

type Token = Extract<ServerMessage, { type: 'token' }>;

/** The secret ballots of one participant: a token is asked as soon as a vote is open, whatever is chosen later. */
export class SecretBallots {
  private kept = $state.raw<Record<number, Kept>>({});
  /** The last one could not be cast. */
  failed = $state(false);
  /** For which votes this socket has asked for a token. */
  private asked: number[] = [];

  constructor(
    private readonly meeting: string,
    private readonly me: () => string,
    private readonly ask: (step: Step) => void,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem'> = sessionStorage,
  ) {}

  /** Whether a ballot can be cast. */
  isReady = (vote: number): boolean => (this.kept[vote]?.signature ?? null) !== null;
  choiceOf = (vote: number): Choice | null => this.kept[vote]?.choice ?? null;

  /** Under which name the own ballot is published: SHA-256 of the token. */
  async nameOf(vote: number): Promise<string | null> {
    const kept = this.kept[vote];
    if (!kept?.choice) return null;
    return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', fromHex(kept.prepared))));
  }

  /** A new socket: what the former one asked for may have been lost. */
  begin(votes: VoteState[]): void {
    this.asked = [];
    for (const vote of votes) void this.heed(vote);
  }

  /** Takes note of a vote: what is kept of it is found again; where it is open and ours, a token is asked. */
  async heed(vote: VoteState): Promise<void> {
    if (!vote.key) return;
    if (!this.kept[vote.id]) this.find(vote.id);
    const mine = vote.ballots.some((one) => one.voter === this.me());
    if (vote.end || !mine || this.isReady(vote.id) || this.asked.includes(vote.id)) return;
    this.asked.push(vote.id);
    await this.prepare(vote.id, keyOf(vote));
    const kept = this.kept[vote.id];
    if (kept) this.ask({ name: 'ask_token', vote: vote.id, voter: this.me(), blinded: kept.blinded });
  }

  /** The server has signed. */
  take(token: Token, vote: VoteState | undefined): void {
    const kept = this.kept[token.vote];
    if (!kept || !vote?.key || token.voter !== this.me()) return;
    const blinding = { inverse: BigInt(`0x${kept.inverse}`), encoded: BigInt(`0x${kept.encoded}`) };
    const signature = toHex(finalize(keyOf(vote), blinding, fromHex(token.signed)));
    this.keep(token.vote, { ...kept, signature });
  }

  /** Casts, or changes what was cast; without a cookie, so that nobody is asked who it is. */
  async cast(vote: number, choice: Choice): Promise<void> {
    const kept = this.kept[vote];
    if (!kept?.signature) return;
    this.failed = false;
    const ballot = {
      meeting_id: this.meeting,
      vote,
      token: kept.prepared,
      signature: kept.signature,
      choice,
    };
    try {
      const answer = await fetch(address('/ballots'), {
        method: 'POST',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(ballot),
      });
      if (!answer.ok) throw new Error(`the ballot was answered ${answer.status}`);
      this.keep(vote, { ...this.kept[vote]!, choice });
    } catch (cause) {
      console.error(cause);
      this.failed = true;
    }
  }

  private async prepare(vote: number, key: PublicKey): Promise<void> {
    if (this.kept[vote]) return;
    const prepared = prepare(random(32));
    const { blinded, inverse, encoded } = await blind(key, prepared);
    this.keep(vote, {
      prepared: toHex(prepared),
      blinded: toHex(blinded),
      inverse: inverse.toString(16),
      encoded: encoded.toString(16),
      signature: null,
      choice: null,
    });
  }

  private place = (vote: number) => `hoian.ballot.${this.meeting}.${this.me()}.${vote}`;

  private keep(vote: number, kept: Kept): void {
    this.kept = { ...this.kept, [vote]: kept };
    this.storage.setItem(this.place(vote), JSON.stringify(kept));
  }

  private find(vote: number): void {
    const found = this.storage.getItem(this.place(vote));
    if (found) this.kept = { ...this.kept, [vote]: JSON.parse(found) as Kept };
  }
}

const keyOf = ({ key }: VoteState): PublicKey => ({ n: BigInt(`0x${key!.n}`), e: BigInt(`0x${key!.e}`) });
