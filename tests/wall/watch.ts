// One wall, watched from all sides from the moment both valves reported shut until the outcome is known: the agent's page (its own
// statistics and its ear), the customer's phone, and the packet counts of the media worker and the gate.
import type { CallCounts, Payment } from '@tonegate/api-schema';
import type { Ear } from '../e2e/ear.ts';
import { AGENT_HZ } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';
import { levelAt } from '../phone/sound.ts';
import type { Desk } from './desk.ts';
import type { Talk } from './scene.ts';

/** What the agent's jitter buffer and concealment still sound of what came before, ms. */
const EAR_ALLOWANCE_MS = 700;
/** A browser answers `getStats` with what it knew up to 50 ms ago. */
const STATS_ARE_OLD_MS = 50;
const COUNT_EVERY_MS = 250;
const WINDOW_MS = 500;
/** What the customer's phone had received before the wall is heard out by then, ms. */
const PHONE_ALLOWANCE_MS = 100;

export interface WallFigures {
  readonly ms: number;
  /** In the agent's page: RTP packets and RTCP sender reports of the customer's, and the loudest 170 ms, dBFS. */
  readonly packets: number;
  readonly senderReports: number;
  readonly loudest: number;
  /** In the media worker, of the customer: into the SFU, out to the agent; of the agent: out to the customer. */
  readonly fromCustomer: number;
  readonly toAgent: number;
  readonly toCustomer: number;
  /** Packets that the customer's phone sent meanwhile, sound and keys. */
  readonly sent: number;
  /** In the gate, as of its last report: packets that the customer sent, that were kept in, and that passed it either way. */
  readonly fromFar: number;
  readonly keptIn: number;
  readonly toSfu: number;
  readonly passedToFar: number;
  /** Half seconds in which the phone heard the agent's tone. */
  readonly toneAtPhone: number;
  /** How often the worker was asked. */
  readonly counted: number;
}

/** What passes a wall of which at least the gate and the SFU's valve are shut. */
export const NOTHING = {
  packets: 0,
  senderReports: 0,
  fromCustomer: 0,
  toAgent: 0,
  toCustomer: 0,
  toSfu: 0,
  passedToFar: 0,
  toneAtPhone: 0,
} as const satisfies Partial<WallFigures>;

export class WallWatch {
  readonly #desk: Desk;
  readonly #payment: Payment;
  readonly #ear: Ear;
  readonly #phone: Phone;
  /** UTC ms, and the same moment by performance.now(). */
  readonly #shutAt = Date.now();
  readonly #shutNow = performance.now();
  readonly #sentBefore: number;
  readonly #first: Promise<CallCounts | undefined>;
  readonly #counted: CallCounts[] = [];
  #ended = false;
  readonly #counting: Promise<void>;

  /** To be made when the payment is known to run: then both valves have reported shut. */
  constructor(desk: Desk, payment: Payment, { agent, phone }: Pick<Talk, 'agent' | 'phone'>) {
    this.#desk = desk;
    this.#payment = payment;
    this.#ear = agent.ear;
    this.#phone = phone;
    this.#sentBefore = phone.counts.sent + phone.counts.eventsSent;
    this.#first = desk.counts(payment.call);
    this.#counting = this.#count();
    // A test that fails before it asks for the figures fails by itself.
    this.#counting.catch(() => {});
  }

  async #count(): Promise<void> {
    while (!this.#ended) {
      const counts = await this.#desk.counts(this.#payment.call);
      // Only what was counted before anybody knew an outcome was counted during the wall.
      const { state } = await this.#desk.payment(this.#payment.id);
      if (!counts || state === 'ended') return;
      this.#counted.push(counts);
      await new Promise((resolve) => setTimeout(resolve, COUNT_EVERY_MS));
    }
  }

  /** The figures of this wall from when it was shut to when its outcome was known. */
  end(payment: Payment): Promise<WallFigures> {
    return this.until(payment.endedAt ?? Date.now());
  }

  /** The figures up to a moment, UTC ms. */
  async until(endedAt: number): Promise<WallFigures> {
    this.#ended = true;
    await this.#counting;
    const looks = (await this.#ear.history()).filter(
      ({ asked, at }) => asked >= this.#shutAt + STATS_ARE_OLD_MS && at <= endedAt,
    );
    const [first, last] = [looks[0], looks.at(-1)];
    const counts = [(await this.#first) as CallCounts, ...this.#counted];
    if (!first || !last || counts.length < 2) throw new Error('the wall was too short to be watched');
    const heard = looks.filter(({ at }) => at >= this.#shutAt + EAR_ALLOWANCE_MS).map(({ loud }) => loud);
    const grown = (read: (each: CallCounts) => number) => {
      const values = counts.map(read);
      return Math.max(...values) - (values[0] ?? 0);
    };
    return {
      ms: endedAt - this.#shutAt,
      // A page that was opened anew begins at nothing.
      packets: last.packets - Math.min(first.packets, last.packets),
      senderReports: last.senderReports - Math.min(first.senderReports, last.senderReports),
      loudest: Math.max(-120, ...heard),
      fromCustomer: grown(({ sfu }) => sfu?.fromCustomer ?? 0),
      toAgent: grown(({ sfu }) => sfu?.toAgent ?? 0),
      toCustomer: grown(({ sfu }) => sfu?.toCustomer ?? 0),
      sent: this.#phone.counts.sent + this.#phone.counts.eventsSent - this.#sentBefore,
      fromFar: grown(({ gate }) => gate?.fromFar ?? 0),
      keptIn: grown(({ gate }) => gate?.keptIn ?? 0),
      toSfu: grown(({ gate }) => gate?.toSfu ?? 0),
      passedToFar: grown(({ gate }) => (gate?.fromSfu ?? 0) - (gate?.keptOut ?? 0)),
      toneAtPhone: this.#toneAtPhone(endedAt),
      counted: counts.length,
    };
  }

  /**
   * The guide speaks, and a voice has something at every frequency: the agent's tone is heard where it stands above its
   * neighbours at 8 Hz, as no voice does for half a second.
   */
  #toneAtPhone(endedAt: number): number {
    const until = this.#shutNow + (endedAt - this.#shutAt);
    let heard = 0;
    for (let from = this.#shutNow + PHONE_ALLOWANCE_MS; from + WINDOW_MS <= until; from += WINDOW_MS / 2) {
      if (hasTone(this.#phone.heardBetween(from, from + WINDOW_MS), AGENT_HZ)) heard++;
    }
    return heard;
  }
}

/** Whether these samples of half a second hold a steady tone above −50 dBFS. */
export function hasTone(samples: Int16Array, hz: number): boolean {
  const level = levelAt(samples, hz);
  return level > -50 && level - Math.max(levelAt(samples, hz - 8), levelAt(samples, hz + 8)) > 10;
}
