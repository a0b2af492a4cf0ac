import { api } from '../api/client';
import { Problem } from '../api/problem';
import type { RemoteFactor, RemoteRequest } from '../api/types';
import { announce } from '../components/announcer.svelte';
import { t } from './texts';

const KEY = '/session/signing-key/remote';
const EVERY_MS = 2000;

/** A remote signing service at work: what its owner types for it, whether it is awaited, what went wrong. */
export class Remote {
  answers = $state<Record<string, string>>({});
  missing = $state<string>();
  busy = $state(false);
  sending = $state<string>();
  sent = $state<string>();
  problem = $state.raw<unknown>();

  /** Has the service send a code: to the owner of `credential`, or else of the enrolled key. */
  async sendCode(factor: string, credential?: string): Promise<void> {
    if (this.sending) return;
    this.problem = undefined;
    this.sending = factor;
    try {
      await api(`${KEY}/codes`, { method: 'POST', body: { factor, credential_id: credential ?? null } });
      this.sent = factor;
      announce(t('remote.code.sent'));
    } catch (cause) {
      this.problem = cause;
    } finally {
      this.sending = undefined;
    }
  }

  /** Shows the service its owner's will once; what was typed is gone afterwards, whatever came of it. */
  async use<T>(path: string, factors: RemoteFactor[], body: Record<string, unknown>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.problem = undefined;
    const typed = factors.filter((factor) => factor.kind !== 'elsewhere');
    this.missing = typed.find((factor) => !this.answers[factor.id]?.trim())?.id;
    if (this.missing !== undefined) {
      announce(t('remote.missing'));
      return undefined;
    }
    this.busy = true;
    try {
      const answers = typed.map(({ id }) => ({ id, value: this.answers[id]!.trim() }));
      return await api<T>(path, { method: 'POST', body: { ...body, answers } });
    } catch (cause) {
      this.problem = cause;
      return undefined;
    } finally {
      this.busy = false;
      this.answers = {};
      this.sent = undefined;
    }
  }

  /** Asks how a request stands until it is over, then says so; comes back with what ends the asking. */
  follow(request: string, over: () => void): () => void {
    const abort = new AbortController();
    const look = async (): Promise<void> => {
      try {
        await api<RemoteRequest>(`/session/remote-requests/${encodeURIComponent(request)}`, { signal: abort.signal });
      } catch (cause) {
        if (abort.signal.aborted) return;
        // The line may be down for a moment; the server answers with a status.
        if (cause instanceof Problem && cause.status > 0 && cause.status < 500) {
          clearInterval(timer);
          if (cause.kind !== 'signature-request-over') this.problem = cause;
          over();
        }
      }
    };
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }
}
