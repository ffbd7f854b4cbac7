import { err, ok, type Result } from '../../shared/result.ts';
import type { Id } from '../../shared/ids.ts';
import { MANUAL_LIMIT, type Outcome, type PaymentResult, type Refusal } from '../contract.ts';
import { type AttemptState, intend } from './attempt.ts';
import type {
  AttemptChange,
  AttemptRow,
  LedgerOptions,
  ManualList,
  MoneyRow,
  PaymentMeta,
  PaymentRow,
  PaymentState,
  StoredAttempt,
  StoredCard,
} from './ledger.ts';
import { LedgerDb, LedgerError, type Value } from './ledger-db.ts';
import { attemptColumns, paymentState, SELECT_ATTEMPT, SELECT_STATE, storedAttempt } from './ledger-rows.ts';
import { LANE, LIVE } from './ledger-schema.ts';
import { type Action, allowedAmount, isGivenBack, type Original } from './money-rules.ts';

const DAY_MS = 86_400_000;
const LIST_LIMIT = 1000;
/** Phases of an attempt after which its dialogue goes on, if it may: a declined card, and whatever isn't answered yet. */
const GOES_ON: readonly AttemptState['phase'][] = ['intended', 'prepared', 'sent', 'declined'];

/** The ledger's rows: blocks while the disk writes, so it lives in a thread of its own (`ledger-thread.ts`). */
export class LedgerStore {
  readonly #db: LedgerDb;

  constructor(options: LedgerOptions) {
    this.#db = new LedgerDb(options);
  }

