import { type Clock } from '../shared/clock.ts';
import { type Id } from '../shared/ids.ts';
import { type Logger } from '../shared/logger.ts';
import { type GatewayCommand, type MerchantGateways } from './attempt/merchant-gateways.ts';
import { type Payments } from './attempt/payments.ts';
import {
  type Confinement,
  CONTRACT_VERSION,
  type FromCard,
  LEG_LIMIT,
  type LegOpen,
  type MoneyCommand,
  type PaymentOpen,
  type PaymentResult,
  type Refusal,
  type SfuSide,
  type ToCard,
} from './contract.ts';
import { type GatewayAbilities } from './gateways/gateway.ts';
import { traceOf } from './hardening.ts';
import { ALONE_LIMIT_MS, endsAt } from './lifetime.ts';
import { hostOf, listenersOf } from './listeners.ts';
import { type CardSettings } from './settings.ts';
import {
  type CardInTransit,
  type FromThread,
  type LegCommand,
  threadOfPort,
  type Threads,
  type ToThread,
} from './threads.ts';

export interface CardProcessOptions {
  readonly settings: CardSettings;
  readonly instance: Id;
  readonly clock: Clock;
  readonly log: Logger;
  readonly payments: Pick<
    Payments,
    | 'abilitiesOf'
    | 'open'
    | 'authorize'
    | 'chargeStored'
    | 'money'
    | 'ended'
    | 'told'
    | 'seen'
    | 'list'
    | 'readKeys'
    | 'state'
    | 'manualList'
    | 'manualResolve'
    | 'onSettled'
  >;
  readonly gateways: Pick<MerchantGateways, 'answer'>;
  readonly threads: Threads;
  /** Languages of the guide. */
  readonly languages: readonly string[];
  /** What isn't in force of what keeps others out. */
  readonly unconfined?: readonly Confinement[];
  /** To the server, if one is connected. */
  readonly say: (message: FromCard) => void;
  /** Nothing is left to do: the process may end. */
  readonly onEnd: () => void;
}

const NOT_KEPT = { ok: false, error: 'credentials-not-kept' } as const;
const NOT_REACHED = { ok: false, error: 'ledger-unavailable' } as const;

interface Leg {
  readonly thread: number;
  payment?: Id;
  /** It was told to close: no command reaches it any more. */
  closing: boolean;
  /** A server that is back opens it again: as soon as it is closed. */
  reopen?: LegOpen;
}

type PromptCommand = Extract<ToCard, { type: 'prompt-put' | 'prompt-drop' }>;

interface Running {
  readonly meta: PaymentOpen;
  readonly thread: number;
  /** Whether the ledger has the payment. */
  readonly opened: Promise<boolean>;
  /** Its result is being written by us, for no card of it went to the gateway. */
  written?: Promise<void>;
  ending: boolean;
  /** Buffers of its cards that were zeroed on this thread. */
  wiped: number;
  /** What became of its unknown result while the customer was still being told that: said after the outcome. */
  settled?: PaymentResult;
}

/**
 * The main thread's part: which leg lives on which thread, which payment on which leg, what goes to the ledger and in
 * which order the news leave: a result is durable before anybody is told, and the gate opens after that.
 */
export class CardProcess {
  readonly #options: CardProcessOptions;
  readonly #legs = new Map<Id, Leg>();
  readonly #load: number[];
  readonly #running = new Map<Id, Running>();
  /** Questions to the ledger are answered one after the other. */
  #listing: Promise<void> = Promise.resolve();
  #moneyUnderWay = 0;
  #attached = false;
  /** Merchants' own prompts came from a server. */
  #hasPrompts = false;
  #draining = false;
  /** Asked to end by a signal: no server takes that back. */
  #terminating = false;
  #aloneSince: number;
  #lastEnded = 0;
  #cancelEnd = () => {};
  #cancelAlone = () => {};

