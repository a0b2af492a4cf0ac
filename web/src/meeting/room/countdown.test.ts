import { expect, it } from 'vitest';
import { countdown } from './procedure.svelte';

it('counts down to nothing and beyond', () => {
  expect([300_000, 134_200, 60_000, 1, 0, -4_600].map(countdown)).toEqual([
    '5:00',
    '2:15',
    '1:00',
    '0:01',
    '0:00',
    '-0:04',
  ]);
});
