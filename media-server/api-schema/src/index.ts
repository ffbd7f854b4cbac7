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
/** A language of the guide (BCP 47). Which there are says `Me.languages`; the windows' own languages are the client's matter. */
export const Language = z
  .string()
  .regex(/^[a-z]{2}(-[A-Z]{2})?$/)
  .describe('BCP 47, such as ja, en, pt-BR');
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
    'amount-above-limit',
    'currency-refused',
    'member-missing',
    'phone-missing',
    'not-possible',
    'no-such-language',
    'code-limit',
    'keys-impossible',
    'payments-closed',
    'sound-unfit',
    'gateway-unfit',
    'draining',
    'idempotency-key-missing',
    'idempotency-key-reused',
    'card-process-down',
    'server-error',
  ]),
  message: z.string(),
  /** `gateway-unfit`: what the harmless call showed, as `GatewayTest.result` says it. */
  reason: z.string().optional(),
  /** `gateway-unfit`: names of the fields that don't fit, such as `url` or `merchant.name`; never a value. */
  fields: z.array(z.string()).optional(),
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
 * | GET /v1/calls/:id/payments | | 200 PaymentPage, oldest first, with what was done with their money |
 * | POST /v1/payments | StartPayment | 201 Payment |
 * | GET /v1/payments | query PaymentsQuery | 200 PaymentPage |
 * | GET /v1/payments/:id | | 200 Payment |
 * | POST /v1/payments/:id/cancel | | 200 Payment |
 * | POST /v1/payments/:id/acknowledge | | 200 Payment |
 * | POST /v1/payments/:id/ask-again | AskAgain | 200 Payment |
 * | POST /v1/payments/:id/hint | GiveHint | 200 Payment |
 * | POST /v1/payments/:id/more-time | | 200 Payment |
 * | POST /v1/payments/:id/gentle | SetGentle | 200 Payment |
 * | POST /v1/payments/:id/money | DoMoney | 201 Payment, of the purpose that the action has |
 * | GET /v1/manual | | 200 ManualPage, for administrators |
 * | POST /v1/manual/:id/resolve | ResolveManual | 200 Payment |
 * | POST /v1/calls/:id/key-test | | 200 KeyTest |
 * | GET /v1/trunks | | 200 TrunkKeysPage |
 * | GET /v1/merchants/:id/receipts | query ReceiptsQuery | 200 Receipts |
 * | GET /v1/receipts/key | | 200 ReceiptKey |
 * | GET /v1/audit | query AuditQuery | 200 AuditPage |
 * | GET /v1/audit/actors | | 200 AuditActors |
 * | GET /v1/audit/check | | 200 AuditCheck |
 * | GET /v1/state | | 200 ServerState, for supervisors and administrators |
 * | GET /v1/funnel | query FunnelQuery | 200 Funnel |
 * | PUT /v1/merchants/:id/members/:member | PutMember | 200 Member |
 * | GET /v1/merchants/:id/members/:member | | 200 Member |
 * | DELETE /v1/merchants/:id/members/:member | | 204 |
 * | POST /v1/verifications | StartVerification | 201 Verification |
 * | GET /v1/verifications/:id | | 200 Verification |
 * | GET /v1/merchants/:id/prompts | query PromptsQuery | 200 MerchantPrompts |
 * | GET /v1/merchants/:id/prompts/:language/:name | | 200 audio/wav |
 * | PUT /v1/merchants/:id/prompts/:language/:name | query PutPrompt, a WAV or MP3 file | 200 MerchantPrompt |
 * | DELETE /v1/merchants/:id/prompts/:language/:name | | 204 |
 * | GET /v1/merchants/:id/gateway | | 200 MerchantGateway, for administrators |
 * | PUT /v1/merchants/:id/gateway | PutGateway | 200 MerchantGateway; 422 `gateway-unfit` says what is wrong |
 * | DELETE /v1/merchants/:id/gateway | | 204 |
 * | POST /v1/merchants/:id/gateway/test | no key needed | 200 GatewayTest |
 * | GET /v1/merchants/:id/rules | | 200 MerchantRules, for administrators |
 * | PUT /v1/merchants/:id/rules | MerchantRules | 200 MerchantRules |
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
  /** Its customers are guided in gentle mode unless the payment says otherwise. */
  gentle: z.boolean().optional(),
  /** Its agents may type the number that a one-time code is sent to. */
  agentsTypePhones: z.boolean().optional(),
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
  /** Languages that the guide speaks here. */
  languages: z.array(Language),
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
  /** 0 where the purpose moves no money (`card-update`, `verify`), else more. */
  amountMinor: z.int().min(0).max(9_999_999),
  currency: Currency,
  /** Where a one-time code goes (E.164). Given by a core system; an agent only where the merchant allows it. */
  phone: z
    .string()
    .regex(/^\+[1-9][0-9]{5,14}$/)
    .optional(),
});
export type Order = z.infer<typeof Order>;

