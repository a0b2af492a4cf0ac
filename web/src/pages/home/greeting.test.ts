import { expect, it } from 'vitest';
import type { DocumentSummary } from '../../api/types';
import { clauses, greeting } from './greeting';

const paper = (actions: DocumentSummary['actions'], urgency: 0 | 3 = 0) =>
  ({ actions, urgency, state: 'submitted' }) as DocumentSummary;

it('counts what waits and names the urgent', () => {
  const work = {
    documents: [paper(['sign', 'return'], 3), paper(['sign']), paper(['sign'])],
    arrivals: [],
    duty: 'to_instruct' as const,
  };
  expect(clauses(work)).toEqual([
    { key: 'home.count.sign', count: 3 },
    { key: 'home.count.urgent', count: 1 },
  ]);
  expect(greeting('Nguyễn Thị Minh Hà', work, 'vi').replaceAll('\u00a0', ' ')).toBe(
    'Chào đồng chí Hà. Ba văn bản chờ đồng chí ký, một bản hỏa tốc.',
  );
});

it('says so when nothing waits, and only greets before it knows', () => {
  expect(greeting('Trần Thị Lụa', { documents: [], arrivals: [], duty: 'to_instruct' as const }, 'vi')).toMatch(
    /Chưa có việc nào chờ đồng.chí/,
  );
  expect(greeting('Trần Thị Lụa', undefined, 'vi')).toBe('Chào đồng chí Lụa.');
});
