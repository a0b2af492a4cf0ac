import type { DispatchDetail, Urgency } from '../api/types';

/** What stands on a paper, as the clerk types it. */
export class Typed {
  author = $state('');
  code = $state('');
  issuedOn = $state('');
  kind = $state('CV');
  subject = $state('');
  signer = $state('');
  urgency = $state<Urgency>(0);

  /** As it was registered. */
  static of(dispatch: DispatchDetail): Typed {
    const typed = new Typed();
    typed.author = dispatch.sender.name;
    typed.code = dispatch.code;
    typed.issuedOn = dispatch.issued_on ?? '';
    typed.kind = dispatch.paper?.kind ?? 'CV';
    typed.subject = dispatch.subject;
    typed.signer = dispatch.paper?.signer ?? '';
    typed.urgency = dispatch.urgency;
    return typed;
  }

  get isWhole(): boolean {
    return this.author.trim() !== '' && this.subject.trim() !== '';
  }

  get said() {
    const clean = (text: string) => text.trim().normalize('NFC');
    return {
      author: clean(this.author),
      code: clean(this.code),
      issued_on: this.issuedOn,
      kind: this.kind,
      subject: clean(this.subject),
      urgency: this.urgency,
      signer: clean(this.signer),
    };
  }

  /** Ready for the next paper; those of one morning often have the same author, day and kind. */
  next(): void {
    this.code = this.subject = this.signer = '';
    this.urgency = 0;
  }
}
