/**
 * The whole conversation between media-server and the card process. Both sides check every message against these
 * schemas; what doesn't fit closes the connection. To the card process a closed connection is the server's death, and
 * with it the calls': every gate shuts, payments that run are finished, and legs close.
 *
 * Out of the card process go only words of fixed lists, counts, times, our own ids, a brand and four digits, and a
 * merchant's gateway settings as they were entered, without secrets. Into it go addresses, keys of fixed length, order text
 * that can't hold a card number, and gateways' credentials, which never come out again. A frame is a 4-byte big-endian length
 * and that many bytes of JSON, at most `FRAME_LIMIT`.
 */
import { z } from 'zod';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { ID_PATTERN } from '../shared/ids.ts';
import { AMOUNT_LIMIT_MINOR, CURRENCIES } from '../shared/money.ts';

export const CONTRACT_VERSION = 2;
/** Legs at a time, and so what one `hello` can list. */
export const LEG_LIMIT = 10_000;
/** Bytes of one frame's JSON: a `hello` with `LEG_LIMIT` legs is the longest. */
export const FRAME_LIMIT = 524_288;

/** Bytes of a merchant's own prompt: 30 s of µ-law, and what rounding adds. */
export const PROMPT_LIMIT = 30 * 8000 + 800;

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

/** A merchant's own name of a customer, as gateways take it; no possible card number. */
const memberName = z
  .string()
  .regex(/^[A-Za-z0-9@_.-]{1,60}$/)
  .refine((text) => !holdsCardNumber(text), 'holds something that may be a card number');

/** Bytes of a merchant's gateway settings as JSON: a chain of certificates is the longest of them. */
const GATEWAY_LIMIT = 120_000;
const settingKind = z.string().regex(/^[a-z][a-z-]{0,31}$/);
const settingName = z.string().regex(/^[a-zA-Z]{1,40}$/);
/** What a gateway is told besides its secrets; the schema of its kind is the card process's to check. */
const gatewaySettings = z
  .record(settingName, z.json())
  .refine((settings) => JSON.stringify(settings).length <= GATEWAY_LIMIT, 'is too long')
  .refine((settings) => !holdsCardNumber(JSON.stringify(settings)), 'holds something that may be a card number');

export const CODECS = ['PCMU', 'PCMA'] as const;
/** A language of the guide (BCP 47: `ja`, `en`, `pt-BR`). A language is a folder under `prompts/`; `hello` names them. */
const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/);
const promptName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
/** Languages that a card process can have. */
export const LANGUAGES_LIMIT = 50;
/**
 * What a payment is for. `verify` moves no money: a one-time code proves that the person has their phone. `card-update`
 * checks a card and stores it with the gateway; `stored-charge` takes money from a card stored so.
 */
export const PURPOSES = ['charge', 'authorize', 'card-update', 'stored-charge', 'verify'] as const;
/** Purposes for which an amount is spoken and taken; the others have the amount 0. */
const MONEY_PURPOSES: readonly Purpose[] = ['charge', 'authorize', 'stored-charge'];
/** What can be done with an earlier payment, without its customer. */
export const MONEY_ACTIONS = ['capture', 'void', 'refund'] as const;
/** What is asked of the customer; `confirmation` is the `1` after the amount, `language` the choice at the start. */
export const FIELDS = ['language', 'confirmation', 'card-number', 'expiry', 'security-code', 'one-time-code'] as const;
/** Fields that the agent may have asked again. */
export const FIELDS_AGAIN = [
  'card-number',
  'expiry',
  'security-code',
  'one-time-code',
] as const satisfies readonly Field[];
/** Ready sentences that the agent may have spoken to the customer during a payment. */
export const HINTS = [
  'number-on-front',
  'expiry-on-card',
  'code-on-back',
  'use-keypad',
  'press-hash',
  'take-your-time',
  'star-clears',
  'code-by-message',
] as const;
/** Steps of a payment as the agent sees them. `sending-code`: the one-time code is being made and sent. */
export const STEPS = [...FIELDS, 'sending-code', 'processing', 'result'] as const;
/**
 * What an operator says of an attempt that look-ups couldn't settle, having looked at the gateway's own books: the money
 * moved and stays · it never moved · it was given back there · ask the gateway again.
 */
export const RESOLUTIONS = ['approved', 'not-executed', 'reversed', 'look-up'] as const;
/** Entries of the operator's list in one message. */
export const MANUAL_LIMIT = 200;

