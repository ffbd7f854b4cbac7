/**
 * Payment mode: one passage through it, from the wall's shutting to its opening. A pure machine: `step` takes what
 * happened and returns what is to be done. What it promises, whatever comes in whatever order:
 *
 * - the dialogue begins only when both valves, the gate's and the SFU's, have reported shut and the payment is written
 *   down here, so that whatever becomes of it is found again by a later life of the server;
 * - the SFU's valve is opened only after an outcome is known and the gate has reported open since;
 * - an outcome is taken once; by `settled` only `unknown` can still change, and an approval that was given back.
 */
import type { CardRefusal, Language, PaymentResult, Refusal, Step } from '../card-link/contract.ts';

export interface PaymentMode {
  /**
   * shutting: both valves are being shut · running: the dialogue · settling: the card process is gone, the ledger's word is
   * awaited · opening: the outcome is known, the gate waits for the last key to end · ended.
   */
  phase: 'shutting' | 'running' | 'settling' | 'opening' | 'ended';
  gateShut: boolean;
  valveShut: boolean;
  /** The server's books have the payment. */
  written: boolean;
  /** The customer's leg is there. Without it nothing is opened any more. */
  customer: boolean;
  /** The card process holds our leg again after a restart. */
  card: 'up' | 'lost' | 'back';
  cancelled: boolean;
  step: Step;
  keys: number;
  of: number | undefined;
  mistakes: number;
  /** Why no card of the number that was keyed last can be used here. */
  cardRefused: CardRefusal | undefined;
  waiting: boolean;
  /** When the customer did something last, or was asked something new, monotonic ms. */
  activeAt: number;
  /** The customer speaks instead of keying. */
  speaking: boolean;
  /** Cards declined so far. */
  declined: number;
  gentle: boolean;
  /** What the guide speaks now. */
  language: Language;
  result: PaymentResult | undefined;
  /** When shutting, or the wait for a card process that is gone, is given up, monotonic ms. */
  deadline: number;
}

export type PaymentInput =
  /** The gate's report for this payment's leg. */
  | { readonly type: 'gate'; readonly state: 'shut' | 'open' }
  | { readonly type: 'valve-shut' }
  /** The books have the payment, or can't be written. */
  | { readonly type: 'written'; readonly ok: boolean }
  /** The card process won't open this payment. */
  | { readonly type: 'refused'; readonly why: Refusal }
  | {
      readonly type: 'progress';
      readonly step: Step;
      readonly keys: number;
      readonly of?: number | undefined;
      readonly mistakes: number;
      readonly cardRefused?: CardRefusal | undefined;
      readonly waiting: boolean;
      readonly speaking?: boolean | undefined;
      readonly declined?: number | undefined;
      readonly gentle?: boolean | undefined;
      readonly language?: Language | undefined;
    }
  | { readonly type: 'outcome'; readonly result: PaymentResult }
  /** What became of an unknown result by look-up, or of an approval that nobody was told of: it was given back. */
  | { readonly type: 'settled'; readonly result: PaymentResult }
  | { readonly type: 'cancel' }
  | { readonly type: 'customer-gone' }
  | { readonly type: 'card-lost' }
  /** A new card process has opened the leg again, its gate shut. */
  | { readonly type: 'card-back' }
  /** The ledger's word on this payment after a restart; undefined: it knows nothing, so no request was ever sent. */
  | { readonly type: 'ledger'; readonly result: PaymentResult | undefined }
  | { readonly type: 'time' };

export type PaymentOutput =
  | { readonly type: 'shut-gate' }
  | { readonly type: 'shut-valve' }
  | { readonly type: 'begin' }
  | { readonly type: 'cancel' }
  | { readonly type: 'ask-ledger' }
  /** Asks the gate to open when the last key has ended: only where its leg was opened again, else it does so by itself. */
  | { readonly type: 'open-gate' }
  /** The wall is no longer held by this payment. */
  | { readonly type: 'release' }
  /** Something that the agent sees has changed. */
  | { readonly type: 'changed' };

/** Shutting takes milliseconds; a valve that hasn't reported by then won't. */
export const SHUT_LIMIT_MS = 3000;
/** A card process is back within a second; after this the agent is told that the result isn't known. */
export const SETTLE_LIMIT_MS = 60_000;

/** @param begin how the customer is guided at first; the first step that is shown until the dialogue says its own */
export function openPaymentMode(
  now: number,
  begin: Pick<PaymentMode, 'step' | 'gentle' | 'language'>,
): { state: PaymentMode; outputs: PaymentOutput[] } {
  return {
    state: {
      phase: 'shutting',
      gateShut: false,
      valveShut: false,
      written: false,
      customer: true,
      card: 'up',
      cancelled: false,
      ...begin,
      keys: 0,
      of: undefined,
      mistakes: 0,
      cardRefused: undefined,
      waiting: false,
      activeAt: now,
      speaking: false,
      declined: 0,
      result: undefined,
      deadline: now + SHUT_LIMIT_MS,
    },
    outputs: [{ type: 'shut-gate' }, { type: 'shut-valve' }, { type: 'changed' }],
  };
}

/** Whether this payment still holds the wall shut. */
export function holdsWall(mode: PaymentMode): boolean {
  return mode.phase !== 'ended';
}

