import { describe, expect, it } from 'vitest';
import { checkCode, refused } from './host';

describe('a refusal of the host', () => {
  it('is a sentence of its own, and says what to install or to fear', () => {
    expect(refused({ kind: 'no-token' }).title).toContain('cắm token');
    expect(refused({ kind: 'host-missing' }).detail).toContain('hoian-token');
    const wrong = refused({ kind: 'wrong-pin', wrong: 3, pin: 'last-try' });
    expect(wrong.title).toContain('3 lần');
    expect(wrong.detail).toContain('bị khóa');
  });
  it('of a newer host is a failure of the token', () => {
    expect(refused({ kind: 'battery-empty' }).kind).toBe('token-failed');
  });
});

it('a check code is four groups', () => {
  expect(checkCode('3f2a91bc07d455e109ab')).toBe('3F2A 91BC 07D4 55E1');
});
