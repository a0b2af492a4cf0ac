/**
 * What the server sends, named as the pages speak of it. The shapes come from `server/openapi.json` by `npm run api`; only what
 * that document leaves open (a verification's report, the words of a verdict) is spelt out here.
 */
import type { components } from './schema';

type Schemas = components['schemas'];
type Narrow<Wide, Fields> = Omit<Wide, keyof Fields> & Fields;

export type Role = Schemas['Role'];
export type Membership = Schemas['Membership'];
export type Person = Schemas['Person'];
export type Colleague = Schemas['Colleague'];
export type Agency = Schemas['Agency'];
export type AccountSummary = Schemas['AccountSummary'];
export type Account = Schemas['Account'];
export type HandedOut = Schemas['HandedOut'];
export type PasswordLink = Schemas['PasswordLink'];
export type OpenSession = Schemas['OpenSession'];
export type ListOutcome = Schemas['ListOutcome'];
export type Health = Schemas['Health'];
export type AgencyNode = Schemas['AgencyNode'];
export type AgencyAccount = Schemas['AgencyAccount'];
export type TrustAnchor = Schemas['TrustAnchor'];
export type PaperRecord = Schemas['PaperRecord'];
export type ApiKey = Schemas['ApiKey'];
export type GivenApiKey = Schemas['GivenApiKey'];
export type MeetingDevice = Schemas['MeetingDevice'];
export type GivenMeetingDevice = Schemas['GivenMeetingDevice'];
export type AgencyKey = Schemas['AgencyKey'];
export type Certificate = Schemas['Certificate'];
export type Substitution = Schemas['Substitution'];
export type InvitedMeeting = Schemas['InvitedMeeting'];

export interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export type State = Schemas['State'];
export type Action = Exclude<Schemas['DocumentAction'], 'complete' | 'abandon'>;
/** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. */
export type Urgency = 0 | 1 | 2 | 3;
export type Box = 'waiting' | 'in_progress' | 'signed' | 'issued';

interface Said {
  urgency: Urgency;
  actions: Action[];
}
export type DocumentSummary = Narrow<Schemas['Summary'], Said>;
export type DocumentDetail = Narrow<Schemas['Detail'], Said>;
export type Metadata = Schemas['DocumentMetadata'];
export type DocumentKind = Schemas['DocumentKind'];
export type DocumentCopy = Schemas['DocumentCopy'];
export type Attached = Schemas['Attached'];
export type Place = Schemas['Place'];
export type Version = Schemas['Version'];
export type Sending = Schemas['Sent'];
/** The key that this person's next step would use. */
export type Key = Schemas['Key'];
export type RemoteFactor = Schemas['RemoteFactor'];
export type RemoteOffer = Schemas['RemoteOffer'];
export type RemoteRequest = Schemas['RemoteRequest'];
export type DesktopRequest = Schemas['DesktopRequest'];
export type SigningWays = Schemas['SigningWays'];

export type DispatchBox = 'waiting' | 'to_instruct' | 'mine' | 'handling' | 'late' | 'done' | 'returned' | 'sent';
export type DispatchCounts = Schemas['DispatchCounts'];
export type DispatchStatus = Schemas['Status'];
export type DispatchAction = Schemas['DispatchAction'];
export type DispatchEvent = Schemas['DispatchEvent'];
export type Recall = Schemas['Recall'];
export type Notice = Schemas['Notice'];
export type CaseFileSummary = Schemas['CaseFileSummary'];
export type CaseFileDetail = Schemas['CaseFileDetail'];
export type CasePaper = Schemas['CasePaper'];
export type FoundDocument = Narrow<Schemas['FoundDocument'], { urgency: Urgency }>;
export type Numbers = Schemas['Numbers'];
export type Register = 'outgoing' | 'incoming' | 'handling' | 'postal';
export type RegisterPage = Schemas['RegisterPage'];
interface Judged {
  urgency: Urgency;
  /** Empty until the file has been checked on arrival. */
  verdict?: Verdict | null;
}
export type DispatchSummary = Narrow<Schemas['DispatchSummary'], Judged>;
export type DispatchDetail = Narrow<Schemas['DispatchDetail'], Judged & { report?: Report | null }>;
export type Verification = Narrow<Schemas['Verification'], { verdict: Verdict; report: Report }>;

export type Verdict = 'TOTAL-PASSED' | 'TOTAL-FAILED' | 'INDETERMINATE' | 'NO-SIGNATURE' | 'MALFORMED';
/** `hoian_signer::validate::Report`. */
export interface Report {
  verdict: Verdict;
  signatures: Signature[];
  problem?: { kind: 'malformed' | 'password_needed' | 'unsupported' | 'refused'; reason?: string };
  /** The stable code of the problem. */
  code?: string;
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
  /** The stable codes of why it did not pass; reports of earlier versions have none. */
  codes?: string[];
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
