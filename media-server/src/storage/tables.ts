import type { Id } from '../shared/ids.ts';
import type { Currency } from '../shared/money.ts';

/** Times are UTC milliseconds, money integer minor units with its currency, flags 0 or 1. */
export interface Tables {
  organisations: Organisation;
  merchants: Merchant;
  people: Person;
  memberships: { person: Id; merchant: Id; createdAt: number };
  numbers: MerchantNumber;
  devices: Device;
  calls: CallRow;
  payments: PaymentRow;
  paymentSteps: PaymentStepRow;
  members: Member;
  codeSends: CodeSend;
  merchantPrompts: MerchantPrompt;
  sessions: Session;
  apiKeys: ApiKey;
  apiKeyMerchants: { apiKey: Id; merchant: Id };
  idempotencyKeys: IdempotencyRow;
  audit: AuditRow;
  auditCheckpoints: AuditCheckpoint;
  receipts: ReceiptRow;
  webhookEvents: WebhookEvent;
}

type Role = 'agent' | 'supervisor' | 'administrator';
type Language = string;

export interface Organisation {
  id: Id;
  name: string;
  createdAt: number;
}

export interface Merchant {
  id: Id;
  organisation: Id;
  name: string;
  /** IANA name, e.g. Asia/Tokyo: for what is said and printed, never for what is stored. */
  timeZone: string;
  currency: Currency;
  /** What its customers are spoken to in, unless the payment says otherwise. */
  language: Language;
  createdAt: number;
  /** 1: its customers are guided in gentle mode unless the payment says otherwise. */
  gentle: number;
  /** Cards that a customer may try in one payment, 1 … 5. */
  cards: number;
  /** JSON list of the brands that it takes; null: all of the gateway's. */
  brands: string | null;
  /** The greatest amount of one payment, minor units; null: the server's. */
  amountLimitMinor: number | null;
  /** 1: its agents may type the number that a one-time code is sent to. */
  agentsTypePhones: number;
}

export interface Person {
  id: Id;
  organisation: Id;
  /** Sign-in name, lower case, unique over all organisations. */
  name: string;
  displayName: string;
  role: Role;
  language: Language;
  /** See passwords.ts. */
  passwordHash: string;
  createdAt: number;
  /** From then on the person can't sign in and has no session. */
  disabledAt: number | null;
}

/** A phone number that leads to a merchant. */
export interface MerchantNumber {
  id: Id;
  merchant: Id;
  /** E.164 with its plus sign. */
  number: string;
  /** Name of the trunk in the settings that outgoing calls from this number take; null: the first one. */
  trunk: string | null;
  createdAt: number;
  /** What its callers are spoken to in; null: the merchant's language. */
  language: Language | null;
}

/** The SIP account of a phone. HA1 is hex(H(user:realm:password)), see RFC 8760; the password itself isn't kept. */
export interface Device {
  id: Id;
  organisation: Id;
  user: string;
  realm: string;
  md5: string;
  sha256: string;
  mayRegister: number;
  createdAt: number;
}

export type CallEnd =
  | 'customer-hung-up'
  | 'agent-hung-up'
  | 'busy'
  | 'no-answer'
  | 'unknown-number'
  | 'rejected'
  | 'not-reachable'
  | 'server-ended'
  | 'lost';

export interface CallRow {
  id: Id;
  organisation: Id;
  merchant: Id;
  /** The agent who answered or dialled; null while nobody has. */
  person: Id | null;
  direction: 'in' | 'out';
  trunk: string | null;
  /** The customer's number; null when withheld. */
  number: string | null;
  displayName: string | null;
  called: string;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  end: CallEnd | null;
  codec: 'PCMU' | 'PCMA' | null;
  keysPossible: number;
  /** 1: telephone-event was negotiated. */
  keysNegotiated: number;
  /** Presses by each way; `keysBoth` of them came both as event and as tone. */
  keysEvent: number;
  keysTone: number;
  keysBoth: number;
  keysInfo: number;
}

export type Outcome = 'approved' | 'declined' | 'cancelled' | 'failed' | 'unknown';

