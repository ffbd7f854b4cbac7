import { randomInt } from 'node:crypto';
import type { CallMedia, RemoteGates, SfuCounts } from '../media/call-media.ts';
import { PAYLOAD_TYPE } from '../media/rtp-parameters.ts';
import { CustomerGate, type CardCommands } from '../calls/customer-gate.ts';
import { PaymentSession } from '../calls/payment-session.ts';
import type { PaymentTerms } from '../calls/payment-terms.ts';
import { SilenceWatch } from '../calls/silence-watch.ts';
import type { Codec, FromCard, PaymentResult, Step } from '../card-link/contract.ts';
import { startBeat } from '../shared/beat.ts';
import type { Clock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import type { Currency } from '../shared/money.ts';
import type { Result } from '../shared/result.ts';
import { Ear } from './ear.ts';
import type { CanaryMeasure, KeyTransport, Trouble, WallCounts } from './findings.ts';
import { FRAMES_A_KEY, Voice } from './voice.ts';
import { type LoopbackPort, openLoopbackPort } from './loopback-port.ts';

export interface CanaryCallParts {
  readonly link: CardCommands;
  readonly createMedia: (codec: Codec) => Promise<Result<CallMedia, 'no-worker'>>;
  readonly clock: Clock;
  /** Local address that the gates bind. */
  readonly bind: string;
  /** Of gates on another host: how they are reached. */
  readonly remote?: Pick<RemoteGates, 'ip' | 'announced'> | undefined;
  /** The gateway is the practice service: the payment is made. With any other it is cancelled long before it is asked. */
  readonly practice: boolean;
  readonly currency: Currency;
}

/** In its calls the customer says this and the agent that, Hz: neither is near a key's tones. */
const CUSTOMER_HZ = 440;
const AGENT_HZ = 1000;
/** A tone that is heard, dBFS; they are sent at about −18. */
const HEARD_DBFS = -35;
const KEYS_TYPE = 101;
/** Limits, ms. All together a call ends within `CALL_LIMIT_MS`. */
const HEARD_LIMIT_MS = 4000;
const OUTCOME_LIMIT_MS = 40_000;
const OPEN_LIMIT_MS = 10_000;
const CALL_LIMIT_MS = 60_000;
/** What was under way on loopback when the valves reported shut has arrived by then. */
const SETTLED_MS = 60;
const LOOK_EVERY_MS = 200;

/** What is keyed at each step; with a gateway other than the practice service nothing is asked for after `expiry`'s first half. */
const KEYED: Partial<Record<Step, (place: number) => string | undefined>> = {
  confirmation: (place) => (place === 0 ? '1' : undefined),
  // Visa's published test number, of which no string is made: those are searched for in memory.
  'card-number': (place) => (place < 16 ? (place % 2 === 0 ? '4' : '2') : place === 16 ? '#' : undefined),
  expiry: (place) => ['1', '2'][place],
  'security-code': (place) => ['1', '2', '3'][place],
};

class TroubleError extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/**
 * One call of the canary: a customer's RTP into a gate of the card process, an agent behind the SFU's valve, and a payment
 * between them by the server's own payment mode. It is in no book and in no list of calls.
 */
export class CanaryCall {
  readonly leg: Id;
  readonly #transport: KeyTransport;
  readonly #codec: Codec;
  readonly #parts: CanaryCallParts;
  readonly #gate: CustomerGate;
  readonly #customerEar: Ear;
  readonly #agentEar: Ear;
  readonly #customer: Voice;
  readonly #agent: Voice;
  readonly #keys = { event: 0, tone: 0, both: 0 };
  readonly #waiting = new Set<{ readonly met: () => boolean; readonly resolve: () => void }>();
  #fail: (trouble: Trouble) => void = () => {};
  #media: CallMedia | undefined;
  #payment: PaymentSession | undefined;
  #silence: SilenceWatch | undefined;
  #released = false;
  #wall: WallCounts | undefined;
  #outcome: PaymentResult | undefined;
  /** The step that is keyed now, how far, and whether keys may go at all. */
  #keying: { step: Step; place: number } | undefined;
  #mayKey = false;
  #frames = 0;
  readonly #ends: (() => void)[] = [];

  constructor(transport: KeyTransport, codec: Codec, parts: CanaryCallParts) {
    const { link, clock, bind } = parts;
    this.leg = newId(clock.now());
    this.#transport = transport;
    this.#codec = codec;
    this.#parts = parts;
    this.#gate = new CustomerGate({ leg: this.leg, link, clock, bind });
    const payloadType = PAYLOAD_TYPE[codec];
    this.#customerEar = new Ear(codec, payloadType);
    this.#agentEar = new Ear(codec, payloadType);
    const ssrc = () => randomInt(1, 2 ** 32);
    const keys = { transport, payloadType: KEYS_TYPE };
    this.#customer = new Voice({ law: codec, payloadType, ssrc: ssrc(), hz: CUSTOMER_HZ, keys });
    this.#agent = new Voice({ law: codec, payloadType, ssrc: ssrc(), hz: AGENT_HZ });
  }

  /** Whether a message of the card process is this call's, which it then takes in. */
  heard(message: FromCard): boolean {
    const payment = 'payment' in message ? message.payment : undefined;
    const leg = 'leg' in message ? message.leg : undefined;
    if (leg !== this.leg && (payment === undefined || payment !== this.#payment?.id)) return false;
    if (message.type === 'leg-lost') this.#fail('card-process-down');
    if (leg === this.leg) this.#gate.heard(message);
    if (message.type === 'keys-seen') {
      this.#keys[message.transport]++;
      this.#silence?.key(message.transport);
    } else if (payment !== undefined || message.type === 'wall') this.#payment?.heard(message);
    return true;
  }

  /** Ends it as failed: the card process is gone, or the server ends. */
  stop(): void {
    this.#fail('card-process-down');
  }

  /** Calls, pays, measures and hangs up. Never rejects. */
  async run(): Promise<CanaryMeasure> {
    const { clock } = this.#parts;
    let trouble: Trouble | undefined;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = (why) => reject(new TroubleError(why));
    });
    this.#ends.push(clock.after(CALL_LIMIT_MS, () => this.#fail('broken')));
    try {
      await Promise.race([this.#live(), failed]);
    } catch (cause) {
      trouble = cause instanceof TroubleError ? cause.trouble : 'broken';
    }
    failed.catch(() => {});
    this.#end();
    return {
      transport: this.#transport,
      trouble,
      wall: this.#wall,
      keys: this.#keys,
      outcomeFits: this.#outcomeFits(),
    };
  }

  async #live(): Promise<void> {
    const { link } = this.#parts;
    if (!link.up) throw new TroubleError('card-process-down');
    const { own, announced, gate } = this.#addresses();
    const [customer, agent] = await Promise.all([this.#port(own), this.#port('127.0.0.1')]);
    customer.receive((packet) => this.#customerEar.take(packet));
    agent.receive((packet) => this.#agentEar.take(packet));
    const media = await this.#openMedia();
    const far = {
      rtp: { ip: announced, port: customer.port },
      payloadType: PAYLOAD_TYPE[this.#codec],
      ptime: 20,
      keysIn: this.#transport === 'tone' ? [] : [{ payloadType: KEYS_TYPE, rate: 8000 as const }],
      wantsSound: true,
    };
    const opened = await this.#gate.open({ codec: this.#codec, far, sfu: media.sfu });
    if (!opened.ok) throw new TroubleError('leg-refused');
    const { rtpPort, sfuPort, ssrc } = this.#gate.ready;
    await media.connectCustomer({ ip: link.host?.sfu, port: sfuPort, ssrc });
    const plain = await media.openPlainAgent({ port: agent.port, ssrc: this.#agent.ssrc });
    this.#ends.push(
      startBeat(this.#parts.clock, () => {
        this.#press();
        for (const packet of this.#customer.next()) customer.send(packet, { ip: gate, port: rtpPort });
        for (const packet of this.#agent.next()) agent.send(packet, { ip: '127.0.0.1', port: plain.port });
        for (const waiter of this.#waiting) if (waiter.met()) waiter.resolve();
      }),
    );
    this.#gate.want('open');
    await this.#until(() => this.#gate.state === 'open', HEARD_LIMIT_MS, 'not-heard-before');
    await media.open();
    await this.#hearEachOther('not-heard-before', HEARD_LIMIT_MS);
    await this.#pay(media);
    await this.#until(() => this.#released && this.#gate.state === 'open', OPEN_LIMIT_MS, 'wall-not-open');
    await media.open();
    await this.#hearEachOther('not-heard-after', OPEN_LIMIT_MS);
  }

  /** The customer's local address, what the gate is told of it, and the gate's. */
  #addresses(): { own: string; announced: string; gate: string } {
    const { remote, link, bind } = this.#parts;
    if (remote && link.host) return { own: remote.ip, announced: remote.announced ?? remote.ip, gate: link.host.rtp };
    const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[bind] ?? bind;
    return { own, announced: own, gate: own };
  }

  async #pay(media: CallMedia): Promise<void> {
    const { clock, link } = this.#parts;
    const silence = new SilenceWatch({
      clock,
      sfuCounts: () => media.counts(),
      write: ({ forwarded }) => {
        if (!this.#wall) return;
        const { customerToSfu, agentToCustomer, customerToAgent } = forwarded;
        const toAgent = Math.max(this.#wall.toAgent, customerToAgent ?? 0);
        this.#wall = { ...this.#wall, toAgent, gateToSfu: customerToSfu, gateToCustomer: agentToCustomer };
      },
    });
    this.#silence = silence;
    const payment = new PaymentSession(
      // No merchant has this id: what is paid stands in nobody's list.
      { call: this.leg, merchant: this.leg, terms: this.#terms(), by: {} },
      {
        link,
        clock,
        gate: this.#gate,
        codes: undefined,
        silence,
        shutValve: () => media.shut(),
        write: async () => true,
        unwrite: () => {},
        changed: () => this.#paymentChanged(),
        askLedger: () => this.#fail('card-process-down'),
        released: () => {
          this.#released = true;
        },
      },
    );
    this.#payment = payment;
    const started = await payment.start();
    if (!started.ok) throw new TroubleError('payment-refused');
    await this.#pause(SETTLED_MS);
    await this.#watch(media, payment);
  }

  /** Counts what passes from now to the outcome. What is told of after the outcome was known is left out. */
  async #watch(media: CallMedia, payment: PaymentSession): Promise<void> {
    const { clock } = this.#parts;
    this.#agentEar.listen();
    const atAgent = this.#agentEar.packets;
    const first = await media.counts();
    this.#mayKey = true;
    const deadline = clock.monotonic() + OUTCOME_LIMIT_MS;
    for (let looks = 1; ; looks++) {
      const counts = await media.counts();
      if (payment.result) return;
      this.#wall = {
        ...passed(first, counts),
        ...this.#atAgent(atAgent),
        gateToSfu: null,
        gateToCustomer: null,
        looks,
      };
      if (clock.monotonic() > deadline) throw new TroubleError('no-outcome');
      await this.#pause(LOOK_EVERY_MS);
    }
  }

  #atAgent(before: number): Pick<WallCounts, 'atAgent' | 'loudest'> {
    return { atAgent: this.#agentEar.packets - before, loudest: Math.round(this.#agentEar.loudest) };
  }

  #terms(): PaymentTerms {
    const { link, currency } = this.#parts;
    return {
      purpose: 'charge',
      order: { reference: `canary ${this.leg}`, amountMinor: 100, currency },
      phone: undefined,
      member: undefined,
      language: link.languages.includes('en') ? 'en' : (link.languages[0] ?? 'en'),
      languages: undefined,
      gentle: false,
      cards: 1,
      brands: undefined,
    };
  }

  #paymentChanged(): void {
    const payment = this.#payment;
    if (!payment) return;
    const { step } = payment.view();
    if (payment.result && !this.#outcome) {
      this.#outcome = payment.result;
      // Told, so that nothing is left to be settled or given back.
      payment.acknowledge();
    }
    if (step !== null && step !== this.#keying?.step) this.#keying = { step, place: 0 };
  }

  /** A key of the step that is asked for, a whole key after the one before it. */
  #press(): void {
    this.#frames++;
    const keying = this.#keying;
    const payment = this.#payment;
    if (!this.#mayKey || !keying || !payment || payment.result || this.#frames < FRAMES_A_KEY) return;
    const key = KEYED[keying.step]?.(keying.place) ?? this.#year(keying);
    if (key === undefined) {
      // Far from the security code: the gateway hears nothing of this payment.
      if (keying.step === 'expiry' && !this.#parts.practice) payment.input({ type: 'cancel' });
      return;
    }
    keying.place++;
    this.#frames = 0;
    this.#customer.press(key);
  }

  /** The expiry's second half, which completes it: for the practice service alone. */
  #year({ step, place }: { step: Step; place: number }): string | undefined {
    if (step !== 'expiry' || !this.#parts.practice || place > 3) return undefined;
    return String((new Date(this.#parts.clock.now()).getUTCFullYear() + 1) % 100).padStart(2, '0')[place - 2];
  }

  #outcomeFits(): boolean {
    const { outcome, reason, lastFour } = this.#outcome ?? {};
    if (this.#parts.practice) return outcome === 'approved' && lastFour === '4242';
    // A service that takes no Visa says so as soon as the number is known: the keys came through.
    return (outcome === 'cancelled' && reason === 'by-agent') || (outcome === 'failed' && reason === 'brand-refused');
  }

  async #openMedia(): Promise<CallMedia> {
    const created = await this.#parts.createMedia(this.#codec);
    if (!created.ok) throw new TroubleError('no-media');
    const media = created.value;
    this.#media = media;
    media.onLost = () => this.#fail('no-media');
    return media;
  }

  async #port(ip: string): Promise<LoopbackPort> {
    const port = await openLoopbackPort(ip);
    this.#ends.push(() => port.close());
    return port;
  }

  async #hearEachOther(trouble: Trouble, ms: number): Promise<void> {
    this.#agentEar.listen();
    this.#customerEar.listen();
    const heard = () =>
      this.#agentEar.levelAt(CUSTOMER_HZ) > HEARD_DBFS && this.#customerEar.levelAt(AGENT_HZ) > HEARD_DBFS;
    await this.#until(heard, ms, trouble);
  }

  #until(met: () => boolean, ms: number, trouble: Trouble): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        met,
        resolve: () => {
          stop();
          this.#waiting.delete(waiter);
          resolve();
        },
      };
      const stop = this.#parts.clock.after(ms, () => {
        this.#waiting.delete(waiter);
        reject(new TroubleError(trouble));
      });
      this.#ends.push(stop);
      this.#waiting.add(waiter);
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#ends.push(this.#parts.clock.after(ms, resolve)));
  }

  #end(): void {
    if (this.#payment?.active) this.#payment.input({ type: 'customer-gone' });
    this.#gate.close();
    this.#media?.close();
    for (const end of this.#ends.splice(0)) end();
  }
}

function passed(before: SfuCounts, now: SfuCounts): Pick<WallCounts, 'fromCustomer' | 'toAgent' | 'toCustomer'> {
  return {
    fromCustomer: now.fromCustomer - before.fromCustomer,
    toAgent: now.toAgent - before.toAgent,
    toCustomer: now.toCustomer - before.toCustomer,
  };
}
