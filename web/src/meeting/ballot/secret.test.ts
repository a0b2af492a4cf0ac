import { expect, test, vi } from 'vitest';
import type { Step, VoteState } from '../protocol';
import { power, toHex } from './blind';
import vectors from './rfc9474.json';
import { SecretBallots } from './secret.svelte';

// The first key of the RFC, whose private exponent signs here as the server would.
const { n, e, d } = vectors[0]! as { n: string; e: string; d: string };
const vote = (end = false): VoteState =>
  ({
    id: 1,
    key: { n, e },
    ballots: [{ voter: 'me', name: 'Tôi', weight: 1, choice: null }],
    end: end ? { at: '', outcome: 'carried', tally: { in_favour: 1, against: 0, abstaining: 0 } } : null,
  }) as unknown as VoteState;
const sign = (blinded: string) =>
  power(BigInt(`0x${blinded}`), BigInt(`0x${d}`), BigInt(`0x${n}`))
    .toString(16)
    .padStart(n.length, '0');

function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test('one token is asked, also after a reload, and the ballot is cast without a cookie', async () => {
  const asked: Step[] = [];
  const tab = storage();
  const page = () =>
    new SecretBallots(
      'm',
      () => 'me',
      (step) => asked.push(step),
      tab,
    );
  const before = page();
  await before.heed(vote());
  const after = page();
  await after.heed(vote());
  const blinded = asked.map((step) => (step.name === 'ask_token' ? step.blinded : ''));
  expect(blinded).toHaveLength(2);
  expect(blinded[0]).toBe(blinded[1]);
  expect(after.isReady(1)).toBe(false);
  after.take({ type: 'token', vote: 1, voter: 'me', signed: sign(blinded[0]!) }, vote());
  expect(after.isReady(1)).toBe(true);

  const sent = vi.fn(async (_address: string, _init: RequestInit) => new Response(null, { status: 204 }));
  vi.stubGlobal('fetch', sent);
  await after.cast(1, 'against');
  expect(sent.mock.calls[0]![1]).toMatchObject({ method: 'POST', credentials: 'omit' });
  expect(after.choiceOf(1)).toBe('against');
  const third = page();
  await third.heed(vote(true));
  expect(third.choiceOf(1)).toBe('against');
  expect(await third.nameOf(1)).toMatch(/^[0-9a-f]{64}$/);

  vi.stubGlobal('fetch', async () => new Response(null, { status: 503 }));
  await third.cast(1, 'in_favour');
  expect([third.failed, third.choiceOf(1)]).toEqual([true, 'against']);
});

test('a signature of another key makes no token', async () => {
  const asked: Step[] = [];
  const page = new SecretBallots(
    'm',
    () => 'me',
    (step) => asked.push(step),
    storage(),
  );
  await page.heed(vote());
  const wrong = toHex(new Uint8Array(n.length / 2).fill(7));
  expect(() => page.take({ type: 'token', vote: 1, voter: 'me', signed: wrong }, vote())).toThrow();
  expect(page.isReady(1)).toBe(false);
});
