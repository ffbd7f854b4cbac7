import type { Id } from '../../shared/ids.ts';
import type { Brand, PaymentOpen, Reason } from '../contract.ts';

/**
 * What a payment service is to the card process: three questions. An adapter knows its service's protocol and puts
 * each possible answer into one of the classes below; it decides nothing and remembers nothing.
 */
export interface Gateway {
  /** As it stands in the ledger; stable for ever. */
  readonly name: string;
  /**
   * Asks for the money once, without trying again. Never rejects. `card` is read, not zeroed: the caller owns it. The
   * promise settles only when nothing of the card is left in the adapter's own memory.
   * @param timeoutMs how long to wait for the answer, connecting included
   * @param released called once, when the last byte of the card was handed to the network or never will be
   */
  authorize(request: AuthorizeRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer>;
  /** Asks what became of an attempt. Never rejects. */
  lookUp(reference: Id, timeoutMs: number): Promise<Found>;
  /** Gives the money of an attempt back, idempotent by its reference. Never rejects. */
  reverse(reference: Id, timeoutMs: number): Promise<Reversal>;
  /** Ends what is under way; the promises of that settle as unknown or no-answer. */
  close(): void;
}

export interface AuthorizeRequest {
  /** Our own name of the attempt, durable before the request: idempotency key and what look-ups ask by. */
  readonly reference: Id;
  readonly order: PaymentOpen['order'];
}

/** One byte per digit with the value 0…9; expiry as MMYY. */
export interface CardDigits {
  readonly number: Buffer;
  readonly expiry: Buffer;
  readonly securityCode: Buffer;
}

/** `brand` and `lastFour` as the gateway gives them, where it does. */
interface Approved {
  readonly is: 'approved';
  readonly receipt?: string;
  readonly brand?: Brand;
  readonly lastFour?: string;
}
interface Refused {
  readonly is: 'declined' | 'failed';
  readonly reason: Reason;
}

/**
 * To the request. `failed`: surely not executed. `unknown`: a byte of the card may have arrived, and nothing that
 * came back says what it led to.
 */
export type Answer = Approved | Refused | { readonly is: 'unknown' };

/**
 * By a look-up. `absent`: the gateway itself said that it has no such attempt. `pending`: it has it, without a result
 * yet. `no-answer`: anything from which nothing follows.
 */
export type Found = Approved | Refused | { readonly is: 'reversed' | 'absent' | 'pending' | 'no-answer' };

export type Reversal = 'reversed' | 'no-answer';