/** The merchant's own name of a customer. */
export const MemberName = z.string().regex(/^[A-Za-z0-9@_.-]{1,60}$/);
/** What a merchant tells of one of its customers; it replaces what it told before. */
export const PutMember = z.strictObject({
  phone: Order.shape.phone.unwrap().nullable().default(null).describe('E.164: where one-time codes go'),
  language: Language.nullable().default(null),
  gentle: z.boolean().default(false),
});
export type PutMember = z.infer<typeof PutMember>;
export const Member = z.object({
  merchant: Id,
  member: MemberName,
  phone: z.string().nullable().describe('E.164; people get all but its last four digits as •'),
  language: Language.nullable(),
  gentle: z.boolean(),
  createdAt: time,
  changedAt: time,
});
export type Member = z.infer<typeof Member>;

/** What a payment in a call is for. `verify`: a one-time code proves that the person has their phone; `approved` is verified. */
export const Purpose = z.enum(['charge', 'authorize', 'card-update', 'stored-charge', 'verify']);
export type Purpose = z.infer<typeof Purpose>;
/** What is done with an earlier payment. */
export const MoneyAction = z.enum(['capture', 'void', 'refund']);
export type MoneyAction = z.infer<typeof MoneyAction>;
export const PaymentStep = z.enum([
  'language',
  'confirmation',
  'card-number',
  'expiry',
  'security-code',
  'sending-code',
  'one-time-code',
  'processing',
  'result',
]);
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
  'brand-refused',
  'number-too-long',
  'amount-unfit',
  'currency-refused',
  'no-such-card',
  'not-possible',
  'code-wrong',
  'code-expired',
  'code-not-sent',
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
  purpose: z.enum([...Purpose.options, ...MoneyAction.options]),
  order: Order,
  /** The merchant's own name of the customer, where a card is stored or charged. */
  member: z.string().nullable(),
  /** The payment whose money an action is about. */
  about: Id.nullable(),
  language: Language,
  /** Slower prompts, longer waits, count of keys read back. */
  gentle: z.boolean(),
  /** opening: the wall shuts · running: the customer is guided · ended: there is an outcome. */
  state: z.enum(['opening', 'running', 'ended']),
  /** Whether the two can hear each other: shut until the customer's tones can no longer come through. */
  wall: z.enum(['shut', 'open']),
  step: PaymentStep,
  keys: z.int().min(0).max(19),
  of: z.int().min(1).max(19).nullable(),
  mistakes: z.int().min(0),
  /** Why no card of the number that was keyed last can be used with this merchant; absent: nothing is known against it. */
  cardRefused: z.enum(['brand-refused', 'number-too-long']).optional(),
  waiting: z.boolean(),
  /** Since when the customer has keyed nothing, where `waiting`. */
  waitingSince: time.nullable(),
  /** The customer speaks instead of keying. */
  speaking: z.boolean(),
  /** Cards declined so far in this payment, and how many may be tried. */
  declined: z.int().min(0).max(5),
  cards: z.int().min(1).max(5),
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
  /** Given back so far, minor units. */
  refundedMinor: z.int().min(0),
  /** What can be done with its money now. */
  possible: z.array(MoneyAction),
});
export type Payment = z.infer<typeof Payment>;

/**
 * Agents get the payments of their calls and those that they started; supervisors, administrators and API keys those of
 * their merchants. Newest first.
 */
