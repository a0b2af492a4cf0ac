import { api, whenForgotten } from '../api/client';
import { Problem } from '../api/problem';
import type { Membership, Person, Role } from '../api/types';

/** Who is at the screen: `undefined` until the server has been asked, `null` when nobody is logged in. */
let person = $state.raw<Person | null>();

export const session = {
  get person() {
    return person ?? null;
  },
  get known() {
    return person !== undefined;
  },
};

/** Where the person works and as what: their first membership. */
export const post = (): Membership | undefined => session.person?.memberships[0];

/** Whether the person holds a role, of their own or for somebody who is absent. */
export const holds = (role: Role): boolean =>
  [...(session.person?.memberships ?? []), ...(session.person?.acting_for ?? [])].some((held) => held.role === role);

/** Whether the person administers the province: every account, the tree of agencies, the machine. */
export const keepsProvince = (): boolean =>
  session.person?.memberships.some((held) => held.role === 'administrator' && held.agency_kind === 'province') ?? false;

export async function restore(): Promise<void> {
  whenForgotten(() => (person = null));
  try {
    person = await api<Person>('/session');
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.status !== 401) throw cause;
    person = null;
  }
}

export interface Credentials extends Record<string, unknown> {
  user_name: string;
  password: string;
  one_time_code?: string;
}

export async function logIn(credentials: Credentials): Promise<void> {
  person = await api<Person>('/session', { method: 'POST', body: credentials });
}

/** Keeps where letters to the person go; `null` takes it away. */
export async function keepMailAddress(address: string | null): Promise<void> {
  person = await api<Person>('/session/mail-address', { method: 'PUT', body: { address } });
}

export async function logOut(): Promise<void> {
  await api('/session', { method: 'DELETE' });
  person = null;
}
