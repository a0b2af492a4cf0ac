import { describe, expect, it } from 'vitest';
import { match } from './match';

describe('match', () => {
  const cases: [string, string, Record<string, string> | null][] = [
    ['/', '/', {}],
    ['/van-ban', '/van-ban/', {}],
    ['/van-ban/:id', '/van-ban/0193', { id: '0193' }],
    ['/van-ban/:id/ky', '/van-ban/0193/ky', { id: '0193' }],
    ['/hop/:code', '/hop/giao%20ban', { code: 'giao ban' }],
    ['/hop/:code', '/hop/%E0%A4%A', { code: '%E0%A4%A' }],
    ['/van-ban', '/van-ban-den', null],
    ['/van-ban/:id', '/van-ban', null],
  ];
  for (const [pattern, path, expected] of cases) {
    it(`${pattern} on ${path}`, () => expect(match(pattern, path)).toEqual(expected));
  }
});
