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

/** How one may log in beside user name and password. */
export interface Ways {
  /** What people call the provider. */
  provider?: string | null;
  /** The host at which passkeys can be used. */
  passkeys?: string | null;
}

export const ways = (): Promise<Ways> => api<Ways>('/session/ways');

/** Logs in with what a device has answered. */
export async function answerDevice(credential: unknown): Promise<void> {
  person = await api<Person>('/session/passkey', { method: 'POST', body: { credential } });
}

/** Where the provider asks who it is; it sends the browser back to the log-in page. */
export async function providerAddress(): Promise<string> {
  return (await api<{ url: string }>('/session/provider', { method: 'POST' })).url;
}

/** Logs in with what the provider has put into the page's address. */
export async function answerProvider(state: string, code: string): Promise<void> {
  person = await api<Person>('/session/provider/answer', { method: 'POST', body: { state, code } });
}

/** The second step, for those who sign or administer. */
export async function confirmProvider(code: string): Promise<void> {
  person = await api<Person>('/session/provider/code', { method: 'POST', body: { one_time_code: code } });
}

/** Keeps where letters to the person go; `null` takes it away. */
export async function keepMailAddress(address: string | null): Promise<void> {
  person = await api<Person>('/session/mail-address', { method: 'PUT', body: { address } });
}

export async function logOut(): Promise<void> {
  await api('/session', { method: 'DELETE' });
  person = null;
}
