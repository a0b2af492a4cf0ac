import { describe, expect, it } from 'vitest';
import type { AgencyNode } from '../api/types';
import { tree } from './tree';

const agency = (id: string, parent_id: string | null): AgencyNode => ({
  id,
  parent_id,
  organ_id: id,
  name: id,
  symbol: id,
  kind: 'department',
  place: '',
  people: 0,
});

describe('the tree of agencies', () => {
  it('tells each agency below its own, in the order given', () => {
    const rows = tree([agency('a', null), agency('b', 'a'), agency('c', null), agency('d', 'b'), agency('e', 'a')]);
    expect(rows.map(({ agency: { id }, depth }) => `${depth}${id}`)).toEqual(['0a', '1b', '2d', '1e', '0c']);
  });
  it('sets one whose parent is out of reach at the top', () => {
    expect(tree([agency('b', 'a')])).toEqual([{ agency: agency('b', 'a'), depth: 0 }]);
  });
});
