import type { DoMoney, Payment, ProblemCode, ServerEvent, StartPayment } from '@tonegate/api-schema';
import type { FieldAgain, FromCard, Hint, Resolution } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import { type Answer, type Asker, isTheirs, notFound } from './asker.ts';
import type { Books } from './books.ts';
import type { CallParts } from './call-parts.ts';
import type { CallSession } from './call-session.ts';
import { MoneyActions } from './money-actions.ts';
import { type ManualList, OperatorList } from './operator-list.ts';
import type { PaymentSession } from './payment-session.ts';
import { paymentTerms } from './payment-terms.ts';
import { moneyFact, paymentOf } from './records.ts';
import { Settlement } from './settlement.ts';

export interface PaymentDeskParts {
  readonly parts: CallParts;
  readonly books: Books;
  readonly sessions: ReadonlyMap<Id, CallSession>;
  readonly isDraining: () => boolean;
  /** To the windows of a person. */
  readonly tell: (person: Id, event: ServerEvent) => void;
}

/** Payments of ended calls that can still be asked for and acknowledged. */
const REMEMBERED_PAYMENTS = 1000;

/** What people and core systems ask of payments, and the way of the card process's news to them. */
export class PaymentDesk {
  readonly #parts: PaymentDeskParts;
  /** Payment → its call; kept a while after the call's end. */
  readonly #calls = new Map<Id, CallSession>();
  readonly #settlement: Settlement;
  readonly #money: MoneyActions;
  readonly #operators: OperatorList;

