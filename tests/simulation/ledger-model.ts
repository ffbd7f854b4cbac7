import {
  type AttemptState,
  intend,
  isOver,
  LIVE_PHASES,
  resultOf,
} from '../../media-server/src/cde/attempt/attempt.ts';
import type {
  AttemptChange,
  AttemptRow,
  LedgerErrorCode,
  ManualList,
  MoneyRow,
  PaymentMeta,
  PaymentRow,
  PaymentState,
  StoredAttempt,
  StoredCard,
} from '../../media-server/src/cde/attempt/ledger.ts';
import { LedgerError } from '../../media-server/src/cde/attempt/ledger-db.ts';
import type { LedgerStore } from '../../media-server/src/cde/attempt/ledger-store.ts';
import { type Action, allowedAmount, isGivenBack } from '../../media-server/src/cde/attempt/money-rules.ts';
import type { MoneyAction, Outcome, PaymentResult, Refusal } from '../../media-server/src/cde/contract.ts';
import { err, ok, type Result } from '../../media-server/src/shared/result.ts';
import type { Plant } from './plants.ts';

/** What the card process asks of its ledger. */
export type Store = Omit<LedgerStore, 'check' | 'close'>;

const DAY_MS = 86_400_000;
const GOES_ON: readonly AttemptState['phase'][] = ['intended', 'prepared', 'sent', 'declined'];

interface Payment {
  readonly id: string;
  readonly purpose: PaymentMeta['purpose'] | MoneyAction;
  readonly merchant: string;
  readonly order: PaymentMeta['order'];
  readonly member: string | undefined;
  readonly of?: string;
  state: 'open' | 'asked' | 'ended';
  held: boolean;
  attempt?: Attempt;
  result?: PaymentResult;
  changedAt: number;
  toldAt?: number | undefined;
}

type Attempt = Omit<StoredAttempt, 'state' | 'version'> & { state: AttemptState; version: number; ofPayment?: string };

/**
 * What is durable of one order's payments, in memory: the ledger's own rules without its disk, because 100,000 payments
 * are to be simulated in a minute. A test holds it and the ledger together, answer for answer.
 */
export class LedgerModel implements Store {
  readonly #payments = new Map<string, Payment>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #cards = new Map<string, StoredCard>();
  readonly #plant: Plant | undefined;

  constructor(plant: Plant | undefined) {
    this.#plant = plant;
  }

