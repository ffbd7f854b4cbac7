import type {
  Answer,
  AttemptName,
  CardDigits,
  Found,
  Gateway,
  GatewayAbilities,
  MoneyRequest,
  Prepared,
  Reversal,
  StoredRequest,
} from '../../gateways/gateway.ts';

/** A gateway that answers as it is told to, and keeps what it was asked. */
export class FakeGateway implements Gateway {
  readonly name: string;
  readonly abilities: GatewayAbilities = {
    lengths: { visa: [16] },
    currencies: ['JPY'],
    purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
    actions: ['capture', 'void', 'refund'],
    partial: ['refund'],
  };
  readonly prepare?: NonNullable<Gateway['prepare']>;
  prepared: (() => Prepared)[] = [];
  answers: (() => Promise<Answer> | Answer)[] = [];
  found: Found[] = [];
  reversals: Reversal[] = [];
  readonly asked: string[] = [];
  readonly requests: AttemptName[] = [];
  cardSeen = '';

  constructor(name = 'fake', twoSteps = false) {
    this.name = name;
    if (twoSteps) this.prepare = async (request) => this.#prepare(request);
  }

  async authorize(request: AttemptName, card: CardDigits, _timeoutMs: number, released: () => void): Promise<Answer> {
    this.cardSeen = card.number.join('');
    released();
    return this.#answer('authorize', request);
  }
  async chargeStored(request: StoredRequest): Promise<Answer> {
    return this.#answer('charge-stored', request);
  }
  async operate(request: MoneyRequest): Promise<Answer> {
    return this.#answer(request.purpose, request);
  }
  async lookUp(name: AttemptName): Promise<Found> {
    this.#note('look-up', name);
    return this.found.shift() ?? { is: 'no-answer' };
  }
  async reverse(name: AttemptName): Promise<Reversal> {
    this.#note('reverse', name);
    return this.reversals.shift() ?? 'no-answer';
  }
  async test() {
    return 'works' as const;
  }
  close(): void {}

  #prepare(request: AttemptName): Prepared {
    this.#note('prepare', request);
    return this.prepared.shift()?.() ?? { is: 'no-answer' };
  }

  async #answer(what: string, request: AttemptName): Promise<Answer> {
    this.#note(what, request);
    return (await this.answers.shift()?.()) ?? { is: 'unknown' };
  }

  #note(what: string, name: AttemptName): void {
    this.asked.push(`${what} ${name.reference}`);
    this.requests.push(name);
  }
}
