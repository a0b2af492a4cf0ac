import { api } from '../api/client';
import type { Page } from '../api/types';
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
  const lists = [
    api<Page<unknown>>('/documents', { query: { box: 'waiting' } }),
    api<Page<unknown>>('/dispatches', { query: { box: duty() } }),
  ];
  const answers = await Promise.allSettled(lists);
  count = answers.reduce((sum, answer) => sum + (answer.status === 'fulfilled' ? answer.value.items.length : 0), 0);
}
