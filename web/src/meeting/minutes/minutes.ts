import { api } from '../../api/client';
import type { DocumentSummary, State } from '../../api/types';
import type { Conclusion, Note, Writing } from '../protocol';

/** The shapes of `/meetings/{id}/minutes`; see server/openapi.json. */
export interface Minutes {
  notes: Note[];
  conclusions: Conclusion[];
  votes: { vote: number; question: string; is_secret: boolean; outcome: 'carried' | 'not_carried' }[];
  papers: OutcomePaper[];
  tasks: Task[];
  before: { meeting_id: string; title: string; starts_at: string; tasks: Task[] } | null;
}

export interface OutcomePaper {
  paper: 'minutes' | 'vote_record' | 'conclusion_notice';
  vote: number | null;
  document_id: string;
  state: State;
  /** What the reader may open. */
  document: DocumentSummary | null;
}

export interface Task {
  text: string;
  agency_id: string | null;
  agency: string | null;
  due_on: string | null;
  /** The agency that called the meeting does it itself. */
  is_own: boolean;
  status: string | null;
  completed_at: string | null;
  is_late: boolean;
}

/** Which paper is wanted of a meeting. */
export type Wanted =
  | { paper: 'minutes' }
  | { paper: 'vote_record'; vote: number; secretary_id?: string | null; chair_id?: string | null }
  | { paper: 'conclusion_notice'; signer_id: string | null };

export const minutesOf = (id: string, signal?: AbortSignal): Promise<Minutes> =>
  api(`/meetings/${id}/minutes`, { signal });
export const writeDown = (id: string, body: Writing): Promise<void> =>
  api(`/meetings/${id}/minutes/entries`, { method: 'POST', body });
/** Drafts the paper, or gives the draft that is there. */
export const draftOutcome = (id: string, body: Wanted): Promise<{ document_id: string }> =>
  api(`/meetings/${id}/outcomes`, { method: 'POST', body });
/** Writes the content of a draft anew from what the meeting's record says now. */
export const refreshOutcome = (id: string, body: Wanted): Promise<{ document_id: string }> =>
  api(`/meetings/${id}/outcomes/refresh`, { method: 'POST', body });
