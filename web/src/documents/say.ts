import type { DocumentDetail, DocumentSummary } from '../api/types';
import { t, type Key } from '../i18n';
import { next } from './way';

/** Where a document stands, in a sentence that says whose turn it is. */
export function standing(document: DocumentSummary | DocumentDetail): string {
  const mine = next(document) !== undefined;
  const key = (KEYS[document.state]?.[mine ? 0 : 1] ?? 'state.issued') as Key;
  const receivers = 'dispatches' in document ? document.dispatches.length : 0;
  return t(key, { signer: document.signer.full_name, code: document.code ?? '', count: receivers });
}

/** For each state: when the next step is mine, and when it is another's. */
const KEYS: Record<DocumentSummary['state'], [Key, Key]> = {
  draft: ['state.draft.mine', 'state.draft'],
  submitted: ['state.submitted.mine', 'state.submitted'],
  returned: ['state.returned.mine', 'state.returned'],
  signing: ['state.signing', 'state.signing'],
  signed: ['state.signed.mine', 'state.signed'],
  numbered: ['state.numbered.mine', 'state.numbered'],
  sealing: ['state.sealing', 'state.sealing'],
  sealed: ['state.sealed.mine', 'state.sealed'],
  issued: ['state.issued', 'state.issued'],
  recalled: ['state.recalled', 'state.recalled'],
};
