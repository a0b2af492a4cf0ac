import type { Action, DocumentSummary } from '../api/types';

/** How many of the four steps are behind the document. */
export function done(document: Pick<DocumentSummary, 'steps'>): number {
  const { approve, sign, number, seal } = document.steps;
  return [approve, sign, number, seal].filter(Boolean).length;
}

/** The one thing that this person does next, if it is their turn; returning or changing it is never the one thing. */
export function next(
  document: Pick<DocumentSummary, 'actions' | 'state'>,
): Exclude<Action, 'return' | 'recall' | 'revise' | 'initial'> | undefined {
  const order = ['sign', 'number', 'seal', 'issue', 'submit'] as const;
  return order.find(
    (action) => document.actions.includes(action) && !(action === 'issue' && document.state === 'issued'),
  );
}

/** The ink of a step: red binds the agency, blue is a person. */
export const ink = (action: Action): 'son' | 'muc' =>
  ['number', 'seal', 'issue', 'recall'].includes(action) ? 'son' : 'muc';

/** Most urgent first, then the longest waiting. */
export function byUrgency(
  a: Pick<DocumentSummary, 'urgency' | 'updated_at'>,
  b: Pick<DocumentSummary, 'urgency' | 'updated_at'>,
): number {
  return b.urgency - a.urgency || a.updated_at.localeCompare(b.updated_at);
}
