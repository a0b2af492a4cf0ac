import { expect, it } from 'vitest';
import { fromLocal, nextQuarter, toLocal } from './when';

it('reads and writes the time of the province', () => {
  const when = new Date('2026-11-23T07:00:00Z');
  expect(toLocal(when)).toBe('2026-11-23T14:00');
  expect(fromLocal('2026-11-23T14:00')).toEqual(when);
});

it('begins at the next full quarter', () => {
  expect(nextQuarter(new Date('2026-11-23T07:00:01Z'))).toEqual(new Date('2026-11-23T07:15:00Z'));
  expect(nextQuarter(new Date('2026-11-23T07:15:00Z'))).toEqual(new Date('2026-11-23T07:15:00Z'));
});
