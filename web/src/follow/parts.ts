import type { DispatchDetail } from '../api/types';

/** The agencies that have the paper already, as far as this agency knows: it goes on to none of them. */
export function known(dispatch: DispatchDetail): Set<string | undefined> {
  const has = [dispatch.receiver, dispatch.sender, dispatch.via, ...dispatch.forwarded.map((sent) => sent.receiver)];
  return new Set(has.map((agency) => agency?.id));
}

export type Part = 'lead' | 'support';

/** Gives an agency its part. One leads: who led before supports. */
export function give(parts: ReadonlyMap<string, Part>, agency: string, part: Part): Map<string, Part> {
  const given = new Map(parts);
  if (part === 'lead') for (const [other, its] of given) if (its === 'lead') given.set(other, 'support');
  return given.set(agency, part);
}
