import { api } from '../../api/client';
import type { Choice, End, Majority, Tally, TokenKey, VoteState } from '../protocol';

/** A question put in writing, as one who is asked, or who put it, sees it; see server/openapi.json. */
export interface Opinion {
  id: string;
  agency_id: string;
  agency_name: string;
  question: string;
  opened_at: string;
  closes_at: string;
  is_secret: boolean;
  is_signed: boolean;
  majority: Majority;
  voters: number;
  voted: number;
  needed: number;
  tally: Tally;
  end: End | null;
  is_asked: boolean;
  my_choice: Choice | null;
  took_part: boolean;
  leads: boolean;
  seat: string;
  key: TokenKey | null;
  papers: { id: string; title: string; digest: string }[];
  ballots: { name: string; took_part: boolean; choice: Choice | null }[];
}

export interface NewOpinion {
  question: string;
  people: string[];
  closes_at: string;
  is_secret: boolean;
  is_signed: boolean;
  majority: Majority;
  papers: string[];
}

const of = (id: string) => `/opinions/${encodeURIComponent(id)}`;

export const mine = () => api<Opinion[]>('/opinions');
export const read = (id: string) => api<Opinion>(of(id));
export const put = (opinion: NewOpinion) => api<Opinion>('/opinions', { method: 'POST', body: { ...opinion } });
export const close = (id: string) => api<Opinion>(`${of(id)}/closing`, { method: 'POST', body: {} });
export const cast = (id: string, choice: Choice, pin?: string) =>
  api<Opinion>(`${of(id)}/ballot`, { method: 'POST', body: { choice, pin } });
export const token = (id: string, blinded: string) =>
  api<{ signed: string }>(`${of(id)}/token`, { method: 'POST', body: { blinded } });

/** Whether it waits for the caller. */
export const waits = (one: Opinion): boolean => one.end === null && one.is_asked && !one.took_part;

/** The question as the parts know it that show votes in a meeting. */
export function asVote(one: Opinion): VoteState {
  const { question, is_secret, is_signed, majority } = one;
  return {
    id: 1,
    terms: {
      question,
      item: null,
      electorate: 'asked',
      is_secret,
      is_signed,
      majority,
      seconds: null,
      grace_seconds: 0,
    },
    opened_at: one.opened_at,
    closes_at: one.closes_at,
    now: one.opened_at,
    quorum: {
      present: one.voters,
      called: one.voters,
      needed: 0,
      is_reached: true,
      sites_present: 0,
      sites_called: 0,
    },
    key: one.key,
    voters: one.voters,
    voted: one.voted,
    called: one.voters,
    present: one.voters,
    needed: one.needed,
    tally: one.tally,
    end: one.end,
    ballots: one.is_asked ? [{ voter: one.seat, name: '', weight: 1, choice: one.my_choice }] : [],
    missing: [],
  };
}