export const PaymentsQuery = z.strictObject({
  /** `true`: only those whose result isn't known yet, or that nobody has seen, of the last seven days; the person's own. */
  unsettled: z.enum(['true', 'false']).default('false'),
  /** `unknown`: only those whose result isn't known. */
  state: z.literal('unknown').optional(),
  limit: z.coerce.number().int().min(1).max(50).default(50),
  /** `next` of the page before. */
  cursor: Id.optional(),
});
export const PaymentPage = z.object({ payments: z.array(Payment), next: Id.nullable() });
export type PaymentPage = z.infer<typeof PaymentPage>;

/** Starts payment mode in a call. The order may come from a core system instead of the agent's screen. */
export const StartPayment = z.strictObject({
  call: Id,
  purpose: Purpose,
  order: Order,
  /** Needed for `card-update` and `stored-charge`. */
  member: z
    .string()
    .regex(/^[A-Za-z0-9@_.-]{1,60}$/)
    .optional(),
  /** Default: that of the number that was called, else the merchant's. */
  language: Language.optional(),
  /** The customer chooses the language at the start. */
  chooseLanguage: z.boolean().optional(),
  /** Default: the merchant's. */
  gentle: z.boolean().optional(),
});
export type StartPayment = z.infer<typeof StartPayment>;

/** Has the customer of a call verified by a one-time code to their phone. Either `member` or `phone` says which phone. */
export const StartVerification = z.strictObject({
  call: Id,
  /** What it is for: the merchant's own. */
  reference: Order.shape.reference,
  member: MemberName.optional(),
  phone: Order.shape.phone,
  language: Language.optional(),
});
export type StartVerification = z.infer<typeof StartVerification>;
export const Verification = z.object({
  id: Id,
  call: Id,
  merchant: Id,
  reference: z.string(),
  member: z.string().nullable(),
  verified: z.boolean().nullable().describe('null while it runs'),
  reason: Reason.nullable().describe('why not'),
  startedAt: time,
  endedAt: time.nullable(),
});
export type Verification = z.infer<typeof Verification>;

/** The agent's help while the customer keys; 409 `too-late` once the card is with the gateway. */
export const AskAgain = z.strictObject({ field: z.enum(['card-number', 'expiry', 'security-code', 'one-time-code']) });
export type AskAgain = z.infer<typeof AskAgain>;
export const Hint = z.enum([
  'number-on-front',
  'expiry-on-card',
  'code-on-back',
  'use-keypad',
  'press-hash',
  'take-your-time',
  'star-clears',
  'code-by-message',
]);
export type Hint = z.infer<typeof Hint>;
export const GiveHint = z.strictObject({ hint: Hint });
export const SetGentle = z.strictObject({ on: z.boolean() });
/** Part of the amount for a `refund` or `capture`, where the gateway can; absent: all. */
export const DoMoney = z.strictObject({ action: MoneyAction, amountMinor: z.int().min(1).max(9_999_999).optional() });
export type DoMoney = z.infer<typeof DoMoney>;

/** A request to a payment service of which look-ups couldn't find out what became: a person has to look there. */
export const ManualAttempt = z.object({
  payment: Id,
  merchant: Id,
  purpose: z.enum([...Purpose.options, ...MoneyAction.options]),
  order: Order,
  gateway: z.string(),
  /** Our name of it in the payment service's books. */
  reference: Id,
  sentAt: time.optional(),
  /** Since when it is on this list. */
  since: time,
  /** Its money was asked back: it can only be settled as `reversed`. */
  reversing: z.boolean(),
  why: z.enum(['no-answer', 'no-gateway']),
});
/** `more`: how many there are beyond these, of all merchants. */
export type ManualAttempt = z.infer<typeof ManualAttempt>;
export const ManualPage = z.object({ attempts: z.array(ManualAttempt), more: z.int().min(0) });
/**
 * approved: the money moved and stays · not-executed: it never moved · reversed: it was given back there · look-up: ask
 * the payment service again.
 */
export const ResolveManual = z.strictObject({ as: z.enum(['approved', 'not-executed', 'reversed', 'look-up']) });
export type ResolveManual = z.infer<typeof ResolveManual>;