  openPayment(row: PaymentRow): void {
    this.#db.atomically(() => {
      const { payment: id, merchant, purpose, order } = row;
      if (this.#db.get('SELECT 1 FROM payments WHERE id = ?', id)) {
        throw new LedgerError('payment-exists', `payment ${id} is in the ledger already`);
      }
      const lane = laneOf(purpose);
      const alive = this.#db.get(
        `SELECT 1 FROM attempts WHERE merchant = ?1 AND order_reference = ?2 AND ${LANE} = ?3 AND of_payment IS NULL AND phase IN (${LIVE})
         UNION ALL SELECT 1 FROM payments WHERE merchant = ?1 AND order_reference = ?2 AND ${LANE} = ?3 AND held = 1`,
        merchant,
        order.reference,
        lane,
      );
      if (alive) throw new LedgerError('attempt-alive', `payment ${id}: its order has a live payment`);
      if (lane === 'money') this.#refusePaidAgain(row);
      const columns = {
        leg: row.leg ?? null,
        member: row.member ?? null,
        state: 'open',
        held: 1,
        order_reference: order.reference,
        purpose,
        amount_minor: order.amountMinor,
        currency: order.currency,
      };
      this.#insertPayment(id, merchant, columns, row.at);
      this.#db.addEvent(row.at, merchant, id, null, 'opened', null, columns);
    });
  }

  /** Refused as `stale` where the payment isn't open, or its dialogue may not ask (again). */
  intend(row: AttemptRow): void {
    this.#db.atomically(() => {
      const { id, payment, state } = row;
      const found = this.#db.get(
        `${SELECT_STATE} WHERE payments.id = ? AND held = 1 AND (payments.state = 'open' OR attempts.phase = 'declined')`,
        payment,
      );
      if (!found) throw new LedgerError('stale', `payment ${payment} is not open`);
      this.#insertAttempt(row, payment, null);
      this.#db.run(
        `UPDATE payments SET state = 'asked', attempt = ?, held = ?, changed_at = ?, told_at = NULL WHERE id = ?`,
        id,
        row.mayGoOn ? 1 : 0,
        state.since,
        payment,
      );
    });
  }

  /** Refused as `stale` where somebody else has changed the attempt since `version`. */
  writeAttempt(change: AttemptChange): void {
    this.#db.atomically(() => {
      const { id, payment, state, at } = change;
      const columns = attemptColumns(state);
      const { changes } = this.#db.run(
        `UPDATE attempts SET version = version + 1, ${Object.keys(columns)
          .map((column) => `${column} = ?`)
          .join(', ')} WHERE id = ? AND version = ?`,
        ...Object.values(columns),
        id,
        change.version,
      );
      if (changes !== 1) throw new LedgerError('stale', `attempt ${id} was changed by another process`);
      if (change.isNews) this.#db.run('UPDATE payments SET changed_at = ?, told_at = NULL WHERE id = ?', at, payment);
      if (state.phase === 'told') this.#db.run('UPDATE payments SET told_at = ? WHERE id = ?', at, payment);
      if (!GOES_ON.includes(state.phase)) this.#db.run('UPDATE payments SET held = 0 WHERE id = ?', payment);
      if (state.phase === 'done' && state.purpose === 'card-update') this.#storeCard(id, at);
      this.#event(at, payment, id, change.event, state.phase, columns);
    });
  }

  /**
   * The payment's dialogue is over. Where an attempt was declined, the result given here stands; where another result
   * of an attempt stands, that one stays.
   */
  endPayment(payment: Id, result: PaymentResult, at: number): void {
    this.#db.atomically(() => {
      const row = this.#db.get(`${SELECT_STATE} WHERE payments.id = ?`, payment);
      if (!row || row['payment_state'] === 'ended') throw new LedgerError('stale', `payment ${payment} is not open`);
      if (row['payment_state'] === 'asked' && (row['held'] !== 1 || row['phase'] !== 'declined')) return;
      const columns = { state: 'ended', held: 0, outcome: result.outcome, reason: result.reason };
      this.#db.run(
        'UPDATE payments SET state = ?, held = ?, outcome = ?, reason = ?, changed_at = ? WHERE id = ?',
        ...Object.values(columns),
        at,
        payment,
      );
      this.#event(at, payment, null, `ended:${result.outcome}:${result.reason}`, null, columns);
    });
  }

  /** For results that aren't given back when nobody is told: an approval that may be is told by its attempt. */
  markTold(payment: Id, outcome: Outcome | null, at: number): void {
    this.#db.atomically(() => {
      const row = this.#db.get(`${SELECT_STATE} WHERE payments.id = ? AND state <> 'open'`, payment);
      if (!row) throw new LedgerError('stale', `payment ${payment} has no result`);
      const { result } = paymentState(row);
      const byAttempt = row['payment_state'] === 'asked' && row['phase'] === 'approved';
      if (byAttempt || (outcome !== null && result.outcome !== outcome)) {
        throw new LedgerError('stale', `payment ${payment} stands otherwise`);
      }
      this.#db.run('UPDATE payments SET told_at = ? WHERE id = ?', at, payment);
      this.#event(at, payment, null, `told:${result.outcome}`, null, { told_at: at });
    });
  }

  /** Payments of an earlier life whose dialogue died with it: they end as failed, or as their last card's decline. */
  endAbandoned(at: number): number {
    return this.#db.atomically(() => {
      const open = this.#db.all(`SELECT id FROM payments WHERE state = 'open'`);
      const columns = { state: 'ended', held: 0, outcome: 'failed', reason: 'card-process-ended' };
      for (const { id } of open) {
        this.#db.run(
          'UPDATE payments SET state = ?, held = ?, outcome = ?, reason = ?, changed_at = ? WHERE id = ?',
          ...Object.values(columns),
          at,
          String(id),
        );
        this.#event(at, String(id), null, 'ended:failed:card-process-ended', null, columns);
      }
      this.#db.run('UPDATE payments SET held = 0 WHERE held = 1');
      return open.length;
    });
  }

  /** Whose payment it is, and who took its money; undefined where there is no such payment or nobody was asked. */
  original(payment: Id): { readonly merchant: Id; readonly gateway: string } | undefined {
    const row = this.#db.get(
      'SELECT attempts.merchant, gateway FROM attempts JOIN payments ON attempts.id = payments.attempt WHERE payments.id = ?',
      payment,
    );
    return row && { merchant: String(row['merchant']), gateway: String(row['gateway']) };
  }

  /**
   * Writes down a capture, void or refund as a payment of its own and the intent of its attempt, if the rules of money
   * allow it as things stand (`allowedAmount`). The same command again gives `known`.
   */
  openMoney(row: MoneyRow): Result<StoredAttempt | 'known', Refusal> {
    return this.#db.atomically(() => {
      const { payment, merchant, of, action, at } = row;
      const before = this.#db.get('SELECT merchant, of_payment, purpose FROM payments WHERE id = ?', payment);
      if (before) {
        const same = before['merchant'] === merchant && before['of_payment'] === of && before['purpose'] === action;
        return same ? ok('known') : err('already-settled');
      }
      const subject = this.#db.get(
        `SELECT payments.*, attempts.phase AS phase FROM payments JOIN attempts ON attempts.id = payments.attempt
         WHERE payments.id = ? AND payments.merchant = ?`,
        of,
        merchant,
      );
      if (!subject) return err('no-such-payment');
      const actions = this.#actions(of);
      const amount = allowedAmount(original(subject), actions, action, row.amountMinor);
      if (!amount.ok) return amount;
      const all = allowedAmount(original(subject), actions, action);
      if (row.whole && all.ok && amount.value < all.value) return err('amount-unfit');
      const columns = {
        of_payment: of,
        member: subject['member'] === null ? null : String(subject['member']),
        state: 'asked',
        held: 0,
        order_reference: String(subject['order_reference']),
        purpose: action,
        amount_minor: amount.value,
        currency: String(subject['currency']),
      };
      this.#insertPayment(payment, merchant, columns, at);
      this.#db.addEvent(at, merchant, payment, null, 'opened', null, columns);
      this.#insertAttempt({ ...row, state: intend(action, at), mayGoOn: false }, payment, of);
      this.#db.run('UPDATE payments SET attempt = ? WHERE id = ?', row.id, payment);
      const stored = this.#db.get(`${SELECT_ATTEMPT} WHERE attempts.id = ?`, row.id);
      if (!stored) throw new Error('what was written is not there');
      return ok(storedAttempt(stored));
    });
  }

  /** Attempts to which something may still happen. */
  hanging(): StoredAttempt[] {
    return this.#db.all(`${SELECT_ATTEMPT} WHERE attempts.phase IN (${LIVE}) ORDER BY attempts.id`).map(storedAttempt);
  }

  /** What look-ups couldn't settle, oldest first; `more` beyond the limit. */
  manual(): ManualList {
    const rows = this.#db.all(
      `${SELECT_ATTEMPT} WHERE attempts.phase = 'manual' ORDER BY attempts.since, attempts.id LIMIT ${MANUAL_LIMIT}`,
    );
    const count = Number(this.#db.get(`SELECT count(*) AS n FROM attempts WHERE phase = 'manual'`)?.['n']);
    return { attempts: rows.map(storedAttempt), more: count - rows.length };
  }

  /** The member's card as the merchant's gateway has it. */
  storedCard(merchant: Id, member: string): StoredCard | undefined {
    const row = this.#db.get('SELECT * FROM stored_cards WHERE merchant = ? AND member = ?', merchant, member);
    return (
      row && {
        gateway: String(row['gateway']),
        ...(row['stored_card'] !== null && { storedCard: String(row['stored_card']) }),
        ...(row['brand'] !== null && { brand: row['brand'] as NonNullable<StoredCard['brand']> }),
        ...(row['last_four'] !== null && { lastFour: String(row['last_four']) }),
        ...(row['fingerprint'] !== null && { fingerprint: String(row['fingerprint']) }),
      }
    );
  }

  /** Results that are unknown, and those of the last day that nobody was told of; newest first. */
  list(now: number): PaymentState[] {
    return this.#db
      .all(
        `${SELECT_STATE} WHERE attempts.phase IN (${LIVE})
         OR (payments.state <> 'open' AND payments.held = 0 AND told_at IS NULL AND changed_at > ?)
       ORDER BY payments.id DESC LIMIT ${LIST_LIMIT}`,
        now - DAY_MS,
      )
      .map(paymentState);
  }

  /** One payment as it stands; undefined if unknown to the ledger or still open. */
  payment(id: Id): PaymentState | undefined {
    const row = this.#db.get(`${SELECT_STATE} WHERE payments.id = ? AND state <> 'open'`, id);
    return row && paymentState(row);
  }

  /** What is wrong with the whole chain of events, or with an attempt that isn't as its last event has it. */
  check(): string | undefined {
    const broken = this.#db.check();
    if (broken !== undefined) return broken;
    for (const row of this.#db.all(
      `SELECT attempts.*, (SELECT content FROM events WHERE attempt = attempts.id AND content IS NOT NULL ORDER BY number DESC LIMIT 1)
         AS content FROM attempts`,
    )) {
      if (row['content'] === null) continue;
      const { row: written } = JSON.parse(String(row['content'])) as { row: Record<string, Value> };
      const changed = Object.entries(written).find(([column, value]) => column in row && row[column] !== value);
      if (changed) return `attempt ${String(row['id'])}: ${changed[0]} isn't what was written`;
    }
    return undefined;
  }

  close(): void {
    this.#db.close();
  }

  #refusePaidAgain({ payment, merchant, order, paidSince }: PaymentRow): void {
    const paid = this.#db.all(
      `SELECT payments.*, attempts.phase AS phase FROM payments JOIN attempts ON attempts.id = payments.attempt
       WHERE payments.merchant = ? AND payments.order_reference = ? AND payments.of_payment IS NULL
         AND attempts.phase = 'told' AND payments.changed_at > ?`,
      merchant,
      order.reference,
      paidSince,
    );
    if (paid.every((row) => isGivenBack(original(row), this.#actions(String(row['id']))))) return;
    throw new LedgerError('already-paid', `payment ${payment}: its order was paid a short time ago`);
  }

  #actions(of: Id): Action[] {
    return this.#db.all('SELECT purpose, amount_minor, phase FROM attempts WHERE of_payment = ?', of).map((row) => ({
      action: row['purpose'] as Action['action'],
      amountMinor: Number(row['amount_minor']),
      phase: row['phase'] as Action['phase'],
    }));
  }

  #insertPayment(id: Id, merchant: Id, columns: Record<string, Value>, at: number): void {
    const names = Object.keys(columns);
    this.#db.run(
      `INSERT INTO payments (id, merchant, opened_at, changed_at, ${names.join(', ')}) VALUES (?, ?, ?, ?, ${names.fill('?').join(', ')})`,
      id,
      merchant,
      at,
      at,
      ...Object.values(columns),
    );
  }

  #insertAttempt(row: AttemptRow, payment: Id, of: Id | null): void {
    const { id, state } = row;
    const columns = {
      ...attemptColumns(state),
      gateway: row.gateway,
      gateway_reference: row.reference,
      of_payment: of,
    };
    const names = Object.keys(columns);
    this.#db.run(
      `INSERT INTO attempts (id, payment, merchant, order_reference, purpose, amount_minor, currency, member, version, ${names.join(', ')})
       SELECT ?, id, merchant, order_reference, purpose, amount_minor, currency, member, 0, ${names.fill('?').join(', ')}
       FROM payments WHERE id = ?`,
      id,
      ...Object.values(columns),
      payment,
    );
    this.#event(state.since, payment, id, 'intended', state.phase, columns);
  }

  /** The member's card is this one from now on, whichever it was. */
  #storeCard(attempt: Id, at: number): void {
    this.#db.run(
      `INSERT INTO stored_cards (merchant, member, gateway, stored_card, brand, last_four, fingerprint, attempt, stored_at)
       SELECT merchant, member, gateway, stored_card, brand, last_four, fingerprint, id, ? FROM attempts
       WHERE id = ? AND member IS NOT NULL
       ON CONFLICT (merchant, member) DO UPDATE SET gateway = excluded.gateway, stored_card = excluded.stored_card,
         brand = excluded.brand, last_four = excluded.last_four, fingerprint = excluded.fingerprint,
         attempt = excluded.attempt, stored_at = excluded.stored_at`,
      at,
      attempt,
    );
  }

  #event(
    at: number,
    payment: Id,
    attempt: Id | null,
    event: string,
    phase: string | null,
    row: Record<string, Value>,
  ): void {
    const merchant = String(this.#db.get('SELECT merchant FROM payments WHERE id = ?', payment)?.['merchant']);
    this.#db.addEvent(at, merchant, payment, attempt, event, phase, row);
  }
}

function laneOf(purpose: PaymentMeta['purpose']): string {
  return purpose === 'charge' || purpose === 'authorize' || purpose === 'stored-charge' ? 'money' : purpose;
}

function original(row: Record<string, unknown>): Original {
  return {
    purpose: row['purpose'] as Original['purpose'],
    amountMinor: Number(row['amount_minor']),
    phase: row['phase'] as NonNullable<Original['phase']>,
  };
}
