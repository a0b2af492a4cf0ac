import { describe, expect, it } from 'vitest';
import type { Report, Signature } from '../api/types';
import { t } from '../i18n';
import { headline, standing } from './standing';
import { inkOf, story } from './story';
import { detail } from './tell';

const signature = (over: Partial<Signature>): Signature => ({
  field: 'leader',
  kind: 'signature',
  signer: 'Nguyễn Thị Minh Hà',
  indication: 'TOTAL-PASSED',
  sub_indication: null,
  level: 'B-T',
  coverage: 'whole-revision',
  modification: 'none',
  digest_algorithm: 'sha256',
  signed_at: '2026-11-23T01:12:47Z',
  timestamp: '2026-11-23T01:12:49Z',
  warnings: [],
  certificate: null,
  regime: null,
  revocation: 'good',
  changes: [],
  revision: 2,
  covered_bytes: 100,
  ...over,
});

const filling = (revision: number) => ({ revision, modification: 'form-filling' as const, what: 'number' });
const signed: Report = {
  verdict: 'TOTAL-PASSED',
  signatures: [signature({ changes: [filling(3), filling(4)] }), signature({ field: 'agency', revision: 4 })],
};

describe('a verdict', () => {
  it('takes a form of its own', () => {
    expect(standing('TOTAL-PASSED')).toBe('valid');
    expect(standing('TOTAL-FAILED')).toBe('invalid');
    expect(standing('MALFORMED')).toBe('invalid');
    expect(standing('INDETERMINATE')).toBe('unknown');
    expect(standing('NO-SIGNATURE')).toBe('none');
    expect(standing(null)).toBe('unknown');
  });

  it('says do not use it when the content changed', () => {
    const broken: Report = {
      verdict: 'TOTAL-FAILED',
      signatures: [signature({ indication: 'TOTAL-FAILED', sub_indication: 'HASH_FAILURE' })],
    };
    expect(headline(broken).say).toBe('verify.say.altered');
  });

  it('says what could not be established', () => {
    const open: Report = {
      verdict: 'INDETERMINATE',
      signatures: [signature({ indication: 'INDETERMINATE', sub_indication: 'NO_CERTIFICATE_CHAIN_FOUND' })],
    };
    expect(headline(open)).toEqual({ say: 'verify.say.unknown', because: 'verify.reason.chain' });
  });

  it('names why a file could not be read', () => {
    const locked: Report = { verdict: 'INDETERMINATE', signatures: [], problem: { kind: 'password_needed' } };
    expect(headline(locked).because).toBe('verify.problem.password');
  });
});

describe('the story of a file', () => {
  it('tells signature, number and date, seal, and that nothing followed', () => {
    expect(story(signed).map((event) => event.kind)).toEqual(['signed', 'filled', 'signed', 'intact']);
  });

  it('tells each filling once, though every earlier signature reports it', () => {
    const twice: Report = {
      ...signed,
      signatures: signed.signatures.map((each) => ({ ...each, changes: [...each.changes, filling(5)] })),
    };
    expect(story(twice).filter((event) => event.kind === 'filled')).toHaveLength(2);
  });

  it('ends where it broke', () => {
    const changes = [{ revision: 5, modification: 'disallowed' as const, what: 'page 1' }];
    const broken: Report = {
      verdict: 'TOTAL-FAILED',
      signatures: signed.signatures.map((each) => ({ ...each, modification: 'disallowed', changes })),
    };
    expect(story(broken).at(-1)).toEqual({ kind: 'broken', what: ['page 1'] });
  });

  it('calls no signature intact whose digest differs, whatever was added behind it', () => {
    const told = (sub_indication: string) =>
      detail({
        kind: 'signed',
        by: 'person',
        signature: signature({ indication: 'TOTAL-FAILED', modification: 'disallowed', sub_indication }),
      });
    expect(told('FORMAT_FAILURE')).toBe(t('story.sound.here'));
    expect(told('HASH_FAILURE')).toBe(t('verify.reason.hash'));
    expect(told('SIG_CRYPTO_FAILURE')).toBe(t('verify.reason.crypto'));
  });

  it('tells whose ink it was', () => {
    expect(inkOf(signature({}))).toBe('person');
    expect(inkOf(signature({ field: 'agency' }))).toBe('agency');
  });
});
