import type { Id } from '../../shared/ids.ts';
import type { Brand, MoneyAction, PaymentOpen, Reason } from '../contract.ts';

/**
 * What a payment service is to the card process. An adapter knows its service's protocol and puts each possible answer
 * into one of the classes below; it decides nothing and remembers nothing between calls. No method ever rejects.
 */
export interface Gateway {
  /** As it stands in the ledger; stable for ever. */
  readonly name: string;
  readonly abilities: GatewayAbilities;
  /**
   * First step of a service that wants two: makes the transaction there without a card, so that its name is durable
   * before the card is sent. A service without such a step doesn't have the method.
   */
  prepare?(request: CardRequest, timeoutMs: number): Promise<Prepared>;
  /**
   * Sends the card once, without trying again: charges, authorizes or (`card-update`) checks and stores it. `card` is
   * read, not zeroed: the caller owns it. The promise settles only when nothing of the card is left in the adapter's own
   * memory.
   * @param timeoutMs how long to wait for the answer, connecting included
   * @param released called once, when the last byte of the card was handed to the network or never will be
   */
  authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer>;
  /** Takes money from a stored card. Where `abilities.storedCharge`. */
  chargeStored?(request: StoredRequest, timeoutMs: number): Promise<Answer>;
  /** Captures, voids or refunds what an earlier attempt did; idempotent by `request.reference`. Where `abilities.actions` has it. */
  operate?(request: MoneyRequest, timeoutMs: number): Promise<Answer>;
  /** Asks what became of an attempt. */
  lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found>;
  /** Undoes an attempt whose money nobody was told of, idempotent by its reference. */
  reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal>;
  /** A harmless call that shows whether address, credentials and contract work. */
  test(timeoutMs: number): Promise<'works' | Reason>;
  /** Ends what is under way; the promises of that settle as unknown or no-answer. */
  close(): void;
}

export interface GatewayAbilities {
  /** Numbers of digits that it takes, by brand; a brand that isn't here is refused before the security code is asked. */
  readonly lengths: { readonly [brand in Brand]?: readonly number[] };
  readonly currencies: readonly PaymentOpen['order']['currency'][];
  /** Purposes that its adapter can do besides `verify`, which asks no gateway. */
  readonly purposes: readonly PaymentOpen['purpose'][];
  readonly actions: readonly MoneyAction[];
  /** Those of `actions` that can be done with a part of the money; default: none. */
  readonly partial?: readonly MoneyAction[];
}

/** Names of an attempt at the gateway. */
export interface AttemptName {
  /** Our own name of the attempt, durable before the request: idempotency key and what look-ups ask by. */
  readonly reference: Id;
  readonly purpose: PaymentOpen['purpose'] | MoneyAction;
  /** The gateway's own name of the transaction, as far as it is known: by `prepare`, or by an earlier answer. */
  readonly transaction?: string;
  /** Of a `card-update` or `stored-charge`. */
  readonly member?: string;
  /** Of an action: the attempt whose money it is about; what of it is captured, voided or refunded now is `order`'s amount. */
  readonly of?: { readonly reference: Id; readonly transaction?: string; readonly amountMinor: number };
  readonly order: PaymentOpen['order'];
  /** Of a `card-update` when it is looked up: last four digits of the card that was sent, to find it in a member's list. */
  readonly lastFour?: string;
}

export interface CardRequest extends AttemptName {
  readonly purpose: 'charge' | 'authorize' | 'card-update';
  /** Of a `card-update`: the gateway's name of the member's card that this one replaces, where there is one. */
  readonly storedCard?: string;
}

export interface StoredRequest extends AttemptName {
  readonly purpose: 'stored-charge';
  readonly member: string;
  /** The gateway's name of the stored card, where its adapter gave one. */
  readonly storedCard?: string;
}

export interface MoneyRequest extends AttemptName {
  readonly purpose: MoneyAction;
  readonly of: { readonly reference: Id; readonly transaction?: string; readonly amountMinor: number };
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
  /** What people say to find it again; letters, digits and `-`, 32 at most, never a card number. */
  readonly receipt?: string;
  /** The gateway's own name of the transaction, for captures, refunds and reversals; 200 characters at most. */
  readonly transaction?: string;
  /** Of a `card-update`: the gateway's name of the stored card. */
  readonly storedCard?: string;
  readonly brand?: Brand;
  readonly lastFour?: string;
}
export interface Refused {
  readonly is: 'declined' | 'failed';
  readonly reason: Reason;
}

/**
 * To the request. `failed`: surely not executed. `unknown`: a byte of the card may have arrived, and nothing that
 * came back says what it led to.
 */
export type Answer = Approved | Refused | { readonly is: 'unknown' };

/** To the first step. `no-answer`: something may have been made, without a card in it. */
export type Prepared =
  | { readonly is: 'prepared'; readonly transaction: string }
  | Refused
  | { readonly is: 'no-answer' };

/**
 * By a look-up. `absent`: the gateway itself said that it has no such attempt, or that it has only what `prepare` made,
 * which no card has reached (GMO's UNPROCESSED, Stripe's requires_payment_method). `pending`: it is carrying it out,
 * without a result yet. `no-answer`: anything from which nothing follows; a service without look-ups always says so.
 */
export type Found = Approved | Refused | { readonly is: 'reversed' | 'absent' | 'pending' | 'no-answer' };

export type Reversal = 'reversed' | 'no-answer';
