import { api } from '../api/client';
import type { DispatchSummary, Page } from '../api/types';

/** What may be accepted without a closer look: nobody has answered it, nobody asks for it back, every signature is valid. */
export const plain = (dispatch: Pick<DispatchSummary, 'status' | 'recall' | 'verdict' | 'actions'>): boolean =>
  dispatch.status === 'arrived' &&
  dispatch.recall !== 'asked' &&
  dispatch.verdict === 'TOTAL-PASSED' &&
  dispatch.actions.includes('accept');

/** All of it, the longest waiting first, so that arrival numbers follow the order of arrival. */
export async function plainWaiting(): Promise<DispatchSummary[]> {
  const all: DispatchSummary[] = [];
  for (let after: string | undefined; ;) {
    const page = await api<Page<DispatchSummary>>('/dispatches', { query: { box: 'waiting', limit: '200', after } });
    all.push(...page.items.filter(plain));
    after = page.next ?? undefined;
    if (!after) return all.reverse();
  }
}
