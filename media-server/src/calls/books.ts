import type { Call, Payment } from '@tonegate/api-schema';
import type { PaymentResult } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import { addCall, updateCall } from '../storage/calls.ts';
import { acknowledgePayment, addPayment, endPayment, unsettledPayments } from '../storage/payments.ts';
import type { Storage } from '../storage/storage.ts';
import type { PaymentRow } from '../storage/tables.ts';

/** What of a call is stored and not shown. */
export interface CallFacts {
  readonly organisation: Id;
  readonly person: Id | undefined;
  readonly trunk: string | null;
}

/** Who started a payment. */
export interface PaymentStarter {
  readonly person?: Id;
  readonly apiKey?: Id;
}

/**
 * Writes calls and payments down as they change, in order, each change once. Nothing waits for it: the ledger of the
 * card process is what money rests on. A write that fails is logged and the next one tried.
 */
export class Books {
  readonly #storage: Storage;
  readonly #log: Logger;
  readonly #written = new Map<Id, string>();
  #queue: Promise<void> = Promise.resolve();

  constructor(storage: Storage, log: Logger) {
    this.#storage = storage;
    this.#log = log;
  }

  call(call: Call, facts: CallFacts): void {
    const { id, answeredAt, endedAt, end, codec } = call;
    const person = facts.person ?? null;
    const keysPossible = Number(call.keysPossible);
    const known = this.#written.get(id);
    const changing = { answeredAt, endedAt, end, codec, keysPossible, ...(person !== null && { person }) };
    if (!this.#isNew(id, JSON.stringify(changing))) return;
    if (known !== undefined) return this.#write(() => updateCall(this.#storage, id, changing));
    const { direction, number, displayName, called, startedAt, merchant } = call;
    const row = {
      id,
      direction,
      number,
      displayName,
      called,
      startedAt,
      merchant: merchant.id,
      organisation: facts.organisation,
    };
    this.#write(() => addCall(this.#storage, { ...row, ...changing, person, trunk: facts.trunk }));
  }

  payment(payment: Payment, organisation: Id, by: PaymentStarter): void {
    const { id, outcome, reason, mistakes, brand, lastFour, receipt, endedAt, startedAt, acknowledged } = payment;
    const known = this.#written.get(id);
    if (!this.#isNew(id, JSON.stringify([outcome, reason, acknowledged]))) return;
    if (known === undefined) {
      const { merchant, call, purpose, language, order } = payment;
      const row = { id, organisation, merchant, call, purpose, language, startedAt };
      const { reference, amountMinor, currency } = order;
      const starter = { person: by.person ?? null, apiKey: by.apiKey ?? null };
      this.#write(() =>
        addPayment(this.#storage, {
          ...row,
          ...starter,
          reference,
          amountMinor,
          currency,
          description: order.description ?? null,
        }),
      );
    }
    if (outcome !== null && endedAt !== null) {
      const end = { outcome, reason: reason ?? 'none', mistakes, brand, lastFour, receipt, endedAt };
      this.#write(() => endPayment(this.#storage, id, end));
    }
    if (acknowledged) this.#write(() => acknowledgePayment(this.#storage, id, endedAt ?? startedAt));
  }

  /** What the card process says of a payment that has no session any more. */
  outcome(payment: Id, result: PaymentResult, endedAt: number): void {
    const { outcome, reason, brand = null, lastFour = null, receipt = null } = result;
    this.#write(() => endPayment(this.#storage, payment, { outcome, reason, brand, lastFour, receipt, endedAt }));
  }

  /** Payments whose outcome isn't known, when all that was handed over is written. */
  async unsettled(): Promise<PaymentRow[]> {
    await this.#queue;
    return unsettledPayments(this.#storage);
  }

  /** The call and its payment won't change any more. */
  forget(...ids: readonly Id[]): void {
    for (const id of ids) this.#written.delete(id);
  }

  /** Resolves when all that was handed over is written. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  #isNew(id: Id, text: string): boolean {
    if (this.#written.get(id) === text) return false;
    this.#written.set(id, text);
    return true;
  }

  #write(act: () => Promise<void>): void {
    this.#queue = this.#queue
      .then(act)
      .catch((cause) => this.#log.error({ cause }, 'a call or payment could not be written'));
  }
}
