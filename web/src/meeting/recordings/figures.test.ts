import { expect, test } from 'vitest';
import { length, size } from './figures';

test('says how long and how large a recording is', () => {
  expect([0, 65_400, 3_725_000].map(length)).toEqual(['0:00', '1:05', '1:02:05']);
  expect([40_000, 12_440_000, 1_234_000_000].map(size)).toEqual(['0 MB', '12,4 MB', '1.234 MB']);
});