  constructor(options: CardProcessOptions) {
    this.#options = options;
    this.#load = Array.from({ length: options.threads.count }, () => 0);
    this.#aloneSince = options.clock.monotonic();
    options.payments.onSettled((payment, result) => {
      const running = this.#running.get(payment);
      if (running) running.settled = result;
      else options.say({ ...result, type: 'settled', payment });
    });
  }

  hello(): FromCard {
    return {
      type: 'hello',
      version: CONTRACT_VERSION,
      instance: this.#options.instance,
      legs: [...this.#legs.keys()],
      languages: [...this.#options.languages],
      unconfined: [...(this.#options.unconfined ?? [])],
      gateway: this.#options.settings.gateway.kind,
      listens: listenersOf(this.#options.settings),
      ...hostOf(this.#options.settings),
    };
  }

  /** A server is connected. */
  attached(): void {
    this.#attached = true;
    this.#draining = this.#terminating;
    this.#cancelAlone();
    if (this.#hasPrompts) this.#toEveryThread({ kind: 'forget-prompts' });
    this.#hasPrompts = false;
    void this.reconsider();
  }

  /** The server is gone, and its calls with it: every gate is shut, what isn't in a payment is closed. */
  async detached(): Promise<void> {
    const { clock, threads } = this.#options;
    this.#attached = false;
    this.#aloneSince = clock.monotonic();
    for (const leg of this.#legs.values()) leg.closing = true;
    this.#toEveryThread({ kind: 'alone' });
    this.#cancelAlone = clock.after(ALONE_LIMIT_MS, () => {
      for (const [payment, { thread }] of this.#running) {
        threads.post(thread, { kind: 'command', command: { type: 'cancel', payment } });
      }
    });
    await this.reconsider();
  }

  /** SIGTERM: finishes what runs, takes nothing new, and ends. */
  terminate(): void {
    this.#terminating = true;
    this.#draining = true;
    void this.reconsider();
  }

  command(command: ToCard): void {
    switch (command.type) {
      case 'hello':
        return;
      case 'leg-open':
        return this.#openLeg(command);
      case 'play':
      case 'key-test':
        if (!this.#options.languages.includes(command.language)) return this.#refuse(command, 'no-such-language');
        return this.#toLeg(command, command.leg);
      case 'leg-update':
        if (this.#isInClear(command)) return this.#refuse(command, 'srtp-missing');
        return this.#toLeg(command, command.leg);
      case 'wall':
      case 'stop':
      case 'send-key':
        return this.#toLeg(command, command.leg);
      case 'leg-close': {
        const leg = this.#legs.get(command.leg);
        if (leg?.reopen) {
          delete leg.reopen;
          return;
        }
        this.#toLeg(command, command.leg);
        if (leg) leg.closing = true;
        return;
      }
      case 'payment-open':
        return this.#openPayment(command);
      case 'payment-begin':
      case 'cancel':
      case 'no-keys':
      case 'ask-again':
      case 'hint':
      case 'more-time':
      case 'gentle':
      case 'code-digest':
      case 'code-refused': {
        const running = this.#running.get(command.payment);
        if (running) this.#options.threads.post(running.thread, { kind: 'command', command });
        else this.#refuse(command, 'no-such-payment');
        return;
      }
      case 'told':
        void this.#inLedger(this.#options.payments.seen(command.payment, command.outcome), undefined);
        return;
      case 'payments':
        this.#listing = this.#listing.then(() => this.#list(command.of ?? []));
        return;
      case 'money':
        void this.#money(command);
        return;
      case 'manual-list':
        void this.#listManual(command);
        return;
      case 'manual-resolve':
        void this.#resolveManual(command);
        return;
      case 'provision':
      case 'unprovision':
      case 'gateway-test':
      case 'gateway-show':
        void this.#ofGateways(command);
        return;
      case 'gateway-keys':
        this.#options.payments.readKeys();
        void this.#ofGateways(command);
        return;
      case 'prompt-put':
      case 'prompt-drop':
        return this.#prompt(command);
      case 'drain':
        // A server of another host ends its own payments, not this process.
        if (this.#options.settings.remote) return;
        this.#draining = true;
        void this.reconsider();
        return;
    }
  }

  fromThread(thread: number, message: FromThread): void {
    switch (message.kind) {
      case 'say':
        this.#options.say(message.message);
        // It ends with its payment; a server may open it again at once.
        if (message.message.type === 'leg-lost') this.#closing(message.message.leg);
        return;
      case 'closed': {
        const { payment, reopen } = this.#legs.get(message.leg) ?? {};
        if (this.#legs.delete(message.leg)) this.#load[thread] = (this.#load[thread] ?? 1) - 1;
        // A leg closes after its payment; one that came too late for it must not wait for ever.
        if (payment) void this.#ended(thread, payment, { outcome: 'failed', reason: 'card-process-ended' }, false);
        if (reopen && this.#attached) this.#openLeg(reopen);
        void this.reconsider();
        return;
      }
      case 'authorize':
        void this.#authorize(thread, message.payment, message.card);
        return;
      case 'charge-stored':
        void this.#chargeStored(thread, message.payment);
        return;
      case 'telling':
        void this.#telling(thread, message.payment, message.result, message.asked);
        return;
      case 'ended':
        void this.#ended(thread, message.payment, message.result, message.asked, message.wiped);
        return;
    }
  }

  /**
   * Ends the process now or later if nothing keeps it. Resolves when the process stays for the time being.
   */
  async reconsider(): Promise<void> {
    const { clock, payments, onEnd } = this.#options;
    this.#cancelEnd();
    const unsettled = !this.#attached && !this.#draining && (await this.#inLedger(payments.list(), [])).length > 0;
    this.#cancelEnd();
    const now = clock.monotonic();
    const at = endsAt(
      {
        attached: this.#attached,
        stays: this.#options.settings.remote !== undefined,
        draining: this.#draining,
        legs: this.#legs.size,
        running: this.#running.size + this.#moneyUnderWay,
        unsettled,
        aloneSince: this.#aloneSince,
        lastEnded: this.#lastEnded,
      },
      now,
    );
    if (at === undefined) return;
    if (at <= now) {
      onEnd();
      await new Promise(() => {});
    }
    this.#cancelEnd = clock.after(at - now, () => void this.reconsider());
  }

  /** Whether sound would go to another host in clear. */
  #isInClear({ sfu }: { readonly sfu?: SfuSide | undefined }): boolean {
    return this.#options.settings.remote !== undefined && sfu !== undefined && !sfu.srtp;
  }

  #openLeg(command: LegOpen): void {
    const { threads, settings } = this.#options;
    if (this.#isInClear(command)) return this.#refuse(command, 'srtp-missing');
    const existing = this.#legs.get(command.leg);
    if (existing && !existing.closing) return this.#refuse(command, 'leg-exists');
    if (existing) {
      existing.reopen = command;
      return;
    }
    if (this.#terminating) return this.#refuse(command, 'draining');
    if (this.#legs.size >= LEG_LIMIT) return this.#refuse(command, 'too-many-legs');
    const thread = command.ports
      ? threadOfPort(settings.rtpPorts, command.ports.rtp, threads.count)
      : this.#load.indexOf(Math.min(...this.#load));
    this.#legs.set(command.leg, { thread, closing: false });
    this.#load[thread] = (this.#load[thread] ?? 0) + 1;
    threads.post(thread, { kind: 'command', command });
  }

  #prompt(command: PromptCommand): void {
    const { merchant, language, name } = command;
    if (command.type === 'prompt-drop') return this.#toEveryThread({ kind: 'prompt', merchant, language, name });
    this.#hasPrompts = true;
    const bytes = Buffer.from(command.ulaw, 'base64');
    // Shared, so that the threads don't have a copy each.
    const ulaw = new Uint8Array(new SharedArrayBuffer(bytes.length));
    ulaw.set(bytes);
    this.#toEveryThread({ kind: 'prompt', merchant, language, name, ulaw });
  }

  #toEveryThread(message: ToThread): void {
    const { threads } = this.#options;
    for (let thread = 0; thread < threads.count; thread++) threads.post(thread, message);
  }

  #closing(id: Id): void {
    const leg = this.#legs.get(id);
    if (leg) leg.closing = true;
  }

  #toLeg(command: LegCommand, id: Id): void {
    const leg = this.#legs.get(id);
    if (leg && !leg.closing) this.#options.threads.post(leg.thread, { kind: 'command', command });
    else this.#refuse(command, 'no-such-leg');
  }

  #openPayment(command: PaymentOpen): void {
    const { threads, payments } = this.#options;
    const leg = this.#legs.get(command.leg);
    if (!leg || leg.closing) return this.#refuse(command, 'no-such-leg');
    if (leg.payment !== undefined || this.#running.has(command.payment)) return this.#refuse(command, 'in-payment');
    if (this.#draining) return this.#refuse(command, 'draining');
    const abilities = payments.abilitiesOf(command.merchant);
    const unfit = this.#whyUnfit(command, abilities);
    if (unfit) return this.#refuse(command, unfit);
    leg.payment = command.payment;
    // The gate shuts while the ledger writes: nothing is gained by waiting for it.
    threads.post(leg.thread, { kind: 'command', command, ...(abilities && { lengths: abilities.lengths }) });
    const opened = this.#inLedger(payments.open(command), NOT_REACHED).then((opened) => {
      if (opened.ok) {
        threads.post(leg.thread, { kind: 'taken', payment: command.payment });
        return true;
      }
      // In this order: what the server asks of the leg from now on finds it without the payment.
      threads.post(leg.thread, { kind: 'not-taken', payment: command.payment });
      this.#forget(command.payment);
      this.#refuse(command, opened.error);
      return false;
    });
    this.#running.set(command.payment, { meta: command, thread: leg.thread, opened, ending: false, wiped: 0 });
  }

  #whyUnfit(command: PaymentOpen, abilities: GatewayAbilities | undefined): Refusal | undefined {
    const { purpose, language, languages = [], member, order } = command;
    const spoken = this.#options.languages;
    if (![language, ...languages].every((name) => spoken.includes(name))) return 'no-such-language';
    if (purpose === 'verify') return undefined;
    if (!abilities) return 'no-such-gateway';
    if (!abilities.purposes.includes(purpose)) return 'not-possible';
    if (member === undefined && (purpose === 'card-update' || purpose === 'stored-charge')) return 'member-missing';
    return abilities.currencies.includes(order.currency) ? undefined : 'currency-refused';
  }

  async #telling(thread: number, payment: Id, result: PaymentResult, asked: boolean): Promise<void> {
    const { threads, payments } = this.#options;
    const running = this.#running.get(payment);
    if (running && !asked) await this.#write(running, result);
    const written = await this.#inLedger(payments.told(payment, result.outcome), false);
    threads.post(thread, { kind: 'told', payment, written });
  }

  /** Makes the result of a payment durable for which the gateway was never asked; once. */
  #write(running: Running, result: PaymentResult): Promise<void> {
    running.written ??= this.#inLedger(this.#options.payments.ended(running.meta.payment, result), undefined);
    return running.written;
  }

  #forget(payment: Id): void {
    const running = this.#running.get(payment);
    if (!running) return;
    this.#running.delete(payment);
    const leg = this.#legs.get(running.meta.leg);
    if (leg?.payment === payment) delete leg.payment;
    this.#lastEnded = this.#options.clock.monotonic();
    void this.reconsider();
  }

  async #authorize(thread: number, payment: Id, card: CardInTransit): Promise<void> {
    const keyed = {
      number: Buffer.from(card.number),
      expiry: Buffer.from(card.expiry),
      securityCode: Buffer.from(card.securityCode),
      brand: card.brand,
    };
    const running = this.#running.get(payment);
    try {
      await this.#ask(thread, payment, (meta) => this.#options.payments.authorize(meta, keyed));
    } finally {
      const fields = [keyed.number, keyed.expiry, keyed.securityCode];
      for (const field of fields) field.fill(0);
      if (running) running.wiped += fields.length;
    }
  }

  #chargeStored(thread: number, payment: Id): Promise<void> {
    return this.#ask(thread, payment, (meta) => this.#options.payments.chargeStored(meta));
  }

  async #ask(thread: number, payment: Id, ask: (meta: PaymentOpen) => Promise<PaymentResult>): Promise<void> {
    const running = this.#running.get(payment);
    let result: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
    try {
      if (running) result = await ask(running.meta);
    } catch (error) {
      this.#options.log.error(traceOf(error), 'a payment failed by a bug: its result is not known');
    }
    this.#options.threads.post(thread, { kind: 'authorized', payment, result });
  }

