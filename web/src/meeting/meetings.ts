import { address, api } from '../api/client';
import type { Role } from './protocol';

/** The shapes of `/meetings`; see server/openapi.json. */
export interface Meeting {
  id: string;
  title: string;
  agency_id: string;
  agency_name: string;
  starts_at: string;
  ended_at: string | null;
  is_running: boolean;
  link_code: string;
  my_role: Role;
  members: Member[];
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
  is_running: boolean;
  my_role: Role;
}

export interface NewMeeting extends Record<string, unknown> {
  title: string;
  starts_at: string;
  members: { person_id: string; role: Role }[];
}

export interface Colleague {
  id: string;
  full_name: string;
  memberships: { agency_name: string; position: string }[];
}

export const mine = (): Promise<{ items: Meeting[] }> => api('/meetings');
export const call = (body: NewMeeting): Promise<Meeting> => api('/meetings', { method: 'POST', body });
export const doorOf = (code: string): Promise<MeetingDoor> => api(`/meetings/by-link/${encodeURIComponent(code)}`);
export const colleagues = (): Promise<{ items: Colleague[] }> => api('/people', { query: { limit: '200' } });

/** Where the signalling of a meeting is reached. */
export function socketUrl(id: string, code: string): string {
  const url = new URL(address(`/meetings/${id}/socket`, { link: code }), location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** The link as it is sent to people. */
export const linkOf = (code: string): string => `${location.origin}/hop/${code}`;

/** A code as people type or paste it: the whole link, capitals, without dashes. `null` when it cannot be one. */
export function readCode(text: string): string | null {
  const tail = text.trim().split('/').pop() ?? '';
  const letters = tail.split(/[?#]/)[0]!.toLowerCase().replace(/[\s-]/g, '');
  return /^[0-9abcdefghjkmnpqrstvwxyz]{20}$/.test(letters) ? letters.match(/.{5}/g)!.join('-') : null;
}
