import { describe, expect, it } from 'vitest';
import { ending } from './ending';

describe('the end of a certificate', () => {
  it.each([
    ['2027-01-29T00:00:00Z', undefined],
    ['2027-01-28T00:00:00Z', 60],
    ['2026-11-30T01:00:00Z', 2],
    ['2026-11-29T00:00:01Z', 1],
    ['2026-11-28T00:00:00Z', 0],
  ])('%s', (notAfter, days) => {
    expect(ending(notAfter, new Date('2026-11-29T00:00:00Z'))).toBe(days);
  });
});
