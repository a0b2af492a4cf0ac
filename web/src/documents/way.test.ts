import { expect, it } from 'vitest';
import { byUrgency, done, ink, next } from './way';

it('counts the steps that are done', () => {
  expect(done({ steps: { approve: true, sign: true, number: false, seal: false } })).toBe(2);
});

it('names one next step, and never the return', () => {
  expect(next({ state: 'submitted', actions: ['return', 'sign'] })).toBe('sign');
  expect(next({ state: 'submitted', actions: ['return'] })).toBeUndefined();
  expect(next({ state: 'sealed', actions: ['issue'] })).toBe('issue');
});

it('does not ask for what is issued to be issued again', () => {
  expect(next({ state: 'issued', actions: ['issue'] })).toBeUndefined();
});

it('binds the agency in red only', () => {
  expect((['sign', 'submit', 'return', 'number', 'seal', 'issue'] as const).map(ink)).toEqual([
    'muc',
    'muc',
    'muc',
    'son',
    'son',
    'son',
  ]);
});

it('puts the urgent first, then what waits longest', () => {
  const rows = [
    { urgency: 0 as const, updated_at: '2026-11-23T02:00:00Z' },
    { urgency: 3 as const, updated_at: '2026-11-23T03:00:00Z' },
    { urgency: 0 as const, updated_at: '2026-11-23T01:00:00Z' },
  ];
  expect([...rows].sort(byUrgency).map((row) => row.updated_at.slice(11, 13))).toEqual(['03', '01', '02']);
});