  /** @param wiped by the leg's thread; undefined: the leg is gone without a word about it */
  async #ended(thread: number, payment: Id, result: PaymentResult, asked: boolean, wiped?: number): Promise<void> {
    const { threads, say } = this.#options;
    const running = this.#running.get(payment);
    if (!running || running.ending) return;
    running.ending = true;
    if (!(await running.opened)) return;
    if (!asked) await this.#write(running, result);
    say({ ...result, type: 'outcome', payment, ...(wiped !== undefined && { wiped: wiped + running.wiped }) });
    if (running.settled) say({ ...running.settled, type: 'settled', payment });
    threads.post(thread, { kind: 'released', payment });
    this.#forget(payment);
  }

  /** Captures, voids or refunds: without a leg, and not interrupted by an end of this process. */
  async #money(command: MoneyCommand): Promise<void> {
    if (this.#draining) return this.#refuse(command, 'draining');
    this.#moneyUnderWay++;
    const done = await this.#inLedger(this.#options.payments.money(command), NOT_REACHED);
    this.#moneyUnderWay--;
    if (done.ok) this.#options.say({ ...done.value, type: 'outcome', payment: command.payment });
    else this.#refuse(command, done.error);
    void this.reconsider();
  }

  async #listManual(command: ToCard): Promise<void> {
    const listed = await this.#inLedger(this.#options.payments.manualList(), NOT_REACHED);
    if (listed.ok) this.#options.say({ type: 'manual', ...listed.value });
    else this.#refuse(command, listed.error);
  }

  /** What becomes of it is said as of every payment that was unknown. */
  async #resolveManual(command: Extract<ToCard, { type: 'manual-resolve' }>): Promise<void> {
    const { payment, as } = command;
    const resolved = await this.#inLedger(this.#options.payments.manualResolve(payment, as), NOT_REACHED);
    if (!resolved.ok) this.#refuse(command, resolved.error);
  }

  async #ofGateways(command: GatewayCommand): Promise<void> {
    const answered = await this.#inLedger(this.#options.gateways.answer(command), NOT_KEPT);
    if (answered.ok) this.#options.say(answered.value);
    else this.#refuse(command, answered.error);
  }

  async #list(of: readonly Id[]): Promise<void> {
    const { payments, say } = this.#options;
    // Before the ledger is read: what runs now says its outcome itself, even if it ends in between.
    const running = of.filter((payment) => this.#running.has(payment));
    const states = await this.#inLedger(payments.list(), []);
    const listed = new Set(states.map(({ payment }) => payment));
    for (const payment of of) {
      if (listed.has(payment) || running.includes(payment)) continue;
      const state = await this.#inLedger(payments.state(payment), undefined);
      if (state) states.push(state);
    }
    for (const { payment, told, result } of states) say({ ...result, type: 'payment-state', payment, told });
    say({ type: 'payments-end', ...(running.length > 0 && { running }) });
  }

  /** The ledger's answer, or what stands for it where it failed. */
  async #inLedger<T>(work: Promise<T>, otherwise: NoInfer<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#options.log.error(traceOf(error), 'the ledger failed');
      return otherwise;
    }
  }

  #refuse(command: ToCard, why: Refusal): void {
    this.#options.say({
      type: 'refused',
      command: command.type,
      ...('leg' in command ? { leg: command.leg } : {}),
      ...('payment' in command ? { payment: command.payment } : {}),
      ...('ask' in command ? { ask: command.ask } : {}),
      why,
    });
  }
}
