import { expect, test } from 'vitest';
import { give } from './parts';

test('one agency leads', () => {
  const first = give(new Map(), 'a', 'lead');
  const second = give(give(first, 'b', 'support'), 'c', 'lead');
  expect([...second]).toEqual([
    ['a', 'support'],
    ['b', 'support'],
    ['c', 'lead'],
  ]);
  expect([...first]).toEqual([['a', 'lead']]);
});