/** What the customer's one key in a key test came as. */
export const KeyTest = z.object({
  heard: z.enum(['right', 'wrong', 'nothing']),
  event: z.boolean().describe('as an RFC 4733 event'),
  tone: z.boolean().describe('as a tone in the sound'),
  info: z.boolean().describe('in a SIP INFO, which is no way for a card'),
});
export type KeyTest = z.infer<typeof KeyTest>;

/**
 * How keys reach us. sure: key events were negotiated or keys were heard · unknown: none negotiated and none heard yet,
 * tones may do · info-only: they come by SIP INFO, a payment is refused · none: nothing came in a test; a payment may be tried, after a
 * warning.
 */
export const KeysAdvice = z.enum(['sure', 'unknown', 'info-only', 'none']);
export type KeysAdvice = z.infer<typeof KeysAdvice>;
export const CallKeys = z.object({
  advice: KeysAdvice,
  /** telephone-event was negotiated. */
  negotiated: z.boolean(),
  /** Presses so far by each way; one that came both ways counts in `event` and in `both`. */
  event: z.int().min(0),
  tone: z.int().min(0),
  both: z.int().min(0),
  info: z.int().min(0),
});
export type CallKeys = z.infer<typeof CallKeys>;

/** What a trunk does with keys, learnt from its calls of the last 30 days; for operators. */
export const TrunkKeys = z.object({
  trunk: z.string(),
  calls: z.int().min(0),
  /** Calls in which telephone-event was negotiated. */
  negotiated: z.int().min(0),
  /** Calls in which keys came by each way. */
  event: z.int().min(0),
  tone: z.int().min(0),
  both: z.int().min(0),
  info: z.int().min(0),
  /** Payments that ended without a single key, of how many. */
  silent: z.int().min(0),
  payments: z.int().min(0),
  lastCallAt: time.nullable(),
  verdict: z.enum(['good', 'tones-only', 'both-ways', 'info-only', 'no-keys', 'too-few-calls']),
});
export type TrunkKeys = z.infer<typeof TrunkKeys>;
export const TrunkKeysPage = z.object({ trunks: z.array(TrunkKeys) });

/** Supervisors and API keys: how many customers reached, finished and left each step. Times are UTC ms, `to` excluded. */
export const FunnelQuery = z.strictObject({
  from: z.coerce.number().int().min(0),
  to: z.coerce.number().int().min(0),
  merchant: Id.optional(),
  language: Language.optional(),
  trunk: z.string().max(64).optional(),
  purpose: Purpose.optional(),
});
export const FunnelStep = z.object({
  step: PaymentStep,
  reached: z.int().min(0),
  finished: z.int().min(0),
  /** How those who didn't finish it left. */
  hungUp: z.int().min(0),
  askedForAgent: z.int().min(0),
  cancelledByAgent: z.int().min(0),
  silence: z.int().min(0),
  mistakes: z.int().min(0),
  other: z.int().min(0),
  /** Time in the step of those who finished it, ms. */
  p50Ms: z.int().min(0).nullable(),
  p90Ms: z.int().min(0).nullable(),
  /** Mistakes of those who finished it nevertheless. */
  corrected: z.int().min(0),
});
export type FunnelStep = z.infer<typeof FunnelStep>;
export const Funnel = z.object({
  payments: z.int().min(0),
  outcomes: z.record(Outcome, z.int().min(0)),
  steps: z.array(FunnelStep),
  /** What there is to narrow it by. */
  languages: z.array(Language),
  trunks: z.array(z.string()),
});
export type Funnel = z.infer<typeof Funnel>;

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
  /** What this call's customer is guided in, unless the payment says otherwise; absent: the merchant's. */
  language: Language.optional(),
  /** reconnecting: the agent's window is gone and awaited; payment: the wall may be shut, see `payment`. */
  state: z.enum(['ringing', 'talking', 'held', 'payment', 'reconnecting', 'ended']),
  startedAt: time,
  answeredAt: time.nullable(),
  endedAt: time.nullable(),
  end: CallEnd.nullable(),
  codec: z.enum(['PCMU', 'PCMA']).nullable(),
  /** False: the customer's keys come by SIP INFO alone, and a payment is refused. `keys` says more. */
  keysPossible: z.boolean(),
  keys: CallKeys,
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
  /**
   * A payment of this agent's that no `call` tells of has changed: of a call that is over, or that has taken another one
   * since; or a capture, void or refund.
   */
  z.object({ type: z.literal('payment'), payment: Payment }),
  /** Signed in in another window: this one is to say so and stop. */
  z.object({ type: z.literal('replaced') }),
  z.object({ type: z.literal('draining') }),
]);
export type ServerEvent = z.infer<typeof ServerEvent>;

