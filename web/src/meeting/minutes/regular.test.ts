import { expect, test } from 'vitest';
import { meet, regular } from './regular';

test('notes are compared as the server keeps them', () => {
  expect(regular('\n- một  \r\n\n- hai\n\n')).toBe('- một\n\n- hai');
  expect(regular('Nguye\u0302\u0303n')).toBe('Nguyễn');
});

test.each([
  ['a', 'a', 'b', 'take'],
  ['a', 'a mine', 'a', 'keep'],
  ['a', 'a mine', 'b', 'clash'],
  ['a', 'b ', 'b', 'agree'],
] as const)('begun with %j, typed %j, now %j: %s', (began, typed, now, expected) => {
  expect(meet(began, typed, now)).toBe(expected);
});
