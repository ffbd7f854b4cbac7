import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Found,
  Gateway,
  GatewayAbilities,
  MoneyRequest,
  Prepared,
  Reversal,
  StoredRequest,
} from '../../media-server/src/cde/gateways/gateway.ts';
import { type GatewayModel, LATEST_MS } from './gateway-model.ts';
import { type Mortal, never } from './mortal.ts';
import type { Plant } from './plants.ts';
import type { World } from './world.ts';

/** What a gateway's adapter is told, and what it tells. */
export interface AdapterParts {
  readonly world: World;
  readonly gateway: GatewayModel;
  /** How often an answer is lost, 0 … 1. */
  readonly silence: number;
  readonly plant: Plant | undefined;
  /** A request that moves money leaves the process. */
  readonly onRequest: (name: AttemptName) => void;
  /** Such a request's answer is back. */
  readonly onAnswer: (name: AttemptName, answer: Answer) => void;
  readonly onReversal: (name: AttemptName) => void;
}

/** A life's way to the gateway: requests take their time, are lost on the way there or back, or come late. */
export class AdapterModel implements Gateway {
  readonly name: string;
  readonly abilities: GatewayAbilities;
  readonly prepare?: NonNullable<Gateway['prepare']>;
  readonly #life: Mortal;
  readonly #parts: AdapterParts;

  constructor(life: Mortal, parts: AdapterParts) {
    this.#life = life;
    this.#parts = parts;
    const { kind } = parts.gateway;
    this.name = kind.name;
    this.abilities = {
      lengths: { visa: [16] },
      currencies: ['JPY'],
      purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
      actions: ['capture', 'void', 'refund'],
      partial: (['capture', 'refund'] as const).filter((action) => !kind.byOrder.includes(action)),
    };
    if (kind.twoSteps) this.prepare = (request, timeoutMs) => this.#prepare(request, timeoutMs);
  }

  authorize(request: CardRequest, _card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    return this.#request(request, timeoutMs, released);
  }
  chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    return this.#request(request, timeoutMs);
  }
  operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    return this.#request(request, timeoutMs);
  }

  async lookUp(name: AttemptName, timeoutMs: number): Promise<Found> {
    const { gateway, plant } = this.#parts;
    if (plant === 'repeat-instead-of-look-up') {
      const answer = await this.#request(name, timeoutMs);
      return answer.is === 'unknown' ? { is: 'no-answer' } : answer;
    }
    const found = await this.#question<Found>(() => gateway.lookUp(name), { is: 'no-answer' }, timeoutMs);
    return plant === 'first-absent-believed' && found.is === 'absent'
      ? { is: 'failed', reason: 'gateway-refused' }
      : found;
  }

  reverse(name: AttemptName, timeoutMs: number): Promise<Reversal> {
    const { gateway, plant, onReversal } = this.#parts;
    if (this.#life.mayDie('before-reverse')) return never();
    onReversal(name);
    const keyed = plant !== 'reversal-without-key';
    return this.#question<Reversal>(() => gateway.reverse(name.reference, keyed), 'no-answer', timeoutMs);
  }

  async test(): Promise<'works'> {
    return 'works';
  }
  close(): void {}

  #prepare(name: AttemptName, timeoutMs: number): Promise<Prepared> {
    return this.#question<Prepared>(() => this.#parts.gateway.prepare(name), { is: 'no-answer' }, timeoutMs);
  }

  #request(name: AttemptName, timeoutMs: number, released: () => void = () => {}): Promise<Answer> {
    const { world, gateway, silence, onRequest, onAnswer } = this.#parts;
    if (this.#life.mayDie('before-request')) return never();
    const way = world.chance();
    if (way < 0.03) {
      released();
      return Promise.resolve({ is: 'failed', reason: 'gateway-unreachable' });
    }
    onRequest(name);
    const sentAt = world.time;
    return new Promise((resolve) => {
      const come = (answer: Answer, afterMs: number) =>
        this.#life.later(afterMs, () => {
          onAnswer(name, answer);
          resolve(answer);
        });
      released();
      // Lost on its way there, or half of it.
      if (way < 0.1) return come({ is: 'unknown' }, world.chance() < 0.5 ? world.below(1000) : timeoutMs);
      const late = way < 0.2;
      const there = late ? world.below(LATEST_MS) : world.below(800);
      if (late) come({ is: 'unknown' }, timeoutMs);
      const twice = gateway.kind.repeats !== 'again' && world.chance() < 0.03;
      world.later(there, () => {
        let answer = gateway.receive(name, sentAt);
        // A connection's retry, somewhere on the way: its answer is the one that comes back.
        if (twice) answer = gateway.receive(name, sentAt);
        if (late) return;
        const isLost = world.chance() < silence;
        come(
          isLost ? { is: 'unknown' } : answer,
          isLost && world.chance() < 0.5 ? timeoutMs - there : world.below(500),
        );
      });
    });
  }

  /** A question that may be asked again: lost both ways, or answered late. */
  #question<T>(ask: () => T, lost: T, timeoutMs: number): Promise<T> {
    const { world, silence } = this.#parts;
    if (this.#life.mayDie('before-question')) return never();
    return new Promise((resolve) => {
      const come = (answer: T, afterMs: number) => this.#life.later(afterMs, () => resolve(answer));
      if (world.chance() < silence / 2) return come(lost, timeoutMs);
      const there = world.below(1500);
      world.later(there, () => {
        const answer = ask();
        const isLost = world.chance() < silence / 2;
        come(isLost ? lost : answer, isLost ? timeoutMs - there : world.below(1500));
      });
    });
  }
}
