import { BAD, FAIR } from '../meeting/lines/judge';
import { bestOf, type Findings, type Line } from './findings';

/** On whose side a thing is to be mended. */
export type Whose = 'nobody' | 'machine' | 'office' | 'server';

export interface Verdict {
  key: Key;
  /** `invalid`: no meeting like this; `unknown`: a meeting, but not a good one, or not tried. */
  standing: 'valid' | 'unknown' | 'invalid';
  whose: Whose;
}

/** Below this a face is small and halting; below that, sound alone. Kilobits a second. */
export const SLOW = { up: 400, down: 500 };
export const USELESS = { up: 100, down: 150 };

/** The one sentence: the first row whose question is answered by yes, what hinders a meeting most standing first. */
export function verdict(findings: Findings): Verdict {
  const [key, standing, whose] = ROWS.find(([, , , holds]) => holds(findings))!;
  return { key, standing, whose };
}

type Row = readonly [key: string, standing: Verdict['standing'], whose: Whose, holds: (findings: Findings) => boolean];

const ROWS = [
  ['browser', 'invalid', 'machine', (f) => !f.has_webrtc],
  ['offline', 'invalid', 'office', (f) => f.signalling.standing === 'offline'],
  ['away', 'invalid', 'server', (f) => f.signalling.standing === 'away'],
  ['no-socket', 'invalid', 'office', (f) => f.signalling.standing === 'no_socket'],
  ['no-media', 'invalid', 'server', (f) => f.signalling.standing === 'no_media'],
  ['ports-dead', 'invalid', 'server', (f) => allFail(f) && portsAreDead(f)],
  ['all-blocked', 'invalid', 'office', allFail],
  ['insecure', 'invalid', 'server', (f) => !f.is_secure],
  ['line-useless', 'invalid', 'office', (f) => f.line !== null && isUseless(f.line)],
  ['microphone-denied', 'unknown', 'machine', (f) => f.microphone === 'denied'],
  ['microphone-missing', 'unknown', 'machine', (f) => f.microphone === 'missing'],
  ['microphone-busy', 'unknown', 'machine', (f) => f.microphone === 'busy' || f.microphone === 'unsupported'],
  ['camera-denied', 'unknown', 'machine', (f) => f.camera === 'denied'],
  ['camera-missing', 'unknown', 'machine', (f) => f.camera === 'missing'],
  ['camera-busy', 'unknown', 'machine', (f) => f.camera === 'busy' || f.camera === 'unsupported'],
  ['udp-dead', 'unknown', 'server', (f) => f.ways.udp.standing === 'fails' && f.ports.udp === false],
  ['relay-only', 'unknown', 'office', (f) => f.ways.udp.standing === 'fails' && isRelayed(f)],
  ['udp-blocked', 'unknown', 'office', (f) => f.ways.udp.standing === 'fails'],
  [
    'computer-slow',
    'unknown',
    'machine',
    (f) => f.line !== null && f.line.is_slow_computer && f.line.up_kbps < SLOW.up,
  ],
  ['line-lossy', 'unknown', 'office', (f) => f.line !== null && lost(f.line) >= FAIR.lost],
  ['line-slow', 'unknown', 'office', (f) => f.line !== null && isBelow(f.line, SLOW)],
  ['line-late', 'unknown', 'office', (f) => f.line !== null && f.line.round_trip_ms >= FAIR.late],
  ['line-unmeasured', 'unknown', 'office', (f) => f.line === null],
  ['microphone-silent', 'unknown', 'machine', (f) => f.microphone === 'silent'],
  ['camera-black', 'unknown', 'machine', (f) => f.camera === 'black'],
  ['speaker-deaf', 'unknown', 'machine', (f) => f.speaker === 'deaf'],
  ['ready', 'valid', 'nobody', () => true],
] as const satisfies Row[];

export type Key = (typeof ROWS)[number][0];
export const KEYS: readonly Key[] = ROWS.map(([key]) => key);

/** What the words of a verdict name: what is to be opened, and where to. */
export const named = ({ ways }: Findings, host: string): Record<string, string | number> => ({
  udp: ways.udp.port ?? '',
  tcp: ways.tcp.port ?? '',
  host,
});

/** How the figures look by themselves. */
export function lineStanding(line: Line): Verdict['standing'] {
  if (isUseless(line)) return 'invalid';
  return lost(line) >= FAIR.lost || line.round_trip_ms >= FAIR.late || isBelow(line, SLOW) ? 'unknown' : 'valid';
}

function allFail(findings: Findings): boolean {
  const tried = Object.values(findings.ways).filter((way) => way.standing !== 'closed' && way.standing !== 'untried');
  return tried.length > 0 && tried.every((way) => way.standing === 'fails');
}

/** Of the ports that the server offers, none answers the server itself. */
function portsAreDead({ ports }: Findings): boolean {
  const said = [ports.udp, ports.tcp].filter((answers) => answers !== null);
  return said.length > 0 && said.every((answers) => !answers);
}

const isRelayed = ({ ways }: Findings): boolean => bestOf(ways)?.startsWith('turn') ?? false;
const lost = (line: Line): number => Math.max(line.up_lost_permille, line.down_lost_permille);
/** What comes down is what went up before, so it says something of the line only where it is clearly less. */
const isBelow = (line: Line, limit: typeof SLOW): boolean =>
  (line.up_kbps < limit.up && !line.is_growing) ||
  (line.down_kbps < limit.down && line.down_kbps < COMES_BACK * line.up_kbps);
const COMES_BACK = 0.8;
const isUseless = (line: Line): boolean =>
  lost(line) >= BAD.lost || line.round_trip_ms >= BAD.late || (isBelow(line, USELESS) && !line.is_slow_computer);
