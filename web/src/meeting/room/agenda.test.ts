import { expect, it } from 'vitest';
import type { Item } from '../meetings';
import { nextItem } from './agenda';

const items = [1, 2, 3].map((number): Item => ({
  number,
  title: '',
  presenter_id: null,
  presenter: '',
  minutes: 5,
  vote: null,
}));

it.each([
  [null, 1],
  [1, 2],
  [3, undefined],
  [9, 1],
])('after %s comes %s', (current, next) => expect(nextItem(items, current)?.number).toBe(next));
