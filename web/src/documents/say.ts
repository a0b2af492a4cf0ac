import type { DocumentDetail, DocumentSummary } from '../api/types';
import { t, type Key } from '../i18n';
import { next } from './way';

/** Where a document stands, in a sentence that says whose turn it is. */
export function standing(document: DocumentSummary | DocumentDetail): string {
  const mine = next(document) !== undefined;
  let key = (KEYS[document.state]?.[mine ? 0 : 1] ?? 'state.issued') as Key;
  // Either of two may have returned it.
  if (document.state === 'returned' && document.cosigner) key = 'state.returned.joint';
  if (document.state === 'signed' && document.cosigner) key = mine ? 'state.signed.joint.mine' : 'state.signed.joint';
  const receivers = 'dispatches' in document ? document.dispatches.length : 0;
  return t(key, {
    signer: document.signer.full_name,
    cosigner: document.cosigner?.full_name ?? '',
    partner: document.partner?.name ?? '',
    code: document.code ?? '',
    count: receivers,
  });
}

/** For each state: when the next step is mine, and when it is another's. */
const KEYS: Record<DocumentSummary['state'], [Key, Key]> = {
  draft: ['state.draft.mine', 'state.draft'],
  submitted: ['state.submitted.mine', 'state.submitted'],
  returned: ['state.returned.mine', 'state.returned'],
  signing: ['state.signing', 'state.signing'],
  first_signed: ['state.first_signed.mine', 'state.first_signed'],
  second_signing: ['state.second_signing', 'state.second_signing'],
  signed: ['state.signed.mine', 'state.signed'],
  numbered: ['state.numbered.mine', 'state.numbered'],
  sealing: ['state.sealing', 'state.sealing'],
  first_sealed: ['state.first_sealed.mine', 'state.first_sealed'],
  second_sealing: ['state.second_sealing', 'state.second_sealing'],
  sealed: ['state.sealed.mine', 'state.sealed'],
  issued: ['state.issued', 'state.issued'],
  recalled: ['state.recalled', 'state.recalled'],
};
