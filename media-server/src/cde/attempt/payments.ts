import type { Clock } from '../../shared/clock.ts';
import type { Id } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Result } from '../../shared/result.ts';
import type { Brand, Outcome, PaymentOpen, PaymentResult, Refusal } from '../contract.ts';
import type { CardSettings } from '../settings.ts';

/** What a payment is for. A `payment-open` command fits as it is. */
export type PaymentMeta = Pick<PaymentOpen, 'payment' | 'merchant' | 'purpose' | 'order'> & { leg?: Id };

/**
 * A card as it was keyed: one byte per digit with the value 0…9, expiry as MMYY. Whoever takes it owns the Buffers and
 * zeroes them.
 */
export interface Card {
  readonly number: Buffer;
  readonly expiry: Buffer;
  readonly securityCode: Buffer;
  readonly brand: Brand;
}

/** What the ledger knows of a payment that has ended, or is not known yet. */
export interface PaymentState {
  readonly payment: Id;
  readonly told: boolean;
  readonly result: PaymentResult;
}

/**
 * The payments of one card process: joins the attempt's machine, the ledger and the gateway. Every payment that was
 * opened must come to `authorize` or to `ended`; until then its order is taken.
 */
export class Payments {
  static async open(_settings: CardSettings, _clock: Clock, _logger: Logger): Promise<Payments> {
    throw new Error('not written yet');
  }

  /** Takes up whatever an earlier life left hanging: looks it up, gives it back. Comes back when the ledger was read. */
  start(): Promise<void> {
    throw new Error('not written yet');
  }

  /** Writes a payment down. Refused: `attempt-alive`, `already-settled` (this payment's id was used), `ledger-unavailable`, `draining`. */
  open(_meta: PaymentMeta): Promise<Result<void, Refusal>> {
    throw new Error('not written yet');
  }

  /**
   * Asks the gateway, once. The card's Buffers are zeroed when the request was written, and in any case before the
   * promise settles. Never rejects for what can happen to a payment: that is a `PaymentResult`, durable before it comes.
   */
  authorize(_meta: PaymentMeta, _card: Card): Promise<PaymentResult> {
    throw new Error('not written yet');
  }

  /** A payment ended without an attempt: cancelled, too many mistakes, silence. Resolves when durable (or given up). */
  ended(_payment: Id, _result: PaymentResult): Promise<void> {
    throw new Error('not written yet');
  }

  /**
   * Somebody is being told. Await it BEFORE the approved prompt's first packet: money is never given back after it.
   * `of` is the outcome that they are told; if the payment stands otherwise by now, nothing is written.
   * False: the outcome changed meanwhile (the money is being given back), or the ledger failed: don't say "approved".
   */
  told(_payment: Id, _of?: Outcome): Promise<boolean> {
    throw new Error('not written yet');
  }

  /** Payments that are unknown, and ended ones that nobody was told of; at most 1,000, newest first. */
  list(): Promise<PaymentState[]> {
    throw new Error('not written yet');
  }

  /** Calls back whenever a payment that was unknown (or was approved and is given back) is known. Returns what ends it. */
  onSettled(_callback: (payment: Id, result: PaymentResult) => void): () => void {
    throw new Error('not written yet');
  }

  /** Ends look-ups, waits for requests and writes under way. */
  close(): Promise<void> {
    throw new Error('not written yet');
  }
}
