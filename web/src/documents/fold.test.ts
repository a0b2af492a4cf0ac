import { expect, it } from 'vitest';
import { fold } from './fold';

it('finds a name however its marks are typed', () => {
  expect(fold('Đồng Vân')).toBe('dong van');
  expect(fold('Hoà Bình')).toBe(fold('Hòa Bình'));
  expect(fold('Sở Nội vụ'.normalize('NFD'))).toBe('so noi vu');
});
