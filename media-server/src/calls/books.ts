import type { Call, Payment } from '@tonegate/api-schema';
import type { PaymentResult } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import type { RecordSigner } from '../shared/signed-chain.ts';
import { addCall, findCall, updateCall } from '../storage/calls.ts';
import { findMember } from '../storage/members.ts';
import {
  acknowledgePayment,
  actionsOf,
  addPayment,
  endPayment,
  findPayment,
  removePayment,
  unsettledPayments,
} from '../storage/payments.ts';
import { addReceipt, addReceiptAfterDeath, paymentsWithoutReceipt, type SilenceFacts } from '../storage/receipts.ts';
import type { Storage } from '../storage/storage.ts';
import type { Member, PaymentRow } from '../storage/tables.ts';

/** Payments of which is known what was written of them last. */
const REMEMBERED_PAYMENTS = 10_000;

/** What of a call is stored and not shown. */
export interface CallFacts {
  readonly organisation: Id;
  readonly person: Id | undefined;
  readonly trunk: string | null;
}

export interface WrittenPayment {
  readonly row: PaymentRow;
  /** Whose call it was. */
  readonly agent: Id | null;
  /** Captures, voids and refunds of its money, oldest first. */
  readonly actions: readonly PaymentRow[];
}

/** Who started a payment. */
export interface PaymentStarter {
  readonly person?: Id;
  readonly apiKey?: Id;
}

/**
 * Writes calls and payments down as they change, in order, each change once. Only a payment's beginning is waited for:
 * what money rests on is the ledger of the card process, and what stands here is what it is asked for. A write that
 * fails is logged and the next one tried.
 */
export class Books {
  readonly #storage: Storage;
  readonly #log: Logger;
  readonly #signer: RecordSigner;
  readonly #outcomeWritten: (payment: Id) => void;
  readonly #since: number;
  /** What was written of calls that aren't over, and of the last payments. */
  readonly #written = new Map<Id, string>();
  readonly #writtenPayments = new Map<Id, string>();
  #queue: Promise<void> = Promise.resolve();

  /**
   * @param outcomeWritten told of every payment whose outcome was written, or has changed
   * @param since when this life of the server began, UTC ms: payments from before it get their receipts here
   */
  constructor(
    storage: Storage,
    log: Logger,
    signer: RecordSigner,
    outcomeWritten: (payment: Id) => void = () => {},
    since = 0,
  ) {
    this.#outcomeWritten = outcomeWritten;
    this.#since = since;
    this.#storage = storage;
    this.#log = log;
    this.#signer = signer;
  }

  /** A payment's receipt of silence: the last link of its merchant's chain. */
  receipt(merchant: Id, facts: SilenceFacts, now: number): void {
    void this.#write(() => addReceipt(this.#storage, merchant, facts, this.#signer, now));
  }

  call(call: Call, facts: CallFacts): void {
    const { id, answeredAt, endedAt, end, codec } = call;
    const person = facts.person ?? null;
    const keysPossible = Number(call.keysPossible);
    const known = this.#written.get(id);
    // Presses are written once, with the end: they would be a write each.
    const { negotiated, event, tone, both, info } = call.keys;
    const keys = {
      keysNegotiated: Number(negotiated),
      keysEvent: event,
      keysTone: tone,
      keysBoth: both,
      keysInfo: info,
    };
    const changing = {
      answeredAt,
      endedAt,
      end,
      codec,
      keysPossible,
      ...(endedAt !== null && keys),
      ...(person !== null && { person }),
    };
    if (!isNew(this.#written, id, JSON.stringify(changing))) return;
    if (known !== undefined) return void this.#write(() => updateCall(this.#storage, id, changing));
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
    void this.#write(() => addCall(this.#storage, { ...row, ...changing, person, trunk: facts.trunk }));
  }

  /** Writes a payment down as it begins; false: it can't be written. */
  async begin(payment: Payment, organisation: Id, by: PaymentStarter): Promise<boolean> {
    const { id, merchant, call, purpose, language, order, startedAt, member, about, gentle, cards } = payment;
    const { reference, amountMinor, currency } = order;
    const row = { id, organisation, merchant, call, purpose, language, startedAt, member, about };
    return this.#write(() =>
      addPayment(this.#storage, {
        ...row,
        person: by.person ?? null,
        apiKey: by.apiKey ?? null,
        reference,
        amountMinor,
        currency,
        description: order.description ?? null,
        gentle: Number(gentle),
        cards,
      }),
    );
  }

