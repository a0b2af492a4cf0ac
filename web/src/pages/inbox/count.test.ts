import { expect, it } from 'vitest';
import type { Verdict } from '../../api/types';
import { count, say } from './count';

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

it('speaks to a leader of what awaits an instruction, and of what is late', () => {
  const row = { recall: 'none' as const, verdict: null };
  const fresh = { ...row, status: 'accepted' as const, actions: ['instruct' as const], is_late: false };
  expect(say([fresh], 'to_instruct')).toBe('Một văn bản chờ ý kiến chỉ đạo của đồng chí.');
  const late = { ...row, status: 'assigned' as const, actions: ['begin' as const, 'complete' as const], is_late: true };
  expect(say([late, { ...late, is_late: false }], 'mine')).toBe(
    'Hai văn bản đồng chí đang chủ trì. Một bản đã quá hạn.',
  );
  expect(say([], 'mine')).toBe('Đồng chí chưa chủ trì văn bản nào.');
});