export interface PaymentRow {
  id: Id;
  organisation: Id;
  merchant: Id;
  call: Id;
  /** Who started it: a person or an API key. */
  person: Id | null;
  apiKey: Id | null;
  purpose: 'charge' | 'authorize' | 'card-update' | 'stored-charge' | 'verify' | 'capture' | 'void' | 'refund';
  reference: string;
  description: string | null;
  amountMinor: number;
  currency: Currency;
  language: Language;
  /** Null while it runs. `unknown` may become another once it is settled. */
  outcome: Outcome | null;
  reason: string | null;
  mistakes: number;
  /** Only of an approved payment. */
  brand: string | null;
  lastFour: string | null;
  receipt: string | null;
  startedAt: number;
  endedAt: number | null;
  acknowledgedAt: number | null;
  /** The merchant's own name of the customer, where a card is stored or charged. */
  member: string | null;
  /** The payment whose money a capture, void or refund is about. */
  about: Id | null;
  gentle: number;
  /** Cards declined, and how many could be tried. */
  declined: number;
  cards: number;
}

/** A step that a payment came to; written when it has ended. */
export interface PaymentStepRow {
  payment: Id;
  /** 0, 1, 2, … in the order in which they came. */
  place: number;
  merchant: Id;
  language: Language;
  trunk: string | null;
  purpose: PaymentRow['purpose'];
  step: string;
  /** When it came to it, and for how long, ms. */
  at: number;
  tookMs: number;
  mistakes: number;
  left: 'finished' | 'hung-up' | 'asked-for-agent' | 'cancelled-by-agent' | 'silence' | 'mistakes' | 'other';
}

/** What a merchant has told of one of its customers. */
export interface Member {
  merchant: Id;
  member: string;
  /** E.164: where one-time codes go. */
  phone: string | null;
  language: Language | null;
  gentle: number;
  createdAt: number;
  changedAt: number;
}

/** A one-time code that was sent, or was to be. Append-only. */
export interface CodeSend {
  id: Id;
  merchant: Id;
  payment: Id;
  /** The agent in whose call it was; null: an API client's. */
  person: Id | null;
  /** Keyed digest of the number, hex. */
  phoneDigest: string;
  at: number;
  sender: string;
  result: 'sent' | 'not-sent' | 'not-known';
}

/** An outcome that a merchant's system is still to be told of. What it says is read from the payment when it is sent. */
export interface WebhookEvent {
  id: Id;
  merchant: Id;
  payment: Id;
  at: number;
  tries: number;
  nextAt: number;
}

/** A sentence in a merchant's own voice: 8 kHz µ-law. */
export interface MerchantPrompt {
  merchant: Id;
  language: Language;
  name: string;
  ulaw: Uint8Array;
  fileName: string;
  lengthMs: number;
  uploadedBy: Id | null;
  uploadedAt: number;
}

export interface Session {
  id: Id;
  /** SHA-256 of the cookie's token, hex. */
  tokenHash: string;
  person: Id;
  createdAt: number;
  expiresAt: number;
}

/** The key by which a core system speaks to the API. */
export interface ApiKey {
  id: Id;
  organisation: Id;
  name: string;
  /** SHA-256 of the key, hex: it is long and random, so that nothing slower is needed. */
  keyHash: string;
  createdAt: number;
  revokedAt: number | null;
}

export interface IdempotencyRow {
  /** Whose key it is: `person:<id>` or `api-key:<id>`. */
  scope: string;
  key: string;
  /** SHA-256 of method, path and body, hex. */
  digest: string;
  status: number;
  /** The answer's body as it was sent; empty for none. */
  body: string;
  createdAt: number;
  expiresAt: number;
}

export interface AuditRow {
  id: Id;
  at: number;
  organisation: Id | null;
  merchant: Id | null;
  actorKind: 'person' | 'api-key' | 'server' | 'nobody';
  actor: Id | null;
  /** What was done, e.g. `sign-in`, `payment-start`. */
  action: string;
  /** The id of what it was done to. */
  subject: Id | null;
  /** JSON object of plain facts (address, reason); no secret, no card data. */
  detail: string;
  /** Place in the chain; null for rows from before there was one. */
  number: number | null;
  /** Digest of the row before, and of this row without its digest, hex. */
  previous: string | null;
  digest: string | null;
}

/** The last of the audit's rows that were erased: its chain begins after it. */
export interface AuditCheckpoint {
  number: number;
  digest: string;
  at: number;
  /** Ed25519 over number, digest and time, base64url. */
  signature: string;
}

/** A receipt of silence. Append-only. */
export interface ReceiptRow {
  merchant: Id;
  /** 1, 2, 3, … within the merchant. */
  number: number;
  payment: Id;
  at: number;
  /** Canonical JSON: see `SilenceFacts`. */
  record: string;
  digest: string;
  signature: string;
}
