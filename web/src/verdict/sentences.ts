import type { Report, Signature } from '../api/types';
import { catalog } from '../i18n';
import vi from './vi.json';

/** The validator's own sentences; a test of the signer writes both files. */
const t = catalog(vi, () => import('./en.json'));
type Key = keyof typeof vi;

/** A sentence, and the stable code by which support and scripts know it. */
export interface Said {
  code: string;
  text: string;
}

/** Why a signature did not pass, each reason once. */
export const reasons = (signature: Signature): Said[] => said('reason', signature.codes ?? []);

/** What passes, but a person should know. */
export const warnings = (signature: Signature): Said[] => said('warning', signature.warnings);

/** Why the file as a whole could not be judged. */
export const problem = (report: Report): Said[] => said('reason', report.code ? [report.code] : []);

/** A code that a newer validator knows stands without a sentence; `other` says nothing that the sub-indication has not said. */
function said(kind: 'reason' | 'warning', codes: string[]): Said[] {
  return [...new Set(codes)]
    .filter((code) => code !== 'other')
    .map((code) => {
      const key = `${kind}.${code}`;
      return { code, text: key in vi ? t(key as Key) : '' };
    });
}
