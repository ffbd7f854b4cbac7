import type { Payment, ProblemCode } from '@tonegate/api-schema';
import type { FromCard } from '../card-link/contract.ts';
import type { SfuCounts } from '../media/call-media.ts';
import type { Id } from '../shared/ids.ts';
import { ok, type Problem, type Result } from '../shared/result.ts';
import type { SilenceFacts } from '../storage/receipts.ts';
import type { PaymentStarter } from './books.ts';
import type { CallParts } from './call-parts.ts';
import type { CustomerGate } from './customer-gate.ts';
import type { PaymentInput } from './payment-mode.ts';
import { PaymentSession } from './payment-session.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { SilenceWatch } from './silence-watch.ts';

export interface CallPaymentsOptions {
  readonly call: Id;
  readonly merchant: Id;
  readonly parts: CallParts;
  readonly gate: CustomerGate;
  /** The SFU's valve: its counts, and its shutting. */
  readonly sfuCounts: () => Promise<SfuCounts | undefined>;
  readonly shutValve: () => Promise<void>;
  readonly events: {
    /** A payment holds the wall from now on, or no longer. */
    holds(active: boolean): void;
    /** See `CallOwner`. */
    begins(payment: Payment, by: PaymentStarter): Promise<boolean>;
    refused(payment: Id): void;
    changed(payment: Payment | undefined): void;
    ledgerWanted(payment: Id): void;
    receipt(facts: SilenceFacts): void;
  };
}

/** The payments of a call, one after the other: the running one, else the last. */
export class CallPayments {
  readonly #options: CallPaymentsOptions;
  #current: PaymentSession | undefined;
  /** Watches the wall of that payment. */
  #silence: SilenceWatch | undefined;

  constructor(options: CallPaymentsOptions) {
    this.#options = options;
  }

  get current(): PaymentSession | undefined {
    return this.#current;
  }

  /** Whether one holds the wall. */
  get active(): boolean {
    return this.#current?.active === true;
  }

  view(): Payment | null {
    return this.#current?.taken ? this.#current.view() : null;
  }

  /** Resolves when the dialogue runs behind the wall, or with why it can't. Only while none is active. */
  async start(terms: PaymentTerms, by: PaymentStarter): Promise<Result<Payment, Problem<ProblemCode>>> {
    const { call, merchant, parts, gate, events, sfuCounts, shutValve } = this.#options;
    const { link, clock, codes } = parts;
    const before = this.#current;
    const silence = new SilenceWatch({ clock, sfuCounts, write: (facts) => events.receipt(facts) });
    const payment = new PaymentSession(
      { call, merchant, terms, by },
      {
        link,
        clock,
        gate,
        codes,
        silence,
        shutValve,
        write: (begun) => events.begins(begun, by),
        unwrite: (id) => events.refused(id),
        changed: () => events.changed(payment.taken ? payment.view() : undefined),
        askLedger: () => events.ledgerWanted(payment.id),
        released: () => {
          // What was refused is no payment: the one before it is the last again.
          if (!payment.taken && this.#current === payment) this.#current = before;
          events.holds(false);
        },
      },
    );
    this.#current = payment;
    this.#silence = silence;
    events.holds(true);
    // Refused, it holds the wall until the gate is open again.
    const started = await payment.start();
    return started.ok ? ok(payment.view()) : started;
  }

  input(input: PaymentInput): void {
    this.#current?.input(input);
  }

  /** Takes in a message about the call's leg, or about its payment. */
  heard(message: FromCard): void {
    if (message.type === 'keys-seen') this.#silence?.key(message.transport);
    else if (message.type !== 'wall' || this.active) this.#current?.heard(message);
  }
}
