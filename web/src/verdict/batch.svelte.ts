import { Problem } from '../api/problem';
import type { Verification } from '../api/types';

/** A file of many, and what became of it. */
export interface Checked {
  file: File;
  state: 'waiting' | 'checking' | 'done';
  result?: Verification;
  /** Why it was not checked. */
  problem?: unknown;
}

/** No more files at once. */
export const MOST_FILES = 200;

/** So many are on their way at once: the server has few places for visitors, and others want theirs. */
const LANES = 2;
/** How long to wait before asking again where every place is taken, in ms. */
const PAUSES = [1000, 2000, 4000, 8000, 15_000];

/** Many files, checked in their order, two at once. */
export class Batch {
  all = $state<Checked[]>([]);
  done = $derived(this.all.filter((one) => one.state === 'done').length);
  valid = $derived(this.all.filter((one) => one.result?.verdict === 'TOTAL-PASSED').length);
  readonly #check: (file: File) => Promise<Verification>;
  readonly #pause: (ms: number) => Promise<void>;
  #stopped = false;

  constructor(
    files: Iterable<File>,
    check: (file: File) => Promise<Verification>,
    pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  ) {
    this.all = Array.from(files, (file) => ({ file, state: 'waiting' as const }));
    this.#check = check;
    this.#pause = pause;
  }

  /** Resolves when every file is done, or after {@link stop} those that were on their way. */
  async run(): Promise<void> {
    const waiting = this.all.values();
    const lane = async () => {
      for (const one of waiting) {
        if (this.#stopped) return;
        one.state = 'checking';
        try {
          one.result = await this.#patiently(one.file);
        } catch (cause) {
          one.problem = cause;
        }
        one.state = 'done';
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #patiently(file: File): Promise<Verification> {
    for (const ms of PAUSES) {
      try {
        return await this.#check(file);
      } catch (cause) {
        const busy = cause instanceof Problem && [429, 503].includes(cause.status);
        if (!busy || this.#stopped) throw cause;
      }
      await this.#pause(ms);
    }
    return this.#check(file);
  }
}
