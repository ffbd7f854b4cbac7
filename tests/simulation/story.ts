import { intend } from '../../media-server/src/cde/attempt/attempt.ts';
import type { PaymentMeta } from '../../media-server/src/cde/attempt/payments.ts';
import { MONEY_ACTIONS, type Outcome, type PaymentResult } from '../../media-server/src/cde/contract.ts';
import { newId } from '../../media-server/src/shared/ids.ts';
import { compareBooks } from './compare-books.ts';
import { Disk, type DurableAttempt } from './disk.ts';
import { type Kind, KINDS } from './gateway-kinds.ts';
import { GatewayModel } from './gateway-model.ts';
import { isLive, laneOf, type Store } from './ledger-model.ts';
import { Life, type Surroundings } from './life.ts';
import type { Plant } from './plants.ts';
import { World } from './world.ts';

const MONEY_PURPOSES = ['charge', 'authorize', 'stored-charge'] as const;
const AMOUNT = 1000;
const MERCHANT = newId();
const MEMBER = 'C-1001';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const YEAR_MS = 8760 * HOUR_MS;
/** When an operator first looks; from then on processes live, and disks have room. */
const OPERATOR_MS = 6 * HOUR_MS;
const OPERATOR_ROUNDS = 80;
/** Payments that an order's agents begin at most, those that are refused not counted. */
const TRIES_LIMIT = 5;

export interface StoryOptions {
  readonly seed: number;
  /** How many payments it may make. */
  readonly most: number;
  readonly store: Store;
  readonly plant: Plant | undefined;
}

export interface Told {
  readonly payments: number;
  readonly wrong: readonly string[];
  readonly kind: Kind;
  /** What happened to attempts, as the ledger names it, and at which points the process died. */
  readonly events: ReadonlySet<string>;
  readonly deaths: ReadonlySet<string>;
  /** The same for the same story: its chances are used up alike. */
  readonly end: number;
}

/** One order from its first payment to the rest of its books. */
export async function tellStory(options: StoryOptions): Promise<Told> {
  const story = new Story(options);
  await story.tell();
  return story.told();
}

class Story {
  readonly #world: World;
  readonly #gateway: GatewayModel;
  readonly #store: Store;
  readonly #disk: Disk;
  readonly #around: Surroundings;
  readonly #most: number;
  readonly #plant: Plant | undefined;
  readonly #isCardUpdate: boolean;
  /** How often anybody is there to be told, 0 … 1. */
  readonly #teller: number;
  readonly #farClocks: boolean;
  /** Whether another process finds no lock in its way (a disk that machines share without locks). */
  readonly #unlocked: boolean;
  readonly #deaths = new Set<string>();
  readonly #said = new Map<string, Set<Outcome>>();
  readonly #requests = new Map<string, number>();
  /** Approvals on screens whose word to the card process isn't known to have arrived. */
  readonly #shown = new Set<string>();
  /** Questions for which a caller waits, by the life that is asked. */
  readonly #waiting = new Map<Life, number>();
  #life: Life;
  #tries = 0;
  #starting = false;