  /** It was no payment: nothing was taken on. */
  drop(payment: Id): void {
    void this.#write(() => removePayment(this.#storage, payment));
  }

  /** Writes down what of a payment has changed since it began. */
  payment(payment: Payment): void {
    const { id, outcome, reason, mistakes, declined, language, endedAt, acknowledged } = payment;
    if (outcome === null || endedAt === null) return;
    if (!isNew(this.#writtenPayments, id, JSON.stringify([outcome, reason, acknowledged]))) return;
    const [oldest] = this.#writtenPayments.keys();
    // One that comes again is written again, which changes nothing.
    if (oldest !== undefined && this.#writtenPayments.size > REMEMBERED_PAYMENTS) this.#writtenPayments.delete(oldest);
    const { brand, lastFour, receipt } = payment;
    const gentle = Number(payment.gentle);
    const end = { outcome, reason: reason ?? 'none', mistakes, declined, gentle, language, brand, lastFour, receipt };
    void this.#write(async () => {
      const news = await endPayment(this.#storage, id, { ...end, endedAt });
      if (news) this.#tell(id, end.reason);
      if (acknowledged) await acknowledgePayment(this.#storage, id, endedAt);
    });
  }

  /** What the card process says of a payment that has no session any more. True: that is news. */
  async outcome(payment: Id, result: PaymentResult, endedAt: number): Promise<boolean> {
    const { outcome, reason, brand = null, lastFour = null, receipt = null } = result;
    let news = false;
    await this.#write(async () => {
      news = await endPayment(this.#storage, payment, { outcome, reason, brand, lastFour, receipt, endedAt });
    });
    if (news) {
      this.#tell(payment, reason);
      await this.#write(async () => {
        const row = await findPayment(this.#storage, payment);
        if (row && row.startedAt < this.#since) await addReceiptAfterDeath(this.#storage, row, this.#signer, endedAt);
      });
    }
    return news;
  }

  /** Payments whose server died after their outcome and before their receipt get it now. */
  async receiptsLeft(now: number): Promise<void> {
    await this.#write(async () => {
      for (const row of await paymentsWithoutReceipt(this.#storage))
        await addReceiptAfterDeath(this.#storage, row, this.#signer, now);
    });
  }

  #tell(payment: Id, reason: PaymentResult['reason']): void {
    this.#outcomeWritten(payment);
    if (reason !== 'gateway-settings') return;
    this.#log.error(
      { payment },
      "the payment service doesn't take the merchant's credentials, or its contract doesn't allow what was asked (card numbers as such, telephone orders, this purpose): nothing was charged, and the merchant's payments fail until that is mended (docs/gateways.md)",
    );
  }

  /** A payment as it is written, with its call's agent and what was done with its money. */
  async written(payment: Id): Promise<WrittenPayment | undefined> {
    await this.#queue;
    const row = await findPayment(this.#storage, payment);
    if (!row) return undefined;
    const [call, actions] = await Promise.all([findCall(this.#storage, row.call), actionsOf(this.#storage, [payment])]);
    return { row, agent: call?.person ?? null, actions };
  }

  /** What the merchant has told of a customer. */
  member(merchant: Id, member: string): Promise<Member | undefined> {
    return findMember(this.#storage, merchant, member);
  }

  /** Payments whose outcome isn't known, when all that was handed over is written. */
  async unsettled(): Promise<PaymentRow[]> {
    await this.#queue;
    return unsettledPayments(this.#storage);
  }

  /** The call won't change any more. */
  forget(call: Id): void {
    this.#written.delete(call);
  }

  /** Resolves when all that was handed over is written. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  /** False: it failed. */
  #write(act: () => Promise<unknown>): Promise<boolean> {
    const written = this.#queue.then(act).then(
      () => true,
      (cause) => {
        this.#log.error({ cause }, 'a call or payment could not be written');
        return false;
      },
    );
    this.#queue = written.then(() => {});
    return written;
  }
}

function isNew(written: Map<Id, string>, id: Id, text: string): boolean {
  if (written.get(id) === text) return false;
  written.set(id, text);
  return true;
}
