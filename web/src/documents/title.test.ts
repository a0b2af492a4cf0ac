import { expect, it } from 'vitest';
import { titled } from './title';

it('joins kind and subject as a clerk would write them', () => {
  expect(titled('Kế hoạch', 'Tuyển dụng viên chức')).toBe('Kế hoạch tuyển dụng viên chức');
  expect(titled('Công văn', 'V/v bổ sung kinh phí')).toBe('Công văn v/v bổ sung kinh phí');
});

it('leaves names alone', () => {
  expect(titled('Báo cáo', 'Lam Giang sau ba năm')).toBe('Báo cáo Lam Giang sau ba năm');
  expect(titled('Báo cáo', 'UBND xã An Phú xin ý kiến')).toBe('Báo cáo UBND xã An Phú xin ý kiến');
});

it('does not say the kind twice', () => {
  expect(titled('Kế hoạch', 'Kế hoạch cải cách hành chính')).toBe('Kế hoạch cải cách hành chính');
});
