import { expect, it } from 'vitest';
import { shortcut } from './shortcuts';

const on = (selector: string | null) =>
  ({
    closest: (wanted: string) => (selector && wanted.split(', ').includes(selector) ? {} : null),
  }) as unknown as Element;
const press = (key: string, over: Partial<Parameters<typeof shortcut>[0]> = {}) => ({
  key,
  isComposing: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  target: on(null),
  ...over,
});

it('moves with letters', () => {
  expect(shortcut(press('j'), true)).toBe('next');
  expect(shortcut(press('K'), true)).toBe('previous');
  expect(shortcut(press('Enter'), true)).toBe('accept');
  expect(shortcut(press('a'), true)).toBe('many');
  expect(shortcut(press('g'), true)).toBe('paper');
});

it('leaves letters alone while someone types or has switched them off', () => {
  expect(shortcut(press('r', { target: on('input') }), true)).toBeUndefined();
  expect(shortcut(press('r', { isComposing: true }), true)).toBeUndefined();
  expect(shortcut(press('r', { ctrlKey: true }), true)).toBeUndefined();
  expect(shortcut(press('j'), false)).toBeUndefined();
});

it('leaves Enter to the link or button that has the focus', () => {
  expect(shortcut(press('Enter', { target: on('a') }), true)).toBeUndefined();
  expect(shortcut(press('Enter', { target: on('button') }), true)).toBeUndefined();
});
