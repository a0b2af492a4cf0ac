import type { Report, Signature } from '../api/types';
import { altered } from './standing';

/** One thing that happened to a file, in the order in which it happened. */
export type Event =
  | { kind: 'signed'; by: 'person' | 'agency'; signature: Signature }
  | { kind: 'stamped'; signature: Signature }
  | { kind: 'filled'; revision: number }
  | { kind: 'added'; revision: number }
  | { kind: 'broken'; what: string[] }
  | { kind: 'intact' };

/**
 * The life of a file as the signatures in it tell it: each signature in the order of revisions, the changes made between
 * them, and at the end either that nothing followed or where it broke.
 */
export function story(report: Report): Event[] {
  const events: Event[] = [];
  const told = new Set<number>();
  const inOrder = [...report.signatures].sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0));
  const revisions = new Set(inOrder.map((signature) => signature.revision));
  for (const [index, signature] of inOrder.entries()) {
    events.push(
      signature.kind === 'document-timestamp'
        ? { kind: 'stamped', signature }
        : { kind: 'signed', by: inkOf(signature), signature },
    );
    const until = inOrder[index + 1]?.revision ?? Infinity;
    for (const change of signature.changes) {
      // A revision that a signature closes is told by that signature.
      if (told.has(change.revision) || change.revision >= until || revisions.has(change.revision)) continue;
      told.add(change.revision);
      if (change.modification === 'form-filling') events.push({ kind: 'filled', revision: change.revision });
      if (change.modification === 'annotations') events.push({ kind: 'added', revision: change.revision });
    }
  }
  if (altered(report)) events.push({ kind: 'broken', what: disallowed(report) });
  else if (report.verdict === 'TOTAL-PASSED') events.push({ kind: 'intact' });
  return events;
}

/** The agency's field bears its name from the profile; elsewhere an organisation that signs for itself is one. */
export function inkOf(signature: Signature): 'person' | 'agency' {
  const { certificate, field } = signature;
  if (/agency|coquan|organi[sz]ation/i.test(field)) return 'agency';
  return certificate !== null && certificate.organisation === certificate.name ? 'agency' : 'person';
}

function disallowed(report: Report): string[] {
  const all = report.signatures.flatMap((signature) => signature.changes);
  return [...new Set(all.filter((change) => change.modification === 'disallowed').map((change) => change.what))];
}
