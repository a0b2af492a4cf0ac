import { expect, it } from 'vitest';
import type { DispatchSummary } from '../../api/types';
import { FITS, filtersOf, type Filter } from './filters';

const dispatch = (fields: Partial<DispatchSummary>) =>
  ({ status: 'arrived', recall: 'none', actions: [], is_late: false, ...fields }) as DispatchSummary;

const under = (fields: Partial<DispatchSummary>) =>
  (Object.keys(FITS) as Filter[]).filter((filter) => FITS[filter](dispatch(fields)));

it('puts each document under what it waits for', () => {
  expect(under({})).toEqual(['arrived']);
  expect(under({ status: 'accepted', actions: ['instruct'] })).toEqual(['instruct', 'handling']);
  expect(under({ status: 'assigned', actions: ['begin', 'complete'] })).toEqual(['mine', 'handling']);
  expect(under({ status: 'in_progress', is_late: true })).toEqual(['handling', 'late']);
  expect(under({ status: 'completed' })).toEqual(['done']);
});

it('brings what is asked back before the clerk, and puts away what was given back', () => {
  expect(under({ status: 'in_progress', recall: 'asked' })).toEqual(['arrived']);
  expect(under({ status: 'recall_agreed', recall: 'agreed' })).toEqual(['returned']);
});

it('begins with the duty of the role', () => {
  expect((['waiting', 'to_instruct', 'mine'] as const).map((duty) => filtersOf(duty)[0])).toEqual([
    'arrived',
    'instruct',
    'mine',
  ]);
});