/**
 * Receipts of silence of one merchant, in the order of their chain: what `tonegate-verify` checks. The records' fields are
 * in docs/receipts.md; the server only hands them on.
 */
export const ReceiptsQuery = z.strictObject({
  from: z.coerce.number().int().min(1).default(1),
  /** Only those of a period, UTC ms, `until` excluded: without a gap, from the first to the last that was written in it. */
  since: z.coerce.number().int().min(0).optional(),
  until: z.coerce.number().int().min(0).optional(),
});
export const Receipts = z.object({
  receipts: z.array(z.object({ record: z.record(z.string(), z.unknown()), signature: z.string() })),
  /** The chain's last one, where it is on this page: with it a missing end shows. */
  head: z
    .object({
      number: z.int().min(1),
      digest: z.string(),
      merchant: Id.optional(),
      at: time.optional().describe('When it was the last one'),
      signature: z.string().optional().describe("Over the head's other fields and kind: receipts-head"),
    })
    .nullable(),
  /** `from` of the page after this one. */
  next: z.int().nullable(),
  publicKey: z.string().optional().describe('PEM, Ed25519: as GET /v1/receipts/key'),
});
export type Receipts = z.infer<typeof Receipts>;
export const ReceiptKey = z.object({ key: z.string(), publicKey: z.string().describe('PEM, Ed25519') });

