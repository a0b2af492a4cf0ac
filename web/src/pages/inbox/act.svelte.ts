import { api } from '../../api/client';
import type { DispatchDetail } from '../../api/types';
import { announce } from '../../components/announcer.svelte';

type Body = Record<string, unknown>;

/** One step at a time with a dispatch: whether it is under way, what was refused, what came back. */
export class Act {
  busy = $state(false);
  problem = $state.raw<unknown>();

  constructor(
    readonly id: () => string,
    readonly done: (dispatch: DispatchDetail) => void,
  ) {}

  /** Takes a step; what is heard afterwards comes from `said`. Comes back as whether it was taken. */
  async take(path: string, body: Body, said: (dispatch: DispatchDetail) => string): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      const answer = await api<DispatchDetail>(`/dispatches/${encodeURIComponent(this.id())}/${path}`, {
        method: 'POST',
        body,
      });
      announce(said(answer));
      this.done(answer);
      return true;
    } catch (cause) {
      this.problem = cause;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
