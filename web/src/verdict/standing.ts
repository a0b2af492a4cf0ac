import type { Report, Signature, Verdict } from '../api/types';
import type { Standing } from '../components/ring';
import type { Key } from '../i18n';

/** The form of ring that a verdict takes. */
export function standing(verdict: Verdict | null | undefined): Standing {
  if (verdict === 'TOTAL-PASSED') return 'valid';
  if (verdict === 'NO-SIGNATURE') return 'none';
  return verdict === 'INDETERMINATE' || !verdict ? 'unknown' : 'invalid';
}

/** What to say of a whole file: first what to do with it, then why. */
export function headline(report: Report): { say: Key; because: Key } {
  if (report.problem) return { say: 'verify.say.unread', because: PROBLEM[report.problem.kind] };
  switch (report.verdict) {
    case 'TOTAL-PASSED':
      return { say: 'verify.say.valid', because: 'verify.because.valid' };
    case 'NO-SIGNATURE':
      return { say: 'verify.say.none', because: 'verify.because.none' };
    case 'MALFORMED':
      return { say: 'verify.say.unread', because: 'verify.problem.malformed' };
    case 'INDETERMINATE':
      return { say: 'verify.say.unknown', because: reason(report) };
    default:
      return altered(report)
        ? { say: 'verify.say.altered', because: 'verify.because.altered' }
        : { say: 'verify.say.invalid', because: reason(report) };
  }
}

/** Whether bytes that were signed changed, or something was added that no signature allows. */
export function altered(report: Report): boolean {
  return report.signatures.some(
    (signature) => signature.modification === 'disallowed' || signature.sub_indication === 'HASH_FAILURE',
  );
}

/** Why a file does not pass, in the words of a person. */
function reason(report: Report): Key {
  const failing = report.signatures.find((signature) => signature.indication !== 'TOTAL-PASSED');
  return failing ? signatureReason(failing) : 'verify.reason.other';
}

export function signatureReason(signature: Signature): Key {
  return REASON[signature.sub_indication ?? ''] ?? 'verify.reason.other';
}

const PROBLEM = {
  malformed: 'verify.problem.malformed',
  password_needed: 'verify.problem.password',
  unsupported: 'verify.problem.unsupported',
  refused: 'verify.problem.refused',
} as const;

/** EN 319 102-1, tables 5 and 6. */
const REASON: Record<string, Key> = {
  FORMAT_FAILURE: 'verify.reason.format',
  HASH_FAILURE: 'verify.reason.hash',
  SIG_CRYPTO_FAILURE: 'verify.reason.crypto',
  REVOKED: 'verify.reason.revoked',
  REVOKED_NO_POE: 'verify.reason.revoked',
  REVOKED_CA_NO_POE: 'verify.reason.revoked',
  EXPIRED: 'verify.reason.expired',
  OUT_OF_BOUNDS_NO_POE: 'verify.reason.expired',
  OUT_OF_BOUNDS_NOT_REVOKED: 'verify.reason.expired',
  NOT_YET_VALID: 'verify.reason.early',
  NO_SIGNING_CERTIFICATE_FOUND: 'verify.reason.certificate',
  NO_CERTIFICATE_CHAIN_FOUND: 'verify.reason.chain',
  CERTIFICATE_CHAIN_GENERAL_FAILURE: 'verify.reason.chain',
  CHAIN_CONSTRAINTS_FAILURE: 'verify.reason.chain',
  CRYPTO_CONSTRAINTS_FAILURE: 'verify.reason.weak',
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: 'verify.reason.weak',
  TRY_LATER: 'verify.reason.later',
};