  constructor(desk: PaymentDeskParts) {
    this.#parts = desk;
    const { books, parts } = desk;
    const { link, clock } = parts;
    this.#settlement = new Settlement({
      link,
      clock,
      books,
      live: (payment) => this.#find(payment)?.payment ?? this.#money.live(payment),
      news: (payment) => this.#tell(payment),
    });
    this.#operators = new OperatorList(link, clock);
    this.#money = new MoneyActions({
      link,
      clock,
      books,
      askLedger: (payment) => this.ask(payment),
      changed: (payment) => this.#tell(payment),
    });
  }

  // ---- the card process ----

  /** Takes in a message that names a payment, or answers a question about some. */
  heard(message: FromCard): void {
    this.#operators.heard(message);
    const id = 'payment' in message ? message.payment : undefined;
    if (id === undefined || message.type === 'payment-state') return this.#settlement.heard(message);
    const live = this.#find(id)?.session;
    if (live) return live.heard(message);
    if (!this.#money.heard(message)) this.#settlement.heard(message);
  }

  cardUp(): void {
    this.#money.cardUp();
    this.#settlement.cardUp().catch((cause) => {
      this.#parts.parts.log.error({ cause }, 'payments whose outcome is not known could not be looked for');
    });
  }

  cardDown(): void {
    this.#operators.cardDown();
    this.#settlement.cardDown();
  }

  /** Asks the ledger for its word on a payment. */
  ask(payment: Id): void {
    this.#settlement.ask([payment]);
  }

  // ---- calls ----

  /** Something of a call's payment has changed. */
  changed(session: CallSession, payment: Payment): void {
    this.#calls.set(payment.id, session);
    if (this.#calls.size > REMEMBERED_PAYMENTS) {
      for (const [id, old] of this.#calls) {
        if (this.#parts.sessions.has(old.id)) continue;
        this.#calls.delete(id);
        this.#parts.books.forget(id);
        break;
      }
    }
    this.#parts.books.payment(payment);
  }

  // ---- what people ask (the API) ----

  async start(who: Asker, session: CallSession, request: StartPayment): Answer<Payment> {
    if (this.#parts.isDraining())
      return err({ code: 'draining', message: 'the server is being stopped: no new payments' });
    const { parts, books } = this.#parts;
    const { codes, link } = parts;
    const refused = session.paymentRefusal();
    if (refused) return err(refused);
    const member = request.member === undefined ? undefined : await books.member(session.merchant.id, request.member);
    const guide = {
      speaks: link.languages,
      wanted: [member?.language, session.language],
      gentle: member?.gentle === 1,
    };
    const terms = paymentTerms(request, session.merchant.rules, guide);
    if (!terms.ok) return terms;
    const { person, apiKey } = who;
    const by = { ...(person !== undefined && { person }), ...(apiKey !== undefined && { apiKey }) };
    if (terms.value.purpose === 'verify') {
      if (!codes) return err({ code: 'not-possible', message: 'no sender of one-time codes is set up' });
      const { phone, member, language } = terms.value;
      const sendable = await codes.check({ merchant: session.merchant.id, phone, member, language, person, apiKey });
      if (!sendable.ok) return sendable;
    }
    return session.startPayment(terms.value, by);
  }

  /** A payment that is running or was in a call that is; older ones are in the storage. */
  payment(id: Id): Payment | undefined {
    return this.#find(id)?.payment.view();
  }

  /** Whether it is this person's: paid in their call, or started by them. Of running and remembered ones alone. */
  isOf(person: Id, id: Id): boolean {
    const found = this.#find(id);
    return found !== undefined && (found.session.person === person || found.payment.startedBy.person === person);
  }

  async cancel(who: Asker, id: Id): Answer<Payment> {
    return this.#act(who, id, (payment) => {
      if (payment.result) return err({ code: 'already-ended', message: 'the payment has its outcome already' });
      if (!payment.stoppable) {
        return err({ code: 'too-late', message: 'the payment service is being asked: the outcome comes in a moment' });
      }
      payment.input({ type: 'cancel' });
      return ok(undefined);
    });
  }

  async acknowledge(who: Asker, id: Id): Answer<Payment> {
    return this.#act(who, id, (payment) => {
      if (payment.acknowledge()) return ok(undefined);
      return err({ code: 'card-process-down', message: 'the card process is being started again: say it again' });
    });
  }

  async askAgain(who: Asker, id: Id, field: FieldAgain): Answer<Payment> {
    return this.#act(who, id, (payment) => payment.askAgain(field));
  }

  async hint(who: Asker, id: Id, hint: Hint): Answer<Payment> {
    return this.#act(who, id, (payment) => payment.hint(hint));
  }

  async moreTime(who: Asker, id: Id): Answer<Payment> {
    return this.#act(who, id, (payment) => payment.moreTime());
  }

  async gentle(who: Asker, id: Id, on: boolean): Answer<Payment> {
    return this.#act(who, id, (payment) => payment.gentle(on));
  }

  /** Captures, voids or refunds; for everybody who works for the merchant. The action is a payment of its own. */
  async money(who: Asker, id: Id, wanted: DoMoney): Answer<Payment> {
    const { books } = this.#parts;
    const about = await books.written(id);
    if (!about || !who.merchants.includes(about.row.merchant)) return notFound('payment');
    if (this.#parts.isDraining()) return err({ code: 'draining', message: 'the server is being stopped' });
    const { person, apiKey } = who;
    const by = { ...(person !== undefined && { person }), ...(apiKey !== undefined && { apiKey }) };
    const acted = await this.#money.act(by, id, wanted);
    if (!acted.ok) return acted;
    const written = await books.written(acted.value);
    if (!written) throw new Error(`action ${acted.value} is gone`);
    return ok(paymentOf(written.row, []));
  }

  /** What of these merchants' look-ups couldn't settle. */
  async manual(who: Asker): Answer<ManualList> {
    const listed = await this.#operators.list();
    if (!listed.ok) return listed;
    const attempts = listed.value.attempts.filter(({ merchant }) => who.merchants.includes(merchant));
    return ok({ attempts, more: listed.value.more });
  }

  /** An operator has looked into the gateway's books: what became of a payment that look-ups couldn't settle. */
  async resolveManual(who: Asker, id: Id, as: Resolution): Answer<Payment> {
    const { books } = this.#parts;
    const before = await books.written(id);
    if (!before || !who.merchants.includes(before.row.merchant)) return notFound('payment');
    const resolved = await this.#operators.resolve(id, as);
    if (!resolved.ok) return resolved;
    const written = await books.written(id);
    return written ? ok(this.payment(id) ?? paymentOf(written.row, written.actions)) : notFound('payment');
  }

  /** Somebody has seen the outcome of a payment that has no session any more. False: the card process is down. */
  told(payment: Id, outcome: NonNullable<Payment['outcome']>): boolean {
    return this.#parts.parts.link.send({ type: 'told', payment, outcome });
  }

  async #act(
    who: Asker,
    id: Id,
    act: (payment: PaymentSession) => Answer<void> | Result<void, Problem<ProblemCode>>,
  ): Answer<Payment> {
    const found = this.#find(id);
    if (!found || !isTheirs(who, found.session)) return notFound('payment');
    const done = await act(found.payment);
    return done.ok ? ok(found.payment.view()) : done;
  }

  /** A payment and its call, unless the call has taken another payment since. */
  #find(id: Id): { session: CallSession; payment: PaymentSession } | undefined {
    const known = this.#calls.get(id);
    for (const session of known ? [known] : this.#parts.sessions.values()) {
      const { payment } = session;
      if (payment?.id === id) return { session, payment };
    }
    return undefined;
  }

  /** A payment outside a running call has changed: the windows of those whose it is are told, where there are any. */
  #tell(id: Id): void {
    this.#news(id).catch((cause) =>
      this.#parts.parts.log.error({ cause, payment: id }, 'news of a payment was not told'),
    );
  }

  async #news(id: Id): Promise<void> {
    const written = await this.#parts.books.written(id);
    if (!written) return;
    // With an action the payment that it is about has changed, too.
    if (written.row.about !== null) this.#tell(written.row.about);
    const live = this.#find(id)?.payment;
    // Its call's event tells of it.
    if (live) return live.moneyChanged(written.actions.flatMap(moneyFact));
    const { row, agent, actions } = written;
    const payment = paymentOf(row, actions);
    for (const person of new Set([agent, row.person])) {
      if (person !== null) this.#parts.tell(person, { type: 'payment', payment });
    }
  }
}
