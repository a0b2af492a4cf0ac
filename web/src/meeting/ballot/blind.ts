/**
 * Blind RSA signatures, the side of the voter: RSABSSA-SHA384-PSS-Randomized of RFC 9474, which WebCrypto does not have.
 * Numbers are `bigint`; what is secret here is drawn anew for each token, so the time that a step takes tells nothing of
 * another one.
 */

export interface PublicKey {
  n: bigint;
  e: bigint;
}

/** What the voter keeps between asking for a token and having it. */
export interface Blinding {
  /** What the server is to sign. */
  blinded: Uint8Array<ArrayBuffer>;
  inverse: bigint;
  /** The encoded message, which the finished signature must give back. */
  encoded: bigint;
}

/** Prepares a message: 32 random bytes stand before it (RFC 9474, 4.1). */
export const prepare = (message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => joined(random(32), message);

/** Blinds a prepared message (RFC 9474, 4.2). `salt` and `factor` are given only by tests. */
export async function blind(
  key: PublicKey,
  prepared: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer> = random(SALT_BYTES),
  factor: bigint = below(key.n),
): Promise<Blinding> {
  const encoded = toNumber(await encode(prepared, bits(key.n) - 1, salt));
  // Throws where the factor or the message has a divisor in common with n: then n could be taken apart.
  inverse(encoded, key.n);
  const blinded = (encoded * power(factor, key.e, key.n)) % key.n;
  return { blinded: toBytes(blinded, bytes(key.n)), inverse: inverse(factor, key.n), encoded };
}

/**
 * Takes the blinding off (RFC 9474, 4.4) and checks the signature: raised to e it gives the encoded message again, whose
 * form is ours. Throws where it does not.
 */
export function finalize(
  key: PublicKey,
  blinding: Pick<Blinding, 'inverse' | 'encoded'>,
  signed: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const signature = (toNumber(signed) * blinding.inverse) % key.n;
  if (signed.length !== bytes(key.n) || power(signature, key.e, key.n) !== blinding.encoded)
    throw new Error('the blind signature is not of this key');
  return toBytes(signature, bytes(key.n));
}

/** EMSA-PSS-ENCODE with SHA-384 and MGF1 (RFC 8017, 9.1.1). */
async function encode(
  message: Uint8Array<ArrayBuffer>,
  bitLength: number,
  salt: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = Math.ceil(bitLength / 8);
  const hash = await sha384(joined(new Uint8Array(8), await sha384(message), salt));
  const block = new Uint8Array(length - HASH_BYTES - 1);
  block[block.length - salt.length - 1] = 1;
  block.set(salt, block.length - salt.length);
  const mask = await mgf1(hash, block.length);
  const masked = block.map((byte, index) => byte ^ mask[index]!);
  masked[0]! &= 0xff >> (8 * length - bitLength);
  return joined(masked, hash, new Uint8Array([0xbc]));
}

async function mgf1(seed: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (let counter = 0; blocks.length * HASH_BYTES < length; counter += 1)
    blocks.push(await sha384(joined(seed, toBytes(BigInt(counter), 4))));
  return joined(...blocks).slice(0, length);
}

const sha384 = async (data: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest('SHA-384', data));

/** Square and multiply; e is public. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** By the extended algorithm of Euclid. Throws where there is none. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [left, right] = [modulus, value % modulus];
  let [before, now] = [0n, 1n];
  while (right !== 0n) {
    const times = left / right;
    [left, right] = [right, left - times * right];
    [before, now] = [now, before - times * now];
  }
  if (left !== 1n) throw new Error('no inverse');
  return before < 0n ? before + modulus : before;
}

/** A number drawn evenly from 1 to `limit` - 1: what is too large is drawn again. */
function below(limit: bigint): bigint {
  for (;;) {
    const drawn = toNumber(random(bytes(limit)));
    if (drawn > 0n && drawn < limit) return drawn;
  }
}

export const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const bits = (value: bigint) => value.toString(2).length;
const bytes = (value: bigint) => Math.ceil(bits(value) / 8);
const toNumber = (data: Uint8Array) => BigInt(`0x${toHex(data)}`);
const toBytes = (value: bigint, length: number) => fromHex(value.toString(16).padStart(2 * length, '0'));

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const toHex = (data: Uint8Array) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16)),
  );
}

const SALT_BYTES = 48;
const HASH_BYTES = 48;
