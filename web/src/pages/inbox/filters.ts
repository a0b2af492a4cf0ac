import type { DispatchBox, DispatchCounts, DispatchSummary } from '../../api/types';
import type { Duty } from '../../session/duty';

export type Filter = 'arrived' | 'instruct' | 'mine' | 'handling' | 'late' | 'done' | 'returned' | 'sent';

/** The server's box behind each filter, and which of its counts stands on the chip. */
export const BOXES: Record<Filter, { box: DispatchBox; count?: keyof DispatchCounts }> = {
  arrived: { box: 'waiting', count: 'waiting' },
  instruct: { box: 'to_instruct', count: 'to_instruct' },
  mine: { box: 'mine', count: 'mine' },
  handling: { box: 'handling', count: 'handling' },
  late: { box: 'late', count: 'late' },
  done: { box: 'done' },
  returned: { box: 'returned' },
  sent: { box: 'sent', count: 'sent' },
};

/** The filters of a role, the first being what waits for it. */
export function filtersOf(duty: Duty): Filter[] {
  const all: Filter[] = ['handling', 'late', 'done', 'returned', 'sent'];
  if (duty === 'waiting') return ['arrived', ...all];
  if (duty === 'to_instruct') return ['instruct', ...all];
  return ['mine', ...all];
}

/** The count of a filter, as its chip shows it; the server counts to a thousand. */
export function shown(filter: Filter, counts: DispatchCounts | undefined): string {
  const { count } = BOXES[filter];
  if (!counts || !count) return '';
  return counts[count] >= 1000 ? '999+' : String(counts[count]);
}

/** Whether this is seen from its sender's side: the page that shows it is another one, also of what was handed on. */
export const isSent = (dispatch: Pick<DispatchSummary, 'id' | 'href'>): boolean =>
  dispatch.href !== `/van-ban-den/${dispatch.id}`;
