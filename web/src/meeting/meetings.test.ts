import { expect, it } from 'vitest';
import { readCode } from './meetings';

it('reads a code as people type or paste it', () => {
  const code = 'abcde-fgh23-45678-90xyz';
  for (const text of [
    code,
    code.toUpperCase(),
    code.replaceAll('-', ''),
    ` ${code} `,
    `https://hop.vn/hop/${code}?x=1`,
  ])
    expect(readCode(text), text).toBe(code);
});

it('refuses what is no code', () => {
  for (const text of ['', 'abc', 'ilouu-00000-00000-00000', 'https://hop.vn/hop', 'ộ0000-00000-00000-00000'])
    expect(readCode(text), text).toBeNull();
});
