import { api } from '../../api/client';

/** A document that may be put on the table. */
export interface Choosable {
  id: string;
  subject: string;
  code: string | null;
}

/** Those of the reader, wherever they stand, each once. */
export async function mine(): Promise<Choosable[]> {
  const boxes = ['waiting', 'in_progress', 'signed', 'issued'];
  const lists = await Promise.all(boxes.map((box) => api<{ items: Choosable[] }>('/documents', { query: { box } })));
  const all = lists.flatMap((list) => list.items);
  return all.filter((one, index) => all.findIndex((other) => other.id === one.id) === index);
}

export const called = (one: Choosable): string => [one.code, one.subject].filter(Boolean).join(' · ');
