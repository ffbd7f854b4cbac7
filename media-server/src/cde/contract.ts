/**
 * The whole conversation between media-server and the card process. Both sides check every message against these
 * schemas; what doesn't fit closes the connection. To the card process a closed connection is the server's death, and
 * with it the calls': every gate shuts, payments that run are finished, and legs close.
 *
 * Out of the card process go only words of fixed lists, counts, times, our own ids, a brand and four digits. Into it go
 * addresses, keys of fixed length and order text that can't hold a card number. A frame is a 4-byte big-endian length
 * and that many bytes of JSON, at most `FRAME_LIMIT`.
 */
import { z } from 'zod';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { ID_PATTERN } from '../shared/ids.ts';
import { AMOUNT_LIMIT_MINOR, CURRENCIES } from '../shared/money.ts';

export const CONTRACT_VERSION = 1;
/** Legs at a time, and so what one `hello` can list. */
export const LEG_LIMIT = 10_000;
/** Bytes of one frame's JSON: a `hello` with `LEG_LIMIT` legs is the longest. */
export const FRAME_LIMIT = 524_288;

const id = z.string().regex(ID_PATTERN);
const port = z.int().min(1).max(65_535);
const payloadType = z.int().min(0).max(127);
const ssrc = z.int().min(0).max(0xffff_ffff);
const count = z.int().min(0);
const ip = z.union([z.ipv4(), z.ipv6()]);
/** Text of the merchant's (an order's reference or description): at most 64 characters, no possible card number. */
const orderText = z
  .string()
  .max(64)
  .refine((text) => !holdsCardNumber(text), 'holds something that may be a card number');

export const CODECS = ['PCMU', 'PCMA'] as const;
/** Languages of the guide; a language is a folder under `prompts/`. */
export const LANGUAGES = ['ja', 'en'] as const;
/** What is asked of the customer; `confirmation` is the `1` after the amount. */
export const FIELDS = ['confirmation', 'card-number', 'expiry', 'security-code'] as const;
/** Steps of a payment as the agent sees them. */
export const STEPS = [...FIELDS, 'processing', 'result'] as const;
/** Sounds that can be played to a waiting customer (never during a payment). */
export const SOUNDS = ['hold-music', 'ringback', 'comfort', 'please-wait', 'nobody-here', 'agent-returns'] as const;
export const BRANDS = ['visa', 'mastercard', 'amex', 'jcb', 'diners', 'discover', 'unionpay', 'other'] as const;

export const OUTCOMES = ['approved', 'declined', 'cancelled', 'failed', 'unknown'] as const;
/** Payments that one question to the ledger can name. */
export const PAYMENTS_ASKED_LIMIT = 1000;

/** Where RTP goes to or comes from. */
const address = z.strictObject({ ip, port });
/** A telephone-event payload type that was negotiated towards us, with its clock rate in Hz (RFC 4733). */
const keyFormat = z.strictObject({
  payloadType,
  rate: z.union([z.literal(8000), z.literal(16_000), z.literal(32_000), z.literal(48_000)]),
});

/** What is known of the customer's side from SDP. Absent address: learn it from the first packets. */
const farSide = z.strictObject({
  /** Address from the SDP; packets from elsewhere may still be latched (NAT). */
  rtp: address.optional(),
  /** Default: RTP's port + 1 on the same address. Equal to `rtp` when rtcp-mux was negotiated. */
  rtcp: address.optional(),
  /** Payload type of the sound they send us and we send them. */
  payloadType,
  /** Milliseconds of sound per packet that we send them. */
  ptime: z.int().min(10).max(60),
  /** telephone-event types they may send us. */
  keysIn: z.array(keyFormat).max(4),
  /** The telephone-event type they take from us, if any. */
  keysOut: keyFormat.optional(),
  /** Whether they want sound from us (false while they hold the call: a=sendonly or inactive). */
  wantsSound: z.boolean(),
});

/** The SFU's plain transports' tuples: the gate sends to `address` and takes packets from it alone. */
const sfuSide = z.strictObject({ address, payloadType });

const legOpen = z.strictObject({
  type: z.literal('leg-open'),
  leg: id,
  codec: z.enum(CODECS),
  /** The local address on which the customer's RTP is received. */
  bind: ip,
  /** Ports of an earlier life of this leg, to be taken again after a restart; else the card process chooses. */
  ports: z.strictObject({ rtp: port, sfu: port }).optional(),
  /** The SSRC of the stream towards the SFU of that earlier life. */
  ssrc: ssrc.optional(),
  far: farSide.optional(),
  sfu: sfuSide.optional(),
  /** Shut unless it says open. */
  wall: z.enum(['shut', 'open']).default('shut'),
});