/** Who did what in an organisation, newest first; for administrators. */
export const AuditQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(100),
  before: z.coerce.number().int().min(1).optional(),
  /** A person's or an API key's id. */
  actor: Id.optional(),
  action: z
    .string()
    .regex(/^[a-z-]{1,40}$/)
    .optional(),
  /** UTC ms, `until` excluded. */
  since: z.coerce.number().int().min(0).optional(),
  until: z.coerce.number().int().min(0).optional(),
  /** `true`: the page is taken out of the house, which the audit itself is told. */
  export: z.enum(['true', 'false']).default('false'),
});
export const AuditEntry = z.object({
  number: z.int(),
  at: time,
  merchant: Id.nullable(),
  actorKind: z.enum(['person', 'api-key', 'server', 'nobody']),
  actor: Id.nullable(),
  action: z.string(),
  subject: Id.nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
export const AuditPage = z.object({ entries: z.array(AuditEntry), next: z.int().nullable() });
export type AuditPage = z.infer<typeof AuditPage>;
/** Who can be in the audit: the organisation's people and API keys, those who left it too. */
export const AuditActors = z.object({
  actors: z.array(z.object({ id: Id, kind: z.enum(['person', 'api-key']), name: z.string() })),
});
export type AuditActors = z.infer<typeof AuditActors>;
/** `findings`: in words, where the audit was tampered with; empty where it is whole. */
export const AuditCheck = z.object({ ok: z.boolean(), findings: z.array(z.string()) });
export type AuditCheck = z.infer<typeof AuditCheck>;

/** What a merchant's customers hear; for supervisors and administrators. */
export const PromptsQuery = z.strictObject({ language: Language.optional() });
export const MerchantPrompt = z.object({
  language: Language,
  name: z.string().describe('such as card-number'),
  text: z.string().describe('what the ready prompt says'),
  lengthMs: z.int().describe('of the ready prompt'),
  /** The merchant's own sound in its place. */
  own: z.object({ fileName: z.string(), lengthMs: z.int(), uploadedBy: Id.nullable(), uploadedAt: time }).nullable(),
});
export type MerchantPrompt = z.infer<typeof MerchantPrompt>;
export const MerchantPrompts = z.object({ prompts: z.array(MerchantPrompt) });
export type MerchantPrompts = z.infer<typeof MerchantPrompts>;
/** `file`: its name, to tell recordings apart. */
export const PutPrompt = z.strictObject({ file: z.string().max(120).default('') });

const gatewayField = z.string().regex(/^[a-zA-Z]{1,40}$/);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
/** OpenAPI has no word for JSON as such; settings are flat, or one level deep. */
const gatewayValue = z.union([scalar, z.null(), z.array(scalar), z.record(z.string(), scalar)]);
/** A merchant's own payment service: `docs/gateways.md` lists the fields of each kind. */
export const PutGateway = z.strictObject({
  gateway: z
    .record(gatewayField, gatewayValue)
    .and(z.object({ kind: z.string() }))
    .describe('`kind` and its settings'),
  credentials: z.record(gatewayField, z.string().min(1).max(1000)).describe('its secrets; they never come out again'),
  force: z.boolean().default(false).describe('keeps them even if the test fails'),
});
export type PutGateway = z.infer<typeof PutGateway>;
/** What a harmless call to a payment service showed. */
export const GatewayTest = z.object({
  works: z.boolean(),
  result: z.string().describe('`works`, or a reason as payments have them'),
  message: z.string().describe('the same in words'),
});
export type GatewayTest = z.infer<typeof GatewayTest>;
export const MerchantGateway = z.object({
  merchant: Id,
  own: z.boolean().describe('false: it goes by the one of the server’s settings'),
  kind: z.string(),
  settings: z.record(z.string(), z.unknown()).describe('without secrets'),
  state: z
    .enum(['usable', 'no-key', 'not-authentic', 'unfit'])
    .describe('whether the sealed credentials can be used; if not, its payments are refused'),
  tested: GatewayTest.extend({ at: time }).nullable(),
});
export type MerchantGateway = z.infer<typeof MerchantGateway>;

/** How a merchant takes payments; calls that run keep the rules that they began with. */
export const MerchantRules = z.strictObject({
  gentle: z.boolean().describe('its customers are guided in gentle mode unless the payment says otherwise'),
  cards: z.int().min(1).max(5).describe('cards that a customer may try in one payment'),
  brands: z
    .array(z.enum(['visa', 'mastercard', 'amex', 'jcb', 'diners', 'discover', 'unionpay', 'other']))
    .min(1)
    .max(8)
    .nullable()
    .describe('brands that it takes; null: all of the payment service’s'),
  amountLimitMinor: z
    .int()
    .min(1)
    .max(9_999_999)
    .nullable()
    .describe('greatest amount of one payment in its currency; null: the server’s'),
  agentsTypePhones: z.boolean().describe('its agents may type the number that a one-time code is sent to'),
});
export type MerchantRules = z.infer<typeof MerchantRules>;

/** Whether what keeps card data in is in force; for supervisors and administrators. */
export const ServerState = z.object({
  /** The leak canary; null: it is off. */
  canary: z
    .object({
      everyMinutes: z.number(),
      trunks: z.array(
        z.object({
          trunk: z.string().describe('empty: calls without a trunk'),
          /** Whether payments are taken; unproven: not called for yet since the start. */
          payments: z.enum(['unproven', 'open', 'closed']),
          /** When its last calls ended. */
          calledAt: time.nullable(),
          calls: z.array(
            z.object({
              transport: z.enum(['event', 'tone', 'both']),
              verdict: z.enum(['passed', 'leak', 'failed']),
              why: z.string().describe('`none` where it passed; of a leak which valve: `gate`, `sfu`, `gate-and-sfu`'),
            }),
          ),
        }),
      ),
    })
    .nullable(),
  cardProcess: z.object({
    up: z.boolean(),
    /** What of its confinement isn't in force. */
    notInForce: z.array(z.string()),
  }),
  scopeMap: z.object({
    /** Somebody approved one; without that there is nothing to compare with. */
    approved: z.boolean(),
    /** What is another than in the approved one, a line each. */
    changes: z.array(z.string()),
  }),
});
export type ServerState = z.infer<typeof ServerState>;

export const Health = z.object({
  ok: z.boolean(),
  parts: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
});

/** SIP header by which an INVITE to an agent names its call, so that the client joins it with the API's call. */
export const CALL_HEADER = 'X-Tonegate-Call';
/** Present (`1`) on an INVITE that brings a call back to a reloaded window: the client answers it by itself. */
export const RESUME_HEADER = 'X-Tonegate-Resume';
