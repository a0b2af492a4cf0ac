import { expect, it } from 'vitest';
import type { Verdict } from '../../api/types';
import { count } from './count';

const waiting = (...verdicts: (Verdict | null)[]) =>
  verdicts.map((verdict) => ({ status: 'arrived' as const, verdict }));

it('counts what waits and what deserves a closer look', () => {
  expect(count(waiting('TOTAL-PASSED', 'TOTAL-PASSED', 'TOTAL-FAILED'))).toBe(
    'Ba văn bản chờ tiếp nhận. Hai bản hợp lệ, một bản cần xem kỹ.',
  );
  expect(count(waiting('TOTAL-PASSED'))).toBe('Một văn bản chờ tiếp nhận. Tất cả đều hợp lệ.');
  expect(count([])).toBe('Không còn văn bản nào chờ tiếp nhận.');
});

it('never counts what was not checked as valid', () => {
  expect(count(waiting(null, 'INDETERMINATE', 'NO-SIGNATURE'))).toMatch(/Không bản hợp lệ, ba bản cần xem kỹ/);
});
