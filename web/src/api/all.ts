import { api } from './client';
import type { Page } from './types';

/** Every row of a list that comes in pages; for lists as long as a province's agencies, not as its papers. */
export async function all<T>(path: string, query: Record<string, string> = {}, signal?: AbortSignal): Promise<T[]> {
  const found: T[] = [];
  for (let after: string | undefined; ;) {
    const page = await api<Page<T>>(path, { query: { ...query, limit: '200', after }, signal });
    found.push(...page.items);
    after = page.next ?? undefined;
    if (!after) return found;
  }
}
