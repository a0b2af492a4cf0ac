import { api } from '../api/client';
import { announce } from '../components/announcer.svelte';
import { checkCode, sign, type Step } from './host';
import { t } from './texts';

/** What the server prepared for a key that is not with it. */
interface Asked {
  id: string;
  word: string;
  digest: string;
}

/** A token at work: how far it is, what is compared by eye, what went wrong. */
export class Token {
  busy = $state(false);
  step = $state<Step | 'asked' | 'brought'>();
  code = $state<string>();
  problem = $state.raw<unknown>();

  /** Asks at `path` for a request, has it signed, and brings the signature; comes back with the server's answer. */
  async use<T>(path: string, body: Record<string, unknown>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = undefined;
    try {
      this.#at('asked');
      const asked = await api<Asked>(path, { method: 'POST', body });
      this.code = checkCode(asked.digest);
      const signature = await sign(asked.word, (step) => this.#at(step));
      this.#at('brought');
      return await api<T>(`${path}/${asked.id}/signature`, { method: 'POST', body: { signature } });
    } catch (cause) {
      this.problem = cause;
      return undefined;
    } finally {
      this.busy = false;
      this.step = undefined;
      this.code = undefined;
    }
  }

  #at(step: Step | 'asked' | 'brought'): void {
    this.step = step;
    announce(t(`token.step.${step}`));
  }
}
