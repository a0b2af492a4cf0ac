import { expect, test } from 'vitest';
import { holder } from './certificate';

test('a certificate is called by its common name', () => {
  expect(holder('C=VN, O=Ban Cơ yếu Chính phủ, CN=CA chuyên dùng')).toBe('CA chuyên dùng');
  expect(holder('CN=Sở Nội vụ\\, tỉnh Lam Giang, C=VN')).toBe('Sở Nội vụ, tỉnh Lam Giang');
  expect(holder('C=VN, O=Không tên')).toBe('C=VN, O=Không tên');
});
