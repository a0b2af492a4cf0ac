import { expect, it } from 'vitest';
import { givenName, initials } from './name';

it('addresses people by the last word of their name', () => {
  expect(givenName('Nguyễn Thị Minh Hà')).toBe('Hà');
  expect(givenName('  Lụa ')).toBe('Lụa');
});

it('lets a number stand whole', () => {
  expect(initials('Xã Bản Mây 12')).toBe('X12');
});

it('takes initials in composed form', () => {
  expect(initials('Đặng Hữu Ước')).toBe('ĐƯ');
  expect(initials('ánh'.normalize('NFD'))).toBe('Á');
});
