import { api } from '../api/client';
import type { DesktopRequest } from '../api/types';
import { announce } from '../components/announcer.svelte';
import { t } from './texts';
import { sign } from './tool';

/** The state's desktop tool at work: how far it is, what went wrong. */
export class Tool {
  busy = $state(false);
  step = $state<'asked' | 'signing' | 'brought'>();
  problem = $state.raw<unknown>();

  /** Asks at `path` for a request, has the tool answer it, and looks what the server says then. */
  async use<T>(
    tool: string,
    path: string,
    body: Record<string, unknown> | undefined,
    look: () => Promise<T>,
  ): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = undefined;
    try {
      this.#at('asked');
      const { address } = await api<DesktopRequest>(path, { method: 'POST', body });
      this.#at('signing');
      await sign(tool, address);
      this.#at('brought');
      return await look();
    } catch (cause) {
      this.problem = cause;
      return undefined;
    } finally {
      this.busy = false;
      this.step = undefined;
    }
  }

  #at(step: 'asked' | 'signing' | 'brought'): void {
    this.step = step;
    announce(t(`tool.step.${step}`));
  }
}