export function step(mode: PaymentMode, input: PaymentInput, now: number): PaymentOutput[] {
  switch (input.type) {
    case 'gate':
      return input.state === 'shut' ? gateShut(mode) : gateOpen(mode);
    case 'valve-shut':
      mode.valveShut = true;
      return beginWhenShut(mode);
    case 'written':
      mode.written = input.ok;
      return input.ok ? beginWhenShut(mode) : cancelled(mode);
    case 'refused':
      // The ledger may be slower than both valves.
      if (mode.phase !== 'shutting' && mode.phase !== 'running') return [];
      return concluded(mode, { outcome: 'failed', reason: reasonOf(input.why) }, true);
    case 'progress':
      return progressed(mode, input, now);
    case 'outcome':
      // A leg that was opened again knows nothing of the payment that its earlier life began.
      return concluded(mode, input.result, mode.card === 'back');
    case 'settled':
      return settled(mode, input.result);
    case 'cancel':
      return cancelled(mode);
    case 'customer-gone':
      mode.customer = false;
      // The outcome is still awaited: money may be moving.
      return mode.phase === 'opening' ? released(mode) : [];
    case 'card-lost':
      return cardLost(mode, now);
    case 'card-back':
      return cardBack(mode);
    case 'ledger':
      // Given up waiting: what it knows now still settles the unknown.
      if (mode.phase !== 'settling') return input.result ? settled(mode, input.result) : [];
      return concluded(mode, input.result ?? { outcome: 'failed', reason: 'card-process-ended' }, true);
    case 'time':
      return timedOut(mode, now);
  }
}

function gateShut(mode: PaymentMode): PaymentOutput[] {
  mode.gateShut = true;
  return beginWhenShut(mode);
}

function beginWhenShut(mode: PaymentMode): PaymentOutput[] {
  if (mode.phase !== 'shutting' || !mode.gateShut || !mode.valveShut || !mode.written) return [];
  mode.phase = 'running';
  return mode.cancelled ? [{ type: 'changed' }] : [{ type: 'begin' }, { type: 'changed' }];
}

function cancelled(mode: PaymentMode): PaymentOutput[] {
  if (mode.cancelled || mode.result || mode.phase === 'settling') return [];
  mode.cancelled = true;
  return [{ type: 'cancel' }];
}

function gateOpen(mode: PaymentMode): PaymentOutput[] {
  mode.gateShut = false;
  // An open gate without an outcome can't be (the card process refuses it); the SFU's valve stays shut all the same.
  return mode.phase === 'opening' ? released(mode) : [];
}

function progressed(
  mode: PaymentMode,
  input: Extract<PaymentInput, { type: 'progress' }>,
  now: number,
): PaymentOutput[] {
  if (mode.phase !== 'running') return [];
  const idle = input.step === mode.step && input.keys === mode.keys && input.mistakes === mode.mistakes;
  if (!idle || !input.waiting) mode.activeAt = now;
  mode.step = input.step;
  mode.keys = input.keys;
  mode.of = input.of;
  mode.mistakes = input.mistakes;
  mode.cardRefused = input.cardRefused;
  mode.waiting = input.waiting;
  mode.speaking = input.speaking ?? false;
  mode.declined = input.declined ?? mode.declined;
  mode.gentle = input.gentle ?? mode.gentle;
  mode.language = input.language ?? mode.language;
  return [{ type: 'changed' }];
}

/** `askGate`: nobody but us will ask the gate to open. */
function concluded(mode: PaymentMode, result: PaymentResult, askGate: boolean): PaymentOutput[] {
  if (mode.result) return [];
  mode.result = result;
  mode.step = 'result';
  mode.cardRefused = undefined;
  mode.waiting = false;
  mode.speaking = false;
  if (!mode.customer) return released(mode);
  mode.phase = 'opening';
  return askGate ? [{ type: 'open-gate' }, { type: 'changed' }] : [{ type: 'changed' }];
}

function released(mode: PaymentMode): PaymentOutput[] {
  mode.phase = 'ended';
  return [{ type: 'release' }, { type: 'changed' }];
}

function settled(mode: PaymentMode, result: PaymentResult): PaymentOutput[] {
  const before = mode.result?.outcome;
  const givenBack = before === 'approved' && result.outcome === 'failed';
  if (before !== 'unknown' && !givenBack) return [];
  mode.result = result;
  return [{ type: 'changed' }];
}

function cardLost(mode: PaymentMode, now: number): PaymentOutput[] {
  if (mode.phase === 'ended') return [];
  mode.card = 'lost';
  mode.gateShut = false;
  if (mode.phase !== 'opening') {
    mode.phase = 'settling';
    mode.deadline = now + SETTLE_LIMIT_MS;
  }
  return [{ type: 'changed' }];
}

function timedOut(mode: PaymentMode, now: number): PaymentOutput[] {
  if (now < mode.deadline) return [];
  if (mode.phase === 'shutting' && !mode.cancelled) {
    mode.cancelled = true;
    return [{ type: 'cancel' }];
  }
  // The wall stays shut without a card process; the agent learns that nobody knows, and may hang up.
  return mode.phase === 'settling' ? concluded(mode, { outcome: 'unknown', reason: 'no-answer' }, false) : [];
}

function cardBack(mode: PaymentMode): PaymentOutput[] {
  if (mode.card !== 'lost') return [];
  mode.card = 'back';
  if (mode.phase === 'settling') return [{ type: 'ask-ledger' }];
  if (mode.phase !== 'opening') return [];
  return mode.result?.outcome === 'unknown' ? [{ type: 'ask-ledger' }, { type: 'open-gate' }] : [{ type: 'open-gate' }];
}

function reasonOf(why: Refusal): PaymentResult['reason'] {
  return why === 'ledger-unavailable' ? 'ledger-unavailable' : 'card-process-ended';
}
