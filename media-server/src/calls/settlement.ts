import { type FromCard, PAYMENTS_ASKED_LIMIT, type PaymentResult } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import type { Books } from './books.ts';
import type { CardCommands } from './customer-gate.ts';
import type { PaymentInput } from './payment-mode.ts';

/** A payment that somebody here still holds: its session, or an action that is under way. */
export interface LivePayment {
  readonly result: PaymentResult | undefined;
  input(input: Extract<PaymentInput, { type: 'settled' | 'ledger' }>): void;
  /** The ledger says that nobody was told of this outcome. */
  tellAgain(outcome: PaymentResult['outcome']): void;
}

export interface SettlementParts {
  readonly link: CardCommands;
  readonly clock: Clock;
  readonly books: Pick<Books, 'unsettled' | 'outcome'>;
  readonly live: (payment: Id) => LivePayment | undefined;
  /** What became of a payment that nobody holds any more was written. */
  readonly news: (payment: Id) => void;
}

/** No word of it in the ledger, and the card process that had it is gone: no request for money was ever sent. */
const NEVER_SENT: PaymentResult = { outcome: 'failed', reason: 'card-process-ended' };

/**
 * What became of payments that an earlier life left, of the server or of the card process: asks the ledger, and hands
 * its word to whoever holds the payment, or to the books where nobody does any more.
 */
export class Settlement {
  readonly #parts: SettlementParts;
  /** What was asked and isn't answered yet; answers come in order. */
  readonly #asked: (readonly Id[])[] = [];
  readonly #states = new Map<Id, PaymentResult>();
  /** Asked ones that stand in the books without any outcome. */
  readonly #unheard = new Set<Id>();

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** The card process is up: asks for every payment in the books whose outcome isn't known. */
  async cardUp(): Promise<void> {
    const rows = await this.#parts.books.unsettled();
    // A live one without an outcome asks by itself when its leg is back.
    const left = rows.filter(({ id }) => {
      const session = this.#parts.live(id);
      return !session || session.result !== undefined;
    });
    for (const { id, outcome } of left) if (outcome === null) this.#unheard.add(id);
    for (let from = 0; from === 0 || from < left.length; from += PAYMENTS_ASKED_LIMIT) {
      this.ask(left.slice(from, from + PAYMENTS_ASKED_LIMIT).map(({ id }) => id));
    }
  }

  cardDown(): void {
    this.#asked.length = 0;
    this.#states.clear();
    this.#unheard.clear();
  }

  /** @param of at most `PAYMENTS_ASKED_LIMIT` */
  ask(of: readonly Id[]): void {
    if (this.#parts.link.send({ type: 'payments', of: [...of] })) this.#asked.push(of);
  }

  /** Takes in an answer of the ledger, or news of a payment that has no session. */
  heard(message: FromCard): void {
    switch (message.type) {
      case 'payment-state': {
        const { type: _, payment, told, ...result } = message;
        this.#states.set(payment, result);
        const session = this.#parts.live(payment);
        if (!session) return this.#write(payment, result);
        if (session.result?.outcome === 'unknown' && result.outcome !== 'unknown') {
          session.input({ type: 'settled', result });
        } else if (!told) session.tellAgain(result.outcome);
        return;
      }
      case 'payments-end':
        this.#concluded(this.#asked.shift() ?? [], message.running ?? []);
        this.#states.clear();
        return;
      case 'outcome':
      case 'settled': {
        const { type: _, payment, ...result } = message;
        return this.#write(payment, result);
      }
    }
  }

  #concluded(of: readonly Id[], running: readonly Id[]): void {
    for (const payment of of) {
      if (running.includes(payment)) continue;
      const result = this.#states.get(payment);
      const session = this.#parts.live(payment);
      if (session) session.input({ type: 'ledger', result });
      // An unknown one that the ledger has lost stays unknown: nothing follows from that.
      else if (!result && this.#unheard.has(payment)) this.#write(payment, NEVER_SENT);
      this.#unheard.delete(payment);
    }
  }

  #write(payment: Id, result: PaymentResult): void {
    const { books, clock, news } = this.#parts;
    void books.outcome(payment, result, clock.now()).then((isNew) => isNew && news(payment));
  }
}
