import { describe, expect, it } from 'vitest';
import type { DispatchSummary } from '../api/types';
import { plain } from './waiting';

const arrived: Pick<DispatchSummary, 'status' | 'recall' | 'verdict' | 'actions'> = {
  status: 'arrived',
  recall: 'none',
  verdict: 'TOTAL-PASSED',
  actions: ['accept', 'return'],
};

describe('accepting many at once', () => {
  it('takes what is valid and waits', () => expect(plain(arrived)).toBe(true));
  it('leaves everything that a clerk must look at', () => {
    const others: Partial<typeof arrived>[] = [
      { verdict: 'INDETERMINATE' },
      { verdict: 'TOTAL-FAILED' },
      { verdict: 'NO-SIGNATURE' },
      { verdict: null },
      { recall: 'asked' },
      { status: 'accepted' },
      { actions: ['return'] },
    ];
    for (const other of others) expect(plain({ ...arrived, ...other }), JSON.stringify(other)).toBe(false);
  });
});
