import { Problem } from '../api/problem';
import { locale } from '../i18n';
import { t, type Key } from './texts';

/** A certificate on a token, as the host lists it. */
export interface Certificate {
  token: string;
  subject: string;
  issuer: string;
  not_after: string;
  algorithm: string;
  chain: string[];
}
export interface Refusal {
  kind: string;
  wrong?: number;
  pin?: 'fine' | 'few-tries-left' | 'last-try' | 'locked';
}
export type Step = 'request' | 'pin' | 'signing';
type Command = 'status' | 'certificates' | { sign: { word: string } };
interface Answer {
  hoian?: string;
  id?: string;
  heard?: true;
  progress?: Step;
  result?: unknown;
  refusal?: Refusal;
}

/** An extension that is there answers at once. */
const PATIENCE_MS = 1000;

/**
 * Asks the host at this PC through the extension; `progress` hears of each step.
 *
 * @throws {Problem} with the host's refusal in the reader's language.
 */
export function ask<T>(command: Command, progress: (step: Step) => void = () => undefined): Promise<T> {
  const id = crypto.randomUUID();
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(silence);
      removeEventListener('message', hear);
    };
    const hear = (event: MessageEvent<Answer | null>): void => {
      const answer = event.data;
      if (event.source !== window || answer?.hoian !== 'token-answer' || answer.id !== id) return;
      clearTimeout(silence);
      if (answer.progress) progress(answer.progress);
      if (answer.heard || answer.progress) return;
      end();
      if (answer.refusal) reject(refused(answer.refusal));
      else resolve(answer.result as T);
    };
    const silence = setTimeout(() => {
      end();
      reject(refused({ kind: 'extension-missing' }));
    }, PATIENCE_MS);
    addEventListener('message', hear);
    postMessage({ hoian: 'token', id, language: locale(), command }, location.origin);
  });
}

/** The certificates on the tokens that are plugged in. */
export const certificates = async (): Promise<Certificate[]> =>
  (await ask<{ certificates: Certificate[] }>('certificates')).certificates;

/** Has a token sign what `word` opens. */
export const sign = async (word: string, progress: (step: Step) => void): Promise<string> =>
  (await ask<{ signature: string }>({ sign: { word } }, progress)).signature;

/** A refusal as a problem: what is so, and what helps. */
export function refused({ kind, wrong, pin }: Refusal): Problem {
  const known = SENTENCES.find((one) => one === kind) ?? 'token-failed';
  const detail: Key | undefined =
    known === 'extension-missing' || known === 'host-missing'
      ? 'token.refusal.install'
      : pin === 'last-try'
        ? 'token.refusal.last-try'
        : undefined;
  return new Problem(known, 0, t(`token.refusal.${known}`, { count: wrong ?? 0 }), detail && t(detail));
}

const SENTENCES = [
  'extension-missing',
  'host-missing',
  'settings',
  'origin-refused',
  'request-over',
  'unreachable',
  'document-refused',
  'no-token',
  'no-certificate',
  'cancelled',
  'no-pinentry',
  'wrong-pin',
  'pin-locked',
  'token-gone',
  'token-failed',
  'malformed',
] as const;

/** The first eight bytes of a digest in groups, as the window of the PIN shows them. */
export const checkCode = (digest: string): string => (digest.slice(0, 16).toUpperCase().match(/.{4}/g) ?? []).join(' ');
