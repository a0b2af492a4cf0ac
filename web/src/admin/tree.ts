import type { AgencyNode } from '../api/types';

export interface Branch {
  agency: AgencyNode;
  /** 0 at the top. */
  depth: number;
}

/** The agencies as a tree, told from top to bottom; one whose parent is not among them stands at the top. */
export function tree(agencies: AgencyNode[]): Branch[] {
  const known = new Set(agencies.map((agency) => agency.id));
  const below = new Map<string | null, AgencyNode[]>();
  for (const agency of agencies) {
    const parent = agency.parent_id && known.has(agency.parent_id) ? agency.parent_id : null;
    below.set(parent, [...(below.get(parent) ?? []), agency]);
  }
  const walk = (parent: string | null, depth: number): Branch[] =>
    (below.get(parent) ?? []).flatMap((agency) => [{ agency, depth }, ...walk(agency.id, depth + 1)]);
  return walk(null, 0);
}
