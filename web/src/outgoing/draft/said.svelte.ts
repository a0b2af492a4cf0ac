import type { DocumentDetail, Metadata, Urgency } from '../../api/types';

/** What a drafter says of a document, as the form holds it: words, so that an empty field is an empty word. */
export class Said {
  subject = $state('');
  kind = $state('KH');
  urgency = $state<Urgency>(0);
  signer = $state('');
  cosigner = $state('');
  body = $state('');
  /** One a line. */
  addressees = $state('');
  receivers = $state('');
  filed = $state('VT');
  copies = $state('');
  dueOn = $state('');
  fileCode = $state('');
  unit = $state('');
  authority = $state<NonNullable<Metadata['authority']> | ''>('');
  head = $state('');
  beside = $state('');
  description = $state('');
  language = $state('Tiếng Việt');
  secrecy = $state<NonNullable<Metadata['secrecy']>>('none');
  contentReviewer = $state('');
  formReviewer = $state('');
  mends = $state.raw<{ relation: 'corrects' | 'replaces'; document_id: string }>();
  replyTo: string | undefined;

  constructor(document?: DocumentDetail) {
    if (!document) return;
    const { metadata } = document;
    this.subject = document.subject;
    this.kind = document.kind;
    this.urgency = document.urgency;
    this.signer = document.signer.id;
    this.cosigner = document.cosigner?.id ?? '';
    this.body = document.body ?? '';
    this.addressees = (metadata.addressees ?? []).join('\n');
    this.receivers = (metadata.receivers ?? []).join('\n');
    this.filed = metadata.filed ?? 'VT';
    this.copies = metadata.copies?.toString() ?? '';
    this.dueOn = metadata.due_on ?? '';
    this.fileCode = metadata.file_code ?? '';
    this.unit = metadata.unit ?? '';
    this.authority = metadata.authority ?? '';
    this.head = metadata.head ?? '';
    this.beside = metadata.beside ?? '';
    this.description = metadata.description ?? '';
    this.language = metadata.language ?? 'Tiếng Việt';
    this.contentReviewer = document.review.content?.id ?? '';
    this.formReviewer = document.review.form?.id ?? '';
    if (document.mends) this.mends = { relation: document.mends.relation, document_id: document.mends.id };
    this.replyTo = document.reply_to ?? undefined;
  }

  /** Minutes that the secretary and then the chair sign. */
  get areMinutes(): boolean {
    return this.kind === 'BB' && this.cosigner !== '';
  }

  get metadata(): Record<string, unknown> {
    return {
      language: words(this.language) ?? 'Tiếng Việt',
      description: words(this.description),
      addressees: lines(this.addressees),
      receivers: lines(this.receivers),
      filed: words(this.filed) ?? 'VT',
      copies: this.copies === '' || this.copies === null ? undefined : Number(this.copies),
      due_on: words(this.dueOn),
      file_code: words(this.fileCode),
      unit: words(this.unit),
      authority: this.authority || undefined,
      head: words(this.head),
      beside: words(this.beside),
      secrecy: this.secrecy,
    };
  }

  /** What the server typesets. */
  get written(): Record<string, unknown> {
    return { ...this.#common, mends: this.mends, metadata: this.metadata, body: this.body.normalize('NFC') };
  }

  /** What goes along with a file. */
  form(file?: File): FormData {
    const form = new FormData();
    for (const [name, value] of Object.entries(this.#common)) if (value !== undefined) form.set(name, String(value));
    if (this.mends) form.set('mends', JSON.stringify(this.mends));
    form.set('metadata', JSON.stringify(this.metadata));
    if (file) form.set('file', file);
    return form;
  }

  get #common(): Record<string, string | number | undefined> {
    return {
      subject: words(this.subject) ?? '',
      kind: this.kind,
      urgency: this.urgency,
      signer_id: this.signer,
      cosigner_id: this.cosigner || undefined,
      reply_to: this.replyTo,
      content_reviewer_id: this.contentReviewer || undefined,
      form_reviewer_id: this.formReviewer || undefined,
    };
  }
}

const words = (text: string): string | undefined => text.trim().normalize('NFC') || undefined;

/** The lines of a list, without dashes and stops: the paper sets its own. */
export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/^[-–•]\s*/, '')
        .replace(/[;.,]+$/, '')
        .normalize('NFC'),
    )
    .filter(Boolean);