/** Sounds that can be played to a waiting customer (never during a payment). */
export const SOUNDS = ['hold-music', 'ringback', 'comfort', 'please-wait', 'nobody-here', 'agent-returns'] as const;
export const BRANDS = ['visa', 'mastercard', 'amex', 'jcb', 'diners', 'discover', 'unionpay', 'other'] as const;

export const OUTCOMES = ['approved', 'declined', 'cancelled', 'failed', 'unknown'] as const;
/** Payments that one question to the ledger can name. */
export const PAYMENTS_ASKED_LIMIT = 1000;

/**
 * What keeps others out of the card process's memory and keeps it in. Some of it rests on how the process was started
 * (`card-link/launch.ts`), some on the machine: what isn't in force is said at start, never silently done without.
 */
export const CONFINEMENTS = [
  'own-user',
  'no-core-dumps',
  'no-swap',
  'no-debugger',
  'files-and-programs',
  'no-packet-capture',
  'freed-memory-overwritten',
] as const;
export type Confinement = (typeof CONFINEMENTS)[number];
/** What freed memory is filled with in the card process: no digit in any writing. What is given out holds its complement. */
export const FREED_BYTE = 0xa5;

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

/** Master key and salt of one direction for AEAD_AES_256_GCM: 44 bytes as Base64. */
const srtpKey = z.string().regex(/^[A-Za-z0-9+/]{59}=$/);

/**
 * The SFU's plain transports' tuples: the gate sends to `address` and takes packets from it alone. With `srtp`, which a
 * card process on another host insists on, nothing else is sent or taken.
 */
const sfuSide = z.strictObject({
  address,
  payloadType,
  srtp: z.strictObject({ toSfu: srtpKey, fromSfu: srtpKey }).optional(),
});

