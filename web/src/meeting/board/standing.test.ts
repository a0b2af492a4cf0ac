import { expect, it } from 'vitest';
import { line } from '../lines/line.fixture';
import type { BoardSeat } from '../meetings';
import type { OwnCheck } from '../protocol';
import { finding, light, troubledFirst } from './standing';

const GOOD: OwnCheck = { camera: 'works', microphone: 'works', loudspeaker: 'works' };
const seat = (fields: Partial<BoardSeat>, check: Partial<OwnCheck> | null = {}): BoardSeat => ({
  seat: 's',
  name: 'An Phú',
  link_code: null,
  standing: 'out',
  camera: null,
  microphone: null,
  line: null,
  check: check && { ...GOOD, ...check, round_trip_ms: null, lost_permille: null },
  tested_at: null,
  ...fields,
});

it.each([
  [seat({}), 'ready'],
  [seat({}, null), 'out'],
  [seat({}, { loudspeaker: 'untried' }), 'out'],
  [seat({}, { camera: 'fails' }), 'weak'],
  [seat({ standing: 'meeting', line: line({ up_lost_permille: 90 }) }), 'weak'],
  [seat({ standing: 'lost' }), 'lost'],
] as const)('judges a seat as it is', (one, wanted) => expect(light(one)).toBe(wanted));

it('believes what the server sees before what was reported', () => {
  expect(finding(seat({ camera: 'live' }, { camera: 'fails' }), 'camera')).toBe('works');
  expect(finding(seat({ camera: 'muted' }, { camera: 'fails' }), 'camera')).toBe('fails');
});

it('puts what needs looking at first and keeps the order of the plan', () => {
  const seats = [
    seat({ name: 'a' }),
    seat({ name: 'b' }, null),
    seat({ name: 'c', standing: 'lost' }),
    seat({ name: 'd' }, { microphone: 'fails' }),
    seat({ name: 'e' }),
  ];
  expect(troubledFirst(seats).map((one) => one.name)).toEqual(['c', 'd', 'b', 'a', 'e']);
});
