import { expect, it } from 'vitest';
import type { DispatchCounts } from '../../api/types';
import { say } from './count';

const counts = (given: Partial<DispatchCounts>): DispatchCounts => ({
  waiting: 0,
  waiting_valid: 0,
  to_instruct: 0,
  to_instruct_late: 0,
  mine: 0,
  mine_late: 0,
  handling: 0,
  late: 0,
  sent: 0,
  ...given,
});

it('counts what waits and what deserves a closer look', () => {
  expect(say(counts({ waiting: 3, waiting_valid: 2 }), 'waiting')).toBe(
    'Ba văn bản chờ tiếp nhận. Hai bản hợp lệ, một bản cần xem kỹ.',
  );
  expect(say(counts({ waiting: 1, waiting_valid: 1 }), 'waiting')).toBe(
    'Một văn bản chờ tiếp nhận. Tất cả đều hợp lệ.',
  );
  expect(say(counts({}), 'waiting')).toBe('Không còn văn bản nào chờ tiếp nhận.');
});

it('never counts what was not checked as valid', () => {
  expect(say(counts({ waiting: 3 }), 'waiting')).toMatch(/Không bản hợp lệ, ba bản cần xem kỹ/);
});

it('speaks to a leader of what awaits an instruction, and of what is late', () => {
  expect(say(counts({ to_instruct: 1 }), 'to_instruct')).toBe('Một văn bản chờ ý kiến chỉ đạo của đồng chí.');
  expect(say(counts({ mine: 2, mine_late: 1 }), 'mine')).toBe('Hai văn bản đồng chí đang chủ trì. Một bản đã quá hạn.');
  expect(say(counts({}), 'mine')).toBe('Đồng chí chưa chủ trì văn bản nào.');
});
