import { type Clock } from '../shared/clock.ts';
import { type Id } from '../shared/ids.ts';
import { type Logger } from '../shared/logger.ts';
import { type FromCard, type Language, type LegOpen, type PaymentOpen, type Refusal, type Sound } from './contract.ts';
import { type BrandLengths } from './dialogue/dialogue.ts';
import { type GateLeg, type GateLegEnvironment, type GateLegOptions } from './gate/gate-leg.ts';
import { type PortPool } from './gate/port-pool.ts';
import { type Ticker } from './gate/ticker.ts';
import { traceOf } from './hardening.ts';
import { LegKeyTest } from './leg-key-test.ts';
import { LegPayment } from './leg-payment.ts';
import { type PromptBook } from './prompts/prompts.ts';
import { type CardSettings } from './settings.ts';
import { type FromThread, type LegCommand } from './threads.ts';

/** Commands that may wait until the leg's ports are bound. */
const WAITING_LIMIT = 64;
const KEYS = '0123456789*#';

export type CreateGate = (options: GateLegOptions, environment: GateLegEnvironment) => GateLeg;

export interface LegEnvironment {
  readonly settings: CardSettings;
  readonly portPool: PortPool;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly prompts: PromptBook;
  readonly createGate: CreateGate;
  readonly post: (message: FromThread, transfer?: readonly ArrayBuffer[]) => void;
}

/** One customer's leg on its thread: its gate, the sounds it plays, and at most one payment at a time. */
export class Leg {
  readonly id: Id;
  readonly #environment: LegEnvironment;
  readonly #open: LegOpen;
  readonly #gate: GateLeg;
  readonly #onGone: () => void;
  /** Commands that came before the ports were bound; undefined from then on. */
  #waiting: { readonly command: LegCommand; readonly lengths: BrandLengths | undefined }[] | undefined = [];
  #payment: LegPayment | undefined;
  /** Whether the gate was open, or about to open, when the payment came. */
  #wasOpen = false;
  /** The server asked for a shut gate during the payment: it stays shut after it. */
  #staysShut = false;
  /** Last thing that was asked of the gate. */
  #wanted: 'shut' | 'open';
  /** The payment after which the gate is being opened. */
  #opensAfter: Id | undefined;
  #sound: { readonly name: Sound } | undefined;
  #keyTest: LegKeyTest | undefined;
  #keys = 0;
  /** No server knows of it any more, or its customer is gone: it ends with its payment. */
  #leaving = false;
  #gone = false;

