import { expect, it } from 'vitest';
import { dayAfter, written } from './day';

it('counts days in the zone of the province', () => {
  const lateInUtc = new Date('2026-11-24T18:30:00Z');
  expect(dayAfter(0, lateInUtc)).toBe('2026-11-25');
  expect(dayAfter(7, lateInUtc)).toBe('2026-12-02');
});

it('writes a day as people do', () => {
  expect(written('2026-11-30')).toBe('30/11/2026');
});
