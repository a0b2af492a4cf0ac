import type { Signature } from '../api/types';
import { t } from '../i18n';
import { stamp } from '../time';
import { signatureReason } from './standing';
import type { Event } from './story';

/** Each event of a file's story in three parts: what happened, what that means, when. */
export function title(event: Event): string {
  switch (event.kind) {
    case 'signed':
      return t(event.by === 'agency' ? 'story.sealed' : 'story.signed', { who: name(event.signature) });
    case 'stamped':
      return t('story.stamped', { who: name(event.signature) });
    default:
      return t(`story.${event.kind}`);
  }
}

export function detail(event: Event): string {
  switch (event.kind) {
    case 'signed':
    case 'stamped':
      return integrity(event.signature);
    default:
      return t(`story.${event.kind}.detail`);
  }
}

export function when(event: Event, verifiedAt?: string | null): string {
  switch (event.kind) {
    case 'signed':
    case 'stamped': {
      const { timestamp, signed_at } = event.signature;
      if (timestamp) return stamp(timestamp);
      return signed_at ? t('story.claimed', { time: stamp(signed_at) }) : t('story.timeless');
    }
    case 'broken':
      return t('story.timeless');
    case 'intact':
      return verifiedAt ? t('story.checked', { time: stamp(verifiedAt) }) : '';
    default:
      return '';
  }
}

export const name = (signature: Signature): string =>
  signature.signer ?? signature.certificate?.name ?? t('story.unnamed');

function integrity(signature: Signature): string {
  if (signature.indication === 'TOTAL-PASSED') {
    return t(signature.coverage === 'whole-file' ? 'story.whole' : 'story.sound');
  }
  const stands = signature.sub_indication !== 'HASH_FAILURE' && signature.sub_indication !== 'SIG_CRYPTO_FAILURE';
  return stands && signature.modification === 'disallowed' ? t('story.sound.here') : t(signatureReason(signature));
}
