import { expect, it } from 'vitest';
import type { DispatchCounts } from '../../api/types';
import { BOXES, filtersOf, isSent, shown, type Filter } from './filters';

it('begins with the duty of the role', () => {
  expect((['waiting', 'to_instruct', 'mine'] as const).map((duty) => filtersOf(duty)[0])).toEqual([
    'arrived',
    'instruct',
    'mine',
  ]);
});

it('asks for a box of its own under each filter', () => {
  const boxes = (Object.keys(BOXES) as Filter[]).map((filter) => BOXES[filter].box);
  expect(new Set(boxes).size).toBe(boxes.length);
});

it('shows counts of what somebody empties, to a thousand', () => {
  const counts = { waiting: 28, late: 1000 } as DispatchCounts;
  expect([shown('arrived', counts), shown('late', counts), shown('done', counts)]).toEqual(['28', '999+', '']);
  expect(shown('arrived', undefined)).toBe('');
});

it('tells what was sent from what came', () => {
  const hrefs = ['/van-ban/1', '/van-ban-den/1', '/van-ban-den/0'];
  expect(hrefs.map((href) => isSent({ id: '1', href }))).toEqual([true, false, true]);
});
