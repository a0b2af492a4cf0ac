import { expect, it } from 'vitest';
import { line } from '../lines/line.fixture';
import type { Entry, Participant } from '../protocol';
import { count, lights, pageOf } from './wall';

const entry = (seat: string, kind: Entry['kind'], departure: 'left' | 'lost' | null = null): Entry => ({
  seat,
  kind,
  name: seat,
  title: null,
  role: 'delegate',
  site: null,
  mark: 'unmarked',
  weight: 1,
  reason: null,
  intervals: departure ? [{ from: '', to: '', departure }] : [],
});
const here = (id: string, state: 'live' | 'silent', presence: 'here' | 'lost' = 'here'): Participant => ({
  id,
  name: id,
  title: null,
  role: 'delegate',
  site: null,
  device: null,
  presence,
  tracks: [{ source: 'microphone', state }],
});

it('shows each site with its light, and guests only while they are here', () => {
  const roll = [
    entry('a', 'site'),
    entry('b', 'site'),
    entry('c', 'site'),
    entry('d', 'site', 'lost'),
    entry('e', 'person', 'left'),
    entry('g', 'guest', 'left'),
  ];
  const places = lights(roll, [here('a', 'live'), here('b', 'silent'), here('c', 'live', 'lost')]);
  expect(places.map((place) => place.light)).toEqual(['ready', 'weak', 'lost', 'lost', 'out']);
  expect(count(places)).toEqual({ ready: 1, weak: 1, lost: 2, out: 1 });
});

it('shows a poor line as weak, and one that nothing is known of as it looks', () => {
  const roll = [entry('a', 'site'), entry('b', 'site'), entry('c', 'site')];
  const lines = new Map([
    ['a', line({ up_lost_permille: 90 })],
    ['b', line({ way: null, round_trip_ms: null })],
  ]);
  const places = lights(roll, [here('a', 'live'), here('b', 'live'), here('c', 'live', 'lost')], lines);
  expect(places.map((place) => [place.light, place.isUnheard])).toEqual([
    ['weak', false],
    ['ready', false],
    ['lost', false],
  ]);
});

it('turns pages of forty', () => {
  const roll = Array.from({ length: 95 }, (_, index) => entry(String(index), 'site'));
  expect(pageOf(lights(roll, []), 2).map((place) => place.id)).toEqual(roll.slice(80).map((one) => one.seat));
});
