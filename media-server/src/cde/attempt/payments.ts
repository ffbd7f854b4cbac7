import type { Clock } from '../../shared/clock.ts';
import { type Id, newId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type {
  Brand,
  ManualAttempt,
  MoneyCommand,
  Outcome,
  PaymentResult,
  Reason,
  Refusal,
  Resolution,
} from '../contract.ts';
import type { Answer, AttemptName, CardDigits, Gateway, GatewayAbilities, MoneyRequest } from '../gateways/gateway.ts';
import { gatewayFromFiles } from '../gateways/kinds.ts';
import { sameService } from '../gateways/own-gateway.ts';
import { traceOf } from '../hardening.ts';
import type { CardSettings } from '../settings.ts';
import { KeyFileError } from '../vault/key-file.ts';
import { type AttemptPurpose, type AttemptRules, intend, mayResolve, resultOf } from './attempt.ts';
import { AttemptRunner, type RunnerParts } from './attempt-runner.ts';
import { Fingerprints } from './fingerprint.ts';
import { GatewayBook } from './gateway-book.ts';
import { inTurns } from './in-turns.ts';
import {
  Ledger,
  type LedgerErrorCode,
  type LedgerFailure,
  type PaymentMeta,
  type PaymentState,
  type StoredAttempt,
  type StoredCard,
} from './ledger.ts';
import { LedgerError } from './ledger-db.ts';

export type { PaymentMeta, PaymentState } from './ledger.ts';

/** A card as it was keyed, and its brand. Whoever takes it zeroes its Buffers. */
export type Card = CardDigits & { readonly brand: Brand };

export interface PaymentsParts {
  readonly ledger: Ledger;
  readonly gateways: GatewayBook;
  readonly rules: AttemptRules & {
    /** An order that was paid isn't taken again for this long, ms; 0: never mind. Default: a day. */
    readonly paidAgainAfterMs?: number | undefined;
  };
  /** How long to wait for a gateway's answer before the result is `unknown`, ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: none is kept. */
  readonly fingerprints?: Fingerprints | undefined;
  /** Is told of each point at which a process may die. A test dies there. */
  readonly witness?: (point: string) => void;
}

/** Requests to the gateway at once; one more is `gateway-busy`. */
const REQUESTS_LIMIT = 256;
/** Look-ups and reversals at once; others wait. */
const QUESTIONS_LIMIT = 16;
/** How long until the end of a payment is written again when the disk fails, ms: at first, and at most; doubled in between. */
const END_AGAIN_MS = [1000, 30_000] as const;
const PAID_AGAIN_AFTER_MS = 86_400_000;

const NOT_KNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
const REFUSALS: { readonly [code in LedgerErrorCode]?: Refusal } = {
  'attempt-alive': 'attempt-alive',
  'already-paid': 'already-paid',
  'payment-exists': 'already-settled',
};

/** What a request to a gateway is made with, besides its name. */
interface Asking {
  readonly gateway: Gateway;
  /** Sends the request, once. */
  readonly send: (name: AttemptName) => Promise<Answer>;
  /** Of a keyed card: known before it is wiped. */
  readonly card?: { readonly brand: Brand; readonly lastFour: string; readonly fingerprint?: string };
}

/**
 * The payments of one card process: joins the attempt's machine, the ledger and the gateways. Every payment that was
 * opened must come to `authorize`, `chargeStored` or `ended`; until then its order is taken.
 */
export class Payments {
  readonly #parts: PaymentsParts;
  readonly #runnerParts: RunnerParts;
  /** Open payments, and how many cards were declined in each. */
  readonly #open = new Map<Id, number>();
  /** Attempts that aren't over, by payment. */
  readonly #runners = new Map<Id, AttemptRunner>();
  /** Merchants whose gateway is being used: between taking it and writing the intent nothing else shows that. */
  readonly #using = new Map<Id, number>();
  /** Payments whose request is under way, with what settles it. */
  readonly #asking = new Map<Id, (result: PaymentResult) => void>();
  /** Captures, voids and refunds under way. */
  readonly #actions = new Map<Id, Promise<Result<PaymentResult, Refusal>>>();
  /** Approvals that somebody has seen and that the ledger can't write as told. */
  readonly #seen = new Set<Id>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #listeners = new Set<(payment: Id, result: PaymentResult) => void>();
  readonly #now: () => number;
  /** What hung when this process started is known: before that, nothing tells which gateways are still needed. */
  #started = false;
  #closed = false;

  /**
   * With the ledger and, unless others are given, the gateway that the settings name. Where the ledger can't be used for want of a disk, or isn't
   * whole, everything is refused (`ledger-unavailable`) until the next start, and the log says what to do.
   * @throws LedgerError where another process has the ledger or a newer program wrote it, Error where the files of
   *   gateway or fingerprints can't be read; the message says what to do
   */
  static async open(
    settings: CardSettings,
    clock: Clock,
    logger: Logger,
    gateways = new GatewayBook(gatewayFromFiles(settings.gateway)),
  ): Promise<Payments> {
    const { fingerprintKeyFile } = settings;
    const fingerprints = fingerprintKeyFile === undefined ? undefined : Fingerprints.open(fingerprintKeyFile);
    const ledger = await Ledger.open(settings.ledgerFolder).catch((error: unknown) => {
      if (!(error instanceof LedgerError) || (error.code !== 'not-whole' && error.code !== 'ledger-unavailable'))
        throw error;
      logger.fatal({ code: error.code }, `no money is taken: ${error.message}`);
      return Ledger.refusing(error);
    });
    const { timeoutMs } = settings.gateway;
    return new Payments({ ledger, gateways, rules: settings, timeoutMs, clock, logger, fingerprints });
  }

  constructor(parts: PaymentsParts) {
    this.#parts = parts;
    // The wall clock is read once: if it jumps while the process lives, no waiting time becomes shorter or longer.
    const start = parts.clock.now() - parts.clock.monotonic();
    this.#now = () => Math.floor(start + parts.clock.monotonic());
    this.#runnerParts = {
      ...parts,
      gatewayOf: (merchant, name) => parts.gateways.named(merchant, name),
      now: this.#now,
      inTurn: inTurns(QUESTIONS_LIMIT),
      witness: parts.witness ?? (() => {}),
      onReport: (payment, result) => this.#report(payment, result),
      onOver: (runner) => {
        if (this.#runners.get(runner.payment) === runner) this.#runners.delete(runner.payment);
        this.#retire(runner.merchant);
      },
    };
    parts.gateways.onChange((merchant) => {
      for (const runner of this.#runners.values()) {
        if (runner.merchant === merchant && runner.state.stuck === 'no-gateway')
          void runner.surely({ type: 'resolved', as: 'look-up' });
      }
      this.#retire(merchant);
    });
  }

  /**
   * Takes up whatever an earlier life left hanging: looks it up, gives it back. Comes back when the ledger was read; the
   * results come by `onSettled` and stand in `list`.
   * @throws LedgerError where the ledger fails
   */
  async start(): Promise<void> {
    const { ledger, logger } = this.#parts;
    if (ledger.refuses) return;
    const abandoned = value(await ledger.endAbandoned(this.#now()));
    const hanging = value(await ledger.hanging());
    if (abandoned + hanging.length > 0)
      logger.warn({ abandoned, hanging: hanging.length }, 'payments left by an earlier life');
    for (const stored of hanging) void this.#take(stored).surely({ type: 'recovered' });
    this.#started = true;
    for (const merchant of this.#parts.gateways.replaced()) this.#retire(merchant);
  }

  /**
   * Writes a payment down. Refused: `attempt-alive`, `already-paid`, `already-settled` (this id was used),
   * `member-missing`, `no-such-gateway`, `not-possible` (the gateway doesn't do this), `ledger-unavailable`, `draining`.
   */
  async open(meta: PaymentMeta): Promise<Result<void, Refusal>> {
    if (this.#closed) return err('draining');
    const { payment, merchant, purpose, order, leg, member, cards } = meta;
    if (purpose !== 'verify') {
      const abilities = this.abilitiesOf(merchant);
      if (!abilities) return err('no-such-gateway');
      if (!abilities.purposes.includes(purpose)) return err('not-possible');
      if ((purpose === 'card-update' || purpose === 'stored-charge') && member === undefined)
        return err('member-missing');
    }
    const at = this.#now();
    const again = this.#parts.rules.paidAgainAfterMs ?? PAID_AGAIN_AFTER_MS;
    const opened = await this.#parts.ledger.openPayment({
      payment,
      merchant,
      purpose,
      order,
      at,
      paidSince: again === 0 ? Number.MAX_SAFE_INTEGER : at - again,
      ...(leg && { leg }),
      ...(member && { member }),
      ...(cards && { cards }),
    });
    if (opened.ok) {
      this.#open.set(payment, 0);
      return ok(undefined);
    }
    this.#parts.logger.warn({ payment, why: opened.error.message }, 'payment not opened');
    return err(REFUSALS[opened.error.code] ?? 'ledger-unavailable');
  }

  /**
   * Asks the gateway, once. After `declined`, and while fewer than `meta.cards` cards were declined, the payment stays
   * open for another card: come again with it, or to `ended`. The card's Buffers are zeroed when the request was
   * written, and in any case before the promise settles. Rejects only for bugs (a payment that isn't open); whatever can
   * happen to a payment is a result, durable before it comes (an `unknown` may come while the disk fails; `onSettled`
   * follows).
   */
  async authorize(meta: PaymentMeta, card: Card): Promise<PaymentResult> {
    const work = this.#authorize(meta, card).finally(() => wipe(card));
    return this.#count(this.#uses(meta.merchant, work));
  }

  /** Takes money from the member's stored card, once; as `authorize` does, without a card. `no-such-card`: none is stored. */
  async chargeStored(meta: PaymentMeta): Promise<PaymentResult> {
    return this.#count(this.#uses(meta.merchant, this.#chargeStored(meta)));
  }

  /**
   * Captures, voids or refunds the money of an earlier payment. Idempotent by `command.payment`: the same command again
   * gives what became of it. Refused before anything was asked: `no-such-payment`, `amount-unfit` (more than is there),
   * `attempt-alive` (another action of that payment, or the payment itself, isn't over), `already-settled` (nothing is
   * left, or the id was used), `not-possible`, `no-such-gateway`, `ledger-unavailable`, `draining`.
   */
  money(command: MoneyCommand): Promise<Result<PaymentResult, Refusal>> {
    const running = this.#actions.get(command.payment);
    if (running) return running;
    const work = this.#count(this.#uses(command.merchant, this.#money(command))).finally(() =>
      this.#actions.delete(command.payment),
    );
    this.#actions.set(command.payment, work);
    return work;
  }

  /** The keys of fingerprints were changed in their file. Where they can't be read those of before go on, which is logged. */
  readKeys(): void {
    const { fingerprints, logger } = this.#parts;
    try {
      fingerprints?.reload();
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      logger.error({}, `the keys of card fingerprints stay as they were: ${error.message}`);
    }
  }

  /** What the merchant's gateway can do; undefined where none is set up. */
  abilitiesOf(merchant: Id): GatewayAbilities | undefined {
    return this.#parts.gateways.of(merchant)?.abilities;
  }

  /**
   * A payment's dialogue ended otherwise than by its last attempt: cancelled, too many mistakes, silence; or a `verify`
   * is done. Resolves after the first try to write it.
   */
  async ended(payment: Id, result: PaymentResult): Promise<void> {
    this.#open.delete(payment);
    const { ledger, logger, clock } = this.#parts;
    const [first, longest] = END_AGAIN_MS;
    // Until it is written its order is taken: there is no giving up.
    const write = async (wait: number): Promise<void> => {
      const written = await ledger.endPayment(payment, result, this.#now());
      if (written.ok) return;
      logger.error({ payment, why: written.error.message }, "a payment's end could not be written to the ledger");
      if (written.error.code !== 'stale' && !this.#closed) {
        clock.after(wait, () => void this.#count(write(Math.min(wait * 2, longest))));
      }
    };
    await this.#count(write(first));
  }

  /**
   * Somebody is being told. Await it BEFORE the approved prompt's first packet: money is never given back after it.
   * `of` is the outcome that they are told; if the payment stands otherwise by now, nothing is written.
   * @returns false where the outcome is another (the money is being given back, say) or the ledger failed: don't say
   *   "approved" then
   */
  async told(payment: Id, of?: Outcome): Promise<boolean> {
    const runner = this.#runners.get(payment);
    if (runner?.state.phase === 'approved') {
      if ((of !== undefined && of !== 'approved') || this.#seen.has(payment)) return false;
      return (await this.#count(runner.once({ type: 'told' }))) || (await this.#isTold(payment));
    }
    if (await this.#isTold(payment, of)) return true;
    if (this.#asking.has(payment)) return false;
    return (await this.#count(this.#parts.ledger.markTold(payment, of ?? null, this.#now()))).ok;
  }

  /**
   * Somebody has seen the outcome `of` already, on a screen or by the API. As `told`; but that an approval was seen is
   * written again and again while the ledger fails, and meanwhile the money isn't given back.
   */
  async seen(payment: Id, of?: Outcome): Promise<void> {
    const runner = this.#runners.get(payment);
    if (runner?.state.phase !== 'approved' || (of !== undefined && of !== 'approved')) {
      await this.told(payment, of);
      return;
    }
    // Whoever wants to tell it now and can still choose hears from `told` that the ledger fails.
    await runner.surely({ type: 'told' }, () => this.#seen.add(payment));
    this.#seen.delete(payment);
  }

  /**
   * Payments that are unknown, and ended ones of the last day that nobody was told of; at most 1,000, newest first.
   * Those being asked right now are left out. While the ledger fails: those of which this process knows.
   */
  async list(): Promise<PaymentState[]> {
    const listed = await this.#parts.ledger.list(this.#now());
    const known = listed.ok
      ? listed.value
      : [...this.#runners.values()].map(({ payment, state }) => ({ payment, told: false, result: resultOf(state) }));
    return known.filter(({ payment }) => !this.#asking.has(payment));
  }

  /**
   * One payment as it stands; undefined while it is open or where the ledger doesn't know it. Unknown while the ledger
   * fails: nobody may conclude from that that nothing was asked.
   */
  async state(payment: Id): Promise<PaymentState | undefined> {
    const found = await this.#parts.ledger.payment(payment);
    return found.ok ? found.value : { payment, told: false, result: NOT_KNOWN };
  }

  /** The operator's list: attempts that look-ups couldn't settle, oldest first; `more` are beyond the limit. */
  async manualList(): Promise<Result<{ attempts: ManualAttempt[]; more: number }, Refusal>> {
    const listed = await this.#parts.ledger.manual();
    if (!listed.ok) return err('ledger-unavailable');
    return ok({ ...listed.value, attempts: listed.value.attempts.map(manualAttempt) });
  }

  /**
   * An operator settles an attempt of that list. Refused: `no-such-payment` (it isn't on it), `not-possible` (money that
   * was asked back can only be `reversed`), `ledger-unavailable`.
   * @returns how the payment stands now; `unknown` after `look-up`
   */
  async manualResolve(payment: Id, as: Resolution): Promise<Result<PaymentResult, Refusal>> {
    const runner = this.#runners.get(payment);
    if (runner?.state.phase !== 'manual') return err('no-such-payment');
    if (!mayResolve(runner.state, as)) return err('not-possible');
    const done = await this.#count(runner.once({ type: 'resolved', as }));
    return done ? ok(resultOf(runner.state)) : err('ledger-unavailable');
  }

  /** Calls back whenever a payment that was unknown (or was approved and is given back) is known. Returns what ends it. */
  onSettled(callback: (payment: Id, result: PaymentResult) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Ends look-ups, waits for requests and writes under way. What hangs is taken up by the next `start`. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    for (const runner of this.#runners.values()) runner.close();
    this.#parts.gateways.close();
    await this.#parts.ledger.close();
  }

  async #authorize(meta: PaymentMeta, card: Card): Promise<PaymentResult> {
    const { payment, merchant, purpose, member } = meta;
    if (purpose !== 'charge' && purpose !== 'authorize' && purpose !== 'card-update') {
      throw new Error(`nobody sends a card for ${purpose}`);
    }
    const { fingerprints, logger, gateways } = this.#parts;
    const gateway = gateways.of(merchant);
    if (!gateway) return this.#notAsked(payment, 'gateway-settings');
    const before = purpose === 'card-update' ? await this.#storedCard(merchant, member, gateway) : undefined;
    const known = {
      brand: card.brand,
      lastFour: card.number.subarray(-4).join(''),
      ...(fingerprints && { fingerprint: fingerprints.of(merchant, card.number) }),
    };
    if (before?.fingerprint) {
      const same = fingerprints?.matches(merchant, card.number, before.fingerprint);
      logger.info(
        { payment, card: same === undefined ? 'not known' : same ? 'the same' : 'another' },
        "a member's card comes anew",
      );
    }
    const released = () => {
      wipe(card);
      this.#runnerParts.witness('released');
    };
    return this.#ask(meta, purpose, {
      gateway,
      card: known,
      send: (name) =>
        gateway.authorize(
          { ...name, purpose, ...(before?.storedCard && { storedCard: before.storedCard }) },
          card,
          this.#parts.timeoutMs,
          released,
        ),
    });
  }

  async #chargeStored(meta: PaymentMeta): Promise<PaymentResult> {
    const { payment, merchant, member } = meta;
    const gateway = this.#parts.gateways.of(merchant);
    if (!gateway?.chargeStored || member === undefined) return this.#notAsked(payment, 'not-possible');
    const stored = await this.#storedCard(merchant, member, gateway);
    if (!stored) return this.#notAsked(payment, 'no-such-card');
    const { brand, lastFour, storedCard, fingerprint } = stored;
    return this.#ask(meta, 'stored-charge', {
      gateway,
      ...(brand && lastFour && { card: { brand, lastFour, ...(fingerprint && { fingerprint }) } }),
      send: async (name) => {
        const request = { ...name, purpose: 'stored-charge', member, ...(storedCard && { storedCard }) } as const;
        return (await gateway.chargeStored?.(request, this.#parts.timeoutMs)) ?? { is: 'unknown' };
      },
    });
  }

  /** The member's card, where it is with this gateway. */
  async #storedCard(merchant: Id, member: string | undefined, gateway: Gateway): Promise<StoredCard | undefined> {
    if (member === undefined) return undefined;
    const found = await this.#parts.ledger.storedCard(merchant, member);
    return found.ok && found.value && sameService(found.value.gateway, gateway.name) ? found.value : undefined;
  }

  /** Writes the intent of an open payment's attempt, asks, and gives the result. */
  async #ask(meta: PaymentMeta, purpose: AttemptPurpose, asking: Asking): Promise<PaymentResult> {
    const { payment, merchant, order, member, cards } = meta;
    const declined = this.#open.get(payment);
    if (declined === undefined) throw new Error(`payment ${payment} is not open`);
    this.#open.delete(payment);
    if (this.#asking.size >= REQUESTS_LIMIT) return this.#notAsked(payment, 'gateway-busy');

    const { ledger, logger } = this.#parts;
    const { witness } = this.#runnerParts;
    const state = intend(purpose, this.#now());
    const mayGoOn = declined + 1 < (cards ?? 1);
    const row = { id: newId(this.#now()), payment, gateway: asking.gateway.name, reference: newId(this.#now()), state };
    witness('before-intend');
    const intended = await ledger.intend({ ...row, mayGoOn });
    if (!intended.ok) {
      logger.error({ payment, why: intended.error.message }, 'the intent could not be written: nothing was asked');
      return this.#notAsked(payment, 'ledger-unavailable');
    }
    witness('after-intend');
    const result = await this.#request({ ...row, merchant, order, version: 0, ...(member && { member }) }, asking);
    if (result.outcome === 'declined' && mayGoOn) this.#open.set(payment, declined + 1);
    return result;
  }

  /** From a durable intent to a durable result. The one place where a gateway is asked to move money. */
  async #request(stored: StoredAttempt, { gateway, send, card }: Asking): Promise<PaymentResult> {
    const { payment } = stored;
    const { timeoutMs, logger } = this.#parts;
    const result = new Promise<PaymentResult>((resolve) => this.#asking.set(payment, resolve));
    const runner = this.#take(stored);
    const notSent = (): PaymentResult => {
      void runner.surely({ type: 'abandoned', reason: 'ledger-unavailable' });
      return { outcome: 'failed', reason: 'ledger-unavailable' };
    };
    try {
      const { purpose } = runner.state;
      if (gateway.prepare && (purpose === 'charge' || purpose === 'authorize' || purpose === 'card-update')) {
        const prepared = await gateway.prepare({ ...runner.name, purpose }, timeoutMs).catch((error) => {
          logger.error({ payment, ...traceOf(error) }, 'the gateway adapter threw');
          return { is: 'no-answer' } as const;
        });
        if (!(await runner.once({ type: 'prepared', prepared }))) return notSent();
        if (prepared.is !== 'prepared') return await result;
      }
      if (!(await runner.once({ type: 'send', ...(card && { card }) }))) return notSent();
      const answer = await send(runner.name).catch((error): Answer => {
        // A bug in an adapter, at a moment when money may have moved.
        logger.error({ payment, ...traceOf(error) }, 'the gateway adapter threw');
        return { is: 'unknown' };
      });
      const { fingerprint, ...seen } = card ?? {};
      void runner.surely(
        {
          type: 'answer',
          answer: answer.is === 'approved' ? { ...answer, ...seen } : answer,
          ...(fingerprint && { fingerprint }),
        },
        () =>
          // Money may have moved, and nobody may be told what isn't durable: not known yet.
          this.#asking.get(payment)?.(NOT_KNOWN),
      );
      return await result;
    } finally {
      this.#asking.delete(payment);
    }
  }

  async #money(command: MoneyCommand): Promise<Result<PaymentResult, Refusal>> {
    const { payment, merchant, of, action, amountMinor } = command;
    const { ledger, gateways, logger, timeoutMs } = this.#parts;
    if (this.#closed) return err('draining');
    const original = await ledger.original(of);
    if (!original.ok) return err('ledger-unavailable');
    if (original.value?.merchant !== merchant) return err('no-such-payment');
    const gateway = gateways.successor(merchant, original.value.gateway);
    if (!gateway) return err('no-such-gateway');
    if (!gateway.operate || !gateway.abilities.actions.includes(action)) return err('not-possible');
    if (this.#asking.size >= REQUESTS_LIMIT) return ok({ outcome: 'failed', reason: 'gateway-busy' });
    const { witness } = this.#runnerParts;
    const at = this.#now();
    witness('before-intend');
    const opened = await ledger.openMoney({
      id: newId(at),
      reference: newId(at),
      payment,
      merchant,
      of,
      action,
      gateway: gateway.name,
      whole: !gateway.abilities.partial?.includes(action),
      at,
      ...(amountMinor !== undefined && { amountMinor }),
    });
    if (!opened.ok) {
      logger.error({ payment, why: opened.error.message }, 'the intent could not be written: nothing was asked');
      return err(REFUSALS[opened.error.code] ?? 'ledger-unavailable');
    }
    if (!opened.value.ok) return err(opened.value.error);
    const stored = opened.value.value;
    if (stored === 'known') return ok((await this.state(payment))?.result ?? NOT_KNOWN);
    witness('after-intend');
    const { of: subject } = stored;
    if (!subject) throw new Error('an action without its payment');
    const send = async (name: AttemptName) => {
      const request: MoneyRequest = { ...name, purpose: action, of: subject };
      return (await gateway.operate?.(request, timeoutMs)) ?? ({ is: 'unknown' } as const);
    };
    return ok(await this.#request(stored, { gateway, send }));
  }

  #take(stored: StoredAttempt): AttemptRunner {
    const runner = new AttemptRunner(stored, this.#runnerParts);
    this.#runners.set(stored.payment, runner);
    return runner;
  }

  #report(payment: Id, result: PaymentResult): void {
    const settle = this.#asking.get(payment);
    if (settle) {
      this.#asking.delete(payment);
      settle(result);
      return;
    }
    if (result.outcome === 'unknown') return;
    // Its dialogue went on with "not known yet": no other card will come.
    if (result.outcome === 'declined') void this.ended(payment, result);
    for (const listener of this.#listeners) listener(payment, result);
  }

  async #notAsked(payment: Id, reason: Reason): Promise<PaymentResult> {
    const result: PaymentResult = { outcome: 'failed', reason };
    await this.ended(payment, result);
    return result;
  }

  async #isTold(payment: Id, of: Outcome = 'approved'): Promise<boolean> {
    const state = await this.state(payment);
    return state?.told === true && state.result.outcome === of;
  }

  async #uses<T>(merchant: Id, work: Promise<T>): Promise<T> {
    this.#using.set(merchant, (this.#using.get(merchant) ?? 0) + 1);
    try {
      return await work;
    } finally {
      const left = (this.#using.get(merchant) ?? 1) - 1;
      if (left > 0) this.#using.set(merchant, left);
      else this.#using.delete(merchant);
      this.#retire(merchant);
    }
  }

  /** Lets those replaced gateways of a merchant go that no attempt hangs on. */
  #retire(merchant: Id): void {
    if (!this.#started || this.#closed || this.#using.has(merchant)) return;
    const inUse = new Set(
      [...this.#runners.values()].filter((runner) => runner.merchant === merchant).map(({ gateway }) => gateway),
    );
    this.#parts.gateways.retire(merchant, (name) => inUse.has(name));
  }

  async #count<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}

function wipe(card: Card): void {
  card.number.fill(0);
  card.expiry.fill(0);
  card.securityCode.fill(0);
}

function manualAttempt(stored: StoredAttempt): ManualAttempt {
  const { payment, merchant, order, gateway, reference, state } = stored;
  return {
    payment,
    merchant,
    purpose: state.purpose,
    order,
    gateway,
    reference,
    since: state.since,
    reversing: state.reversingSince !== undefined,
    why: state.stuck ?? 'no-answer',
    ...(state.sentAt !== undefined && { sentAt: state.sentAt }),
  };
}

function value<T>(result: Result<T, LedgerFailure>): T {
  if (result.ok) return result.value;
  throw new LedgerError(result.error.code, result.error.message);
}