const legOpen = z.strictObject({
  type: z.literal('leg-open'),
  leg: id,
  codec: z.enum(CODECS),
  /** The local address on which the customer's RTP is received. A card process on another host has its own. */
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

const paymentOrder = z.strictObject({
  reference: orderText.min(1),
  description: orderText.optional(),
  /** 0 exactly where the purpose moves no money. */
  amountMinor: z.int().min(0).max(AMOUNT_LIMIT_MINOR),
  currency: z.enum(CURRENCIES),
});

const paymentOpen = z
  .strictObject({
    type: z.literal('payment-open'),
    payment: id,
    leg: id,
    merchant: id,
    purpose: z.enum(PURPOSES),
    order: paymentOrder,
    /** Whose card is stored or charged: the merchant's own name of the customer. Needed for `card-update` and `stored-charge`. */
    member: memberName.optional(),
    language,
    /** Languages that the customer chooses from at the start, the first by `1`; none: `language` is spoken. */
    languages: z.array(language).min(2).max(9).optional(),
    /** Slower prompts, longer waits, count of keys read back. */
    gentle: z.boolean().optional(),
    /** Cards that the customer may try: a declined one is followed by another until so many were declined; absent: one. */
    cards: z.int().min(1).max(5).optional(),
    /** Brands that the merchant takes, where it doesn't take all of the gateway's. */
    brands: z.array(z.enum(BRANDS)).min(1).max(BRANDS.length).optional(),
  })
  .refine(({ purpose, order }) => MONEY_PURPOSES.includes(purpose) === order.amountMinor > 0, 'the amount is unfit');

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
    language,
    /** Whose own sound is played, where it has one. */
    merchant: id.optional(),
  }),
  z.strictObject({ type: z.literal('stop'), leg: id }),
  /** Shuts the gate at once. The dialogue waits for `payment-begin`, which is sent when the SFU's valve is shut too. */
  paymentOpen,
  z.strictObject({ type: z.literal('payment-begin'), payment: id }),
  /** The agent stops the payment. Too late once the request went to the gateway: then the outcome comes as it is. */
  z.strictObject({ type: z.literal('cancel'), payment: id }),
  /** The customer's keys come by SIP INFO alone, which never reaches this process: the customer is told, and it fails. */
  z.strictObject({ type: z.literal('no-keys'), payment: id }),
  /**
   * The agent's help while the customer keys; without effect (`too-late`) once the card is with the gateway. `ask-again`
   * forgets one field and asks it anew, then goes on where the dialogue was; `more-time` lengthens the running wait and
   * the whole payment by the setting's step.
   */
  z.strictObject({ type: z.literal('ask-again'), payment: id, field: z.enum(FIELDS_AGAIN) }),
  z.strictObject({ type: z.literal('hint'), payment: id, hint: z.enum(HINTS) }),
  z.strictObject({ type: z.literal('more-time'), payment: id }),
  z.strictObject({ type: z.literal('gentle'), payment: id, on: z.boolean() }),
  /**
   * A one-time code was sent: HMAC-SHA-256 over its six ASCII digits, the key being the salt's 16 bytes, so that the keys
   * can be compared without the code being known here. An earlier code of the payment is good no more.
   */
  z.strictObject({
    type: z.literal('code-digest'),
    payment: id,
    salt: z.string().regex(/^[0-9a-f]{32}$/),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    /** How long the code is good, ms. */
    validMs: z.int().min(1000).max(600_000),
  }),
  /** The code that was wanted can't be sent (again). The customer is told, and the payment fails or goes on with the old one. */
  z.strictObject({ type: z.literal('code-refused'), payment: id, why: z.enum(['not-sent', 'limit', 'too-soon']) }),
  /** Asks the customer to press 1 and listens for 10 s; refused in a payment. Answered by `key-tested`. */
  z.strictObject({ type: z.literal('key-test'), leg: id, language }),
  /**
   * Captures, voids or refunds the money of the payment `of`, without a leg. Written down before the gateway is asked;
   * answered by `outcome` for `payment`, or `refused`.
   */
  z.strictObject({
    type: z.literal('money'),
    payment: id,
    merchant: id,
    of: id,
    action: z.enum(MONEY_ACTIONS),
    /** Part of it, where the gateway can; absent: all. */
    amountMinor: z.int().min(1).max(AMOUNT_LIMIT_MINOR).optional(),
  }),
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
  /** Asks for the operator's list: attempts that look-ups couldn't settle. Answered by `manual`. */
  z.strictObject({ type: z.literal('manual-list') }),
  /** An operator settles one of them; answered by `settled` (or nothing yet after `look-up`), or `refused`. */
  z.strictObject({ type: z.literal('manual-resolve'), payment: id, as: z.enum(RESOLUTIONS) }),
  /**
   * A merchant's own sound in place of a ready prompt, from now on: µ-law at 8000 Hz. All are forgotten when a server
   * connects, which then sends those of its merchants.
   */
  z.strictObject({
    type: z.literal('prompt-put'),
    merchant: id,
    language,
    name: promptName,
    ulaw: z
      .base64()
      .min(4)
      .max(Math.ceil(PROMPT_LIMIT / 3) * 4),
  }),
  /** The ready prompt is played again. */
  z.strictObject({ type: z.literal('prompt-drop'), merchant: id, language, name: promptName }),
  /**
   * A merchant's own gateway with its credentials: tried by a harmless call, and if that works or `force` is set, kept
   * (sealed) and used from the next request on. Answered by `provisioned`, or `refused`.
   */
  z.strictObject({
    type: z.literal('provision'),
    ask: id,
    merchant: id,
    gateway: gatewaySettings,
    credentials: z.record(settingName, z.string().min(1).max(1000)),
    force: z.boolean(),
  }),
  /** Back to the gateway that the settings name. */
  z.strictObject({ type: z.literal('unprovision'), ask: id, merchant: id }),
  /** Tries the gateway that the merchant's payments go to by a harmless call. */
  z.strictObject({ type: z.literal('gateway-test'), ask: id, merchant: id }),
  z.strictObject({ type: z.literal('gateway-show'), ask: id, merchant: id }),
  /** The file of the keys that credentials are sealed under was changed: it is read anew, and all are wrapped under its first. */
  z.strictObject({ type: z.literal('gateway-keys'), ask: id }),
  /**
   * The server drains: no new payments; the card process ends when no payment runs and no leg is open (or no server is
   * connected). The `hello` of a server that starts meanwhile takes it back.
   */
  z.strictObject({ type: z.literal('drain') }),
]);
export type ToCard = z.infer<typeof ToCard>;

/** Why a card can't be used with this merchant, whatever is keyed: seen by its number alone. */
const CARD_REFUSALS = ['brand-refused', 'number-too-long'] as const;
export type CardRefusal = (typeof CARD_REFUSALS)[number];

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
  // unknown
  'no-answer',
] as const;

