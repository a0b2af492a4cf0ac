import { api } from '../api/client';
import type { DocumentSummary, Page } from '../api/types';
import { byUrgency, next } from './way';

/** Where this person takes the next step with a document; a signature begins at its PIN when one follows another. */
export const place = (document: Pick<DocumentSummary, 'id' | 'actions' | 'state'>): string =>
  next(document) === 'sign' ? `/van-ban/${document.id}/ky?tiep` : `/van-ban/${document.id}?tiep`;

/** The document that waits for this person after this one, and how many there are. */
export async function upcoming(
  after: string,
  signal?: AbortSignal,
): Promise<{ first: DocumentSummary; count: number } | undefined> {
  const page = await api<Page<DocumentSummary>>('/documents', { query: { box: 'waiting' }, signal });
  const waiting = page.items.filter((one) => one.id !== after && next(one) !== undefined).sort(byUrgency);
  return waiting[0] && { first: waiting[0], count: waiting.length };
}
