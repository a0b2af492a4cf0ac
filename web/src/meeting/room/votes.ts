import type { Choice, VoteState } from '../protocol';

export const CHOICES: Choice[] = ['in_favour', 'against', 'abstaining'];

/** The vote put in place of its former state, in the order of the votes. */
export function withVote(votes: VoteState[], vote: VoteState): VoteState[] {
  const index = votes.findIndex((one) => one.id === vote.id);
  return index < 0 ? [...votes, vote] : votes.with(index, vote);
}

/** Who has newly lost the line with a ballot to cast: the chair is told in one quiet line. */
export function newlyLost(before: VoteState | undefined, now: VoteState): string[] {
  const lost = (vote: VoteState | undefined) => vote?.missing.filter((one) => one.is_lost) ?? [];
  const known = new Set(lost(before).map((one) => one.voter));
  return lost(now)
    .filter((one) => !known.has(one.voter))
    .map((one) => one.name);
}

/** Of what weight the majority is reckoned. */
export const basis = (vote: VoteState): number =>
  vote.terms.majority.endsWith('of_called') ? vote.called : vote.present;