/** What a harmless call to a gateway showed. */
export const GATEWAY_RESULTS = ['works', ...REASONS] as const;
/** Whether a merchant's own gateway can be used: its credentials' key is gone, or they were changed or swapped on the disk. */
export const GATEWAY_STATES = ['usable', 'no-key', 'not-authentic', 'unfit'] as const;

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
  // the order was paid within `paidAgainAfterMs` and the money wasn't given back
  'already-paid',
  // the gateway can't do this, or not with this payment
  'not-possible',
  'draining',
  'no-key-format',
  'no-such-language',
  'amount-unfit',
  // the gateway doesn't take it
  'currency-refused',
  'member-missing',
  'no-such-gateway',
  'ledger-unavailable',
  'too-late',
  'no-such-prompt',
  'too-many-prompts',
  // the agent gave more time as often as may be
  'limit-reached',
  // of a merchant's own gateway: it doesn't fit its kind · it isn't there · its credentials can't be opened · they can't
  // be kept (no key to seal them with, or the disk)
  'gateway-unfit',
  'no-own-gateway',
  'credentials-shut',
  'credentials-not-kept',
  // between two hosts sound passes sealed or not at all
  'srtp-missing',
  // the answer to a `hello` while another server is connected
  'server-attached',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** A place where the card process takes what others send: its server, customers (RTP and RTCP), the SFU. */
const listener = z.strictObject({
  from: z.enum(['server', 'customers', 'sfu']),
  over: z.enum(['unix', 'tls', 'udp']),
  ip: ip.optional(),
  /** Absent: a free one for each. */
  ports: z.strictObject({ min: port, max: port }).optional(),
});

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
    /** What of `CONFINEMENTS` isn't in force. */
    unconfined: z.array(z.enum(CONFINEMENTS)).optional(),
    /** Languages of the guide. */
    languages: z.array(language).min(1).max(LANGUAGES_LIMIT),
    /** Kind of the gateway that its settings name. */
    gateway: settingKind.optional(),
    /** All that it listens on; without `ip` the server chooses the address. */
    listens: z.array(listener).max(4).optional(),
    /**
     * Of a card process on another host: the address that customers are told for their RTP, the one where it arrives
     * from inside, and that of its ports for the SFU.
     */
    host: z.strictObject({ announced: ip, rtp: ip, sfu: ip }).optional(),
  }),
  z.strictObject({
    type: z.literal('leg-ready'),
    leg: id,
    /** The customer's RTP comes to this port (RTCP to the next), the SFU's to `sfuPort` on loopback or `hello`'s address. */
    rtpPort: port,
    sfuPort: port,
    /** SSRC and payload type of the stream towards the SFU. */
    ssrc,
  }),
  /** A bug ended this leg, shut; others live on. It can be opened again on its ports. */
  z.strictObject({ type: z.literal('leg-lost'), leg: id }),
  z.strictObject({ type: z.literal('leg-quality'), leg: id, counts: LegCounts }),
  /** A key was heard: by which transport, and how many so far in this leg. Never which. */
  /** `both`: a press that was told already came by the other transport too; it isn't counted again. */
  z.strictObject({ type: z.literal('keys-seen'), leg: id, transport: z.enum(['event', 'tone', 'both']), count }),
  /** Whether the customer's key arrived in a key test, and by what. `wrong`: another key than 1. */
  z.strictObject({
    type: z.literal('key-tested'),
    leg: id,
    heard: z.enum(['right', 'wrong', 'nothing']),
    event: z.boolean(),
    tone: z.boolean(),
  }),
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
    /** Why no card of the number that was keyed last can be used here, where it can't: what helps is another card. */
    cardRefused: z.enum(CARD_REFUSALS).optional(),
    /** The customer has keyed nothing for a while. */
    waiting: z.boolean(),
    /** The customer speaks instead of keying. */
    speaking: z.boolean().optional(),
    /** Cards declined so far in this payment. */
    declined: z.int().min(0).max(5).optional(),
    gentle: z.boolean().optional(),
    /** The language that is spoken now. */
    language: language.optional(),
  }),
  /** A one-time code is to be made and sent: to be answered by `code-digest` or `code-refused`. `again`: the customer asked for another. */
  z.strictObject({ type: z.literal('code-wanted'), payment: id, again: z.boolean() }),
  /** `wiped`: how many buffers held digits of this payment; each of them is zero. Absent: there is no word about them. */
  result.extend({ type: z.literal('outcome'), payment: id, wiped: count.optional() }),
  /** What became of a payment that was `unknown`, or whose card process died. */
  result.extend({ type: z.literal('settled'), payment: id }),
  result.extend({ type: z.literal('payment-state'), payment: id, told: z.boolean() }),
  /** `running`: those of the question's `of` that have no outcome yet; it comes. Of the others all was said. */
  z.strictObject({ type: z.literal('payments-end'), running: z.array(id).max(PAYMENTS_ASKED_LIMIT).optional() }),
  /** The operator's list, oldest first; `more`: how many there are beyond these. */
  z.strictObject({
    type: z.literal('manual'),
    attempts: z
      .array(
        z.strictObject({
          payment: id,
          merchant: id,
          purpose: z.enum([...PURPOSES, ...MONEY_ACTIONS]),
          order: paymentOrder,
          gateway: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
          /** Our name of the attempt at the gateway, to find it in its books. */
          reference: id,
          /** UTC ms. */
          sentAt: count.optional(),
          since: count,
          /** The money was asked back: it can only be settled as `reversed`. */
          reversing: z.boolean(),
          /** `no-gateway`: the one that it went to isn't set up any more. */
          why: z.enum(['no-answer', 'no-gateway']),
        }),
      )
      .max(MANUAL_LIMIT),
    more: count,
  }),
  z.strictObject({
    type: z.literal('provisioned'),
    ask: id,
    merchant: id,
    result: z.enum(GATEWAY_RESULTS),
    /** Whether it is used from now on; else all is as it was. */
    kept: z.boolean(),
  }),
  z.strictObject({ type: z.literal('unprovisioned'), ask: id, merchant: id }),
  z.strictObject({ type: z.literal('gateway-tested'), ask: id, merchant: id, result: z.enum(GATEWAY_RESULTS) }),
  z.strictObject({
    type: z.literal('gateway-shown'),
    ask: id,
    merchant: id,
    /** Kind of the one that the settings name. */
    standard: settingKind,
    own: z
      .strictObject({
        state: z.enum(GATEWAY_STATES),
        gateway: gatewaySettings,
        /** UTC ms of the last test, and what it showed. */
        testedAt: count,
        result: z.enum(GATEWAY_RESULTS),
      })
      .optional(),
  }),
  /** `wrapped`: credentials that are under the first key now; `shut`: those that can't be opened. */
  z.strictObject({ type: z.literal('gateway-keys-read'), ask: id, wrapped: count, shut: count }),
  /** The sound that was to be played came to its end by itself. */
  z.strictObject({ type: z.literal('played'), leg: id, sound: z.enum(SOUNDS) }),
  z.strictObject({
    type: z.literal('refused'),
    command: z.string().max(32),
    leg: id.optional(),
    payment: id.optional(),
    ask: id.optional(),
    why: z.enum(REFUSALS),
  }),
]);
export type FromCard = z.infer<typeof FromCard>;

