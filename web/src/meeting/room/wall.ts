import { judge } from '../lines/judge';
import type { LineNow } from '../meetings';
import type { Entry, Participant } from '../protocol';

/** How a place stands: `weak` where the line is poor, or the microphone is open and nothing of it arrives. */
export type Light = 'ready' | 'weak' | 'lost' | 'out';
export interface Place {
  id: string;
  name: string;
  light: Light;
  /** Why it is weak where the line itself is good. */
  isUnheard: boolean;
  hasPicture: boolean;
}

/** Tiles a page: eight rows of five on a desk. */
export const PER_PAGE = 40;

/** Every site and everyone who is called or here, once, in the order of the roll; `lines` by seat, where they are known. */
export function lights(
  roll: Entry[],
  participants: Participant[],
  lines: ReadonlyMap<string, LineNow> = new Map(),
): Place[] {
  const here = new Map(participants.map((one) => [one.id, one]));
  return roll
    .filter((entry) => !['guest', 'device'].includes(entry.kind) || here.has(entry.seat))
    .map((entry) => place(entry, here.get(entry.seat), lines.get(entry.seat)));
}

function place(entry: Entry, participant: Participant | undefined, line: LineNow | undefined): Place {
  const isUnheard = participant?.tracks.some((track) => track.state === 'silent') ?? false;
  return {
    id: entry.seat,
    name: entry.name,
    light: light(entry, participant, line, isUnheard),
    isUnheard,
    hasPicture: participant?.tracks.some((track) => track.source === 'camera' && track.state === 'live') ?? false,
  };
}

function light(
  entry: Entry,
  participant: Participant | undefined,
  line: LineNow | undefined,
  isUnheard: boolean,
): Light {
  const last = entry.intervals.at(-1);
  if (!participant) return last?.departure === 'lost' ? 'lost' : 'out';
  if (participant.presence === 'lost') return 'lost';
  // Who sends nothing, as a browser without devices, has a line of which nothing is known.
  const isPoor = line !== undefined && ['weak', 'lost'].includes(judge(line));
  return isUnheard || isPoor ? 'weak' : 'ready';
}

export function count(places: Place[]): Record<Light, number> {
  const counts = { ready: 0, weak: 0, lost: 0, out: 0 };
  for (const place of places) counts[place.light] += 1;
  return counts;
}

export const pageOf = (places: Place[], page: number): Place[] => places.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
