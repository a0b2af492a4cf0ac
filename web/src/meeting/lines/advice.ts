import type { LineNow } from '../meetings';
import type { Light } from '../room/wall';
import { BAD, FAIR } from './judge';

/** What to do about a place; each is a sentence of the texts. */
export type Advice = (typeof ADVICES)[number];
export const ADVICES = ['lost', 'out', 'unheard', 'no-media', 'tcp', 'up', 'down', 'late', 'good'] as const;

/** What to do about a place with this light and, where it is connected, this line; the most urgent first. */
export function advise(light: Light, line: LineNow | undefined, isUnheard = false): Advice[] {
  if (light === 'lost' && !line) return ['lost'];
  if (light === 'out') return ['out'];
  const found: Advice[] = [];
  if (isUnheard) found.push('unheard');
  if (line?.way === null) found.push('no-media');
  if (line) {
    const above = (value: number | null, limit: number) => (value ?? 0) >= limit;
    if (above(line.up_lost_permille, FAIR.lost)) found.push('up');
    if (above(line.down_lost_permille, FAIR.lost) || above(line.concealed_permille, FAIR.heard)) found.push('down');
    if (above(line.round_trip_ms, FAIR.late)) found.push('late');
    // UDP is blocked on its way: that matters where the line is not good.
    const poor = found.length > 0 || above(line.round_trip_ms, BAD.late);
    if (line.way !== null && line.way !== 'udp' && poor) found.push('tcp');
  }
  return found.length > 0 ? found : ['good'];
}
