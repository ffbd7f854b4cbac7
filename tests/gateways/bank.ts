import { type CardName, lastFourOf } from './cards.ts';

/** How a wrong service is wrong. */
export type Flaw =
  /** The same request again moves money again. */
  | 'pays-twice'
  | 'declines-all'
  | 'approves-all'
  /** Takes money where it should be held. */
  | 'takes-at-once'
  /** Look-ups find nothing. */
  | 'forgets'
  /** Look-ups find what nobody asked for. */
  | 'invents'
  /** What is still worked on is said to be done. */
  | 'hasty'
  /** Says that money was given back, captured or let go, and does nothing. */
  | 'in-words-only'
  /** Does it, and does it again when asked again, for it doesn't write it down. */
  | 'acts-again'
  /** Gives all back where a part was asked. */
  | 'refunds-all'
  /** Keeps a member's old card. */
  | 'keeps-old'
  /** Takes any credentials. */
  | 'any-key';

export type State = 'made' | 'processing' | 'checked' | 'held' | 'taken' | 'let-go' | 'returned' | 'declined';

export interface Entry {
  readonly reference: string;
  readonly mode: 'take' | 'hold' | 'check';
  readonly amount: number;
  /** The service's own number of it. */
  readonly serial: number;
  card: CardName | undefined;
  member: string | undefined;
  state: State;
  reason: 'card-refused' | 'limit' | undefined;
  returned: number;
}

export interface Movement {
  readonly what: 'take' | 'hold' | 'let-go' | 'return';
  readonly of: string;
  readonly amount: number;
  readonly card: CardName;
}

export interface StoredCard {
  id: string;
  card: CardName;
}

/**
 * What any payment service does with money, apart from how it speaks: the peers of all gateways translate to it. Its
 * movements are its books.
 */
export class Bank {
  readonly flaws: ReadonlySet<Flaw>;
  readonly movements: Movement[] = [];
  readonly entries = new Map<string, Entry>();
  /** Last is a member's default. */
  readonly members = new Map<string, StoredCard[]>();
  /** What becomes of the next payment: as its card says, or it is worked on and never finished. */
  plan: 'as-card' | 'processing' = 'as-card';
  readonly #acts = new Map<string, Entry>();
  #serial = 0;

  constructor(flaws: readonly Flaw[] = []) {
    this.flaws = new Set(flaws);
  }

  /** Makes an entry without a card; the same again where it is there. */
  make(reference: string, mode: Entry['mode'], amount: number): Entry {
    const before = this.entries.get(reference);
    if (before) return before;
    const entry: Entry = {
      reference,
      mode,
      amount,
      serial: ++this.#serial,
      card: undefined,
      member: undefined,
      state: 'made',
      reason: undefined,
      returned: 0,
    };
    this.entries.set(reference, entry);
    return entry;
  }

  /** Carries out an entry with a card, once. */
  pay(entry: Entry, card: CardName): Entry {
    if (entry.state !== 'made' && !this.flaws.has('pays-twice')) return entry;
    entry.card = card;
    entry.reason = this.#refusal(card);
    if (entry.reason) entry.state = 'declined';
    else if (this.plan === 'processing') entry.state = 'processing';
    else if (entry.mode === 'check') entry.state = 'checked';
    else if (entry.mode === 'hold' && !this.flaws.has('takes-at-once')) this.#move(entry, 'hold', 'held');
    else this.#move(entry, 'take', 'taken');
    return entry;
  }

  /** What a look-up says. */
  look(reference: string): Entry | undefined {
    if (this.flaws.has('forgets')) return undefined;
    const entry = this.entries.get(reference);
    if (this.flaws.has('invents') && (!entry || entry.state === 'made')) {
      return { ...this.make(reference, 'take', 100), card: 'visa', state: 'taken' };
    }
    return entry?.state === 'processing' && this.flaws.has('hasty') ? { ...entry, state: 'taken' } : entry;
  }

  /** Captures, voids or refunds, once per `reference`; undefined where the entry isn't in a state for it. */
  act(reference: string, entry: Entry, what: 'capture' | 'void' | 'refund', amount = entry.amount): Entry | undefined {
    const before = this.#acts.get(reference);
    if (before && !this.flaws.has('acts-again')) return before;
    if (entry.state !== (what === 'refund' ? 'taken' : 'held')) return undefined;
    this.#acts.set(reference, entry);
    const moved = this.flaws.has('refunds-all') ? entry.amount : amount;
    if (what === 'capture') this.#move(entry, 'take', 'taken');
    else if (what === 'void') this.#move(entry, 'let-go', 'let-go');
    else {
      entry.returned += moved;
      this.#move(entry, 'return', entry.returned >= entry.amount ? 'returned' : 'taken', moved);
    }
    return entry;
  }

  acted(reference: string): Entry | undefined {
    return this.flaws.has('forgets') ? undefined : this.#acts.get(reference);
  }

  /** Gives back what was taken, lets go what is held. */
  undo(reference: string, entry: Entry): Entry | undefined {
    return this.act(reference, entry, entry.state === 'held' ? 'void' : 'refund');
  }

  /** Stores a member's card as the default, in place of the one that is named. */
  store(member: string, card: CardName, instead?: string): StoredCard {
    const cards = this.members.get(member) ?? [];
    const [old] = cards;
    if (old && this.flaws.has('keeps-old')) return old;
    const stored = { id: instead ?? String(++this.#serial), card };
    this.members.set(member, [...cards.filter(({ id }) => id !== instead), stored]);
    return stored;
  }

  /** The member's card of this name, or the default. */
  stored(member: string, id?: string): StoredCard | undefined {
    const cards = this.members.get(member) ?? [];
    const found = id === undefined ? cards.at(-1) : cards.find((card) => card.id === id);
    return found ?? (this.flaws.has('approves-all') ? { id: '0', card: 'visa' } : undefined);
  }

  /** Sum of what moved so. */
  sum(what: Movement['what']): number {
    return this.movements.filter((movement) => movement.what === what).reduce((sum, { amount }) => sum + amount, 0);
  }

  #refusal(card: CardName): Entry['reason'] {
    if (this.flaws.has('declines-all')) return 'card-refused';
    if (this.flaws.has('approves-all')) return undefined;
    return card === 'refused' ? 'card-refused' : card === 'limited' ? 'limit' : undefined;
  }

  #move(entry: Entry, what: Movement['what'], state: State, amount = entry.amount): void {
    const words = this.flaws.has('in-words-only') && (what === 'return' || what === 'let-go' || entry.state === 'held');
    if (!words && entry.card) this.movements.push({ what, of: entry.reference, amount, card: entry.card });
    if (!this.flaws.has('acts-again') || what === 'hold' || entry.state === 'made') entry.state = state;
  }
}

/** `4242********4242`: as services show cards. */
export function masked(card: CardName): string {
  return `************${lastFourOf(card)}`;
}
