import { api, socketAddress } from '../api/client';
import type { State } from '../api/types';
import type { Choice, MixedSound, OwnCheck, Role, Source, Terms, TrackState, Way } from './protocol';

/** The shapes of `/meetings`; see server/openapi.json. */
export interface Meeting {
  id: string;
  title: string;
  agency_id: string;
  agency_name: string;
  starts_at: string;
  ended_at: string | null;
  called_off_reason: string | null;
  is_running: boolean;
  link_code: string;
  kind: 'meeting' | 'conference' | 'test';
  ends_at: string | null;
  place: string;
  my_role: Role;
  my_reply: Reply;
  members: Member[];
}

export interface Paper {
  id: string;
  item: number | null;
  title: string;
  audience: 'everyone' | 'called' | 'leaders';
  visible_from: string | null;
  document_id: string;
  version: number;
}

export interface Preparation {
  sites: { id: string; name: string; agency_id: string | null; is_main: boolean; link_code: string | null }[];
  agencies: {
    agency_id: string;
    name: string;
    site_id: string | null;
    reply: Reply;
    reply_note: string | null;
    is_mine: boolean;
  }[];
  people: {
    person_id: string;
    full_name: string;
    role: Role;
    site_id: string | null;
    agency_id: string | null;
    reply: Reply;
    reply_note: string | null;
    stands_for: string | null;
    /** How much their vote counts. */
    weight: number;
  }[];
  items: Item[];
  lobby: boolean;
  microphones: 'free' | 'floor_only';
  quorum: 'none' | 'half' | 'two_thirds';
  quota_seconds: number;
  muted_above: number;
  invitation: Invitation | null;
  may_prepare: boolean;
}

export interface Item {
  number: number;
  title: string;
  presenter_id: string | null;
  presenter: string;
  minutes: number;
  /** The question that is prepared for it. */
  vote: Terms | null;
}

/** The invitation in the document flow, and the letters that follow it. */
export interface Invitation {
  document_id: string;
  state: State;
  code: string | null;
  opens: boolean;
  letters: {
    sent: number;
    waiting: number;
    refused: { full_name: string; address: string; answer: string | null }[];
    without_address: string[];
  } | null;
}

export interface Board {
  title: string;
  starts_at: string;
  ended_at: string | null;
  link_code: string;
  seats: BoardSeat[];
}

export interface BoardSeat {
  seat: string;
  name: string;
  link_code: string | null;
  standing: 'out' | 'trial' | 'meeting' | 'lost';
  camera: TrackState | null;
  microphone: TrackState | null;
  line: LineNow | null;
  check: (OwnCheck & { round_trip_ms: number | null; lost_permille: number | null }) | null;
  tested_at: string | null;
}

export interface LineNow {
  seat: string;
  name: string;
  way: Way | null;
  address: string | null;
  round_trip_ms: number | null;
  up_lost_permille: number | null;
  up_jitter_ms: number | null;
  up_kbps: number | null;
  down_lost_permille: number | null;
  down_jitter_ms: number | null;
  down_kbps: number | null;
  concealed_permille: number | null;
  freezes: number | null;
  sends: { source: Source; layer: string | null; kbps: number; width: number | null; height: number | null }[];
  layer: number | null;
  wanted_layer: number | null;
  mixed_sound: MixedSound;
  dropped: { reason: DropReason; packets: number }[];
}

/** Why packets went no further, as the server names it. */
export type DropReason = (typeof DROP_REASONS)[number];
export const DROP_REASONS = [
  'not_ours',
  'unknown_address',
  'stray_stun',
  'forged',
  'replayed',
  'truncated',
  'too_many_streams',
  'unknown_stream',
  'muted',
  'no_keys',
  'held_too_much',
  'malformed_feedback',
  'no_room',
  'too_many_wait',
  'overtaken',
  'malformed_redundancy',
  'repeated_too_much',
  'padding',
  'shard_busy',
] as const;

export interface Tally {
  count: number;
  sum: number;
  highest: number;
}

export interface LineWhole {
  seat: string;
  name: string;
  way: Way | null;
  round_trip_ms: Tally;
  concealed_permille: Tally;
  up_lost_permille: Tally;
  down_lost_permille: Tally;
  freezes: { total: number };
  dropped: Record<string, { total: number }>;
}

export interface MeetingLines {
  title: string;
  is_running: boolean;
  now: LineNow[];
  whole: LineWhole[];
}

export type Reply = 'none' | 'accepted' | 'declined' | 'substituted';

export interface Appointment {
  meeting_id: string;
  title: string;
  place: string;
  link_code: string;
  starts_at: string;
  ends_at: string;
  reply: Reply;
  ended: boolean;
  clashes_with: string[];
}

