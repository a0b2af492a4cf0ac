import { api } from '../api/client';

/** How many notices this person has not read, as the bell shows it; the server counts to a hundred. */
let count = $state(0);

export const unread = {
  get count() {
    return count;
  },
  /** As it is written: beyond 99 only that there are more. */
  get shown() {
    return count > 99 ? '99+' : String(count);
  },
};

/** Counts again; a count that cannot be had is not worth a word. */
export async function recount(): Promise<void> {
  try {
    count = (await api<{ unread: number }>('/notices/count')).unread;
  } catch {
    // The bell keeps what it showed.
  }
}

export async function markRead(id: string): Promise<void> {
  await api(`/notices/${encodeURIComponent(id)}/reading`, { method: 'POST' });
  await recount();
}

export async function markAllRead(upTo: string): Promise<void> {
  await api('/notices/reading', { method: 'POST', body: { up_to: upTo } });
  await recount();
}
