import { expect, test } from 'vitest';
import { base64, fingerprint, holder } from './certificate';

test('a certificate is called by its common name', () => {
  expect(holder('C=VN, O=Ban Cơ yếu Chính phủ, CN=CA chuyên dùng')).toBe('CA chuyên dùng');
  expect(holder('CN=Sở Nội vụ\\, tỉnh Lam Giang, C=VN')).toBe('Sở Nội vụ, tỉnh Lam Giang');
  expect(holder('C=VN, O=Không tên')).toBe('C=VN, O=Không tên');
});

test('a fingerprint is shown in fours', () => {
  expect(fingerprint('ab12cd34ef')).toBe('AB12 CD34 EF');
});

test('bytes become base64', () => {
  expect(base64(new Uint8Array([0, 255, 16]))).toBe('AP8Q');
});
