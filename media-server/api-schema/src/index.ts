/**
 * Every message of the HTTP and WebSocket API, once: the server validates with it and publishes it as OpenAPI, the
 * client takes its types from it. Times are UTC milliseconds, money integer minor units, ids 26 lower-case letters.
 */
import { z } from 'zod';

export const Id = z
  .string()
  .regex(/^[a-z]{26}$/)
  .describe('26 lower-case letters');
const time = z.int().min(0).describe('UTC, milliseconds since 1970');

/** Digits after the decimal point of each currency that Tonegate takes (ISO 4217). */
export const MINOR_DIGITS = { JPY: 0, USD: 2, EUR: 2, GBP: 2 } as const;
export const Currency = z.enum(['JPY', 'USD', 'EUR', 'GBP']);
export type Currency = z.infer<typeof Currency>;
export const Language = z.enum(['ja', 'en']);
export type Language = z.infer<typeof Language>;

/** Every error answer. `message` is English for developers; screens show their own words for `code`. */
export const ProblemBody = z.object({
  code: z.enum([
    'bad-request',
    'not-signed-in',
    'wrong-password',
    'too-many-tries',
    'not-allowed',
    'not-found',
    'call-ended',
    'call-not-answered',
    'already-in-payment',
    'already-ended',
    'too-late',
    'attempt-alive',
    'amount-unfit',
    'keys-impossible',
    'draining',
    'idempotency-key-missing',
    'idempotency-key-reused',
    'card-process-down',
    'server-error',
  ]),
  message: z.string(),
});
export type ProblemBody = z.infer<typeof ProblemBody>;
export type ProblemCode = ProblemBody['code'];

/**
 * Ways of the API. State-changing requests need `Content-Type: application/json` (an empty body counts as `{}`) and,
 * except sign-in and sign-out, every POST an `Idempotency-Key`: 8 to 128 visible characters, new for each intent, the
 * same for each try of it. The same key with another body is 409 `idempotency-key-reused`; with the same body it has
 * the same answer for 24 hours.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | POST /v1/sign-in | SignIn | 200 Me, session cookie |
 * | POST /v1/sign-out | | 204 |
 * | GET /v1/me | | 200 Me |
 * | PUT /v1/me/state | SetAgentState | 200 SetAgentState |
 * | POST /v1/sip-credential | RequestSipCredential | 201 SipCredential |
 * | GET /v1/calls | query CallsQuery | 200 CallPage |
 * | POST /v1/calls | StartCall | 201 Call |
 * | POST /v1/calls/:id/hold | Hold | 200 Call |
 * | POST /v1/calls/:id/hang-up | | 200 Call |
 * | POST /v1/calls/:id/keys | Key | 204 |
 * | GET /v1/calls/:id/counts | | 200 CallCounts |
 * | POST /v1/payments | StartPayment | 201 Payment |
 * | GET /v1/payments/:id | | 200 Payment |
 * | POST /v1/payments/:id/cancel | | 200 Payment |
 * | POST /v1/payments/:id/acknowledge | | 200 Payment |
 * | WebSocket /v1/events | query EventsQuery | ServerEvent each |
 */
export const IDEMPOTENCY_HEADER = 'Idempotency-Key';
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/)
  .describe('8 to 128 visible ASCII characters');

export const SignIn = z.strictObject({ name: z.string().min(1).max(64), password: z.string().min(1).max(256) });

export const Merchant = z.object({
  id: Id,
  name: z.string(),
  timeZone: z.string(),
  currency: Currency,
  language: Language,
});
export type Merchant = z.infer<typeof Merchant>;

export const AgentState = z.enum(['ready', 'not-ready']);
export type AgentState = z.infer<typeof AgentState>;

export const Me = z.object({
  id: Id,
  name: z.string(),
  displayName: z.string(),
  role: z.enum(['agent', 'supervisor', 'administrator']),
  organisation: z.object({ id: Id, name: z.string() }),
  merchants: z.array(Merchant),
  language: Language,
});
export type Me = z.infer<typeof Me>;

/**
 * `window` is an id that a browser window or desktop app makes once per page load and names here and on the events
 * WebSocket alike: so that a renewal by the same window replaces nobody, and a second window's request ends the first's.
 * Without it the sign-in session is taken for the window.
 */
export const RequestSipCredential = z.strictObject({ window: Id.optional() });
export const EventsQuery = z.strictObject({ window: Id.optional() });

/** Short-lived credential for SIP over WebSocket; ask again before `expiresAt`. A new one ends the earlier one's session. */
export const SipCredential = z.object({
  user: z.string(),
  password: z.string(),
  domain: z.string(),
  /** Path of the WebSocket on this same host. */
  path: z.string(),
  expiresAt: time,
});
export type SipCredential = z.infer<typeof SipCredential>;

export const Order = z.strictObject({
  reference: z.string().trim().min(1).max(64),
  description: z.string().trim().max(64).optional(),
  amountMinor: z.int().min(1).max(9_999_999),
  currency: Currency,
});
export type Order = z.infer<typeof Order>;

export const PaymentStep = z.enum(['confirmation', 'card-number', 'expiry', 'security-code', 'processing', 'result']);
export type PaymentStep = z.infer<typeof PaymentStep>;
export const Outcome = z.enum(['approved', 'declined', 'cancelled', 'failed', 'unknown']);
export type Outcome = z.infer<typeof Outcome>;
export const Reason = z.enum([
  'none',
  'card-refused',
  'funds',
  'limit',
  'card-expired',
  'security-code-wrong',
  'card-number-wrong',
  'by-agent',
  'by-customer',
  'customer-hung-up',
  'too-many-mistakes',
  'silence',
  'time-limit',
  'gateway-unreachable',
  'gateway-refused',
  'gateway-busy',
  'gateway-settings',
  'card-process-ended',
  'ledger-unavailable',
  'no-keys-possible',
  'no-answer',
]);
export type Reason = z.infer<typeof Reason>;

