import type { DispatchSummary } from '../../api/types';
import type { Duty } from '../../session/duty';

export type Filter = 'arrived' | 'instruct' | 'mine' | 'handling' | 'late' | 'done' | 'returned';

type Standing = Pick<DispatchSummary, 'status' | 'recall' | 'actions' | 'is_late'>;

const HANDLED = ['accepted', 'assigned', 'in_progress'];

/** Whether a document belongs under a filter; one that is late is under its own filter and under what it waits for. */
export const FITS: Record<Filter, (dispatch: Standing) => boolean> = {
  arrived: ({ status, recall }) => status === 'arrived' || recall === 'asked',
  instruct: ({ status, actions }) => status === 'accepted' && actions.includes('instruct'),
  mine: ({ actions }) => actions.includes('complete'),
  handling: ({ status, recall }) => HANDLED.includes(status) && recall !== 'asked',
  late: ({ is_late }) => is_late,
  done: ({ status }) => status === 'completed',
  returned: ({ status }) => status === 'returned' || status === 'recall_agreed',
};

/** The filters of a role, the first being what waits for it. */
export function filtersOf(duty: Duty): Filter[] {
  const all: Filter[] = ['handling', 'late', 'done', 'returned'];
  if (duty === 'waiting') return ['arrived', ...all];
  if (duty === 'to_instruct') return ['instruct', ...all];
  return ['mine', ...all];
}