const legUpdate = z.strictObject({
  type: z.literal('leg-update'),
  leg: id,
  far: farSide.optional(),
  sfu: sfuSide.optional(),
});

const paymentOpen = z.strictObject({
  type: z.literal('payment-open'),
  payment: id,
  leg: id,
  merchant: id,
  purpose: z.enum(['charge']),
  order: z.strictObject({
    reference: orderText.min(1),
    description: orderText.optional(),
    amountMinor: z.int().min(1).max(AMOUNT_LIMIT_MINOR),
    currency: z.enum(CURRENCIES),
  }),
  language: z.enum(LANGUAGES),
});

/**
 * What both sides say first, of whatever version: a peer of another version is recognised by it. `drain` is the one
 * command that a card process takes from a server of another version.
 */
export const AnyHello = z.looseObject({ type: z.literal('hello'), version: z.int().min(1) });

/**
 * Commands. `leg-open` is answered by `leg-ready`, `wall` and `payment-open` by `wall` (and `refused` where it can't be),
 * `payments` by one `payment-state` for each and `payments-end`; all others only when refused.
 */
export const ToCard = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), version: z.literal(CONTRACT_VERSION) }),
  legOpen,
  legUpdate,
  z.strictObject({ type: z.literal('leg-close'), leg: id }),
  /**
   * Shuts the gate at once, or opens it when the customer's last key has ended for 300 ms. Open is refused in a payment;
   * shut in a payment keeps the gate shut after it, where otherwise it opens after the `outcome`.
   */
  z.strictObject({ type: z.literal('wall'), leg: id, want: z.enum(['shut', 'open']) }),
  /** Plays to the customer until its end or `stop`; refused in a payment. Replaces what plays. */
  z.strictObject({
    type: z.literal('play'),
    leg: id,
    sound: z.enum(SOUNDS),
    loop: z.boolean(),
    language: z.enum(LANGUAGES),
  }),
  z.strictObject({ type: z.literal('stop'), leg: id }),
  /** Shuts the gate at once. The dialogue waits for `payment-begin`, which is sent when the SFU's valve is shut too. */
  paymentOpen,
  z.strictObject({ type: z.literal('payment-begin'), payment: id }),
  /** The agent stops the payment. Too late once the request went to the gateway: then the outcome comes as it is. */
  z.strictObject({ type: z.literal('cancel'), payment: id }),
  /**
   * The outcome was acknowledged by the agent's screen or an API client: written durably as told. `outcome` is what they
   * saw: where the payment stands otherwise by now, nobody was told of that and nothing is written.
   */
  z.strictObject({ type: z.literal('told'), payment: id, outcome: z.enum(OUTCOMES).optional() }),
  /** Sends one key (0-9 * #) to the customer's side; refused in a payment or without telephone-event. */
  z.strictObject({ type: z.literal('send-key'), leg: id, key: z.string().regex(/^[0-9*#]$/) }),
  /**
   * Asks what the ledger knows of payments that are unknown, or whose outcome nobody was told; and of those in `of`,
   * whatever was told of them. Several such questions are answered one after the other, in order.
   */
  z.strictObject({ type: z.literal('payments'), of: z.array(id).max(PAYMENTS_ASKED_LIMIT).optional() }),
  /**
   * The server drains: no new payments; the card process ends when no payment runs and no leg is open (or no server is
   * connected). The `hello` of a server that starts meanwhile takes it back.
   */
  z.strictObject({ type: z.literal('drain') }),
]);
export type ToCard = z.infer<typeof ToCard>;

/** Why a payment ended as it did. No other words leave the card process. */
export const REASONS = [
  'none',
  // declined
  'card-refused',
  'funds',
  'limit',
  'card-expired',
  'security-code-wrong',
  'card-number-wrong',
  // cancelled
  'by-agent',
  'by-customer',
  'customer-hung-up',
  // failed
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
  // unknown
  'no-answer',
] as const;

/** A payment's result as far as it is known. `brand`, `lastFour` and `receipt` come with `approved` only. */
const result = z.strictObject({
  outcome: z.enum(OUTCOMES),
  reason: z.enum(REASONS),
  brand: z.enum(BRANDS).optional(),
  lastFour: z
    .string()
    .regex(/^[0-9]{4}$/)
    .optional(),
  /** The gateway's own number of the transaction, letters and digits, never a card number. */
  receipt: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,32}$/)
    .refine((text) => !holdsCardNumber(text))
    .optional(),
});
export type PaymentResult = z.infer<typeof result>;

