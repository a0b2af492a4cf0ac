import type { Entry, Participant } from '../protocol';

/** How a site's line is: `weak` where the microphone is open and nothing of it arrives. */
export type Light = 'ready' | 'weak' | 'lost' | 'out';
export interface Place {
  id: string;
  name: string;
  light: Light;
}

/** Tiles a page: eight rows of five on a desk. */
export const PER_PAGE = 40;

/** Every site and everyone who is called or here, once, in the order of the roll. */
export function lights(roll: Entry[], participants: Participant[]): Place[] {
  const here = new Map(participants.map((one) => [one.id, one]));
  return roll
    .filter((entry) => entry.kind !== 'guest' || here.has(entry.seat))
    .map((entry) => ({ id: entry.seat, name: entry.name, light: light(entry, here.get(entry.seat)) }));
}

function light(entry: Entry, participant: Participant | undefined): Light {
  const last = entry.intervals.at(-1);
  if (!participant) return last?.departure === 'lost' ? 'lost' : 'out';
  if (participant.presence === 'lost') return 'lost';
  return participant.tracks.some((track) => track.state === 'silent') ? 'weak' : 'ready';
}

export function count(places: Place[]): Record<Light, number> {
  const counts = { ready: 0, weak: 0, lost: 0, out: 0 };
  for (const place of places) counts[place.light] += 1;
  return counts;
}

export const pageOf = (places: Place[], page: number): Place[] => places.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