export interface Member {
  person_id: string;
  full_name: string;
  role: Role;
}

export interface MeetingDoor {
  id: string;
  title: string;
  agency_name: string;
  starts_at: string;
  ended_at: string | null;
  called_off_reason: string | null;
  is_running: boolean;
  my_role: Role;
  site_name: string | null;
}

export interface NewMeeting extends Record<string, unknown> {
  title: string;
  kind?: Meeting['kind'];
  starts_at: string;
  ends_at?: string | null;
  place?: string;
  lobby?: boolean;
  members: { person_id: string; role: Role; site?: number }[];
  sites?: { id?: string; name: string; agency_id?: string | null; is_main?: boolean }[];
  agencies?: { agency_id: string; site?: number }[];
  items?: { title: string; presenter?: string; presenter_id?: string | null; minutes: number }[];
}

export interface Recording {
  number: number;
  started_at: string;
  ended_at: string | null;
  stop: 'stopped' | 'meeting_over' | 'interrupted' | null;
  /** It can be played. */
  is_whole: boolean;
  duration_ms: number;
  size_bytes: number;
  chapters: { begins_ms: number; title: string }[];
}

export interface Colleague {
  id: string;
  full_name: string;
  memberships: { agency_name: string; position: string }[];
}

export const mine = (): Promise<{ items: Meeting[] }> => api('/meetings');
export const call = (body: NewMeeting): Promise<Meeting> => api('/meetings', { method: 'POST', body });
export const meetingOf = (id: string): Promise<Meeting> => api(`/meetings/${id}`);
export const change = (id: string, body: NewMeeting): Promise<Meeting> =>
  api(`/meetings/${id}`, { method: 'PUT', body });
export const preparationOf = (id: string, link?: string): Promise<Preparation> =>
  api(`/meetings/${id}/preparation`, { query: { link } });
export const boardOf = (id: string): Promise<Board> => api(`/meetings/${id}/board`);
/** Drafts the invitation; comes back as its document. */
export const invite = (id: string, signer_id: string | null): Promise<{ document_id: string }> =>
  api(`/meetings/${id}/invitation`, { method: 'POST', body: { signer_id } });
export const callOff = (id: string, reason: string): Promise<void> =>
  api(`/meetings/${id}/cancellation`, { method: 'POST', body: { reason } });
export const recordingsOf = (id: string): Promise<Recording[]> => api(`/meetings/${id}/recordings`);
export const linesOf = (id: string): Promise<MeetingLines> => api(`/meetings/${id}/lines`);
export const papersOf = (id: string, link?: string): Promise<Paper[]> =>
  api(`/meetings/${id}/papers`, { query: { link } });
export const calendar = (from: Date, to: Date): Promise<Appointment[]> =>
  api('/calendar', { query: { from: from.toISOString(), to: to.toISOString() } });
export const busy = (
  starts_at: string,
  ends_at: string | undefined,
  people: string[],
): Promise<{ person_id: string; full_name: string }[]> =>
  api('/calendar/busy', { query: { starts_at, ends_at, people: people.join(',') } });
export const doorOf = (code: string): Promise<MeetingDoor> => api(`/meetings/by-link/${encodeURIComponent(code)}`);
export const colleagues = (): Promise<{ items: Colleague[] }> => api('/people', { query: { limit: '200' } });

/** The ballots of a secret vote that is over. */
export const ballotsOf = (id: string, vote: number, link: string): Promise<{ token: string; choice: Choice }[]> =>
  api(`/meetings/${id}/votes/${vote}/ballots`, { query: { link } });

/** Where the signalling of a meeting is reached; with `trial`, of the room in which a seat is tried out: `own`, or another's. */
export function socketUrl(id: string, code: string, trial?: string): string {
  return socketAddress(`/meetings/${id}/socket`, { link: code, trial });
}

/** The way of a line as people write it; nothing where there is none. */
export const wayName = (way: Way | null): string => way?.toUpperCase().replace('_', '/') ?? '';

/** The link as it is sent to people. */
export const linkOf = (code: string): string => `${location.origin}/hop/${code}`;

/** A code as people type or paste it: the whole link, capitals, without dashes. `null` when it cannot be one. */
export function readCode(text: string): string | null {
  const tail = text.trim().split('/').pop() ?? '';
  const letters = tail.split(/[?#]/)[0]!.toLowerCase().replace(/[\s-]/g, '');
  return /^[0-9abcdefghjkmnpqrstvwxyz]{20}$/.test(letters) ? letters.match(/.{5}/g)!.join('-') : null;
}