export const Payment = z.object({
  id: Id,
  call: Id,
  merchant: Id,
  purpose: z.enum(['charge']),
  order: Order,
  language: Language,
  /** opening: the wall shuts · running: the customer is guided · ended: there is an outcome. */
  state: z.enum(['opening', 'running', 'ended']),
  /** Whether the two can hear each other: shut until the customer's tones can no longer come through. */
  wall: z.enum(['shut', 'open']),
  step: PaymentStep,
  keys: z.int().min(0).max(19),
  of: z.int().min(1).max(19).nullable(),
  mistakes: z.int().min(0),
  waiting: z.boolean(),
  outcome: Outcome.nullable(),
  reason: Reason.nullable(),
  brand: z.string().nullable(),
  lastFour: z
    .string()
    .regex(/^[0-9]{4}$/)
    .nullable(),
  receipt: z.string().nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  /** The agent or an API client acknowledged the outcome. */
  acknowledged: z.boolean(),
});
export type Payment = z.infer<typeof Payment>;

/** Starts payment mode in a call. The order may come from a core system instead of the agent's screen. */
export const StartPayment = z.strictObject({
  call: Id,
  purpose: z.enum(['charge']),
  order: Order,
  language: Language.optional(),
});
export type StartPayment = z.infer<typeof StartPayment>;

export const CallEnd = z.enum([
  'customer-hung-up',
  'agent-hung-up',
  'busy',
  'no-answer',
  'unknown-number',
  'rejected',
  'not-reachable',
  'server-ended',
  'lost',
]);
export type CallEnd = z.infer<typeof CallEnd>;

export const Call = z.object({
  id: Id,
  direction: z.enum(['in', 'out']),
  merchant: z.object({ id: Id, name: z.string() }),
  /** The customer's number, absent when withheld. */
  number: z.string().nullable(),
  displayName: z.string().nullable(),
  /** The number that was called. */
  called: z.string(),
  /** reconnecting: the agent's window is gone and awaited; payment: the wall may be shut, see `payment`. */
  state: z.enum(['ringing', 'talking', 'held', 'payment', 'reconnecting', 'ended']),
  startedAt: time,
  answeredAt: time.nullable(),
  endedAt: time.nullable(),
  end: CallEnd.nullable(),
  codec: z.enum(['PCMU', 'PCMA']).nullable(),
  /** False: the customer's phone or carrier negotiated no key events. */
  keysPossible: z.boolean(),
  /** The running payment, or the last one of this call. */
  payment: Payment.nullable(),
});
export type Call = z.infer<typeof Call>;

/** A person gets the own calls, an API key those of its merchants; newest first. */
export const CallsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(50),
  /** `next` of the page before. */
  cursor: Id.optional(),
  /** `true`: only calls that have not ended. */
  live: z.enum(['true', 'false']).default('false'),
});
export const CallPage = z.object({ calls: z.array(Call), next: Id.nullable() });
export type CallPage = z.infer<typeof CallPage>;

const packets = z.int().min(0);
/** A call's packets at both valves of the wall, each as its own process counts them; for operators and proofs. */
export const CallCounts = z.object({
  /** By the card process, since it opened the leg; as of its last report (every 5 s, and whenever the wall moves). */
  gate: z
    .object({
      fromFar: packets.describe("Of the customer's side"),
      toSfu: packets,
      fromSfu: packets,
      toFar: packets.describe("To the customer's side: the agent's sound, what is played, silence"),
      keptIn: packets.describe("Of the customer's side, kept in by the wall"),
      keptOut: packets.describe('Of the SFU, kept out by the wall'),
      foreign: packets,
      keyEvents: packets,
      lost: packets,
      jitterMs: z.number().min(0),
    })
    .nullable(),
  /** By the media worker at this moment. */
  sfu: z
    .object({
      fromCustomer: packets.describe('Of the customer, into the SFU'),
      toAgent: packets.describe("Of the customer, to the agents' windows that are there now"),
      fromAgent: packets,
      toCustomer: packets.describe('Of the agent, out towards the gate'),
    })
    .nullable(),
});
export type CallCounts = z.infer<typeof CallCounts>;

export const StartCall = z.strictObject({ number: z.string().regex(/^\+?[0-9]{1,15}$/), merchant: Id });
export const Hold = z.strictObject({ on: z.boolean() });
export const Key = z.strictObject({ key: z.string().regex(/^[0-9*#]$/) });
export const SetAgentState = z.strictObject({ state: AgentState });

/** What the events WebSocket (`/v1/events`) sends. The first message is a `snapshot`; so is every one after a gap. */
export const ServerEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), state: AgentState, calls: z.array(Call), serverTime: time }),
  z.object({ type: z.literal('agent-state'), state: AgentState }),
  /** A call of this agent, whole, whenever anything of it changes (ended calls once more). */
  z.object({ type: z.literal('call'), call: Call }),
  /** Signed in in another window: this one is to say so and stop. */
  z.object({ type: z.literal('replaced') }),
  z.object({ type: z.literal('draining') }),
]);
export type ServerEvent = z.infer<typeof ServerEvent>;

export const Health = z.object({
  ok: z.boolean(),
  parts: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
});

/** SIP header by which an INVITE to an agent names its call, so that the client joins it with the API's call. */
export const CALL_HEADER = 'X-Tonegate-Call';
/** Present (`1`) on an INVITE that brings a call back to a reloaded window: the client answers it by itself. */
export const RESUME_HEADER = 'X-Tonegate-Resume';