  /** @param onGone called once, when the leg is closed and its payment is over */
  constructor(open: LegOpen, environment: LegEnvironment, onGone: () => void) {
    this.id = open.leg;
    this.#open = open;
    this.#environment = environment;
    this.#onGone = onGone;
    this.#wanted = open.wall;
    const { portPool, ticker, clock, settings } = environment;
    this.#gate = environment.createGate(open, {
      portPool,
      ticker,
      clock,
      remote: settings.remote,
      events: {
        onKey: (key, transport) => {
          this.#keys++;
          this.#say({ type: 'keys-seen', leg: this.id, transport, count: this.#keys });
          this.#payment?.key(key);
          this.#keyTest?.press(key, transport);
        },
        onKeyAgain: () => {
          this.#say({ type: 'keys-seen', leg: this.id, transport: 'both', count: this.#keys });
          this.#keyTest?.again();
        },
        onSpeech: () => this.#payment?.speech(),
        onPlayed: () => this.#played(),
        onWall: (state, counts) => {
          const payment = this.#payment?.id ?? this.#opensAfter;
          this.#opensAfter = undefined;
          this.#say({ type: 'wall', leg: this.id, state, counts, ...(payment === undefined ? {} : { payment }) });
        },
        onFault: (error) => {
          environment.log.error({ leg: this.id, ...traceOf(error) }, 'a leg ended by a bug in its gate');
          this.#lose();
        },
      },
    });
  }

  /** Takes the ports and answers `leg-ready` or why not. */
  async start(): Promise<void> {
    const ready = await this.#gate.open().catch((error: unknown) => {
      this.#environment.log.error({ leg: this.id, ...traceOf(error) }, 'a leg could not be opened');
      return { ok: false, error: 'no-free-port' } as const;
    });
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (!ready.ok) {
      if (!this.#leaving) this.#refuse('leg-open', ready.error);
      for (const { command } of waiting) this.#refuse(command.type, 'no-such-leg');
      this.close();
      return;
    }
    this.#say({ type: 'leg-ready', leg: this.id, ...ready.value });
    for (const { command, lengths } of waiting) this.command(command, lengths);
  }

  /** Takes a command. A bug in it ends this leg, shut; others live on. */
  /** @param lengths of a `payment-open`: card numbers that the merchant's gateway takes */
  command(command: LegCommand, lengths?: BrandLengths): void {
    try {
      this.#command(command, lengths);
    } catch (error) {
      this.#environment.log.error({ leg: this.id, command: command.type, ...traceOf(error) }, 'a leg ended by a bug');
      this.#lose();
    }
  }

  #command(command: LegCommand, lengths?: BrandLengths): void {
    if (command.type === 'leg-close') return this.close();
    if (this.#waiting) {
      if (this.#waiting.length < WAITING_LIMIT) this.#waiting.push({ command, lengths });
      else this.#refuse(command.type, 'no-such-leg');
      return;
    }
    switch (command.type) {
      case 'leg-update':
        return this.#gate.update({ far: command.far, sfu: command.sfu });
      case 'wall':
        if (command.want === 'shut') {
          this.#staysShut = true;
          return this.#shut();
        }
        if (this.#payment) return this.#refuse(command.type, 'in-payment');
        return this.#requestOpen();
      case 'play': {
        if (this.#payment) return this.#refuse(command.type, 'in-payment');
        this.#keyTest?.end();
        const { merchant } = command;
        const { prompts: all } = this.#environment;
        const prompts = merchant === undefined ? all : all.forMerchant(merchant);
        this.#sound = { name: command.sound };
        return this.#gate.play([prompts.get(command.sound, command.language, this.#open.codec)], command.loop);
      }
      case 'stop':
        if (this.#payment) return this.#refuse(command.type, 'in-payment');
        this.#keyTest?.end();
        this.#sound = undefined;
        return this.#gate.stop();
      case 'send-key':
        if (this.#payment) return this.#refuse(command.type, 'in-payment');
        if (!this.#gate.sendKey(KEYS.indexOf(command.key))) this.#refuse(command.type, 'no-key-format');
        return;
      case 'payment-open':
        return this.#openPayment(command, lengths);
      case 'key-test':
        if (this.#payment || this.#keyTest) return this.#refuse(command.type, 'in-payment');
        return this.#testKeys(command.language);
      case 'payment-begin':
        return this.#payment?.begin();
      case 'cancel':
        return this.#payment?.cancel();
      case 'no-keys':
        return this.#payment?.noKeys();
      case 'ask-again':
      case 'hint':
      case 'more-time':
      case 'gentle':
        return this.#payment?.help(command);
      case 'code-digest':
      case 'code-refused':
        return this.#payment?.code(command);
    }
  }

  /** The payment that is under way, for what the main thread has to say to it. */
  get payment(): LegPayment | undefined {
    return this.#payment;
  }

  /** The outcome is on its way: the gate opens when the customer's last key has ended. */
  released(): void {
    const payment = this.#payment;
    this.#payment = undefined;
    this.#gate.listenForSpeech(false);
    if (this.#leaving) return this.close();
    if (this.#staysShut) return;
    this.#opensAfter = payment?.id;
    this.#requestOpen();
  }

  /** The payment that was to be won't be: the gate is as it was before. */
  notTaken(): void {
    this.#payment?.wipe();
    this.#payment = undefined;
    this.#gate.listenForSpeech(false);
    if (this.#leaving) this.close();
    else if (this.#wasOpen && !this.#staysShut) this.#requestOpen();
  }

  /** Without a server: shut, and closed as soon as no payment is left. */
  alone(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    if (!this.#waiting) this.#shut();
    if (this.#payment) this.#payment.alone();
    else this.close();
  }

  /** The customer's side is over. A payment that was sent to the gateway still gets its outcome. */
  close(): void {
    this.#keyTest?.end();
    this.#leaving = true;
    this.#gate.close();
    if (this.#payment) this.#payment.hungUp();
    else if (!this.#waiting) this.#finish();
  }

  quality(): void {
    if (!this.#waiting && !this.#leaving) this.#say({ type: 'leg-quality', leg: this.id, counts: this.#gate.counts() });
  }

  wipe(): void {
    this.#payment?.wipe();
  }

  #openPayment(command: PaymentOpen, lengths: BrandLengths | undefined): void {
    // First of all: from here on nothing of the customer's leaves.
    const wasOpen = this.#wanted === 'open';
    const { settings, prompts, clock, post, log } = this.#environment;
    this.#keyTest?.end();
    this.#sound = undefined;
    this.#opensAfter = undefined;
    this.#payment = new LegPayment({
      open: command,
      codec: this.#open.codec,
      limits: settings.dialogue,
      lengths,
      prompts: prompts.forMerchant(command.merchant),
      clock,
      play: (sounds) => this.#gate.play(sounds, false),
      stop: () => this.#gate.stop(),
      say: (message) => this.#say(message),
      post,
      onFault: (error) => log.error({ payment: command.payment, ...traceOf(error) }, 'a dialogue ended by a bug'),
    });
    this.#wasOpen = wasOpen;
    this.#staysShut = false;
    this.#shut();
    this.#gate.stop();
    this.#gate.listenForSpeech(true);
  }

  #testKeys(language: Language): void {
    const { prompts, clock } = this.#environment;
    this.#sound = undefined;
    this.#keyTest = new LegKeyTest({
      language,
      prompts,
      codec: this.#open.codec,
      clock,
      play: (sounds) => this.#gate.play(sounds, false),
      onTested: (tested) => {
        this.#keyTest = undefined;
        if (!this.#leaving) this.#say({ type: 'key-tested', leg: this.id, ...tested });
      },
    });
  }

  #shut(): void {
    this.#wanted = 'shut';
    this.#gate.shut();
  }

  #requestOpen(): void {
    this.#wanted = 'open';
    this.#gate.requestOpen();
  }

  #played(): void {
    if (this.#payment) return this.#payment.played();
    const sound = this.#sound;
    this.#sound = undefined;
    if (sound) this.#say({ type: 'played', leg: this.id, sound: sound.name });
  }

  /** The gate has closed itself. */
  #lose(): void {
    if (!this.#leaving) this.#say({ type: 'leg-lost', leg: this.id });
    this.close();
  }

  #finish(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#environment.post({ kind: 'closed', leg: this.id });
    this.#onGone();
  }

  #say(message: FromCard): void {
    this.#environment.post({ kind: 'say', message });
  }

  #refuse(command: LegCommand['type'], why: Refusal): void {
    this.#say({ type: 'refused', command, leg: this.id, why });
  }
}
