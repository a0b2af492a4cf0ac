import { expect, test } from 'vitest';
import type { MissingVoter, VoteState } from '../protocol';
import { basis, newlyLost, withVote } from './votes';

const vote = (id: number, missing: [string, boolean][] = []): VoteState => ({
  id,
  terms: {
    question: '?',
    item: null,
    electorate: 'sites',
    is_secret: false,
    is_signed: false,
    majority: 'half_of_called',
    seconds: null,
    grace_seconds: 0,
  },
  opened_at: '2026-11-23T07:30:00Z',
  closes_at: null,
  now: '2026-11-23T07:30:00Z',
  quorum: { present: 1, called: 1, needed: 1, is_reached: true, sites_present: 0, sites_called: 0 },
  key: null,
  voters: 3,
  voted: 3 - missing.length,
  called: 9,
  present: 3,
  needed: 5,
  tally: { in_favour: 0, against: 0, abstaining: 0 },
  end: null,
  ballots: [],
  missing: missing.map(([name, is_lost]): MissingVoter => ({ voter: name, name, is_lost, by_hand: false })),
});

test('a vote takes the place of its former state', () => {
  const votes = withVote(withVote([], vote(1)), vote(2));
  expect(withVote(votes, { ...vote(1), voted: 1 }).map((one) => [one.id, one.voted])).toEqual([
    [1, 1],
    [2, 3],
  ]);
});

test('a lost line is told once', () => {
  const before = vote(1, [['Xã An Phú', true]]);
  const now = vote(1, [
    ['Xã An Phú', true],
    ['Xã Tân Thủy', true],
    ['Sở Nội vụ', false],
  ]);
  expect(newlyLost(before, now)).toEqual(['Xã Tân Thủy']);
  expect(newlyLost(undefined, before)).toEqual(['Xã An Phú']);
  expect(newlyLost(now, now)).toEqual([]);
});

test('a majority is reckoned of those called or of those present', () => {
  expect(basis(vote(1))).toBe(9);
  expect(basis({ ...vote(1), terms: { ...vote(1).terms, majority: 'two_thirds_of_present' } })).toBe(3);
});
