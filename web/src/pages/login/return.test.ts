import { expect, it } from 'vitest';
import { safeReturn } from './return';

it('returns only to our own pages', () => {
  expect(safeReturn('/van-ban/1')).toBe('/van-ban/1');
  for (const asked of [null, '', 'https://a.vn', '//a.vn', '/\\a.vn', 'javascript:1', '/dang-nhap']) {
    expect(safeReturn(asked)).toBe('/');
  }
});
