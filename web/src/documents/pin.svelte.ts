import { Problem } from '../api/problem';
import type { Key } from '../api/types';
import { announce } from '../components/announcer.svelte';
import { t } from '../i18n';

/** A PIN being entered and used: what is wrong with it, how many tries are left, whether the key is at work. */
export class Pin {
  value = $state('');
  busy = $state(false);
  error = $state<string>();
  problem = $state.raw<unknown>();
  #left = $state<number>();

  constructor(readonly key: () => Key | null | undefined) {}

  get tries(): number | undefined {
    return this.#left ?? this.key()?.tries_left;
  }

  /** Tries an action with the PIN once; a wrong PIN empties the field, anything else leaves it as it is. */
  async use<T>(action: (pin: string) => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.problem = undefined;
    this.error = this.value ? undefined : t('pin.missing');
    if (this.error) return undefined;
    this.busy = true;
    try {
      return await action(this.value);
    } catch (cause) {
      this.#refused(cause);
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  #refused(cause: unknown): void {
    if (!(cause instanceof Problem) || cause.kind !== 'wrong-pin') {
      this.problem = cause;
      return;
    }
    this.value = '';
    if (typeof cause.members.tries_left === 'number') this.#left = cause.members.tries_left;
    this.error = cause.title;
    announce(cause.title);
  }
}
