/** What the server sends, named as the pages speak of it. */
export type Role = 'administrator' | 'leader' | 'clerk' | 'officer';

export interface Membership {
  agency_id: string;
  agency_name: string;
  role: Role;
  position: string;
}
export interface Person {
  id: string;
  user_name: string;
  full_name: string;
  /** The first is of the agency the person works in. */
  memberships: Membership[];
}
export interface Colleague {
  id: string;
  full_name: string;
  memberships: Membership[];
}
export interface Agency {
  id: string;
  name: string;
  kind: 'province' | 'department' | 'commune';
}
export interface Page<Item> {
  items: Item[];
  next?: string;
}

export type State =
  'draft' | 'submitted' | 'returned' | 'signing' | 'signed' | 'numbered' | 'sealing' | 'sealed' | 'issued';
export type Action = 'submit' | 'return' | 'sign' | 'number' | 'seal' | 'issue';
/** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. */
export type Urgency = 0 | 1 | 2 | 3;
export type Box = 'waiting' | 'in_progress' | 'signed' | 'issued';

export interface Named {
  id: string;
  name: string;
}
export interface Someone {
  id: string;
  full_name: string;
  position: string;
}
export interface DocumentSummary {
  id: string;
  kind: string;
  kind_name: string;
  subject: string;
  urgency: Urgency;
  state: State;
  waiting_time_stamp: boolean;
  /** Number and symbol, once given: `141/KH-UBND`. */
  code: string | null;
  notation: string;
  issued_on: string | null;
  agency: Named;
  drafter: Someone;
  signer: Someone;
  steps: { approve: boolean; sign: boolean; number: boolean; seal: boolean };
  created_at: string;
  updated_at: string;
  /** What this person may do now. */
  actions: Action[];
}
export interface Place {
  page: number;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Version {
  number: number;
  purpose: 'draft' | 'prepared' | 'signed' | 'numbered' | 'sealed';
  size_bytes: number;
  level: string | null;
  created_at: string;
  /** The person's name. */
  created_by: string;
}
export interface Sending {
  id: string;
  receiver: Named;
  status: DispatchStatus;
  reason: string | null;
  sent_at: string;
  changed_at: string;
}
/** The key that this person's next step would use. */
export interface Key {
  subject: string;
  serial: string;
  issuer: string;
  not_after: string;
  tries_left: number;
  locked: boolean;
}
export interface DocumentDetail extends DocumentSummary {
  remark: string | null;
  places: { signature: Place | null; seal: Place | null; texts: Place[] };
  versions: Version[];
  dispatches: Sending[];
  /** What the clerk's number would be, if nobody is quicker. */
  next_code: string | null;
  key: Key | null;
}

export type DispatchStatus = 'arrived' | 'returned' | 'accepted';
export interface DispatchSummary {
  id: string;
  code: string;
  kind_name: string;
  subject: string;
  urgency: Urgency;
  sender: Named;
  receiver: Named;
  /** Whether this person may accept or return it. */
  may_answer: boolean;
  status: DispatchStatus;
  /** Empty until the file has been checked on arrival. */
  verdict: Verdict | null;
  sent_at: string;
}
export interface DispatchDetail extends DispatchSummary {
  sentence: string | null;
  sentence_en: string | null;
  report: Report | null;
  verified_at: string | null;
  reason: string | null;
  answered_at: string | null;
}

export type Verdict = 'TOTAL-PASSED' | 'TOTAL-FAILED' | 'INDETERMINATE' | 'NO-SIGNATURE' | 'MALFORMED';
export interface Verification {
  verdict: Verdict;
  sentence: string;
  sentence_en: string;
  report: Report;
  verified_at: string;
}
/** `hoian_signer::validate::Report`. */
export interface Report {
  verdict: Verdict;
  signatures: Signature[];
  problem?: { kind: 'malformed' | 'password_needed' | 'unsupported' | 'refused'; reason?: string };
}
export interface Signature {
  field: string;
  kind: 'signature' | 'document-timestamp';
  signer: string | null;
  indication: 'TOTAL-PASSED' | 'TOTAL-FAILED' | 'INDETERMINATE';
  sub_indication: string | null;
  level: string;
  coverage: 'whole-file' | 'whole-revision' | 'partial' | 'none';
  modification: 'none' | 'lta' | 'form-filling' | 'annotations' | 'disallowed';
  digest_algorithm: string | null;
  signed_at: string | null;
  timestamp: string | null;
  warnings: string[];
  certificate: {
    name: string;
    organisation: string | null;
    issuer: string;
    serial: string;
    not_before: string;
    not_after: string;
  } | null;
  regime: string | null;
  revocation: 'good' | 'revoked' | 'unknown' | 'not_checked';
  changes: { revision: number; modification: Signature['modification']; what: string }[];
  revision: number | null;
  covered_bytes: number | null;
}
