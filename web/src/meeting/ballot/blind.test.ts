import { expect, test } from 'vitest';
import { blind, finalize, fromHex, inverse, power, prepare, toHex } from './blind';
import vectors from './rfc9474.json';

// RFC 9474, Appendix A.1 and A.3: both use the PSS of this variant, with a prefix to the message and without.
for (const vector of vectors) {
  const key = { n: BigInt(`0x${vector.n}`), e: BigInt(`0x${vector.e}`) };
  const factor = inverse(BigInt(`0x${vector.inv}`), key.n);

  test(`${vector.name} blinds and finalizes as the RFC does`, async () => {
    const blinding = await blind(key, fromHex(vector.input_msg), fromHex(vector.salt), factor);
    expect(toHex(blinding.blinded)).toBe(vector.blinded_msg);
    expect(toHex(finalize(key, blinding, fromHex(vector.blind_sig)))).toBe(vector.sig);
  });

  test(`${vector.name} takes no signature that was changed or is too short`, async () => {
    const blinding = await blind(key, fromHex(vector.input_msg), fromHex(vector.salt), factor);
    const changed = fromHex(vector.blind_sig);
    changed[7]! ^= 1;
    expect(() => finalize(key, blinding, changed)).toThrow();
    expect(() => finalize(key, blinding, fromHex(vector.blind_sig).slice(1))).toThrow();
  });
}

test('the same message is blinded to something else each time', async () => {
  const [vector] = vectors;
  const key = { n: BigInt(`0x${vector!.n}`), e: BigInt(`0x${vector!.e}`) };
  const message = prepare(fromHex('00'.repeat(32)));
  expect(message).toHaveLength(64);
  const [one, other] = [await blind(key, message), await blind(key, message)];
  expect(toHex(one.blinded)).not.toBe(toHex(other.blinded));
});

test('there is no inverse where there is a common divisor', () => {
  expect(inverse(3n, 11n)).toBe(4n);
  expect(power(3n, 65537n, 11n)).toBe(3n ** 7n % 11n);
  expect(() => inverse(6n, 9n)).toThrow();
});
