import type { Light } from '../../components/ring/LightRing.svelte';
import type { LineNow } from '../meetings';

/** From where a line is not good any more, and from where it is of no use: sound made up and packets lost in thousandths, ms. */
export const FAIR = { heard: 20, lost: 30, late: 400 };
export const BAD = { heard: 50, lost: 200, late: 800 };

/** How a line is to be looked at: what people hear counts first, then what is lost, then how long it takes. */
export function judge(line: LineNow): Light {
  const heard = line.concealed_permille ?? 0;
  const lost = Math.max(line.up_lost_permille ?? 0, line.down_lost_permille ?? 0);
  const late = line.round_trip_ms ?? 0;
  const beyond = (limits: typeof FAIR) => heard >= limits.heard || lost >= limits.lost || late >= limits.late;
  if (line.way === null) return 'out';
  if (beyond(BAD)) return 'lost';
  return beyond(FAIR) ? 'weak' : 'ready';
}

/** The worst first; within that by name, so that nobody jumps while the figures dance. */
export function worstFirst(lines: LineNow[]): LineNow[] {
  const rank = { lost: 0, weak: 1, out: 2, ready: 3 };
  return lines.toSorted((a, b) => rank[judge(a)] - rank[judge(b)] || a.name.localeCompare(b.name, 'vi'));
}
