import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import type { Verification } from '../api/types';
import { Batch } from './batch.svelte';

const files = (count: number) => Array.from({ length: count }, (_, at) => new File([], `${at}.pdf`));
const verdict = (verdict: Verification['verdict']) => ({ verdict }) as Verification;
const soon = () => Promise.resolve();

test('every file is checked once, in order, two at once', async () => {
  const asked: string[] = [];
  let under = 0;
  let most = 0;
  const batch = new Batch(files(5), async (file) => {
    asked.push(file.name);
    most = Math.max(most, (under += 1));
    await soon();
    under -= 1;
    return verdict(file.name === '3.pdf' ? 'TOTAL-FAILED' : 'TOTAL-PASSED');
  });
  await batch.run();
  expect(asked).toEqual(['0.pdf', '1.pdf', '2.pdf', '3.pdf', '4.pdf']);
  expect([most, batch.done, batch.valid]).toEqual([2, 5, 4]);
});

test('where every place is taken it asks again, and what is refused for good stands by itself', async () => {
  let busy = 3;
  const paused: number[] = [];
  const check = (file: File) => {
    if (file.name === '0.pdf') return Promise.reject(new Problem('too-large', 413, ''));
    if (busy-- > 0) return Promise.reject(new Problem('busy', 503, ''));
    return Promise.resolve(verdict('TOTAL-PASSED'));
  };
  const batch = new Batch(files(2), check, (ms) => {
    paused.push(ms);
    return soon();
  });
  await batch.run();
  expect(batch.all[0]?.problem).toMatchObject({ status: 413 });
  expect([batch.done, batch.valid]).toEqual([2, 1]);
  expect(paused).toEqual([1000, 2000, 4000]);
});

test('whoever goes away sends no more', async () => {
  const asked: string[] = [];
  const batch = new Batch(files(9), async (file) => {
    asked.push(file.name);
    batch.stop();
    await soon();
    return verdict('TOTAL-PASSED');
  });
  await batch.run();
  expect(asked.length).toBeLessThanOrEqual(2);
});
