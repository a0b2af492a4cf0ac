import { api } from '../api/client';
import { Problem } from '../api/problem';
import { t } from '../i18n';

/** A key with which its owner logs in. */
export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at?: string | null;
}

/** Whether this browser makes passkeys for `host`, and reads the questions of the server. */
export const works = (host: string | null | undefined): boolean =>
  host === location.hostname && typeof PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';

/** Makes a key on this device and keeps it under `name`; whoever does it types the password. */
export async function enrol(name: string, password: string): Promise<void> {
  const question = await api<PublicKeyCredentialCreationOptionsJSON>('/session/passkeys/question', {
    method: 'POST',
    body: { password },
  });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question);
  const credential = await asked(() => navigator.credentials.create({ publicKey }));
  await api('/session/passkeys', { method: 'POST', body: { name, credential } });
}

/** What this device answers to the server's question, to log in with. */
export async function answer(): Promise<unknown> {
  const question = await api<PublicKeyCredentialRequestOptionsJSON>('/session/passkey/question', { method: 'POST' });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question);
  return asked(() => navigator.credentials.get({ publicKey }));
}

/** A device says no for many reasons and names none that helps: it was closed, took too long, or has the key already. */
async function asked(device: () => Promise<Credential | null>): Promise<unknown> {
  try {
    const credential = await device();
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (cause) {
    if ((cause as Error).name === 'InvalidStateError') throw said('passkey.present');
  }
  throw said('passkey.stopped');
}

const said = (key: 'passkey.present' | 'passkey.stopped'): Problem => new Problem('passkey', 0, t(key));