export type Codec = (typeof CODECS)[number];
export type Language = string;
export type Purpose = (typeof PURPOSES)[number];
export type MoneyAction = (typeof MONEY_ACTIONS)[number];
export type Resolution = (typeof RESOLUTIONS)[number];
export type Hint = (typeof HINTS)[number];
export type FieldAgain = (typeof FIELDS_AGAIN)[number];
export type Field = (typeof FIELDS)[number];
export type Step = (typeof STEPS)[number];
export type Sound = (typeof SOUNDS)[number];
export type Brand = (typeof BRANDS)[number];
export type Outcome = (typeof OUTCOMES)[number];
export type Reason = (typeof REASONS)[number];
export type FarSide = z.infer<typeof farSide>;
export type SfuSide = z.infer<typeof sfuSide>;
export type Listener = z.infer<typeof listener>;
export type CardHost = NonNullable<Extract<FromCard, { type: 'hello' }>['host']>;
export type KeyFormat = z.infer<typeof keyFormat>;
export type LegOpen = z.infer<typeof legOpen>;
export type MoneyCommand = Extract<ToCard, { type: 'money' }>;
export type ManualAttempt = Extract<FromCard, { type: 'manual' }>['attempts'][number];
export type GatewayResult = (typeof GATEWAY_RESULTS)[number];
export type PaymentOpen = z.infer<typeof paymentOpen>;