  openPayment(row: PaymentRow): void {
    const { payment: id, merchant, purpose, order, member, at, paidSince } = row;
    if (this.#payments.has(id)) throw refusal('payment-exists');
    if (this.#plant !== 'second-beside-unknown') {
      const lane = laneOf(purpose);
      if (this.#liveIn(lane) || this.#all().some((one) => one.held && laneOf(one.purpose) === lane))
        throw refusal('attempt-alive');
      const paid = this.#all().some(
        (one) =>
          one.of === undefined &&
          one.attempt?.state.phase === 'told' &&
          one.changedAt > paidSince &&
          !isGivenBack(subject(one), this.#actions(one.id)),
      );
      if (lane === 'money' && paid) throw refusal('already-paid');
    }
    this.#payments.set(id, { id, purpose, merchant, order, member, state: 'open', held: true, changedAt: at });
  }

  intend(row: AttemptRow): void {
    const payment = this.#payments.get(row.payment);
    const mayAsk = payment?.state === 'open' || payment?.attempt?.state.phase === 'declined';
    if (!payment?.held || !mayAsk) throw refusal('stale');
    if (this.#liveIn(laneOf(payment.purpose)) && this.#plant !== 'second-beside-unknown')
      throw refusal('attempt-alive');
    this.#insert(row, payment);
    Object.assign(payment, { state: 'asked', held: row.mayGoOn, changedAt: row.state.since, toldAt: undefined });
  }

  writeAttempt({ id, version, state, at, isNews }: AttemptChange): void {
    const attempt = this.#attempts.get(id);
    const payment = attempt && this.#payments.get(attempt.payment);
    if (!payment || attempt.version !== version) throw refusal('stale');
    attempt.version++;
    attempt.state = state;
    if (isNews) Object.assign(payment, { changedAt: at, toldAt: undefined });
    if (state.phase === 'told') payment.toldAt = at;
    if (!GOES_ON.includes(state.phase)) payment.held = false;
    if (state.phase === 'done' && state.purpose === 'card-update' && attempt.member !== undefined) {
      const { brand, lastFour, storedCard } = state;
      this.#cards.set(attempt.member, {
        gateway: attempt.gateway,
        ...(brand && { brand }),
        ...(lastFour && { lastFour }),
        ...(storedCard && { storedCard }),
      });
    }
  }

  endPayment(id: string, result: PaymentResult, at: number): void {
    const payment = this.#payments.get(id);
    if (!payment || payment.state === 'ended') throw refusal('stale');
    if (payment.state === 'asked' && (!payment.held || payment.attempt?.state.phase !== 'declined')) return;
    Object.assign(payment, { state: 'ended', held: false, result, changedAt: at });
  }

  markTold(id: string, outcome: Outcome | null, at: number): void {
    const payment = this.#payments.get(id);
    if (!payment || payment.state === 'open') throw refusal('stale');
    const byAttempt = payment.state === 'asked' && payment.attempt?.state.phase === 'approved';
    if (byAttempt || (outcome !== null && resultIn(payment).outcome !== outcome)) throw refusal('stale');
    payment.toldAt = at;
  }

  endAbandoned(at: number): number {
    const open = this.#all().filter(({ state }) => state === 'open');
    const result = { outcome: 'failed', reason: 'card-process-ended' } as const;
    for (const payment of open) Object.assign(payment, { state: 'ended', result, changedAt: at });
    for (const payment of this.#all()) payment.held = false;
    return open.length;
  }

  original(id: string): { merchant: string; gateway: string } | undefined {
    const attempt = this.#payments.get(id)?.attempt;
    return attempt && { merchant: attempt.merchant, gateway: attempt.gateway };
  }

  openMoney(row: MoneyRow): Result<StoredAttempt | 'known', Refusal> {
    const { payment: id, merchant, of, action, at } = row;
    const before = this.#payments.get(id);
    if (before) {
      const same = before.merchant === merchant && before.of === of && before.purpose === action;
      return same ? ok('known') : err('already-settled');
    }
    const original = this.#payments.get(of);
    if (!original?.attempt || original.merchant !== merchant) return err('no-such-payment');
    const actions = this.#actions(of);
    const blind =
      this.#plant === 'refund-above-captured' && action === 'refund' && original.attempt.state.phase === 'told';
    const allowed = allowedAmount(subject(original), actions, action, row.amountMinor);
    const amount = blind ? ok(row.amountMinor ?? original.order.amountMinor) : allowed;
    if (!amount.ok) return amount;
    const all = allowedAmount(subject(original), actions, action);
    if (!blind && row.whole && all.ok && amount.value < all.value) return err('amount-unfit');
    const payment: Payment = {
      id,
      purpose: action,
      merchant,
      order: { ...original.order, amountMinor: amount.value },
      member: original.member,
      of,
      state: 'asked',
      held: false,
      changedAt: at,
    };
    this.#payments.set(id, payment);
    return ok(stored(this.#insert({ ...row, state: intend(action, at) }, payment)));
  }

  hanging(): StoredAttempt[] {
    return [...this.#attempts.values()].filter(isLive).map(stored);
  }

  manual(): ManualList {
    const attempts = [...this.#attempts.values()].filter(({ state }) => state.phase === 'manual').map(stored);
    return { attempts: attempts.toSorted((a, b) => a.state.since - b.state.since), more: 0 };
  }

  storedCard(_merchant: string, member: string): StoredCard | undefined {
    return this.#cards.get(member);
  }

  list(now: number): PaymentState[] {
    const isListed = ({ state, held, toldAt, changedAt, attempt }: Payment) =>
      (attempt && isLive(attempt)) || (state !== 'open' && !held && toldAt === undefined && changedAt > now - DAY_MS);
    return this.#all().filter(isListed).map(stateOf);
  }

  payment(id: string): PaymentState | undefined {
    const payment = this.#payments.get(id);
    return payment && payment.state !== 'open' ? stateOf(payment) : undefined;
  }

  #all(): Payment[] {
    return [...this.#payments.values()];
  }

  #liveIn(lane: string): boolean {
    return [...this.#attempts.values()].some(
      (one) => one.ofPayment === undefined && laneOf(one.state.purpose) === lane && isLive(one),
    );
  }

  #actions(of: string): Action[] {
    return [...this.#attempts.values()]
      .filter(({ ofPayment }) => ofPayment === of)
      .map(({ state, order }) => ({
        action: state.purpose as MoneyAction,
        amountMinor: order.amountMinor,
        phase: state.phase,
      }));
  }

  #insert(row: Pick<AttemptRow, 'id' | 'gateway' | 'reference' | 'state'>, payment: Payment): Attempt {
    const { id, gateway, reference, state } = row;
    const { merchant, order, member } = payment;
    const original = payment.of === undefined ? undefined : this.#payments.get(payment.of)?.attempt;
    const attempt: Attempt = {
      id,
      payment: payment.id,
      merchant,
      gateway,
      reference,
      order: { reference: order.reference, amountMinor: order.amountMinor, currency: order.currency },
      state,
      version: 0,
      ...(member !== undefined && { member }),
      ...(payment.of !== undefined && { ofPayment: payment.of }),
      ...(original && {
        of: {
          reference: original.reference,
          amountMinor: original.order.amountMinor,
          ...(original.state.transaction !== undefined && { transaction: original.state.transaction }),
        },
      }),
    };
    this.#attempts.set(id, attempt);
    payment.attempt = attempt;
    return attempt;
  }
}

export function isLive({ state }: { state: AttemptState }): boolean {
  return (LIVE_PHASES as readonly string[]).includes(state.phase);
}

export function laneOf(purpose: string): string {
  return purpose === 'charge' || purpose === 'authorize' || purpose === 'stored-charge' ? 'money' : purpose;
}

function refusal(code: LedgerErrorCode): LedgerError {
  return new LedgerError(code, code);
}

/** A copy, as a row that is read. */
function stored({ ofPayment: _, state: { wakeAt, ...state }, ...attempt }: Attempt): StoredAttempt {
  return { ...attempt, state: wakeAt === undefined || isOver(state.phase) ? state : { ...state, wakeAt } };
}

function subject({ purpose, order, attempt }: Payment) {
  const { phase } = attempt?.state ?? {};
  return { purpose, amountMinor: order.amountMinor, ...(phase && { phase }) };
}

function resultIn({ state, attempt, result }: Payment): PaymentResult {
  return state === 'asked' && attempt
    ? resultOf(attempt.state)
    : (result ?? { outcome: 'unknown', reason: 'no-answer' });
}

function stateOf(payment: Payment): PaymentState {
  return { payment: payment.id, told: payment.toldAt !== undefined, result: resultIn(payment) };
}
