import { api } from '../api/client';
import type { DispatchCounts, Page } from '../api/types';
import { duty } from './duty';

/** How many things wait for this person, as the bar shows it. */
let count = $state(0);

export const waiting = {
  get count() {
    return count;
  },
  set count(next: number) {
    count = next;
  },
};

/** Counts again; a count that cannot be had is not worth a word, the page itself will say what is wrong. */
export async function recount(): Promise<void> {
  const [documents, dispatches] = await Promise.allSettled([
    api<Page<unknown>>('/documents', { query: { box: 'waiting' } }),
    api<DispatchCounts>('/dispatches/counts'),
  ]);
  count =
    (documents.status === 'fulfilled' ? documents.value.items.length : 0) +
    (dispatches.status === 'fulfilled' ? dispatches.value[duty()] : 0);
}
