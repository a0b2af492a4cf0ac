import { api } from '../api/client';
import { resource, type Resource } from '../api/resource.svelte';
import type { AgencyNode, Page } from '../api/types';

/** Every agency within reach, page by page: a province has some two hundred. */
export const agencies = (): Resource<AgencyNode[]> =>
  resource(async (signal) => {
    const all: AgencyNode[] = [];
    let after: string | undefined;
    do {
      const page: Page<AgencyNode> = await api('/admin/agencies', { query: { after, limit: '200' }, signal });
      all.push(...page.items);
      after = page.next ?? undefined;
    } while (after);
    return all;
  });
