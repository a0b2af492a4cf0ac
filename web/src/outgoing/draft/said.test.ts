import { expect, it } from 'vitest';
import { lines } from './said.svelte';

it('takes a list as people paste it', () => {
  expect(lines('- Sở Nội vụ;\n\n– UBND các xã, phường;\n  Lưu trữ.')).toEqual([
    'Sở Nội vụ',
    'UBND các xã, phường',
    'Lưu trữ',
  ]);
});
