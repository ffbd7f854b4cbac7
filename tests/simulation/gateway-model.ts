import type { AttemptPurpose } from '../../media-server/src/cde/attempt/attempt.ts';
import type { Answer, AttemptName, Found, Prepared, Reversal } from '../../media-server/src/cde/gateways/gateway.ts';
import type { Kind } from './gateway-kinds.ts';
import type { World } from './world.ts';

/** A request is carried out, and to be seen, at most this long after it was sent, ms: less than an absence has to last. */
export const LATEST_MS = 100_000;

/** What stands in the service's books under one reference. */
interface Entry {
  readonly purpose: AttemptPurpose;
  readonly amountMinor: number;
  readonly of?: string;
  status: 'prepared' | 'processing' | 'approved' | 'declined';
  /** How often its money moved; and came back by a reversal. */
  executed: number;
  reversed: number;
  /** From when on a look-up shows this, and a reversal of it. */
  visibleAt: number;
  reversalVisibleAt: number;
}

const DECLINED = { is: 'declined', reason: 'funds' } as const;
const REFUSED = { is: 'failed', reason: 'gateway-refused' } as const;
const FAILED = { is: 'failed', reason: 'gateway-busy' } as const;

/**
 * A payment service with books of its own. Where the kind looks actions up by their own reference it checks nothing that
 * is ours to check: it refunds more than was captured, and takes an order's money twice, if it is asked to.
 */
export class GatewayModel {
  readonly kind: Kind;
  readonly books = new Map<string, Entry>();
  readonly #world: World;

  constructor(world: World, kind: Kind) {
    this.#world = world;
    this.kind = kind;
  }

  prepare(name: AttemptName): Prepared {
    if (this.#world.chance() < 0.05) return FAILED;
    if (!this.books.has(name.reference)) this.#entry(name, 'prepared');
    return { is: 'prepared', transaction: `transaction-of-${name.reference}` };
  }

  /** The request that moves money arrives. @param sentAt true time, ms */
  receive(name: AttemptName, sentAt: number): Answer {
    const { chance } = this.#world;
    const before = this.books.get(name.reference);
    if (before && before.status !== 'prepared') {
      if (before.status === 'approved' && this.kind.repeats === 'again') before.executed++;
      return this.kind.repeats === 'refused' ? { is: 'unknown' } : answerOf(before);
    }
    const { of, order } = name;
    if (of && this.#isByOrder(name)) {
      if (order.amountMinor !== of.amountMinor || this.#orderOf(of.reference).undone) return REFUSED;
      if (name.purpose === 'capture' && this.#orderOf(of.reference).captured) return REFUSED;
    }
    const fate = chance();
    if (fate < 0.05) return FAILED;
    const status = fate < 0.17 ? 'declined' : 'approved';
    const pends = this.kind.pendingMs > 0 && chance() < 0.15 && !this.#isByOrder(name);
    const entry = this.#entry(name, pends ? 'processing' : status);
    const latest = sentAt + LATEST_MS;
    const end = () => {
      entry.status = status;
      if (status === 'approved') entry.executed++;
    };
    if (this.kind.lookUp === 'late') entry.visibleAt = this.#world.time + chance() * (latest - this.#world.time);
    if (pends) {
      this.#world.later(this.#world.below(this.kind.pendingMs), end);
      return { is: 'unknown' };
    }
    end();
    return answerOf(entry);
  }

  lookUp(name: AttemptName): Found {
    if (this.kind.lookUp === 'none') return { is: 'no-answer' };
    if (name.of && this.#isByOrder(name)) {
      const { captured, undone } = this.#orderOf(name.of.reference);
      if (name.purpose !== 'capture') return undone ? { is: 'approved' } : { is: 'absent' };
      if (captured && !undone) return { is: 'approved' };
      return undone ? REFUSED : { is: 'absent' };
    }
    const entry = this.books.get(name.reference);
    const { time } = this.#world;
    if (!entry || entry.status === 'prepared' || time < entry.visibleAt) return { is: 'absent' };
    if (entry.status === 'processing') return { is: 'pending' };
    if (entry.status === 'declined') return DECLINED;
    return { is: entry.reversed > 0 && time >= entry.reversalVisibleAt ? 'reversed' : 'approved' };
  }

  /** @param keyed whether the request carries the attempt's own key: without it, some give back each time */
  reverse(reference: string, keyed: boolean): Reversal {
    const entry = this.books.get(reference);
    if (this.kind.reversal === 'none' || entry?.status !== 'approved') return 'no-answer';
    if (entry.reversed === 0 || (!keyed && this.kind.reversal === 'by key')) {
      entry.reversed++;
      const { time } = this.#world;
      // Taken, and shown when it has been booked.
      if (this.#world.chance() < 0.5) entry.reversalVisibleAt = time + this.#world.below(LATEST_MS);
    }
    return 'reversed';
  }

  /** Its console, at which a person gives money back. */
  giveBackByHand(reference: string): void {
    const entry = this.books.get(reference);
    if (entry?.status === 'approved' && entry.reversed === 0) entry.reversed++;
  }

  /** Whether its console still shows it as being worked on. */
  isWorkingOn(reference: string): boolean {
    return this.books.get(reference)?.status === 'processing';
  }

  /** How often money is there (held or the merchant's) because of this reference, before captures and refunds. */
  keeps(reference: string): number {
    const entry = this.books.get(reference);
    return entry?.status === 'approved' ? entry.executed - entry.reversed : 0;
  }

  #isByOrder({ purpose }: AttemptName): boolean {
    return (this.kind.byOrder as readonly string[]).includes(purpose);
  }

  #orderOf(reference: string): { captured: boolean; undone: boolean } {
    const done = [...this.books.values()].filter(({ of, status }) => of === reference && status === 'approved');
    return {
      captured: done.some(({ purpose }) => purpose === 'capture'),
      undone: done.some(({ purpose }) => purpose === 'void' || purpose === 'refund'),
    };
  }

  #entry({ reference, purpose, order, of }: AttemptName, status: Entry['status']): Entry {
    const entry: Entry = {
      purpose: purpose as AttemptPurpose,
      amountMinor: order.amountMinor,
      status,
      executed: 0,
      reversed: 0,
      visibleAt: 0,
      reversalVisibleAt: 0,
      ...(of && { of: of.reference }),
    };
    this.books.set(reference, entry);
    return entry;
  }
}

function answerOf({ status }: Entry): Answer {
  if (status === 'approved') return { is: 'approved', receipt: 'TAB' };
  return status === 'declined' ? DECLINED : { is: 'unknown' };
}