/** Packet counts since the leg was opened. */
export const LegCounts = z.strictObject({
  fromFar: count,
  toSfu: count,
  fromSfu: count,
  toFar: count,
  /** Customer packets kept in by the wall, and the SFU's kept out. */
  keptIn: count,
  keptOut: count,
  /** Packets of sources that aren't the leg's, or no RTP at all. */
  foreign: count,
  keyEvents: count,
  lost: count,
  /** Interarrival jitter of the customer's sound, milliseconds (RFC 3550 §6.4.1). */
  jitterMs: z.number().min(0),
});
export type LegCounts = z.infer<typeof LegCounts>;

export const REFUSALS = [
  'no-such-leg',
  'no-such-payment',
  'leg-exists',
  'in-payment',
  'wall-open',
  'no-free-port',
  'port-taken',
  'too-many-legs',
  'attempt-alive',
  'already-settled',
  'draining',
  'no-key-format',
  'ledger-unavailable',
  'too-late',
  // the answer to a `hello` while another server is connected
  'server-attached',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export const FromCard = z.discriminatedUnion('type', [
  /**
   * `instance` is new with every start of the card process: a server that sees another one opens its legs again. `legs`
   * are those of a server that is gone, which are finishing a payment and close after it.
   */
  z.strictObject({
    type: z.literal('hello'),
    version: z.literal(CONTRACT_VERSION),
    instance: id,
    legs: z.array(id).max(LEG_LIMIT),
  }),
  z.strictObject({
    type: z.literal('leg-ready'),
    leg: id,
    /** The customer's RTP comes to this port (RTCP to the next), the SFU's to `sfuPort` on loopback. */
    rtpPort: port,
    sfuPort: port,
    /** SSRC and payload type of the stream towards the SFU. */
    ssrc,
  }),
  /** A bug ended this leg, shut; others live on. It can be opened again on its ports. */
  z.strictObject({ type: z.literal('leg-lost'), leg: id }),
  z.strictObject({ type: z.literal('leg-quality'), leg: id, counts: LegCounts }),
  /** A key was heard: by which transport, and how many so far in this leg. Never which. */
  z.strictObject({ type: z.literal('keys-seen'), leg: id, transport: z.enum(['event', 'tone']), count }),
  z.strictObject({
    type: z.literal('wall'),
    leg: id,
    state: z.enum(['shut', 'open']),
    /** The payment it belongs to, if any. */
    payment: id.optional(),
    counts: LegCounts,
  }),
  z.strictObject({
    type: z.literal('progress'),
    payment: id,
    step: z.enum(STEPS),
    /** Keys in the field so far, and how many it will have where that is known. */
    keys: z.int().min(0).max(19),
    of: z.int().min(1).max(19).optional(),
    mistakes: count,
    /** The customer has keyed nothing for a while. */
    waiting: z.boolean(),
  }),
  result.extend({ type: z.literal('outcome'), payment: id }),
  /** What became of a payment that was `unknown`, or whose card process died. */
  result.extend({ type: z.literal('settled'), payment: id }),
  result.extend({ type: z.literal('payment-state'), payment: id, told: z.boolean() }),
  /** `running`: those of the question's `of` that have no outcome yet; it comes. Of the others all was said. */
  z.strictObject({ type: z.literal('payments-end'), running: z.array(id).max(PAYMENTS_ASKED_LIMIT).optional() }),
  /** The sound that was to be played came to its end by itself. */
  z.strictObject({ type: z.literal('played'), leg: id, sound: z.enum(SOUNDS) }),
  z.strictObject({
    type: z.literal('refused'),
    command: z.string().max(32),
    leg: id.optional(),
    payment: id.optional(),
    why: z.enum(REFUSALS),
  }),
]);
export type FromCard = z.infer<typeof FromCard>;

export type Codec = (typeof CODECS)[number];
export type Language = (typeof LANGUAGES)[number];
export type Field = (typeof FIELDS)[number];
export type Step = (typeof STEPS)[number];
export type Sound = (typeof SOUNDS)[number];
export type Brand = (typeof BRANDS)[number];
export type Outcome = (typeof OUTCOMES)[number];
export type Reason = (typeof REASONS)[number];
export type FarSide = z.infer<typeof farSide>;
export type SfuSide = z.infer<typeof sfuSide>;
export type KeyFormat = z.infer<typeof keyFormat>;
export type LegOpen = z.infer<typeof legOpen>;
export type PaymentOpen = z.infer<typeof paymentOpen>;
