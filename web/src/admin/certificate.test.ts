import { expect, test } from 'vitest';
import { base64, fingerprint } from './certificate';

test('a fingerprint is shown in fours', () => {
  expect(fingerprint('ab12cd34ef')).toBe('AB12 CD34 EF');
});

test('bytes become base64', () => {
  expect(base64(new Uint8Array([0, 255, 16]))).toBe('AP8Q');
});