  constructor({ seed, most, store, plant }: StoryOptions) {
    const world = new World(seed);
    const { chance } = world;
    const kind = KINDS[world.below(KINDS.length)];
    if (!kind) throw new Error('there is no kind of gateway');
    this.#world = world;
    this.#most = most;
    this.#plant = plant;
    this.#isCardUpdate = chance() < 0.2;
    /** Losing answers, the disk, the process and the teller, each in its own measure in this story. */
    const [silence, fault, death] = [chance() * 0.7, chance() < 0.5 ? 0 : chance() ** 3 * 0.3, chance() ** 3 * 0.08];
    this.#teller = chance();
    this.#farClocks = chance() < 0.1;
    this.#unlocked = chance() < 0.1;
    const fills = chance() < 0.9 ? 0 : 0.05;
    const slowMs = chance() < 0.8 ? 0 : 2000;
    this.#gateway = new GatewayModel(world, kind);
    this.#store = store;
    storeCard(store, kind.name);
    this.#disk = new Disk(world, store, { fault, fills, slowMs, until: OPERATOR_MS }, plant);
    this.#around = {
      world,
      gateway: this.#gateway,
      disk: this.#disk,
      silence,
      plant,
      // A process that dies for ever settles nothing: in the end it lives.
      death: () => (world.time < OPERATOR_MS ? death : 0),
      onDeath: (point) => {
        this.#deaths.add(point);
        this.#startAgain(500 + world.below(MINUTE_MS));
      },
      onRequest: (name) => this.#requested(name.reference),
      onAnswer: (name, answer) => {
        const row =
          plant === 'told-before-commit' && answer.is === 'approved' && this.#disk.byReference(name.reference);
        if (row) this.#say(row.payment, 'approved', 'prompt');
      },
      onReversal: (name) => {
        const row = this.#disk.byReference(name.reference);
        if (row && (row.state.phase === 'told' || this.#said.get(row.id)?.has('approved')))
          world.wrong('given back after somebody was told');
      },
    };
    this.#life = new Life(this.#around, { clockShiftMs: 0, withoutGateway: false });
  }

  async tell(): Promise<void> {
    const world = this.#world;
    this.#begin(this.#life);
    // Agents press the button when they like, again and again; nobody knows better what is under way than the ledger.
    const presses = 1 + world.below(5);
    let at = 1000;
    for (let press = 0; press < presses; press++, at += world.below(world.chance() < 0.5 ? 10_000 : 25 * MINUTE_MS))
      world.later(at, () => this.#alive((life) => life.run(() => this.#pay(life))));
    // Later, the money that was told of is captured, voided and refunded, sometimes two at once, sometimes too much of it.
    for (let act = 0; act < 6; act++) {
      at += world.below(15 * MINUTE_MS);
      world.later(at, () => this.#act());
    }
    if (world.chance() < 0.3) world.later(world.below(2 * HOUR_MS), () => this.#disturb());
    world.later(OPERATOR_MS, () => this.#operate(OPERATOR_ROUNDS));
    await world.run();
    compareBooks({ world, disk: this.#disk, gateway: this.#gateway, said: this.#said, requests: this.#requests });
    if ((this.#waiting.get(this.#life) ?? 0) > 0) world.wrong('somebody waits for ever');
    if (!this.#mayBePaid()) world.wrong('an order that can’t be paid any more');
  }

  told(): Told {
    const { violations, chance } = this.#world;
    const { kind } = this.#gateway;
    const { payments, events } = this.#disk;
    const wrong = [...new Set(violations)];
    return { payments: payments.size, wrong, kind, events, deaths: this.#deaths, end: chance() };
  }

  /** Whether another payment of the order would be opened, if the last ones were long ago. */
  #mayBePaid(): boolean {
    const purpose = this.#isCardUpdate ? 'card-update' : 'charge';
    const order = { reference: 'A-1', amountMinor: AMOUNT, currency: 'JPY' } as const;
    const row = { payment: newId(), merchant: MERCHANT, member: MEMBER, purpose, order, at: 0 } as const;
    try {
      this.#store.openPayment({ ...row, paidSince: Number.MAX_SAFE_INTEGER });
      return true;
    } catch {
      return false;
    }
  }

  // ---- lives ----

  #alive(what: (life: Life) => void): void {
    if (this.#life.isAlive) what(this.#life);
  }

  #startAgain(afterMs: number): void {
    if (this.#starting) return;
    this.#starting = true;
    this.#world.later(afterMs, () => {
      this.#starting = false;
      const { world } = this.#around;
      const farthest = this.#farClocks ? YEAR_MS : 5 * HOUR_MS;
      const clockShiftMs = world.chance() < 0.3 ? Math.floor((world.chance() * 2 - 1) * farthest) : 0;
      const withoutGateway = world.chance() < 0.03 && world.time < OPERATOR_MS;
      this.#life = new Life(this.#around, { clockShiftMs, withoutGateway });
      this.#begin(this.#life);
    });
  }

  /** What a starting process does by itself, and what a server does that finds one. */
  #begin(life: Life): void {
    life.payments.onSettled((payment, result) => {
      if (life.isAlive) this.#hear(payment, result, life);
    });
    life.run(async () => {
      await life.while(life.start());
      for (const { payment, result, told } of await life.while(life.payments.list())) {
        if (told || result.outcome === 'unknown') continue;
        if (this.#shown.has(payment)) this.#acknowledge(payment);
        else if (this.#world.chance() < this.#teller) this.#hear(payment, result, life);
      }
    });
  }

  /** Something happens to the process from outside. */
  #disturb(): void {
    const { chance } = this.#world;
    const life = this.#life;
    if (!life.isAlive) return;
    if (chance() < 0.3) life.die('from outside');
    else if (this.#unlocked) this.#startAgain(this.#world.below(2000));
    else if (chance() < 0.5) life.freeze(this.#world.below(5 * MINUTE_MS));
    else
      life.run(async () => {
        await life.while(life.payments.close());
        life.die('closed');
      });
  }

  // ---- people ----

  async #pay(life: Life): Promise<void> {
    const { chance } = this.#world;
    if (this.#disk.payments.size >= this.#most || this.#tries >= TRIES_LIMIT) return;
    const purpose = this.#isCardUpdate ? 'card-update' : (MONEY_PURPOSES[this.#world.below(3)] ?? 'charge');
    const meta: PaymentMeta = {
      payment: newId(),
      merchant: MERCHANT,
      purpose,
      order: { reference: 'A-1', amountMinor: AMOUNT, currency: 'JPY' },
      member: MEMBER,
      cards: 1 + this.#world.below(3),
    };
    const { payment } = meta;
    const opened = await life.while(this.#asked(life, life.payments.open(meta)));
    if (!opened.ok) return;
    this.#tries++;
    for (;;) {
      await life.sleep(this.#world.below(MINUTE_MS));
      if (chance() < 0.1) {
        return await life.while(life.payments.ended(payment, { outcome: 'cancelled', reason: 'customer-hung-up' }));
      }
      const asked =
        purpose === 'stored-charge' ? life.payments.chargeStored(meta) : life.payments.authorize(meta, card());
      const result = await life.while(this.#asked(life, asked));
      this.#hear(payment, result, life);
      if (result.outcome !== 'declined') return;
      if (chance() < 0.5) return await life.while(life.payments.ended(payment, result));
      if (!this.#mayGoOn(payment, meta.cards ?? 1)) return;
    }
  }

  #mayGoOn(payment: string, cards: number): boolean {
    return [...this.#disk.attempts.values()].filter((one) => one.payment === payment).length < cards;
  }

  #act(): void {
    const { chance } = this.#world;
    const paid = [...this.#disk.payments].filter(([, { of }]) => of === undefined);
    const [of] = paid[this.#world.below(paid.length)] ?? [];
    for (let times = chance() < 0.2 ? 2 : 1; of && times > 0; times--) {
      if (this.#disk.payments.size >= this.#most) return;
      const action = MONEY_ACTIONS[this.#world.below(MONEY_ACTIONS.length)] ?? 'refund';
      const amountMinor = chance() < 0.5 ? undefined : 1 + this.#world.below(AMOUNT * 1.2);
      const command = { type: 'money', payment: newId(), merchant: MERCHANT, of, action } as const;
      const whole = amountMinor === undefined ? command : { ...command, amountMinor };
      this.#alive((life) =>
        life.run(async () => {
          await life.while(this.#asked(life, life.payments.money(whole)));
          // A core system that isn't sure asks again, with the same name.
          if (chance() < 0.2) await life.while(this.#asked(life, life.payments.money(whole)));
        }),
      );
    }
  }

  /** A result has come to those who tell it: the guide's prompt, an agent's window; or nobody is there. */
  #hear(payment: string, { outcome }: PaymentResult, life: Life): void {
    if (this.#disk.payments.get(payment)?.of !== undefined || this.#world.chance() >= this.#teller) return;
    if (this.#world.chance() < 0.5) {
      life.run(async () => {
        await life.sleep(this.#world.below(this.#world.chance() < 0.3 ? 20 * MINUTE_MS : 3000));
        if (!(await life.while(life.payments.told(payment, outcome)))) return;
        this.#say(payment, outcome, 'prompt');
        this.#giveBackPlanted(payment, life);
      });
      return;
    }
    // A window shows it at once, and says so afterwards.
    this.#say(payment, outcome, 'screen');
    if (outcome === 'approved') this.#shown.add(payment);
    this.#world.later(this.#world.below(2000), () => this.#acknowledge(payment, outcome));
  }

  #acknowledge(payment: string, outcome: Outcome = 'approved'): void {
    this.#alive((life) => life.run(() => life.while(life.payments.seen(payment, outcome))));
  }

  #say(payment: string, outcome: Outcome, by: 'prompt' | 'screen'): void {
    const { attempt } = this.#disk.payments.get(payment) ?? {};
    // Without an attempt no money is in question.
    if (!attempt) return;
    const { state } = attempt;
    const is = this.#store.payment(payment)?.result.outcome;
    const wrong = (what: string) => this.#world.wrong(what);
    if (outcome !== 'unknown' && outcome !== 'failed' && is !== outcome) wrong(`told ${outcome} before it was durable`);
    // What was never sent has failed, before the ledger can write that.
    if (outcome === 'failed' && state.sentAt !== undefined && (is === 'approved' || is === 'unknown'))
      wrong('told failed, and it isn’t');
    if (by === 'prompt' && outcome === 'approved' && state.phase === 'approved')
      wrong('told approved while it may be given back');
    this.#said.set(attempt.id, (this.#said.get(attempt.id) ?? new Set()).add(outcome));
  }

  /** In the end an operator goes through the list, with the gateway's own books in hand, until nothing is on it. */
  #operate(rounds: number): void {
    this.#alive((life) =>
      life.run(async () => {
        const listed = await life.while(life.payments.manualList());
        for (const { payment, reference, reversing } of listed.ok ? listed.value.attempts : []) {
          // Some take money that was asked back for taken: that isn't theirs to say.
          if (reversing && this.#world.chance() < 0.2)
            await life.while(life.payments.manualResolve(payment, 'approved'));
          if (reversing) this.#gateway.giveBackByHand(reference);
          const keeps = this.#gateway.keeps(reference) > 0;
          const as = reversing
            ? 'reversed'
            : this.#gateway.isWorkingOn(reference)
              ? 'look-up'
              : keeps
                ? 'approved'
                : 'not-executed';
          const done = await life.while(life.payments.manualResolve(payment, as));
          if (done.ok && as === 'approved') this.#say(payment, 'approved', 'screen');
          // Another process overtook this one, where no lock kept it out: it is started anew.
          if (!done.ok && done.error === 'no-such-payment') life.die('by the operator');
        }
      }),
    );
    const hangs = [...this.#disk.attempts.values()].some(isLive) || !this.#life.isAlive;
    if (rounds > 0 && hangs) this.#world.later(HOUR_MS / 2, () => this.#operate(rounds - 1));
  }

  // ---- what is watched ----

  async #asked<T>(life: Life, question: Promise<T>): Promise<T> {
    this.#waiting.set(life, (this.#waiting.get(life) ?? 0) + 1);
    const answer = await question;
    this.#waiting.set(life, (this.#waiting.get(life) ?? 0) - 1);
    return answer;
  }

  #requested(reference: string): void {
    const wrong = (what: string) => this.#world.wrong(what);
    this.#requests.set(reference, (this.#requests.get(reference) ?? 0) + 1);
    const row = this.#disk.byReference(reference);
    if (!row) return wrong('sent before the intent was durable');
    if (row.state.sentAt === undefined) wrong('sent before that was durable');
    if ([...this.#disk.attempts.values()].some((other) => other !== row && isLive(other) && isBeside(row, other)))
      wrong('sent beside another that is not known');
  }

  #giveBackPlanted(payment: string, life: Life): void {
    if (this.#plant !== 'reversal-after-told' || this.#world.chance() >= 0.1) return;
    const row = this.#disk.payments.get(payment)?.attempt;
    if (!row || !life.isAlive) return;
    this.#world.wrong('given back after somebody was told');
    this.#gateway.reverse(row.reference, true);
  }
}

/** The member's card, from another day: stored charges are made from it. */
function storeCard(store: Store, gateway: string): void {
  const [payment, id] = [newId(), newId()];
  const order = { reference: 'A-0', amountMinor: 0, currency: 'JPY' } as const;
  const at = 0;
  store.openPayment({ payment, merchant: MERCHANT, purpose: 'card-update', order, member: MEMBER, at, paidSince: at });
  const state = intend('card-update', at);
  store.intend({ id, payment, gateway, reference: newId(), state, mayGoOn: false });
  const done = { ...state, phase: 'done', storedCard: 'card-1', brand: 'visa', lastFour: '4242' } as const;
  store.writeAttempt({ id, payment, version: 0, state: done, at, event: 'answer:approved', isNews: true });
  store.markTold(payment, 'approved', at);
}

function isBeside(one: DurableAttempt, other: DurableAttempt): boolean {
  if (one.of !== other.of) return false;
  return one.of !== undefined || laneOf(one.state.purpose) === laneOf(other.state.purpose);
}

function card() {
  return {
    number: Buffer.from([4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2]),
    expiry: Buffer.from([1, 2, 3, 0]),
    securityCode: Buffer.from([1, 2, 3]),
    brand: 'visa',
  } as const;
}
